/* Reading a damaged store: right bytes or an error, never wrong bytes. */
#include "store/store.h"
#include "tests/harness/test_store.h"

#include "base/file.h"
#include "store/tree/tree_node.h"
#include "store/writer_encode.h"
#include "tests/unit/store/store_model.h"

/* A store that holds every kind of frame, and what is in it. */
#define KEPT 12
struct sample {
	const char *dir;
	struct chunk_id id[KEPT];
	struct buf plain[KEPT];
	size_t count;
};

static void keep(struct sample *sample, const struct chunk_id *id, struct bytes plain)
{
	sample->id[sample->count] = *id;
	sample->plain[sample->count] = (struct buf){0};
	buf_add_bytes(&sample->plain[sample->count++], plain);
}

static void sample_release(struct sample *sample)
{
	for (size_t i = 0; i < sample->count; i++)
		buf_release(&sample->plain[i]);
}

static void add_leaves(struct sample *sample, struct store_writer *writer,
		       const struct writer_prefix *prefix, struct chunk_id *ret_last)
{
	struct harness_rng rng = harness_rng_of(71);
	OWNED(buf_release) struct buf raw = {0};
	OWNED(buf_release) struct buf plain = {0};
	OWNED(buf_release) struct buf like = {0};
	struct chunk_id id;

	harness_doc_of_size(&raw, 1, 700, &rng);
	id = store_model_put(writer, CHUNK_LEAF, buf_bytes(&raw), NULL, NULL);
	keep(sample, &id, buf_bytes(&raw));
	store_model_leaf(&plain, 100, 4, 250, &rng);
	id = store_model_put(writer, CHUNK_LEAF, buf_bytes(&plain), NULL, NULL);
	keep(sample, &id, buf_bytes(&plain));
	store_model_leaf(&like, 200, 4, 250, &rng);
	id = store_model_put(writer, CHUNK_LEAF, buf_bytes(&like), NULL, prefix);
	keep(sample, &id, buf_bytes(&like));
	*ret_last = id;
}

/* Two packs: leaves (raw, zstd, with a prefix) and their node; then a delta and its node. */
static void make(struct sample *sample)
{
	struct store *store;
	struct harness_rng rng = harness_rng_of(72);
	struct writer_prefix *prefix = NULL;
	struct store_writer *writer = NULL;
	OWNED(buf_release) struct buf shared = {0};
	OWNED(buf_release) struct buf newer = {0};
	struct chunk_id last, id;
	struct error e = {0};

	*sample = (struct sample){.dir = store_model_init()};
	store = store_model_open(sample->dir);
	store_model_leaf(&shared, 1000, 6, 250, &rng);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(store_writer_prefix(writer, buf_bytes(&shared), &prefix, &e));
	keep(sample, &prefix->id, buf_bytes(&shared));
	add_leaves(sample, writer, prefix, &last);
	ASSERT_OK(store_writer_flush(writer, &e));
	for (size_t version = 0; version < 2; version++) {
		struct tree_child child[KEPT] = {0};
		OWNED(buf_release) struct buf node = {0};
		size_t n = sample->count - 1;

		if (version == 1) {
			buf_add_bytes(&newer, buf_bytes(&sample->plain[3]));
			newer.at[9] ^= 1; /* of the _id */
			last = store_model_put(writer, CHUNK_LEAF, buf_bytes(&newer), &last,
					       prefix);
			keep(sample, &last, buf_bytes(&newer));
		}
		for (size_t i = 0; i < n; i++)
			child[i] = (struct tree_child){.id = sample->id[i + 1],
						       .sep = bytes_str("separator"),
						       .count = 4,
						       .bytes = 1000};
		tree_node_encode(TREE_KEYED, 1, child, n, &node);
		id = store_model_put(writer, CHUNK_NODE, buf_bytes(&node), NULL, NULL);
		keep(sample, &id, buf_bytes(&node));
		ASSERT_OK(store_writer_flush(writer, &e));
	}
	store_writer_end(writer);
	writer_prefix_free(prefix);
	store_close(store);
}

/* How many chunks read right; fails the test when one reads wrong. */
static size_t read_all(struct store *store, const struct sample *sample, const char *what)
{
	size_t right = 0;

	for (size_t i = 0; i < sample->count; i++) {
		OWNED(chunk_release) struct chunk *chunk = NULL;
		struct error e = {0};
		int code = store_get(store, &sample->id[i], &chunk, &e);

		if (code < 0) {
			if (e.code != code || e.text[0] == '\0')
				fail_msg("%s: chunk %zu fails with %d, but says %d: \"%s\"", what,
					 i, code, e.code, e.text);
			continue;
		}
		if (!bytes_equal(chunk->plain, buf_bytes(&sample->plain[i])))
			fail_msg("%s: chunk %zu reads wrong", what, i);
		right++;
	}
	return right;
}

