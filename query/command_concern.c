#include "query/command_concern.h"

#include "base/bson_build.h"
#include "query/value.h"

void command_of_explain(struct bytes cmd, bool is_strict, struct buf *ret)
{
	struct bson_fields fields = bson_fields(cmd);
	struct bson_field field;
	struct error ignored;
	size_t begin = bson_build_begin(ret);

	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value v = value_of_field(&field);

		if ((!bytes_equal(field.name, bytes_str("readConcern")) ||
		     v.type != BSON_KIND_DOCUMENT) &&
		    !bytes_equal(field.name, bytes_str("apiStrict")))
			value_write(ret, field.name, &v);
	}
	if (is_strict)
		bson_build_bool(ret, "apiStrict", true);
	bson_build_end(ret, begin);
}
