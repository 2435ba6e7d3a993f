#include "store/writer_seen.h"

#include "tests/harness/harness.h"

/* Ids of which many have the same home in the table. */
static struct chunk_id id_of(uint64_t number)
{
	struct chunk_id id = chunk_id_of(bytes_of(&number, sizeof(number)));

	memset(id.at + 8, 0, 8);
	id.at[8] = (uint8_t)(number % 5 * 50);
	return id;
}

static void it_agrees_with_a_list_under_adds_and_removes(void **state)
{
	enum { IDS = 700 };
	struct harness_rng rng = harness_rng_of(221);
	struct writer_seen *seen = writer_seen_new();
	bool there[IDS] = {false};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t i = harness_rng_below(&rng, round < 8000 ? IDS : 60);
		struct chunk_id id = id_of(i);

		assert_true((writer_seen_find(seen, &id) != NULL) == there[i]);
		if (there[i]) {
			writer_seen_remove(seen, &id);
		} else {
			struct seen_entry *entry;

			writer_seen_add(seen, &id);
			entry = writer_seen_find(seen, &id);
			assert_non_null(entry);
			assert_int_equal(entry->state, SEEN_ENCODING);
			assert_true(chunk_id_equal(&entry->id, &id));
			entry->facts.documents = i;
		}
		there[i] = !there[i];
		if (round % 500 != 0)
			continue;
		for (uint64_t k = 0; k < IDS; k++) {
			struct chunk_id other = id_of(k);
			struct seen_entry *entry = writer_seen_find(seen, &other);

			assert_true((entry != NULL) == there[k]);
			assert_true(entry == NULL || entry->facts.documents == k);
		}
	}
	/* What is not there can be removed. */
	for (uint64_t k = 0; k < IDS; k++) {
		struct chunk_id id = id_of(k);

		writer_seen_remove(seen, &id);
		writer_seen_remove(seen, &id);
		assert_null(writer_seen_find(seen, &id));
	}
	writer_seen_free(seen);
	writer_seen_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_agrees_with_a_list_under_adds_and_removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
