/* How chunks are stored: full, with a prefix, or as a delta; DESIGN 4's rules of depth. */
#include "store/writer_encode.h"

#include "base/file.h"
#include "store/snapshot/closure.h"
#include "tests/unit/store/store_model.h"

static void check_reads(struct store *store, const struct chunk_id *id, struct bytes expected)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct error e = {0};

	ASSERT_OK(store_get(store, id, &chunk, &e));
	ASSERT_BYTES(chunk->plain, expected);
}

/* Change a few bytes inside values: the document stays sound. */
static void rewrite(struct buf *leaf, struct harness_rng *rng)
{
	for (unsigned i = 0; i < 3; i++) {
		size_t at = 40 + harness_rng_below(rng, leaf->len - 60);

		/* Bytes of the int64 after a name "n": type 0x12, 'n', 0. */
		while (at + 11 < leaf->len &&
		       !(leaf->at[at] == 0x12 && leaf->at[at + 1] == 'n' && leaf->at[at + 2] == 0))
			at++;
		if (at + 11 < leaf->len)
			harness_rng_fill(rng, leaf->at + at + 3, 8);
	}
}

static void version_fifty_of_a_leaf_is_a_delta_of_depth_two_that_takes_three_reads(void **state)
{
	struct harness_rng rng = harness_rng_of(81);
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct writer_prefix *prefix = NULL;
	struct store_writer *writer = NULL;
	OWNED(buf_release) struct buf leaf = {0};
	OWNED(buf_release) struct buf shared = {0};
	struct chunk_id first, last;
	struct chunk_place place;
	uint32_t full;
	struct error e = {0};

	(void)state;
	store_model_leaf(&shared, 1000, 20, 400, &rng);
	store_model_leaf(&leaf, 1, 20, 400, &rng);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(store_writer_prefix(writer, buf_bytes(&shared), &prefix, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	assert_int_equal(store_model_place(store, &prefix->id).depth, DEPTH_PREFIX);
	first = last = store_model_put(writer, CHUNK_LEAF, buf_bytes(&leaf), NULL, prefix);
	ASSERT_OK(store_writer_flush(writer, &e));
	place = store_model_place(store, &first);
	full = place.stored;
	assert_int_equal(place.depth, DEPTH_FULL);
	assert_int_equal(place.codec, CODEC_ZSTD_PREFIX);
	assert_memory_equal(place.base, prefix->id.at, CHUNK_BASE_LEN);
	for (unsigned version = 2; version <= 50; version++) {
		/* Each differs from the first in three places, and is the successor of the last. */
		OWNED(buf_release) struct buf next = {0};

		buf_add_bytes(&next, buf_bytes(&leaf));
		rewrite(&next, &rng);
		last = store_model_put(writer, CHUNK_LEAF, buf_bytes(&next), &last, prefix);
		ASSERT_OK(store_writer_flush(writer, &e));
		place = store_model_place(store, &last);
		assert_int_equal(place.depth, DEPTH_DELTA);
		assert_memory_equal(place.base, first.at, CHUNK_BASE_LEN);
		assert_true(place.stored * 2 < full);
		assert_true(store_model_reads(store, &last) <= 3);
		check_reads(store, &last, buf_bytes(&next));
		if (version == 50) {
			struct store_writer_counts counts;

			store_writer_counts(writer, &counts);
			assert_int_equal(counts.delta_chunks, 49);
			/* The same after the index was made anew. */
			store_writer_end(writer);
			store_close(store);
			ASSERT_OK(file_remove_tree(harness_path(dir, "local"), &e));
			store = store_model_open(dir);
			assert_int_equal(store_model_reads(store, &last), 3);
			check_reads(store, &last, buf_bytes(&next));
		}
	}
	writer_prefix_free(prefix);
	store_close(store);
}

/* A version that has drifted far from its base is stored full, and is the base from then on. */
static void a_delta_that_is_not_half_of_the_full_form_is_stored_full(void **state)
{
	struct harness_rng rng = harness_rng_of(82);
	struct store *store = store_model_open(store_model_init());
	OWNED(buf_release) struct buf leaf = {0};
	struct chunk_id last;
	size_t fulls = 0, deltas = 0;

	(void)state;
	store_model_leaf(&leaf, 1, 10, 400, &rng);
	last = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaf), NULL, NULL);
	for (unsigned version = 0; version < 40; version++) {
		struct chunk_place place;

		for (unsigned i = 0; i < 4; i++)
			rewrite(&leaf, &rng);
		last = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaf), &last, NULL);
		place = store_model_place(store, &last);
		fulls += place.depth == DEPTH_FULL;
		deltas += place.depth == DEPTH_DELTA;
		assert_true(store_model_reads(store, &last) <= 2);
		check_reads(store, &last, buf_bytes(&leaf));
	}
	assert_int_equal(fulls + deltas, 40);
	assert_true(fulls > 0 && deltas > fulls);
	store_close(store);
}

