/* A compressed column of a time series bucket: any bytes give values or an error. */
#include "base/bson_check.h"
#include "query/bson_column.h"
#include "tests/fuzz/fuzz.h"

#define VALUES_MAX 100000 /* one word of a run stands for 1920 values: enough is enough */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	OWNED(buf_release) struct buf doc = {0};
	struct bson_column *column = bson_column_new(bytes_of(data, size), arena);
	struct error e = {0};
	struct value v;

	for (size_t i = 0; i < VALUES_MAX && bson_column_next(column, &v, &e) > 0; i++) {
		buf_reset(&doc);
		value_write(&doc, bytes_str("v"), &v);
	}
	return 0;
}
