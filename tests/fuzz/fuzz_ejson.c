#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "base/ejson_pieces.h"
#include "base/utf8.h"

static void require_printable(const struct buf *text)
{
	FUZZ_REQUIRE(utf8_prefix(buf_bytes(text)) == text->len);
	for (size_t i = 0; i < text->len; i++)
		FUZZ_REQUIRE(text->at[i] >= 0x20 || text->at[i] == '\n');
}

static void try_mode(struct bytes doc, enum ejson_mode mode, int good)
{
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};
	uint64_t size = 0, sizes[2] = {0, 0};
	int written = ejson_write(doc, mode, &text, &e),
	    measured = ejson_size(doc, mode, &size, &e);

	/* What the check lets through renders, to the size that is measured. */
	FUZZ_REQUIRE(written == measured);
	FUZZ_REQUIRE(!good || written == 0);
	FUZZ_REQUIRE(text.len == size);
	FUZZ_REQUIRE(!good || ejson_sizes(doc, &sizes[0], &sizes[1], &e) == 0);
	FUZZ_REQUIRE(!good || sizes[mode == EJSON_CANONICAL] == size);
	require_printable(&text);
	FUZZ_REQUIRE(memchr(text.at == NULL ? (const uint8_t *)"" : text.at, '\n', text.len) ==
		     NULL);
}

/* In pieces it is the same text, or the same refusal. */
static void try_pieces(struct bytes doc, enum ejson_mode mode)
{
	enum ejson_form form = mode == EJSON_CANONICAL ? EJSON_LINE_CANONICAL : EJSON_LINE_RELAXED;
	OWNED(ejson_pieces_free) struct ejson_pieces *pieces = ejson_pieces_new(doc, form);
	OWNED(buf_release) struct buf whole = {0};
	OWNED(buf_release) struct buf parts = {0};
	struct error e = {0};
	struct bytes piece;
	int more;

	while ((more = ejson_pieces_next(pieces, &piece, &e)) == 1)
		buf_add_bytes(&parts, piece);
	FUZZ_REQUIRE(more == 0 && ejson_write(doc, mode, &whole, &e) == 0);
	buf_add_u8(&whole, '\n');
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&parts), buf_bytes(&whole)));
}

static void try_document(struct bytes doc)
{
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};
	int good = bson_check(doc, BSON_CHECK_STRUCTURE, &e) == 0;
	int code;

	try_mode(doc, EJSON_RELAXED, good);
	try_mode(doc, EJSON_CANONICAL, good);
	if (good) {
		try_pieces(doc, EJSON_RELAXED);
		try_pieces(doc, EJSON_CANONICAL);
	}
	code = ejson_pretty(doc, &text, &e);
	FUZZ_REQUIRE(!good || code == 0);
	FUZZ_REQUIRE(code == 0 || text.len == 0);
	require_printable(&text);
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
	return 0;
}
