#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "base/id_name.h"
#include "base/key.h"
#include "base/utf8.h"

static void require_valid(const struct buf *name)
{
	FUZZ_REQUIRE(name->len >= 1 && name->len <= ID_NAME_MAX);
	FUZZ_REQUIRE(utf8_prefix(buf_bytes(name)) == name->len);
	FUZZ_REQUIRE(memchr("-.~", name->at[0], 3) == NULL);
	for (size_t i = 0; i < name->len; i++)
		FUZZ_REQUIRE(name->at[i] >= 0x20 && name->at[i] != 0x7f && name->at[i] != '/');
}

/* A name that is found is the one name of what it means. */
static void try_name(struct bytes name)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf again = {0};
	uint64_t rank = 0;
	enum id_name_found found = id_name_parse(name, &key, &rank);

	FUZZ_REQUIRE(found == ID_NAME_KEY || found == ID_NAME_PREFIX || key.len == 0);
	if (found == ID_NAME_KEY)
		id_name_of_key(buf_bytes(&key), &again);
	else if (found == ID_NAME_RANK)
		id_name_of_rank(rank, &again);
	else
		return;
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&again), name));
	require_valid(&again);
}

/* A key leads to a name and back. */
static void try_key(struct bytes key)
{
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf back = {0};
	uint64_t rank;

	id_name_of_key(key, &name);
	require_valid(&name);
	switch (id_name_parse(buf_bytes(&name), &back, &rank)) {
	case ID_NAME_KEY:
		FUZZ_REQUIRE(bytes_equal(buf_bytes(&back), key));
		break;
	case ID_NAME_PREFIX:
		FUZZ_REQUIRE(back.len > 64 && back.len <= key.len);
		FUZZ_REQUIRE(memcmp(back.at, key.at, back.len) == 0);
		break;
	default:
		FUZZ_REQUIRE(!"a name that is found");
	}
}

/* Each field of a document as an `_id` of its own. */
static void try_values(struct bytes doc)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	struct error e = {0};

	if (bson_check(doc, BSON_CHECK_STRUCTURE, &e) < 0)
		return;
	while (bson_fields_next(&fields, &field, &e) > 0) {
		OWNED(buf_release) struct buf key = {0};

		if (key_of_value(field.type, field.value, &key, &e) == 0)
			try_key(buf_bytes(&key));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf doc = {0};

	try_name(bytes_of(data, size));
	/* As if it were a key: any bytes have a name. */
	id_name_of_key(bytes_of(data, size), &name);
	require_valid(&name);
	if (size < BSON_MIN_LEN)
		return 0;
	buf_add(&doc, data, size);
	put_le32(doc.at, (uint32_t)size);
	doc.at[size - 1] = 0;
	try_values(buf_bytes(&doc));
	return 0;
}