static struct store *open_without_cache(const char *dir)
{
	const struct store_options options = {.cache_bytes = 1, .threads = 1};
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(test_store_open(dir, &options, &store, &e));
	return store;
}

static void packs_of(const char *dir, struct model_files *ret)
{
	store_model_files(harness_path(dir, "chunks"), ret);
}

static void remove_local(const char *dir)
{
	struct error e = {0};

	ASSERT_OK(file_remove_tree(harness_path(dir, "local"), &e));
}

static void the_sample_holds_every_kind_of_frame(void **state)
{
	struct sample sample;
	struct store *store;
	struct model_files packs;
	unsigned codecs = 0, depths = 0, kinds = 0;

	(void)state;
	make(&sample);
	store = open_without_cache(sample.dir);
	for (size_t i = 0; i < sample.count; i++) {
		struct chunk_place place = store_model_place(store, &sample.id[i]);

		codecs |= 1u << place.codec;
		depths |= 1u << place.depth;
		kinds |= 1u << place.kind;
	}
	assert_int_equal(codecs, 1u << CODEC_RAW | 1u << CODEC_ZSTD | 1u << CODEC_ZSTD_PREFIX);
	assert_int_equal(depths, 1u << DEPTH_PREFIX | 1u << DEPTH_FULL | 1u << DEPTH_DELTA);
	assert_int_equal(kinds, 1u << CHUNK_LEAF | 1u << CHUNK_NODE | 1u << CHUNK_PREFIX);
	assert_int_equal(read_all(store, &sample, "undamaged"), sample.count);
	packs_of(sample.dir, &packs);
	assert_int_equal(packs.count, 4);
	store_model_files_release(&packs);
	store_close(store);
	sample_release(&sample);
}

static void a_flipped_bit_anywhere_in_a_pack_gives_right_bytes_or_an_error(void **state)
{
	struct harness_rng rng = harness_rng_of(73);
	const bool all_bits = getenv("YESTER_LONG") != NULL;
	struct sample sample;
	struct model_files packs;
	struct store *store;
	size_t errors = 0, flips = 0;

	(void)state;
	make(&sample);
	store = open_without_cache(sample.dir);
	packs_of(sample.dir, &packs);
	for (size_t p = 0; p < packs.count; p++) {
		OWNED(buf_release) struct buf content = {0};

		store_model_read_file(packs.path[p], &content);
		for (size_t at = 0; at < content.len; at++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				char what[64];

				if (!all_bits && bit != harness_rng_below(&rng, 8))
					continue;
				snprintf(what, sizeof(what), "pack %zu, byte %zu, bit %u", p, at,
					 bit);
				store_model_flip(packs.path[p], at, (uint8_t)(1u << bit));
				errors += read_all(store, &sample, what) < sample.count;
				store_model_flip(packs.path[p], at, (uint8_t)(1u << bit));
				flips++;
			}
		}
	}
	/* Most of a pack are stored bytes; none of their flips may go unnoticed. */
	assert_true(errors > flips / 3);
	assert_int_equal(read_all(store, &sample, "mended"), sample.count);
	store_model_files_release(&packs);
	store_close(store);
	sample_release(&sample);
}

static void with_a_flipped_bit_and_without_an_index_reads_are_right_or_errors(void **state)
{
	struct harness_rng rng = harness_rng_of(74);
	const size_t step = getenv("YESTER_LONG") != NULL ? 1 : 23;
	struct sample sample;
	struct model_files packs;
	struct store *store;
	size_t errors = 0;

	(void)state;
	make(&sample);
	packs_of(sample.dir, &packs);
	for (size_t p = 0; p < packs.count; p++) {
		OWNED(buf_release) struct buf content = {0};

		store_model_read_file(packs.path[p], &content);
		for (size_t at = harness_rng_below(&rng, step); at < content.len;
		     at += 1 + harness_rng_below(&rng, 2 * step - 1)) {
			uint8_t bits = (uint8_t)(1u << harness_rng_below(&rng, 8));
			char what[64];

			snprintf(what, sizeof(what), "pack %zu, byte %zu, no index", p, at);
			remove_local(sample.dir);
			store_model_flip(packs.path[p], at, bits);
			store = open_without_cache(sample.dir);
			errors += read_all(store, &sample, what) < sample.count;
			store_model_flip(packs.path[p], at, bits);
			store_close(store);
		}
	}
	assert_true(errors > 0);
	remove_local(sample.dir);
	store = open_without_cache(sample.dir);
	assert_int_equal(read_all(store, &sample, "mended"), sample.count);
	store_close(store);
	store_model_files_release(&packs);
	sample_release(&sample);
}