static void a_hint_that_is_of_no_use_gives_a_full_chunk(void **state)
{
	struct harness_rng rng = harness_rng_of(83);
	struct store *store = store_model_open(store_model_init());
	OWNED(buf_release) struct buf leaf = {0};
	OWNED(buf_release) struct buf other = {0};
	OWNED(buf_release) struct buf noise = {0};
	struct chunk_id unknown = {{1, 2, 3}}, id, noise_id;

	(void)state;
	store_model_leaf(&leaf, 1, 10, 400, &rng);
	id = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaf), &unknown, NULL);
	assert_int_equal(store_model_place(store, &id).depth, DEPTH_FULL);
	assert_int_equal(store_model_place(store, &id).codec, CODEC_ZSTD);
	/* What has nothing in common with the hint. */
	harness_doc_of_size(&noise, 1, 3000, &rng);
	noise_id = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&noise), &id, NULL);
	assert_int_equal(store_model_place(store, &noise_id).depth, DEPTH_FULL);
	assert_int_equal(store_model_place(store, &noise_id).codec, CODEC_RAW);
	store_model_leaf(&other, 50000, 10, 400, &rng);
	id = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&other), &noise_id, NULL);
	assert_int_equal(store_model_place(store, &id).depth, DEPTH_FULL);
	check_reads(store, &id, buf_bytes(&other));
	check_reads(store, &noise_id, buf_bytes(&noise));
	store_close(store);
}

/* It will be the base of what replaces it. */
static void the_full_form_of_what_replaces_a_chunk_is_made_with_more_effort(void **state)
{
	struct harness_rng rng = harness_rng_of(86);
	OWNED(buf_release) struct buf old = {0};
	OWNED(buf_release) struct buf leaf = {0};
	uint32_t stored[2];

	(void)state;
	store_model_leaf(&old, 1, 60, 400, &rng);
	store_model_leaf(&leaf, 1000, 60, 400, &rng);
	for (int hinted = 0; hinted < 2; hinted++) {
		struct store *store = store_model_open(store_model_init());
		struct chunk_id id, hint = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&old),
								 NULL, NULL);

		id = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaf),
					   hinted ? &hint : NULL, NULL);
		assert_int_equal(store_model_place(store, &id).depth, DEPTH_FULL);
		stored[hinted] = store_model_place(store, &id).stored;
		check_reads(store, &id, buf_bytes(&leaf));
		store_close(store);
	}
	assert_true(stored[1] < stored[0]);
}

/* A chunk never becomes a delta of itself, even when the index learns of it late. */
static void a_chunk_is_no_delta_of_itself(void **state)
{
	struct harness_rng rng = harness_rng_of(84);
	struct store *store = store_model_open(store_model_init());
	struct codec *codec = codec_new();
	struct store_put put = {.kind = CHUNK_LEAF, .has_hint = true};
	OWNED(buf_release) struct buf stored = {0};
	struct chunk_place place;
	struct error e = {0};

	(void)state;
	store_model_leaf(&put.plain, 1, 10, 400, &rng);
	put.hint = put.id =
		store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&put.plain), NULL, NULL);
	ASSERT_OK(writer_encode(store, codec, &put, &stored, &place, &e));
	assert_int_equal(place.depth, DEPTH_FULL);
	buf_release(&put.plain);
	codec_free(codec);
	store_close(store);
}

/* A copy takes the first documents of a collection for a prefix: they may be a leaf of another one. */
static void a_prefix_with_the_bytes_of_a_leaf_is_another_chunk(void **state)
{
	struct harness_rng rng = harness_rng_of(86);
	OWNED(buf_release) struct buf leaf = {0};
	OWNED(buf_release) struct buf other = {0};

	(void)state;
	store_model_leaf(&leaf, 1000, 20, 400, &rng);
	store_model_leaf(&other, 1, 20, 400, &rng);
	for (int flushed = 0; flushed < 2; flushed++) {
		struct store *store = store_model_open(store_model_init());
		OWNED(store_writer_end) struct store_writer *writer = NULL;
		struct writer_prefix *prefix = NULL;
		struct chunk_id same, with;
		struct error e = {0};

		ASSERT_OK(store_writer_begin(store, &writer, &e));
		same = store_model_put(writer, CHUNK_LEAF, buf_bytes(&leaf), NULL, NULL);
		if (flushed)
			ASSERT_OK(store_writer_flush(writer, &e));
		ASSERT_OK(store_writer_prefix(writer, buf_bytes(&leaf), &prefix, &e));
		with = store_model_put(writer, CHUNK_LEAF, buf_bytes(&other), NULL, prefix);
		ASSERT_OK(store_writer_flush(writer, &e));
		assert_int_equal(store_model_place(store, &prefix->id).depth, DEPTH_PREFIX);
		assert_int_equal(ASSERT_OK(closure_has_chunk(store, &with, &e)), 1);
		check_reads(store, &same, buf_bytes(&leaf));
		check_reads(store, &with, buf_bytes(&other));
		writer_prefix_free(prefix);
		store_writer_end(TAKE(writer));
		store_close(store);
	}
}

