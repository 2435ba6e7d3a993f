#include "oplog/postings.h"

#include "base/bson_build.h"
#include "base/key.h"
#include "tests/unit/oplog/stream_model.h"

#define ENTRIES 9000
#define UUIDS 6
#define IDS 4000

/* What an entry is about. */
struct about {
	bool always;
	int count; /* of operations */
	int uuid[3], id[3];
};

static size_t begin_entry(struct buf *b, uint32_t rank, const char *op, const char *ns)
{
	size_t doc = bson_build_begin(b);

	bson_build_string(b, "op", bytes_str(op));
	bson_build_string(b, "ns", bytes_str(ns));
	bson_build_timestamp(b, "ts", 1700000000, rank + 1);
	bson_build_int64(b, "v", 2);
	return doc;
}

static void add_ui(struct buf *b, int uuid)
{
	uint8_t bytes[16];

	stream_model_uuid((uint8_t)uuid, bytes);
	bson_build_binary(b, "ui", 4, bytes_of(bytes, sizeof(bytes)));
}

/* { _id: id }: numbers of any type are the same key. */
static void add_id(struct buf *b, const char *field, int id)
{
	size_t doc = bson_build_open(b, field);

	if (id % 3 == 0)
		bson_build_int32(b, "_id", id);
	else if (id % 3 == 1)
		bson_build_double(b, "_id", id);
	else
		bson_build_int64(b, "_id", id);
	bson_build_end(b, doc);
}

/* An insert, update or delete: the fields behind ns, ts and v. */
static void add_operation(struct buf *b, int uuid, int id, bool update)
{
	add_ui(b, uuid);
	if (update)
		add_id(b, "o2", id);
	add_id(b, "o", id);
}

static void choose(struct harness_rng *rng, struct about *about, int count)
{
	about->count = count;
	for (int i = 0; i < count; i++) {
		/* Most are about one collection, so that it has many buckets. */
		about->uuid[i] =
			harness_rng_below(rng, 10) < 6 ? 1 : (int)harness_rng_below(rng, UUIDS);
		about->id[i] = (int)harness_rng_below(rng, IDS);
	}
}

static void add_apply_ops(struct buf *b, uint32_t rank, const struct about *about, bool partial)
{
	size_t doc = begin_entry(b, rank, "c", "admin.$cmd");
	size_t o = bson_build_open(b, "o"), list = bson_build_open_array(b, "applyOps"), prev;
	static const char *const names[] = {"0", "1", "2"};

	for (int i = 0; i < about->count; i++) {
		size_t op = bson_build_open(b, names[i]);

		bson_build_string(b, "op", bytes_str("u"));
		bson_build_string(b, "ns", bytes_str("a.b"));
		add_operation(b, about->uuid[i], about->id[i], true);
		bson_build_end(b, op);
	}
	bson_build_end(b, list);
	if (partial)
		bson_build_bool(b, "partialTxn", true);
	bson_build_end(b, o);
	if (partial) {
		prev = bson_build_open(b, "prevOpTime");
		bson_build_timestamp(b, "ts", 0, 0);
		bson_build_int64(b, "t", -1);
		bson_build_end(b, prev);
	}
	bson_build_end(b, doc);
}

/* A random entry, and what it is about. */
static void make_entry(struct buf *b, uint32_t rank, struct harness_rng *rng, struct about *about)
{
	uint64_t kind = harness_rng_below(rng, 100);
	size_t doc, o;

	*about = (struct about){0};
	if (kind < 80) {
		choose(rng, about, 1);
		doc = begin_entry(b, rank, kind < 40 ? "u" : kind < 60 ? "i" : "d", "a.b");
		add_operation(b, about->uuid[0], about->id[0], kind < 40);
		bson_build_end(b, doc);
	} else if (kind < 90) {
		choose(rng, about, 1 + (int)harness_rng_below(rng, 3));
		add_apply_ops(b, rank, about, false);
	} else if (kind < 94) {
		doc = begin_entry(b, rank, "n", "");
		add_id(b, "o", 1);
		bson_build_end(b, doc);
	} else {
		about->always = true;
		if (kind < 96) {
			struct about some;

			choose(rng, &some, 2);
			add_apply_ops(b, rank, &some, true);
			return;
		}
		doc = begin_entry(b, rank, kind < 98 ? "c" : "i",
				  kind < 98   ? "a.$cmd"
				  : kind < 99 ? "a.system.views"
					      : "a.without");
		o = bson_build_open(b, "o");
		bson_build_int32(b, kind < 98 ? "create" : "_id", 1);
		bson_build_end(b, o);
		if (kind == 98)
			add_ui(b, 1);
		bson_build_end(b, doc);
	}
}

static uint32_t hash_of_id(int id)
{
	OWNED(buf_release) struct buf key = {0};
	struct error e = {0};
	uint8_t value[4];

	put_le32(value, (uint32_t)id);
	ASSERT_OK(key_of_value(BSON_KIND_INT32, bytes_of(value, 4), &key, &e));
	return stream_key_hash(buf_bytes(&key));
}

struct fixture {
	struct store *store;
	struct about *about;
	struct tree_root postings;
};

