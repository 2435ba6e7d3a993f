#include "index/chunk_index.h"

#include <sys/wait.h>

#include "tests/unit/index/index_model.h"

#define CHUNKS 400

static struct chunk_index *new_index(const char **ret_dir)
{
	const char *dir = harness_path(harness_tmpdir(), "index");
	bool fresh = false;
	struct chunk_index *index = index_model_open(dir, &fresh);

	assert_true(fresh);
	if (ret_dir != NULL)
		*ret_dir = dir;
	return index;
}

static void a_place_comes_back_as_it_was_put(void **state)
{
	struct chunk_index *index = new_index(NULL);
	struct chunk_place places[CHUNK_PLACES_MAX], expected;
	struct chunk_id id = index_model_id(7), other = index_model_id(8);
	struct chunk_pack pack;
	struct chunk_id name = index_model_pack(7);
	struct error e = {0};

	(void)state;
	ASSERT_OK(index_model_add(index, 7, 8, &e));
	assert_int_equal(ASSERT_OK(chunk_index_get(index, &id, places, &e)), 1);
	expected = index_model_place(7, 7, places[0].pack);
	assert_true(index_model_same(&places[0], &expected));
	assert_int_equal(ASSERT_OK(chunk_index_get(index, &other, places, &e)), 0);
	assert_int_equal(ASSERT_OK(chunk_index_pack(index, expected.pack, &pack, &e)), 1);
	assert_true(chunk_id_equal(&pack.id, &name));
	assert_int_equal(pack.size, 1007);
	assert_int_equal(pack.number, expected.pack);
	assert_int_equal(ASSERT_OK(chunk_index_pack(index, expected.pack + 1, &pack, &e)), 0);
	assert_int_equal(ASSERT_OK(chunk_index_has_pack(index, &name, &e)), 1);
	name = index_model_pack(8);
	assert_int_equal(ASSERT_OK(chunk_index_has_pack(index, &name, &e)), 0);
	chunk_index_close(index);
}

static void a_place_at_the_same_spot_is_replaced(void **state)
{
	struct chunk_index *index = new_index(NULL);
	struct chunk_index_batch *batch = NULL;
	struct chunk_place places[CHUNK_PLACES_MAX], place = index_model_place(1, 1, 5);
	struct chunk_id id = index_model_id(1);
	struct error e = {0};

	(void)state;
	for (uint32_t version = 0; version < 3; version++) {
		ASSERT_OK(chunk_index_begin(index, &batch, &e));
		place.relaxed = version;
		ASSERT_OK(chunk_index_add(batch, &id, &place, &e));
		ASSERT_OK(chunk_index_commit(batch, &e));
		assert_int_equal(ASSERT_OK(chunk_index_get(index, &id, places, &e)), 1);
		assert_true(index_model_same(&places[0], &place));
	}
	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	place.offset++;
	ASSERT_OK(chunk_index_add(batch, &id, &place, &e));
	place.pack++;
	ASSERT_OK(chunk_index_add(batch, &id, &place, &e));
	ASSERT_OK(chunk_index_commit(batch, &e));
	assert_int_equal(ASSERT_OK(chunk_index_get(index, &id, places, &e)), 3);
	chunk_index_close(index);
}