static void the_prefix_of_a_chunk_is_found_through_its_delta(void **state)
{
	struct harness_rng rng = harness_rng_of(85);
	struct store *store = store_model_open(store_model_init());
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct writer_prefix *prefix = NULL;
	OWNED(buf_release) struct buf leaf = {0};
	OWNED(buf_release) struct buf shared = {0};
	struct chunk_id full, delta, none;
	struct error e = {0};

	(void)state;
	store_model_leaf(&shared, 1000, 20, 400, &rng);
	store_model_leaf(&leaf, 1, 20, 400, &rng);
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(store_writer_prefix(writer, buf_bytes(&shared), &prefix, &e));
	full = store_model_put(writer, CHUNK_LEAF, buf_bytes(&leaf), NULL, prefix);
	ASSERT_OK(store_writer_flush(writer, &e));
	rewrite(&leaf, &rng);
	delta = store_model_put(writer, CHUNK_LEAF, buf_bytes(&leaf), &full, prefix);
	rewrite(&leaf, &rng);
	none = store_model_put(writer, CHUNK_LEAF, buf_bytes(&leaf), NULL, NULL);
	ASSERT_OK(store_writer_flush(writer, &e));
	assert_int_equal(store_model_place(store, &delta).depth, DEPTH_DELTA);
	for (int i = 0; i < 2; i++) {
		OWNED(writer_prefix_free) struct writer_prefix *found = NULL;

		assert_int_equal(
			ASSERT_OK(store_writer_prefix_of(writer, i ? &delta : &full, &found, &e)),
			1);
		assert_true(chunk_id_equal(&found->id, &prefix->id));
	}
	{
		struct writer_prefix *found = NULL;
		struct chunk_id unknown = {{9}};

		assert_int_equal(ASSERT_OK(store_writer_prefix_of(writer, &none, &found, &e)), 0);
		assert_int_equal(ASSERT_OK(store_writer_prefix_of(writer, &unknown, &found, &e)),
				 0);
		assert_int_equal(ASSERT_OK(store_writer_prefix_of(writer, &prefix->id, &found, &e)),
				 0);
	}
	writer_prefix_free(prefix);
	store_writer_end(TAKE(writer));
	store_close(store);
}

/* 16 MiB with a small change in the middle: a few KiB, not megabytes (DESIGN 4). */
static void a_large_document_with_a_small_edit_is_a_small_delta(void **state)
{
	struct harness_rng rng = harness_rng_of(86);
	struct store *store = store_model_open(store_model_init());
	OWNED(buf_release) struct buf doc = {0};
	struct chunk_id first, second;
	struct chunk_place place;

	(void)state;
	harness_doc_of_size(&doc, 1, 16 * MIB - 64, &rng);
	first = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&doc), NULL, NULL);
	memset(doc.at + doc.len / 2, 0, 100);
	second = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&doc), &first, NULL);
	place = store_model_place(store, &second);
	assert_int_equal(place.depth, DEPTH_DELTA);
	assert_true(place.stored < 8192);
	check_reads(store, &second, buf_bytes(&doc));
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			version_fifty_of_a_leaf_is_a_delta_of_depth_two_that_takes_three_reads),
		cmocka_unit_test(a_delta_that_is_not_half_of_the_full_form_is_stored_full),
		cmocka_unit_test(a_hint_that_is_of_no_use_gives_a_full_chunk),
		cmocka_unit_test(the_full_form_of_what_replaces_a_chunk_is_made_with_more_effort),
		cmocka_unit_test(a_chunk_is_no_delta_of_itself),
		cmocka_unit_test(a_prefix_with_the_bytes_of_a_leaf_is_another_chunk),
		cmocka_unit_test(the_prefix_of_a_chunk_is_found_through_its_delta),
		cmocka_unit_test(a_large_document_with_a_small_edit_is_a_small_delta),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