static void make(struct fixture *f)
{
	struct harness_rng rng = harness_rng_of(7);
	struct postings_builder *builder = postings_builder_new();
	struct store_writer *writer = NULL;
	struct error e = {0};

	f->store = stream_model_store(NULL);
	f->about = xcalloc(ENTRIES, sizeof(*f->about));
	ASSERT_OK(store_writer_begin(f->store, &writer, &e));
	for (uint32_t rank = 0; rank < ENTRIES; rank++) {
		OWNED(buf_release) struct buf doc = {0};
		struct entry entry;

		make_entry(&doc, rank, &rng, &f->about[rank]);
		ASSERT_OK(entry_parse(buf_bytes(&doc), &entry, &e));
		postings_builder_add(builder, rank, &entry);
	}
	ASSERT_OK(postings_builder_finish(builder, writer, &f->postings, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	postings_builder_free(builder);
	store_writer_end(writer);
}

static void release(struct fixture *f)
{
	free(f->about);
	store_close(f->store);
}

/* Is the entry about the UUID, and (id >= 0) the document? */
static bool is_about(const struct about *about, int uuid, int id)
{
	for (int i = 0; i < about->count; i++)
		if (about->uuid[i] == uuid && (id < 0 || about->id[i] == id))
			return true;
	return about->always;
}

/* Ask; every entry that has to be there is, and *ret_more is how many others are. */
static void ask(const struct fixture *f, const struct stream_filter *filter, int uuid, int id,
		int second, uint64_t *ret_more)
{
	OWNED(buf_release) struct buf ranks = {0};
	struct error e = {0};
	const uint32_t *at;
	size_t count, next = 0;

	ASSERT_OK(postings_find(f->store, &f->postings, filter, &ranks, &e));
	at = (const uint32_t *)(const void *)ranks.at;
	count = ranks.len / sizeof(*at);
	*ret_more = 0;
	for (uint32_t rank = 0; rank < ENTRIES; rank++) {
		bool wanted = is_about(&f->about[rank], uuid, id) ||
			      (second >= 0 && is_about(&f->about[rank], second, -1));
		bool there = next < count && at[next] == rank;

		next += there;
		assert_true(there || !wanted);
		*ret_more += there && !wanted;
	}
	assert_int_equal(next, count);
}

static void a_collection_is_found_with_all_that_concerns_everybody(void **state UNUSED)
{
	struct fixture f;
	uint8_t uuids[2][16];
	uint64_t more;

	make(&f);
	for (int uuid = 0; uuid < UUIDS + 1; uuid++) { /* the last one is not there */
		struct stream_filter filter = {.uuids = (const uint8_t(*)[16])uuids,
					       .uuid_count = 1};

		stream_model_uuid((uint8_t)uuid, uuids[0]);
		ask(&f, &filter, uuid, -1, -1, &more);
		assert_int_equal(more, 0);
		filter.uuid_count = 2;
		stream_model_uuid(2, uuids[1]);
		ask(&f, &filter, uuid, -1, 2, &more);
		assert_int_equal(more, 0);
	}
	ask(&f, &(struct stream_filter){0}, 99, -1, -1, &more);
	assert_int_equal(more, 0);
	release(&f);
}

static void a_document_is_found_with_few_others(void **state UNUSED)
{
	struct fixture f;
	uint64_t more, sum = 0;
	uint8_t uuid[1][16];

	make(&f);
	for (int id = 0; id < IDS; id += 7) {
		for (int number = 0; number < 3; number++) {
			struct stream_filter filter = {.uuids = (const uint8_t(*)[16])uuid,
						       .uuid_count = 1,
						       .has_key = true,
						       .key_hash = hash_of_id(id)};

			stream_model_uuid((uint8_t)number, uuid[0]);
			ask(&f, &filter, number, id, -1, &more);
			sum += more;
		}
	}
	/* About one in 2^20 / 6,000 questions has an answer too many. */
	assert_true(sum < 100);
	release(&f);
}

static void an_update_that_may_insert_another_id_is_found_by_both(void **state UNUSED)
{
	OWNED(buf_release) struct buf doc = {0};
	struct postings_builder *builder = postings_builder_new();
	struct store *store = stream_model_store(NULL);
	struct store_writer *writer = NULL;
	struct tree_root root;
	struct error e = {0};
	struct entry entry;
	uint8_t uuid[1][16];
	size_t at = begin_entry(&doc, 0, "u", "a.b");

	add_ui(&doc, 3);
	add_id(&doc, "o2", 5);
	add_id(&doc, "o", 6);
	bson_build_end(&doc, at);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(entry_parse(buf_bytes(&doc), &entry, &e));
	postings_builder_add(builder, 0, &entry);
	ASSERT_OK(postings_builder_finish(builder, writer, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	stream_model_uuid(3, uuid[0]);
	for (int id = 4; id < 8; id++) {
		OWNED(buf_release) struct buf ranks = {0};
		const struct stream_filter filter = {(const uint8_t(*)[16])uuid, 1, true,
						     hash_of_id(id)};

		ASSERT_OK(postings_find(store, &root, &filter, &ranks, &e));
		assert_int_equal(ranks.len, id == 5 || id == 6 ? sizeof(uint32_t) : 0);
	}
	postings_builder_free(builder);
	store_writer_end(writer);
	store_close(store);
}

static void what_cannot_be_read_answers_always(void **state UNUSED)
{
	OWNED(buf_release) struct buf ranks = {0};
	struct postings_builder *builder = postings_builder_new();
	struct store *store = stream_model_store(NULL);
	struct store_writer *writer = NULL;
	struct tree_root root;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	postings_builder_add(builder, 70000, NULL);
	postings_builder_add(builder, 3, NULL);
	postings_builder_add(builder, 3, NULL);
	ASSERT_OK(postings_builder_finish(builder, writer, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	ASSERT_OK(postings_find(store, &root, &(struct stream_filter){0}, &ranks, &e));
	assert_int_equal(ranks.len, 2 * sizeof(uint32_t));
	assert_int_equal(((uint32_t *)(void *)ranks.at)[0], 3);
	assert_int_equal(((uint32_t *)(void *)ranks.at)[1], 70000);
	postings_builder_free(builder);
	store_writer_end(writer);
	store_close(store);
}

static void damaged_postings_are_refused(void **state UNUSED)
{
	static const struct {
		const char *field;
		size_t len;
		uint8_t bytes[12];
	} cases[] = {
		{"x", 1, {1}},				  /* no ranks */
		{"r", 1, {0x80}},			  /* cut off */
		{"r", 5, {0xff, 0xff, 0xff, 0xff, 0x0f}}, /* too large */
		{"r", 10, {0xff, 0xff, 0xff, 0xff, 7, 0xff, 0xff, 0xff, 0xff, 8}},
		{"p", 1, {1}},			 /* a hash without a rank */
		{"p", 4, {0x80, 0x80, 0x40, 1}}, /* a hash of 21 bits */
		{"p", 6, {1, 0xff, 0xff, 0xff, 0xff, 0x0f}},
	};
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf ranks = {0};
		size_t at = bson_build_begin(&doc);
		unsigned bits;

		bson_build_binary(&doc, cases[i].field, 0, bytes_of(cases[i].bytes, cases[i].len));
		bson_build_end(&doc, at);
		ASSERT_ERROR(postings_read(buf_bytes(&doc), NULL, &bits, &ranks, &e), ERR_CORRUPT);
	}
}

/* A document that says by how many bits its buckets are found. */
static void odd_buckets_are_refused(void **state UNUSED)
{
	static const int32_t bits[] = {0, 21, -1};
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(bits); i++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf ranks = {0};
		size_t at = bson_build_begin(&doc);
		unsigned got;

		bson_build_int32(&doc, "bits", bits[i]);
		bson_build_end(&doc, at);
		ASSERT_ERROR_TEXT(postings_read(buf_bytes(&doc), NULL, &got, &ranks, &e),
				  ERR_CORRUPT, "postings in buckets of");
	}
}

#define MANY_UUIDS 200

/* Each has a document with two operations: ranks n and n + MANY_UUIDS of UUID n. */
static void each_of_many_collections_is_found(void **state UNUSED)
{
	struct postings_builder *builder = postings_builder_new();
	struct store *store = stream_model_store(NULL);
	struct store_writer *writer = NULL;
	struct tree_root root;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	for (uint32_t n = 0; n < 2 * MANY_UUIDS; n++) {
		OWNED(buf_release) struct buf b = {0};
		size_t doc = begin_entry(&b, n, "i", "a.b");
		struct entry entry;

		add_operation(&b, (int)(n % MANY_UUIDS), 7, false);
		bson_build_end(&b, doc);
		ASSERT_OK(entry_parse(buf_bytes(&b), &entry, &e));
		postings_builder_add(builder, n, &entry);
	}
	ASSERT_OK(postings_builder_finish(builder, writer, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	for (uint32_t n = 0; n < MANY_UUIDS; n++) {
		OWNED(buf_release) struct buf ranks = {0};
		uint8_t uuid[1][16];
		const struct stream_filter filter = {.uuids = uuid, .uuid_count = 1};

		stream_model_uuid((uint8_t)n, uuid[0]);
		ASSERT_OK(postings_find(store, &root, &filter, &ranks, &e));
		assert_int_equal(ranks.len, 2 * sizeof(uint32_t));
		assert_int_equal(((uint32_t *)(void *)ranks.at)[0], n);
		assert_int_equal(((uint32_t *)(void *)ranks.at)[1], n + MANY_UUIDS);
	}
	postings_builder_free(builder);
	store_writer_end(writer);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_collection_is_found_with_all_that_concerns_everybody),
		cmocka_unit_test(a_document_is_found_with_few_others),
		cmocka_unit_test(an_update_that_may_insert_another_id_is_found_by_both),
		cmocka_unit_test(what_cannot_be_read_answers_always),
		cmocka_unit_test(damaged_postings_are_refused),
		cmocka_unit_test(odd_buckets_are_refused),
		cmocka_unit_test(each_of_many_collections_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