static void facts_are_set_at_all_places_and_nothing_else_changes(void **state)
{
	struct chunk_index *index = new_index(NULL);
	struct chunk_index_batch *batch = NULL;
	struct chunk_place places[CHUNK_PLACES_MAX], place[3];
	struct chunk_place facts = {.relaxed = 77, .canonical = 99, .renderer = 5, .pack = 1234};
	struct chunk_id id = index_model_id(1), absent = index_model_id(2);
	struct error e = {0};

	(void)state;
	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	for (uint32_t i = 0; i < COUNT_OF(place); i++) {
		place[i] = index_model_place(i, 10 * i, 5);
		ASSERT_OK(chunk_index_add(batch, &id, &place[i], &e));
	}
	assert_int_equal(ASSERT_OK(chunk_index_set_facts(batch, &id, &facts, &e)), 1);
	assert_int_equal(ASSERT_OK(chunk_index_set_facts(batch, &absent, &facts, &e)), 0);
	ASSERT_OK(chunk_index_commit(batch, &e));
	assert_int_equal(ASSERT_OK(chunk_index_get(index, &id, places, &e)), COUNT_OF(place));
	for (size_t i = 0; i < COUNT_OF(place); i++) {
		place[i].relaxed = 77;
		place[i].canonical = 99;
		place[i].renderer = 5;
		assert_true(index_model_same(&places[i], &place[i]));
	}
	assert_int_equal(ASSERT_OK(chunk_index_get(index, &absent, places, &e)), 0);
	chunk_index_close(index);
}

static void more_places_than_the_limit_are_not_remembered(void **state)
{
	struct chunk_index *index = new_index(NULL);
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct chunk_id id = index_model_id(0);
	struct chunk_index_batch *batch = NULL;
	struct error e = {0};

	(void)state;
	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	for (uint32_t i = 0; i < 3 * CHUNK_PLACES_MAX; i++) {
		struct chunk_place place = index_model_place(0, i, i);

		ASSERT_OK(chunk_index_add(batch, &id, &place, &e));
	}
	ASSERT_OK(chunk_index_commit(batch, &e));
	assert_int_equal(ASSERT_OK(chunk_index_get(index, &id, places, &e)), CHUNK_PLACES_MAX);
	for (uint32_t i = 0; i < CHUNK_PLACES_MAX; i++) {
		struct chunk_place place = index_model_place(0, i, i);

		assert_true(index_model_same(&places[i], &place));
	}
	chunk_index_close(index);
}

static void a_pack_that_is_added_twice_keeps_its_number(void **state)
{
	struct chunk_index *index = new_index(NULL);
	struct chunk_index_batch *batch = NULL;
	struct chunk_id first = index_model_pack(1), second = index_model_pack(2);
	uint32_t number, again, other;
	bool is_new;
	struct error e = {0};

	(void)state;
	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	ASSERT_OK(chunk_index_add_pack(batch, &first, 10, &number, &is_new, &e));
	assert_true(is_new);
	ASSERT_OK(chunk_index_add_pack(batch, &first, 10, &again, &is_new, &e));
	assert_false(is_new);
	assert_int_equal(number, again);
	ASSERT_OK(chunk_index_commit(batch, &e));
	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	ASSERT_OK(chunk_index_add_pack(batch, &first, 10, &again, &is_new, &e));
	assert_false(is_new);
	assert_int_equal(number, again);
	ASSERT_OK(chunk_index_add_pack(batch, &second, 10, &other, &is_new, &e));
	assert_true(is_new);
	assert_int_not_equal(number, other);
	ASSERT_OK(chunk_index_commit(batch, &e));
	chunk_index_close(index);
}

/* Ids whose first bytes are alike. */
static void a_prefix_finds_the_ids_that_begin_so(void **state)
{
	struct chunk_index *index = new_index(NULL);
	struct chunk_index_batch *batch = NULL;
	struct chunk_place place = index_model_place(1, 1, 1);
	struct chunk_id ids[300], found[300];
	struct error e = {0};

	(void)state;
	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		ids[i] = index_model_id(i);
		memset(ids[i].at, i < 3 ? 0 : i < 5 ? 0xff : (int)(i / 100), i % 7 == 0 ? 32 : 8);
		ids[i].at[31] = (uint8_t)i;
		ids[i].at[30] = (uint8_t)(i >> 8);
		ASSERT_OK(chunk_index_add(batch, &ids[i], &place, &e));
	}
	ASSERT_OK(chunk_index_commit(batch, &e));
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		for (size_t len = 0; len <= CHUNK_ID_LEN; len += len < 7 ? 7 : 1) {
			int expected = 0, count;

			for (size_t k = 0; k < COUNT_OF(ids); k++)
				expected += memcmp(ids[k].at, ids[i].at, len) == 0;
			count = ASSERT_OK(chunk_index_by_prefix(index, ids[i].at, len, found,
								COUNT_OF(found), &e));
			assert_int_equal(count, expected);
			for (int k = 0; k < count; k++)
				assert_memory_equal(found[k].at, ids[i].at, len);
			assert_int_equal(ASSERT_OK(chunk_index_by_prefix(index, ids[i].at, len,
									 found, 2, &e)),
					 MIN_OF(expected, 2));
		}
	}
	chunk_index_close(index);
}

