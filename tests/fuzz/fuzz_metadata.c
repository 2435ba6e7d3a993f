#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "base/metadata.h"
#include "base/metadata_json.h"
#include "base/utf8.h"

/* Append what the metadata renders to. */
static void render(const struct metadata *m, struct buf *ret)
{
	struct error e = {0};

	FUZZ_REQUIRE(metadata_render(buf_bytes(&m->options), buf_bytes(&m->indexes),
				     m->has_uuid ? m->uuid : NULL, buf_bytes(&m->collection_name),
				     m->type, ret, &e) == 0);
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
	/* What is rendered reads back, and renders the same. */
	render(&m, &text);
	FUZZ_REQUIRE(metadata_parse(buf_bytes(&text), &back, &e) == 0);
	render(&back, &again);
	/* But for bytes that are not UTF-8, which are first written as an escape. */
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&text), buf_bytes(&again)) ||
		     utf8_prefix(bytes_of(data, size)) < size);
	return 0;
}
