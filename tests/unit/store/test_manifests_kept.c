#include "store/snapshot/manifests_kept.h"

#include "tests/harness/harness.h"

#define MANY 5000

static struct chunk_id id_of(unsigned number)
{
	return chunk_id_of(bytes_of(&number, sizeof(number)));
}

static void add(struct manifests_kept *kept, unsigned number)
{
	OWNED(snapshot_release)
	struct snapshot s = {
		.id = id_of(number), .name = xprintf("s%u", number), .documents = number};

	manifests_kept_add(kept, &s);
}

static void assert_kept(struct manifests_kept *kept, unsigned number, bool wanted)
{
	OWNED(snapshot_release) struct snapshot found = {0};
	OWNED(free) char *name = xprintf("s%u", number);
	struct chunk_id id = id_of(number);

	assert_int_equal(manifests_kept_find(kept, &id, &found), wanted);
	if (!wanted)
		return;
	assert_true(chunk_id_equal(&found.id, &id));
	assert_string_equal(found.name, name);
	assert_int_equal(found.documents, number);
}

static void what_was_added_is_found(void **state UNUSED)
{
	struct manifests_kept *kept = manifests_kept_new();

	assert_kept(kept, 0, false);
	for (unsigned i = 0; i < MANY; i++) {
		add(kept, i);
		add(kept, i / 2); /* again: it is there once */
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_kept(kept, i, true);
	assert_kept(kept, MANY, false);
	manifests_kept_free(kept);
	manifests_kept_free(NULL);
}

/* A mount of months: snapshots come and are forgotten, and what is kept does not grow with all there ever were. */
static void most_of_them_forgotten_all_go(void **state UNUSED)
{
	struct manifests_kept *kept = manifests_kept_new();

	for (unsigned i = 0; i < 200; i++)
		add(kept, i);
	manifests_kept_trim(kept, 200);
	manifests_kept_trim(kept, 100);
	assert_kept(kept, 7, true);
	manifests_kept_trim(kept, 60);
	for (unsigned i = 0; i < 200; i++)
		assert_kept(kept, i, false);
	add(kept, 3);
	assert_kept(kept, 3, true);
	manifests_kept_free(kept);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found),
		cmocka_unit_test(most_of_them_forgotten_all_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
