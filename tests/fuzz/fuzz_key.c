#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "base/key.h"

static void try_document(struct bytes doc)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf again = {0};
	struct bson_field field;
	struct error e = {0};
	int good = bson_check(doc, BSON_CHECK_STRUCTURE, &e) == 0;
	int got;

	buf_add_str(&key, "x");
	got = key_of_document(doc, &key, &e);
	/* What the check lets through has a key, unless that is absurdly long. */
	FUZZ_REQUIRE(!good || got >= 0 || (got == ERR_LIMIT && doc.len > MIB / 16));
	FUZZ_REQUIRE(got > 0 || key.len == 1);
	if (!good || got <= 0)
		return;
	FUZZ_REQUIRE(bson_find(doc, "_id", &field, &e) == 1);
	FUZZ_REQUIRE(key_of_value(field.type, field.value, &again, &e) == 0);
	FUZZ_REQUIRE(bytes_equal(bytes_of(key.at + 1, key.len - 1), buf_bytes(&again)));
}

/* The same fields with every value as an `_id` of its own. */
static void try_values(struct bytes doc)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	struct error e = {0};

	if (bson_check(doc, BSON_CHECK_STRUCTURE, &e) < 0)
		return;
	while (bson_fields_next(&fields, &field, &e) > 0) {
		OWNED(buf_release) struct buf key = {0};

		FUZZ_REQUIRE(key_of_value(field.type, field.value, &key, &e) == 0 ||
			     field.value.len > MIB / 16);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf doc = {0};

	try_document(bytes_of(data, size));
	if (size < BSON_MIN_LEN)
		return 0;
	buf_add(&doc, data, size);
	put_le32(doc.at, (uint32_t)size);
	doc.at[size - 1] = 0;
	try_document(buf_bytes(&doc));
	try_values(buf_bytes(&doc));
	return 0;
}
