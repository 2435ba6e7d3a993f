#include "fs/fs_journal.h"

#include "oplog/stream_tail.h"
#include "tests/unit/fs/small_store.h"

#define T 1795254060U

/* A store whose stream is one journal that is written to. */
struct world {
	struct small_store s;
	struct journal_writer *writer;
	struct fs_journals *journals;
	uint32_t next;	 /* increment of the next entry */
	struct buf text; /* of all entries so far */
	enum ejson_mode mode;
};

static void world_open(struct world *w, enum ejson_mode mode)
{
	const struct segment_link none = {0};
	struct error e = {0};

	*w = (struct world){.next = 1, .mode = mode};
	small_store_open(&w->s);
	ASSERT_OK(stream_tail_begin(w->s.store, &none, &w->writer, &e));
	w->journals = fs_journals_new(mode == EJSON_CANONICAL ? EJSON_LINE_CANONICAL
							      : EJSON_LINE_RELAXED);
}

static void world_close(struct world *w)
{
	journal_close(w->writer);
	fs_journals_free(w->journals);
	buf_release(&w->text);
	store_close(w->s.store);
}

/* Append an insert of a document with a text of `len` bytes, one of three of which are six in JSON. */
static void append(struct world *w, size_t len)
{
	OWNED(free) char *text = xcalloc(1, len + 1);
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	size_t outer = harness_doc_open(&doc);
	size_t o;

	for (size_t i = 0; i < len; i++)
		text[i] = i % 3 == 0 ? '\x01' : (char)('a' + (i + w->next) % 26);
	harness_doc_string(&doc, "op", "i");
	harness_doc_string(&doc, "ns", "shop.orders");
	harness_doc_timestamp(&doc, "ts", T, w->next++);
	harness_doc_int64(&doc, "t", 1);
	harness_doc_int64(&doc, "v", 2);
	o = harness_doc_open_sub(&doc, "o");
	harness_doc_int32(&doc, "_id", (int32_t)w->next);
	harness_doc_string(&doc, "text", text);
	harness_doc_close(&doc, o);
	harness_doc_close(&doc, outer);
	ASSERT_OK(journal_append(w->writer, buf_bytes(&doc), &e));
	ASSERT_OK(ejson_write(buf_bytes(&doc), w->mode, &w->text, &e));
	buf_add_u8(&w->text, '\n');
}

/* What the stream has by now. */
static struct stream *view(struct world *w)
{
	struct stream *stream = NULL;
	struct error e = {0};

	ASSERT_OK(journal_sync(w->writer, &e));
	ASSERT_OK(stream_open(w->s.store, &stream, NULL, &e));
	assert_int_equal(stream_segment_count(stream), 1);
	assert_false(stream_is_sealed(stream, 0));
	return stream;
}

/* Its text is the first `len` bytes of what was appended, from wherever it is read. */
static void expect_text(struct world *w, struct stream *stream, size_t len)
{
	OWNED(fs_journal_close) struct fs_journal *journal = NULL;
	OWNED(free) char *part = xmalloc(len + 1);
	struct harness_rng rng = harness_rng_of(len);
	struct error e = {0};

	ASSERT_OK(fs_journal_open(w->journals, stream, 0, 0, &journal, &e));
	assert_int_equal(fs_journal_size(journal), len);
	for (unsigned i = 0; i < 40; i++) {
		size_t from = i == 0 ? 0 : harness_rng_below(&rng, len + 2);
		size_t most = i == 0 ? len + 1 : harness_rng_below(&rng, len + 1);
		size_t got = 0;

		most = i % 2 == 0 ? most : most % 5000;
		ASSERT_OK(fs_journal_read(journal, from, part, most, &got, &e));
		assert_int_equal(got, from >= len ? 0 : MIN_OF(most, len - from));
		assert_memory_equal(part, w->text.at + from, got);
	}
}

static void expect_all(enum ejson_mode mode)
{
	struct stream *early;
	struct stream *late;
	struct world w;
	size_t len;

	world_open(&w, mode);
	append(&w, 10);
	early = view(&w);
	expect_text(&w, early, w.text.len);
	len = w.text.len;
	/* Blocks of many, of one that is longer than a block, and one that ends in a short one. */
	for (int i = 0; i < 500; i++)
		append(&w, 5000);
	append(&w, 3 * MIB);
	append(&w, MIB - 200);
	append(&w, 1);
	late = view(&w);
	expect_text(&w, late, w.text.len);
	expect_text(&w, early, len); /* is as it was */
	stream_close(early);
	early = late;
	len = w.text.len;
	append(&w, 2000000);
	append(&w, 7);
	late = view(&w);
	expect_text(&w, late, w.text.len);
	expect_text(&w, early, len);
	expect_text(&w, late, w.text.len);
	stream_close(early);
	stream_close(late);
	world_close(&w);
}

static void a_journal_has_the_text_of_its_entries(void **state)
{
	(void)state;
	expect_all(EJSON_RELAXED);
}

static void a_journal_has_it_in_canonical_form_too(void **state)
{
	(void)state;
	expect_all(EJSON_CANONICAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_journal_has_the_text_of_its_entries),
		cmocka_unit_test(a_journal_has_it_in_canonical_form_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
