#include "base/file.h"
#include "oplog/stream_check.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_repair.h"
#include "oplog/stream_tail.h"
#include "tests/harness/test_store.h"
#include "tests/unit/oplog/stream_model.h"

static int copy_pack(void *ctx, const char *name, uint64_t size, struct error *e)
{
	struct backend *from = store_stream_files(((struct store **)ctx)[0]);
	struct backend *to = store_stream_files(((struct store **)ctx)[1]);
	OWNED(buf_release) struct buf content = {0};

	if (from->ops->get(from, name, 0, buf_room(&content, size), size, e) < 0)
		return e->code;
	content.len = size;
	return to->ops->put(to, name, buf_bytes(&content), e) < 0 ? e->code : 0;
}

/* A segment of entries first..end-1, as another copy of the store made it, beside what is there. */
static void bring(struct store *store, uint32_t first, uint32_t end)
{
	const char *dir;
	struct store *copy = stream_model_store(&dir);
	OWNED(stream_close) struct stream *theirs = NULL;
	OWNED(stream_close) struct stream *ours = NULL;
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *from = NULL;
	OWNED(free) char *to = NULL;
	struct backend *files = store_stream_files(store);
	struct store *pair[] = {copy, store};
	const struct chunk_id *id;
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(copy, first, end, NULL, &e));
	ASSERT_OK(stream_open(copy, &theirs, NULL, &e));
	ASSERT_OK(stream_open(store, &ours, NULL, &e));
	id = &stream_segment(theirs, 0)->id;
	from = stream_file_segment(stream_name(theirs), id);
	to = stream_file_segment(stream_name(ours), id);
	assert_int_equal(ASSERT_OK(file_read(harness_path(dir, from), MIB, &content, &e)), 1);
	ASSERT_OK(store_stream_files(copy)->ops->list(store_stream_files(copy), "chunks", copy_pack,
						      pair, &e));
	ASSERT_OK(store_refresh(store, &e));
	ASSERT_OK(files->ops->put(files, to, buf_bytes(&content), &e));
	store_close(copy);
}

static void count(void *ctx, const char *problem UNUSED)
{
	++*(unsigned *)ctx;
}

static unsigned problems(struct store *store)
{
	const struct check_options options = {.read_data = true};
	struct stream_check_result result;
	struct error e = {0};
	unsigned found = 0;

	ASSERT_OK(stream_check_run(store, &options, count, &found, &result, &e));
	return found;
}

static void has(struct store *store, uint32_t first, uint32_t end)
{
	struct stream_model model = {0};

	stream_model_learn(&model, first, end);
	stream_model_check(store, &model);
}

static void what_others_have_all_of_is_no_problem(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 49, 90, NULL, &e));
	bring(store, 0, 50);
	bring(store, 10, 40);
	bring(store, 30, 70);
	assert_int_equal(problems(store), 0);
	has(store, 0, 90);
	ASSERT_OK(stream_model_add_range(store, 89, 120, NULL, &e));
	has(store, 0, 120);
	store_close(store);
}

/* What the copy that came has is less, in one piece: what was shown before is shown, and nothing has to be taken in. */
static void of_copies_that_went_on_apart_the_longer_one_is_shown(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 30, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 29, 60, NULL, &e));
	ASSERT_OK(stream_model_add_range(store, 59, 100, NULL, &e));
	bring(store, 0, 50);
	has(store, 0, 100);
	assert_int_equal(problems(store), 0);
	store_close(store);
}

/* It has more, but a gap where this one has none: what was shown stays until somebody takes in the rest. */
static void a_longer_one_with_a_gap_hides_nothing(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct stream *stream = NULL;
	struct error e = {0};
	size_t skipped;

	ASSERT_OK(stream_model_add_range(store, 0, 100, NULL, &e));
	bring(store, 0, 30);
	bring(store, 90, 220);
	ASSERT_OK(stream_open(store, &stream, &skipped, &e));
	assert_int_equal(stream_range_count(stream), 1);
	assert_int_equal(stream_range(stream, 0)->entries, 100);
	stream_close(stream);
	assert_int_equal(problems(store), 1);
	ASSERT_OK(stream_model_add_range(store, 219, 230, NULL, &e));
	has(store, 0, 230);
	assert_int_equal(problems(store), 0);
	store_close(store);
}

/* It was refused to add anything then: nobody could follow into the store any more. */
static void what_they_have_more_is_taken_in_by_the_next_who_adds(void **state UNUSED)
{
	struct store *store = stream_model_store(NULL);
	struct error e = {0};

	ASSERT_OK(stream_model_add_range(store, 0, 50, NULL, &e));
	bring(store, 30, 70);
	bring(store, 60, 80);
	assert_int_equal(problems(store), 1);
	ASSERT_OK(stream_model_add_range(store, 79, 100, NULL, &e));
	assert_int_equal(problems(store), 0);
	has(store, 0, 100);
	store_close(store);
}

static void or_by_who_seals_or_repairs(void **state UNUSED)
{
	for (int how = 0; how < 2; how++) {
		struct store *store = stream_model_store(NULL);
		OWNED(store_writer_end) struct store_writer *writer = NULL;
		struct error e = {0};

		ASSERT_OK(stream_model_add_range(store, 10, 50, NULL, &e));
		bring(store, 0, 30);
		assert_int_equal(problems(store), 1);
		if (how == 0) {
			ASSERT_OK(store_writer_begin(store, &writer, &e));
			ASSERT_OK(stream_tail_seal_all(writer, &e));
			store_writer_end(TAKE(writer));
		} else {
			ASSERT_OK(stream_repair_overlaps(store, &e));
		}
		assert_int_equal(problems(store), 0);
		has(store, 0, 50);
		store_close(store);
	}
}

static void random_pieces_of_many_copies_become_one_stream(void **state UNUSED)
{
	struct harness_rng rng = harness_rng_of(77);

	for (int round = 0; round < 6; round++) {
		struct store *store = stream_model_store(NULL);
		struct stream_model model = {0};
		struct error e = {0};

		ASSERT_OK(stream_model_add_range(store, 100, 140, NULL, &e));
		stream_model_learn(&model, 100, 140);
		for (int i = 0; i < 8; i++) {
			uint32_t first = (uint32_t)harness_rng_below(&rng, 190);
			uint32_t end = first + 2 + (uint32_t)harness_rng_below(&rng, 45);

			stream_model_learn(&model, first, end);
			if (harness_rng_below(&rng, 3) == 0)
				ASSERT_OK(stream_model_add_range(store, first, end, NULL, &e));
			else
				bring(store, first, end);
		}
		ASSERT_OK(stream_repair_overlaps(store, &e));
		assert_int_equal(problems(store), 0);
		stream_model_check(store, &model);
		store_close(store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_have_all_of_is_no_problem),
		cmocka_unit_test(of_copies_that_went_on_apart_the_longer_one_is_shown),
		cmocka_unit_test(a_longer_one_with_a_gap_hides_nothing),
		cmocka_unit_test(what_they_have_more_is_taken_in_by_the_next_who_adds),
		cmocka_unit_test(or_by_who_seals_or_repairs),
		cmocka_unit_test(random_pieces_of_many_copies_become_one_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
