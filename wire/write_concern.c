#include "wire/write_concern.h"

#include "query/fields.h"
#include "query/query_error.h"
#include "query/value.h"
#include "wire/idl.h"

#define OWNER "WriteConcernOptions"
#define MEMBERS_MAX 50

static int check_tags(struct bytes tags, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct fields fields = fields_of(tags);
	struct bson_field f;
	size_t count = 0;

	for (; fields_next(&fields, &f); count++) {
		struct value v = value_of_field(&f);

		if (value_is_number(&v))
			continue;
		value_text_element(f.name, &v, &text);
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "tags must be a single level document with only number values; "
				   "found: %s",
				   buf_text(&text));
	}
	return count > 0 ? 0
			 : query_error(e, QUERY_FAILED_TO_PARSE,
				       "tagged write concern requires tags");
}

static int check_members(const struct bson_field *f, struct error *e)
{
	struct value v = value_of_field(f);
	int64_t members = value_to_int64(&v);

	if (f->type == BSON_KIND_DOCUMENT)
		return check_tags(f->value, e);
	if (f->type == BSON_KIND_STRING || f->type == BSON_KIND_NULL)
		return 0;
	if (!value_is_number(&v))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "w has to be a number, string, or object; found: %s",
				   value_type_name(f->type));
	if (members < 0 || members > MEMBERS_MAX)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "w has to be a non-negative number and not greater than %d; "
				   "found: %lld",
				   MEMBERS_MAX, (long long)members);
	return 0;
}

/* What a standalone can't do. */
static int check_alone(const struct bson_field *f, struct error *e)
{
	struct value v = value_of_field(f);
	struct bytes mode = f->type == BSON_KIND_STRING ? v.data : bytes_of(NULL, 0);

	if (value_is_number(&v) && value_to_int64(&v) > 1)
		return query_error(e, QUERY_BAD_VALUE,
				   "cannot use 'w' > 1 when a host is not replicated");
	if ((f->type == BSON_KIND_STRING || f->type == BSON_KIND_NULL) &&
	    !bytes_equal(mode, bytes_str("majority")))
		return query_error(e, QUERY_BAD_VALUE,
				   "cannot use non-majority 'w' mode \"%.*s\" when a host is not a "
				   "member of a replica set",
				   (int)MIN_OF(mode.len, (size_t)200), (const char *)mode.at);
	return 0;
}

int write_concern_check(const struct bson_field *field, const char *owner, bool replset,
			struct error *e)
{
	static const struct idl_field known[] = {
		{"w", IDL_ANY, false},
		{"j", IDL_FLAG, false},
		{"wtimeout", IDL_ANY, false},
		{"fsync", IDL_FLAG, false},
		{"wElectionId", IDL_ANY, false},
		{"wOpTime", IDL_ANY, false},
		{"getLastError", IDL_ANY, false},
		{"provenance", IDL_ANY, false},
	};
	struct bson_field f;
	struct value v;

	if (field->type == BSON_KIND_NULL)
		return 0;
	if (idl_check_type(owner, field, IDL_OBJECT, e) < 0 ||
	    idl_check(field->value, OWNER, false, known, COUNT_OF(known), e) < 0)
		return e->code;
	if (fields_find(field->value, bytes_str("w"), &f) && check_members(&f, e) < 0)
		return e->code;
	v = value_get(field->value, bytes_str("wtimeout"));
	if (value_is_number(&v) &&
	    (value_to_int64(&v) > INT32_MAX || value_to_int64(&v) < INT32_MIN))
		return query_error(e, QUERY_FAILED_TO_PARSE, "wtimeout must be a 32-bit integer");
	if (!replset && fields_find(field->value, bytes_str("w"), &f))
		return check_alone(&f, e);
	return 0;
}
