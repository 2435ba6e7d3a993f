#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "base/metadata.h"
#include "base/metadata_json.h"

static void require_same(const struct metadata *a, const struct metadata *b)
{
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&a->options), buf_bytes(&b->options)));
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&a->indexes), buf_bytes(&b->indexes)));
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&a->collection_name), buf_bytes(&b->collection_name)));
	FUZZ_REQUIRE(a->has_uuid == b->has_uuid);
	FUZZ_REQUIRE(!a->has_uuid || memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0);
	FUZZ_REQUIRE(strcmp(a->type, b->type) == 0);
}

/* Append what the metadata renders to; false when it holds what extended JSON can't. */
static bool render(const struct metadata *m, struct buf *ret)
{
	struct error e = {0};

	return metadata_render(buf_bytes(&m->options), buf_bytes(&m->indexes),
			       m->has_uuid ? m->uuid : NULL, buf_bytes(&m->collection_name),
			       m->type, ret, &e) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf again = {0};
	OWNED(metadata_release) struct metadata m = {.has_uuid = false};
	OWNED(metadata_release) struct metadata back = {.has_uuid = false};
	struct error e = {0};
	int r = metadata_json_parse(bytes_of(data, size), 1 * MIB, &doc, &e);

	FUZZ_REQUIRE(r == 0 ? bson_check(buf_bytes(&doc), BSON_CHECK_STRUCTURE, &e) == 0
			    : doc.len == 0 && e.text[0] != '\0');
	if (metadata_parse(bytes_of(data, size), &m, &e) < 0)
		return 0;
	FUZZ_REQUIRE(bson_check(buf_bytes(&m.options), BSON_CHECK_STRUCTURE, &e) == 0);
	FUZZ_REQUIRE(bson_check(buf_bytes(&m.indexes), BSON_CHECK_STRUCTURE, &e) == 0);
	/* What is rendered says the same, once all is in the forms that are rendered. */
	FUZZ_REQUIRE(render(&m, &text));
	FUZZ_REQUIRE(metadata_parse(buf_bytes(&text), &back, &e) == 0);
	FUZZ_REQUIRE(render(&back, &again));
	if (bytes_equal(buf_bytes(&text), buf_bytes(&again)))
		require_same(&back, &back);
	else
		FUZZ_REQUIRE(false);
	return 0;
}
