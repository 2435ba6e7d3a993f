#include "query/command_concern.h"

#include "base/bson_build.h"
#include "query/value.h"

void command_without_concern(struct bytes cmd, struct buf *ret)
{
	struct bson_fields fields = bson_fields(cmd);
	struct bson_field field;
	struct error ignored;
	size_t begin = bson_build_begin(ret);

	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value v = value_of_field(&field);

		if (!bytes_equal(field.name, bytes_str("readConcern")) ||
		    v.type != BSON_KIND_DOCUMENT)
			value_write(ret, field.name, &v);
	}
	bson_build_end(ret, begin);
}