static void a_pack_that_was_cut_off_gives_right_bytes_or_errors(void **state)
{
	struct sample sample;
	struct model_files packs;

	(void)state;
	make(&sample);
	packs_of(sample.dir, &packs);
	for (size_t p = 0; p < packs.count; p++) {
		OWNED(buf_release) struct buf content = {0};

		store_model_read_file(packs.path[p], &content);
		for (size_t len = 0; len < content.len; len += 1 + content.len / 12) {
			for (int without_index = 0; without_index < 2; without_index++) {
				struct store *store;

				if (without_index)
					remove_local(sample.dir);
				store_model_write_file(packs.path[p], bytes_of(content.at, len));
				store = open_without_cache(sample.dir);
				/* With an index the trailer is not needed. */
				assert_true(read_all(store, &sample, "cut off") < sample.count ||
					    !without_index);
				store_model_write_file(packs.path[p], buf_bytes(&content));
				assert_int_equal(read_all(store, &sample, "whole again"),
						 sample.count);
				store_close(store);
			}
		}
	}
	store_model_files_release(&packs);
	sample_release(&sample);
}

/* Copy the packs of one store into another. */
static void add_packs(const char *from, const char *to)
{
	struct model_files packs;
	struct error e = {0};

	packs_of(from, &packs);
	for (size_t i = 0; i < packs.count; i++) {
		OWNED(free) char *path = xprintf("%s%s", to, packs.path[i] + strlen(from));
		OWNED(free) char *parent = xstrdup(path);
		OWNED(buf_release) struct buf content = {0};

		*strrchr(parent, '/') = '\0';
		ASSERT_OK(file_make_dirs(parent, &e));
		store_model_read_file(packs.path[i], &content);
		store_model_write_file(path, buf_bytes(&content));
	}
	store_model_files_release(&packs);
}

/* Damage the stored bytes of every place of a chunk whose depth is `depth`; how many. */
static unsigned damage(struct store *store, const char *dir, const struct chunk_id *id, int depth)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct error e = {0};
	int count = ASSERT_OK(chunk_index_get(store->index, id, places, &e));
	unsigned damaged = 0;

	for (int i = 0; i < count; i++) {
		char hex[CHUNK_ID_HEX + 1];
		struct chunk_pack pack;
		OWNED(free) char *path = NULL;

		if (places[i].depth != depth)
			continue;
		assert_int_equal(
			ASSERT_OK(chunk_index_pack(store->index, places[i].pack, &pack, &e)), 1);
		chunk_id_hex(&pack.id, hex);
		path = xprintf("%s/chunks/%.2s/%s.pack", dir, hex, hex);
		store_model_flip(path, places[i].offset + places[i].stored / 2, 0x10);
		damaged++;
	}
	return damaged;
}

static void a_second_copy_is_read_when_the_first_is_damaged(void **state)
{
	struct sample one;
	struct store *store;

	(void)state;
	make(&one);
	/* The same chunks in a pack of another name: in full, without the prefix. */
	{
		const char *other = store_model_init();
		struct store_writer *writer = NULL;
		struct error e = {0};

		store = store_model_open(other);
		ASSERT_OK(store_writer_begin(store, &writer, &e));
		for (size_t i = 1; i < 4; i++)
			store_model_put(writer, CHUNK_LEAF, buf_bytes(&one.plain[i]), NULL, NULL);
		ASSERT_OK(store_writer_flush(writer, &e));
		store_writer_end(writer);
		store_close(store);
		add_packs(other, one.dir);
	}
	store = open_without_cache(one.dir);
	{
		struct error e = {0};
		struct chunk_place places[CHUNK_PLACES_MAX];

		ASSERT_OK(store_refresh(store, &e));
		for (size_t i = 1; i < 4; i++)
			assert_int_equal(
				ASSERT_OK(chunk_index_get(store->index, &one.id[i], places, &e)),
				2);
		assert_int_equal(read_all(store, &one, "two copies"), one.count);
	}
	/* The first pack of all loses its stored bytes; the copies of 1..3 are elsewhere. */
	{
		struct chunk_place place = store_model_place(store, &one.id[1]);
		struct chunk_pack pack;
		struct error e = {0};
		char hex[CHUNK_ID_HEX + 1];

		assert_int_equal(ASSERT_OK(chunk_index_pack(store->index, place.pack, &pack, &e)),
				 1);
		chunk_id_hex(&pack.id, hex);
		OWNED(free) char *path = xprintf("%s/chunks/%.2s/%s.pack", one.dir, hex, hex);
		for (uint64_t at = PACK_HEADER_LEN; at < pack.size - PACK_FOOTER_LEN; at++)
			store_model_flip(path, at, 0x40);
	}
	for (size_t i = 1; i < 4; i++) {
		OWNED(chunk_release) struct chunk *chunk = NULL;
		struct error e = {0};

		ASSERT_OK(store_get(store, &one.id[i], &chunk, &e));
		ASSERT_BYTES(chunk->plain, buf_bytes(&one.plain[i]));
	}
	store_close(store);
	sample_release(&one);
}

