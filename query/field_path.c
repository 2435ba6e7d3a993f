#include "query/field_path.h"

#include "base/compiler.h"
#include "query/query_error.h"

/* What a path may have although it begins with a dollar: the fields of a DBRef, and those in which metadata goes between members. */
static bool is_dollar_allowed(struct bytes name)
{
	static const char *const allowed[] = {
		"$id", "$ref", "$db", "$sortKey", "$recordId", "$searchScore", "$searchSortValues"};

	for (size_t i = 0; i < COUNT_OF(allowed); i++)
		if (bytes_equal(name, bytes_str(allowed[i])))
			return true;
	return false;
}

int field_path_check_name(struct bytes name, struct error *e)
{
	if (name.len == 0)
		return query_error(e, 15998, "FieldPath field names may not be empty strings.");
	if (name.at[0] == '$' && !is_dollar_allowed(name))
		return query_error(e, 16410,
				   "FieldPath field names may not start with '$'. Consider using "
				   "$getField or $setField.");
	if (memchr(name.at, '\0', name.len) != NULL)
		/* It ends there: the message has the byte that it speaks of. */
		return query_error(e, 16411, "FieldPath field names may not contain '");
	if (memchr(name.at, '.', name.len) != NULL)
		return query_error(e, 16412,
				   "FieldPath field names may not contain '.'. Consider using "
				   "$getField or $setField.");
	return 0;
}

int field_path_check(struct bytes path, struct error *e)
{
	struct bytes rest = path;
	size_t depth = 0;

	if (path.len == 0)
		return query_error(e, 40352, "FieldPath cannot be constructed with empty string");
	if (path.at[path.len - 1] == '.')
		return query_error(e, 40353, "FieldPath must not end with a '.'.");
	while (rest.at != NULL) {
		struct bytes name = field_path_first(rest, &rest);

		if (field_path_check_name(name, e) < 0)
			return e->code;
		if (++depth > FIELD_PATH_MAX)
			return query_error(e, QUERY_OVERFLOW, "FieldPath is too long");
	}
	return 0;
}
