#include "wire/auth_name.h"

#include "query/fields.h"
#include "query/query_error.h"
#include "query/value.h"

static int missing(const char *type, const char *field, struct error *e)
{
	return query_error(e, QUERY_BAD_VALUE, "%s must contain a field named: %s", type, field);
}

int auth_name_parse(struct bytes doc, bool is_user, struct bytes *ret_name, struct bytes *ret_db,
		    struct error *e)
{
	const char *type = is_user ? "UserName" : "RoleName", *field = is_user ? "user" : "role";
	struct bytes name = {0}, db = {0};
	struct fields fields = fields_of(doc);
	struct bson_field f;

	while (fields_next(&fields, &f)) {
		bool is_name = bytes_equal(f.name, bytes_str(field));

		if (!is_name && !bytes_equal(f.name, bytes_str("db"))) {
			if (!is_user)
				continue;
			/* The quote that is opened is not closed in mongod either. */
			return query_error(e, QUERY_BAD_VALUE,
					   "%s contains an unknown field named: '%.*s", type,
					   (int)MIN_OF(f.name.len, (size_t)200),
					   (const char *)f.name.at);
		}
		if (f.type != BSON_KIND_STRING)
			return query_error(
				e, QUERY_BAD_VALUE,
				"%s must contain a string field named: %s. But, has type %s", type,
				is_name ? field : "db", value_type_name(f.type));
		*(is_name ? &name : &db) = value_of_field(&f).data;
	}
	if (name.at == NULL)
		return missing(type, field, e);
	if (db.at == NULL)
		return missing(type, "db", e);
	*ret_name = name;
	*ret_db = db;
	return 0;
}