static int64_t places_in(const bool *there, uint64_t packs, uint64_t count)
{
	int64_t total = 0;

	for (uint64_t number = 1; number < count; number++) {
		int64_t places = 0;

		for (uint64_t p = 1; p < packs; p++)
			places += there[p] && number % p == 0;
		total += MIN_OF(places, CHUNK_PLACES_MAX);
	}
	return total;
}

static void dropped_packs_take_their_places_along(void **state)
{
	enum { PACKS = 30 };
	struct chunk_index *index = new_index(NULL);
	struct harness_rng rng = harness_rng_of(111);
	bool there[PACKS] = {false};
	struct error e = {0};

	(void)state;
	for (int round = 0; round < 40; round++) {
		uint64_t drop[PACKS];
		size_t count = 0;
		struct chunk_pack *packs = NULL;
		size_t known = 0, expected = 0;

		for (uint64_t p = 1; p < PACKS; p++) {
			if (there[p] && harness_rng_below(&rng, 3) == 0) {
				drop[count++] = p;
				there[p] = false;
			}
		}
		ASSERT_OK(index_model_drop(index, drop, count, &e));
		assert_int_equal(ASSERT_OK(index_model_check(index, PACKS, CHUNKS, &e)),
				 places_in(there, PACKS, CHUNKS));
		for (uint64_t p = 1; p < PACKS; p++) {
			if (!there[p] && harness_rng_below(&rng, 3) == 0) {
				ASSERT_OK(index_model_add(index, p, CHUNKS, &e));
				there[p] = true;
			}
		}
		assert_int_equal(ASSERT_OK(index_model_check(index, PACKS, CHUNKS, &e)),
				 places_in(there, PACKS, CHUNKS));
		for (uint64_t p = 1; p < PACKS; p++)
			expected += there[p];
		ASSERT_OK(chunk_index_packs(index, &packs, &known, &e));
		assert_int_equal(known, expected);
		for (size_t i = 0; i < known; i++)
			for (size_t k = 0; k < i; k++)
				assert_int_not_equal(packs[i].number, packs[k].number);
		free(packs);
	}
	chunk_index_close(index);
}

static void what_is_given_up_was_never_there(void **state)
{
	struct chunk_index *index = new_index(NULL);
	struct chunk_index_batch *batch = NULL;
	struct chunk_id name = index_model_pack(9), id = index_model_id(9);
	struct chunk_place place = index_model_place(9, 9, 1), places[CHUNK_PLACES_MAX];
	uint32_t number;
	bool is_new;
	struct error e = {0};

	(void)state;
	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	ASSERT_OK(chunk_index_add_pack(batch, &name, 1, &number, &is_new, &e));
	ASSERT_OK(chunk_index_add(batch, &id, &place, &e));
	chunk_index_abort(batch);
	chunk_index_abort(NULL);
	assert_int_equal(ASSERT_OK(chunk_index_has_pack(index, &name, &e)), 0);
	assert_int_equal(ASSERT_OK(chunk_index_get(index, &id, places, &e)), 0);
	chunk_index_close(index);
}

