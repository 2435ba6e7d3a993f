#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "base/buf.h"

/* Walk all fields of a document that has passed a check, to any depth. */
static void walk(struct bytes doc, unsigned depth)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	struct error e = {0};
	int got;

	FUZZ_REQUIRE(depth < BSON_MAX_NESTING);
	while ((got = bson_fields_next(&fields, &field, &e)) > 0) {
		FUZZ_REQUIRE(bson_value_len(field.type, field.value) == (int64_t)field.value.len);
		FUZZ_REQUIRE(field.value.at + field.value.len < doc.at + doc.len);
		if (field.type == BSON_KIND_DOCUMENT || field.type == BSON_KIND_ARRAY)
			walk(field.value, depth + 1);
	}
	FUZZ_REQUIRE(got == 0);
}

static void check_levels(struct bytes doc)
{
	struct error e = {0};
	int off = bson_check(doc, BSON_CHECK_OFF, &e);
	int structure = bson_check(doc, BSON_CHECK_STRUCTURE, &e);
	int full = bson_check(doc, BSON_CHECK_FULL, &e);
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;

	/* Each level refuses what the one before it refuses. */
	FUZZ_REQUIRE(full < 0 || structure == 0);
	FUZZ_REQUIRE(structure < 0 || off == 0);
	if (structure == 0) {
		walk(doc, 0);
	} else {
		while (bson_fields_next(&fields, &field, &e) > 0)
			;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size);
	struct error e = {0};
	int64_t len;

	while ((len = bson_next(rest, MIB, &e)) > 0) {
		check_levels(bytes_of(rest.at, (size_t)len));
		rest = bytes_of(rest.at + len, rest.len - (size_t)len);
	}
	check_levels(bytes_of(data, size));
	if (size >= BSON_MIN_LEN) {
		OWNED(buf_release) struct buf doc = {0};

		buf_add(&doc, data, size);
		put_le32(doc.at, (uint32_t)size);
		doc.at[size - 1] = 0;
		check_levels(buf_bytes(&doc));
	}
	return 0;
}