/* Two chunks, each stored full and as a delta of the other, as two machines may have made them. */
struct ring {
	const char *dir;
	struct chunk_id a, b;
};

static int read_ring(void *ctx)
{
	const struct ring *ring = ctx;
	struct store *store = open_without_cache(ring->dir);
	struct chunk *chunk = NULL;
	struct error e = {0};

	alarm(20);
	if (store_get(store, &ring->a, &chunk, &e) != ERR_CORRUPT)
		return 1;
	if (store_get(store, &ring->b, &chunk, &e) != ERR_CORRUPT)
		return 2;
	store_close(store);
	return 0;
}

static void deltas_of_each_other_end_in_an_error_when_both_full_forms_are_damaged(void **state)
{
	struct harness_rng rng = harness_rng_of(75);
	OWNED(buf_release) struct buf a = {0};
	OWNED(buf_release) struct buf b = {0};
	struct ring ring = {.dir = store_model_init()};
	const char *other = store_model_init();
	struct store *store;
	struct error e = {0};

	(void)state;
	store_model_leaf(&a, 1, 8, 500, &rng);
	buf_add_bytes(&b, buf_bytes(&a));
	b.at[9] ^= 1; /* of the _id */
	store = store_model_open(ring.dir);
	ring.a = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&a), NULL, NULL);
	ring.b = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&b), &ring.a, NULL);
	store_close(store);
	store = store_model_open(other);
	store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&b), NULL, NULL);
	store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&a), &ring.b, NULL);
	store_close(store);
	add_packs(other, ring.dir);
	store = store_model_open(ring.dir);
	ASSERT_OK(store_refresh(store, &e));
	assert_int_equal(damage(store, ring.dir, &ring.a, DEPTH_FULL), 1);
	{
		/* One full form is enough for both. */
		OWNED(chunk_release) struct chunk *chunk = NULL;

		ASSERT_OK(store_get(store, &ring.a, &chunk, &e));
		ASSERT_BYTES(chunk->plain, buf_bytes(&a));
	}
	assert_int_equal(damage(store, ring.dir, &ring.b, DEPTH_FULL), 1);
	store_close(store);
	assert_int_equal(store_model_in_child(read_ring, &ring), 0);
}

/* A damaged pack that is replaced by a good copy (a rename) is read again by who has the store open. */
static void a_pack_that_is_mended_is_read_without_opening_anew(void **state)
{
	struct sample sample;
	struct model_files packs;
	struct store *store;

	(void)state;
	make(&sample);
	packs_of(sample.dir, &packs);
	store = open_without_cache(sample.dir);
	for (size_t p = 0; p < packs.count; p++) {
		OWNED(buf_release) struct buf content = {0};
		OWNED(free) char *tmp = xprintf("%s/mend", sample.dir);

		store_model_read_file(packs.path[p], &content);
		/* In the first frame. */
		store_model_flip(packs.path[p], test_store_is_encrypted() ? 60 : 30, 0xff);
		assert_true(read_all(store, &sample, "damaged") < sample.count);
		store_model_write_file(tmp, buf_bytes(&content));
		assert_int_equal(rename(tmp, packs.path[p]), 0);
		assert_int_equal(read_all(store, &sample, "mended"), sample.count);
	}
	store_close(store);
	store_model_files_release(&packs);
	sample_release(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_holds_every_kind_of_frame),
		cmocka_unit_test(a_flipped_bit_anywhere_in_a_pack_gives_right_bytes_or_an_error),
		cmocka_unit_test(with_a_flipped_bit_and_without_an_index_reads_are_right_or_errors),
		cmocka_unit_test(a_pack_that_was_cut_off_gives_right_bytes_or_errors),
		cmocka_unit_test(a_second_copy_is_read_when_the_first_is_damaged),
		cmocka_unit_test(
			deltas_of_each_other_end_in_an_error_when_both_full_forms_are_damaged),
		cmocka_unit_test(a_pack_that_is_mended_is_read_without_opening_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