static void set_note(struct chunk_index *index, const char *name, const char *value)
{
	struct chunk_index_batch *batch = NULL;
	struct error e = {0};

	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	ASSERT_OK(chunk_index_set_note(batch, bytes_str(name), bytes_str(value), &e));
	ASSERT_OK(chunk_index_commit(batch, &e));
}

static void notes_are_kept_replaced_and_deleted(void **state)
{
	const char *dir;
	struct chunk_index *index = new_index(&dir);
	char value[8] = {0};
	struct error e = {0};
	bool fresh;

	(void)state;
	set_note(index, "checked", "");
	set_note(index, "checked", "today");
	set_note(index, "checked", "monday");
	chunk_index_close(index);
	index = index_model_open(dir, &fresh);
	assert_false(fresh);
	assert_int_equal(ASSERT_OK(chunk_index_note(index, bytes_str("checked"), value, 3, &e)), 1);
	assert_string_equal(value, "mon");
	assert_int_equal(
		ASSERT_OK(chunk_index_note(index, bytes_str("checked"), value, sizeof(value), &e)),
		1);
	assert_string_equal(value, "monday");
	assert_int_equal(ASSERT_OK(chunk_index_note(index, bytes_str("check"), value, 8, &e)), 0);
	set_note(index, "checked", "");
	assert_int_equal(ASSERT_OK(chunk_index_note(index, bytes_str("checked"), value, 8, &e)), 0);
	chunk_index_close(index);
}

/* Enough notes for many pages, so that the cursor crosses them. */
static void all_notes_of_a_prefix_are_dropped_and_no_others(void **state)
{
	enum { NOTES = 4000 };
	const char *dir;
	struct chunk_index *index = new_index(&dir);
	struct harness_rng rng = harness_rng_of(112);
	struct error e = {0};
	bool fresh;

	(void)state;
	for (int round = 0; round < 4; round++) {
		struct chunk_index_batch *batch = NULL;
		const char *prefix = round % 2 ? "whole:" : "zz";

		ASSERT_OK(chunk_index_begin(index, &batch, &e));
		for (int i = 0; i < NOTES; i++) {
			char name[40], value[100];

			snprintf(name, sizeof(name), "%s%d",
				 i % 3 == 0   ? "whole:"
				 : i % 3 == 1 ? "wholf:"
					      : "zz",
				 i);
			memset(value, 'v', sizeof(value));
			ASSERT_OK(chunk_index_set_note(
				batch, bytes_str(name),
				bytes_of(value, 1 + harness_rng_below(&rng, 99)), &e));
		}
		ASSERT_OK(chunk_index_drop_notes(batch, bytes_str("nothing"), &e));
		ASSERT_OK(chunk_index_drop_notes(batch, bytes_str(prefix), &e));
		ASSERT_OK(chunk_index_commit(batch, &e));
		for (int i = 0; i < NOTES; i++) {
			char name[40], value;
			int found;

			snprintf(name, sizeof(name), "%s%d",
				 i % 3 == 0   ? "whole:"
				 : i % 3 == 1 ? "wholf:"
					      : "zz",
				 i);
			found = ASSERT_OK(chunk_index_note(index, bytes_str(name), &value, 1, &e));
			assert_int_equal(found, strncmp(name, prefix, strlen(prefix)) != 0);
		}
	}
	chunk_index_close(index);
	chunk_index_close(index_model_open(dir, &fresh));
	assert_false(fresh);
}

static void a_cleared_index_is_empty_and_still_ours(void **state)
{
	const char *dir;
	struct chunk_index *index = new_index(&dir);
	struct chunk_index_batch *batch = NULL;
	struct chunk_pack *packs = NULL;
	size_t count = 1;
	char value;
	bool fresh;
	struct error e = {0};
	uint8_t before[CHUNK_INDEX_STATE_LEN], after[CHUNK_INDEX_STATE_LEN];

	(void)state;
	set_note(index, "whole:x", "1");
	chunk_index_state(index, before);
	for (uint64_t p = 1; p < 5; p++)
		ASSERT_OK(index_model_add(index, p, CHUNKS, &e));
	chunk_index_state(index, after);
	assert_memory_equal(before, after, sizeof(before)); /* nothing went */
	ASSERT_OK(chunk_index_begin(index, &batch, &e));
	ASSERT_OK(chunk_index_clear(batch, &e));
	ASSERT_OK(chunk_index_commit(batch, &e));
	assert_int_equal(ASSERT_OK(index_model_check(index, 5, CHUNKS, &e)), 0);
	ASSERT_OK(chunk_index_packs(index, &packs, &count, &e));
	assert_int_equal(count, 0);
	free(packs);
	assert_int_equal(ASSERT_OK(chunk_index_note(index, bytes_str("whole:x"), &value, 1, &e)),
			 0);
	chunk_index_state(index, after);
	assert_memory_not_equal(before, after, sizeof(before));
	ASSERT_OK(index_model_add(index, 3, CHUNKS, &e));
	chunk_index_close(index);
	index = index_model_open(dir, &fresh);
	assert_false(fresh);
	chunk_index_state(index, before);
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(ASSERT_OK(index_model_check(index, 5, CHUNKS, &e)), (CHUNKS - 1) / 3);
	chunk_index_close(index);
}

/* Two processes add packs at once; each sees all in the end. */
static void two_processes_share_an_index(void **state)
{
	enum { EACH = 12 };
	const char *dir = harness_path(harness_tmpdir(), "index");
	bool all[2 * EACH + 1];
	pid_t child[2];

	(void)state;
	for (int side = 0; side < 2; side++) {
		child[side] = fork();
		assert_true(child[side] >= 0);
		if (child[side] == 0) {
			struct chunk_index *index = NULL;
			struct error e = {0};
			bool fresh;

			alarm(60);
			if (chunk_index_open(dir, &index, &fresh, &e) < 0)
				_exit(1);
			for (uint64_t p = 1; p <= EACH; p++) {
				uint64_t pack = 2 * p - (uint64_t)side;

				if (index_model_add(index, pack, CHUNKS, &e) < 0)
					_exit(2);
				if (index_model_check(index, 2 * EACH + 1, CHUNKS, &e) < 0)
					_exit(3);
			}
			chunk_index_close(index);
			_exit(0);
		}
	}
	for (int side = 0; side < 2; side++) {
		int status;

		assert_int_equal(waitpid(child[side], &status, 0), child[side]);
		assert_int_equal(status, 0);
	}
	memset(all, true, sizeof(all));
	{
		bool fresh;
		struct chunk_index *index = index_model_open(dir, &fresh);
		struct error e = {0};

		assert_false(fresh);
		assert_int_equal(ASSERT_OK(index_model_check(index, 2 * EACH + 1, CHUNKS, &e)),
				 places_in(all, 2 * EACH + 1, CHUNKS));
		chunk_index_close(index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_comes_back_as_it_was_put),
		cmocka_unit_test(a_place_at_the_same_spot_is_replaced),
		cmocka_unit_test(facts_are_set_at_all_places_and_nothing_else_changes),
		cmocka_unit_test(more_places_than_the_limit_are_not_remembered),
		cmocka_unit_test(a_pack_that_is_added_twice_keeps_its_number),
		cmocka_unit_test(a_prefix_finds_the_ids_that_begin_so),
		cmocka_unit_test(dropped_packs_take_their_places_along),
		cmocka_unit_test(what_is_given_up_was_never_there),
		cmocka_unit_test(notes_are_kept_replaced_and_deleted),
		cmocka_unit_test(all_notes_of_a_prefix_are_dropped_and_no_others),
		cmocka_unit_test(a_cleared_index_is_empty_and_still_ours),
		cmocka_unit_test(two_processes_share_an_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
