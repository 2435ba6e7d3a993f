#include "oplog/replay_slots.h"

#include "tests/harness/harness.h"

static void uuid_of(uint64_t number, uint8_t ret[16])
{
	memset(ret, 0, 16);
	put_le64(ret + 3, number);
}

static struct replay_slots_item *add(struct replay_slots *slots, const char *ns, uint64_t uuid)
{
	struct replay_slots_item *item = replay_slots_add(slots, bytes_str(ns), false);
	uint8_t bytes[16];

	uuid_of(uuid, bytes);
	if (uuid != 0)
		replay_slots_identify(slots, item, bytes);
	return item;
}

static struct replay_slots_item *of_uuid(struct replay_slots *slots, const char *db, uint64_t uuid)
{
	uint8_t bytes[16];

	uuid_of(uuid, bytes);
	return replay_slots_of_uuid(slots, bytes_str(db), bytes);
}

static void a_uuid_is_found_in_its_database_only(void **state)
{
	OWNED(replay_slots_release) struct replay_slots slots = {0};
	struct replay_slots_item *one, *other;

	(void)state;
	assert_null(of_uuid(&slots, "d", 1));
	assert_null(replay_slots_named(&slots, bytes_str("d.a")));
	one = add(&slots, "d.a", 1);
	other = add(&slots, "e.a", 1);
	assert_ptr_equal(of_uuid(&slots, "d", 1), one);
	assert_ptr_equal(of_uuid(&slots, "e", 1), other);
	assert_null(of_uuid(&slots, "dd", 1));
	assert_true(one->pub.entry.has_uuid);
	assert_int_equal(other->pub.number, 1);
}

static void buckets_have_an_identity_that_their_entry_does_not_show(void **state)
{
	OWNED(replay_slots_release) struct replay_slots slots = {0};
	struct replay_slots_item *item = add(&slots, "d.system.buckets.x", 7);

	(void)state;
	assert_true(item->has_uuid);
	assert_false(item->pub.entry.has_uuid);
}

static void slots_inside_have_no_number(void **state)
{
	OWNED(replay_slots_release) struct replay_slots slots = {0};
	struct replay_slots_item *item =
		replay_slots_add(&slots, bytes_str("d.system.views"), true);

	(void)state;
	assert_int_equal(item->pub.number, REPLAY_CATALOG_INSIDE);
	assert_int_equal(add(&slots, "d.a", 1)->pub.number, 0);
	assert_int_equal(slots.count, 1);
	assert_int_equal(replay_slots_all(&slots), 2);
	assert_ptr_equal(replay_slots_any(&slots, 1), item);
	assert_ptr_equal(replay_slots_named(&slots, bytes_str("d.system.views")), item);
}

/* Against arrays that are searched from end to end. */
static void many_slots_are_found_through_renames_and_drops(void **state)
{
	OWNED(replay_slots_release) struct replay_slots slots = {0};
	enum { COUNT = 3000 };
	static struct replay_slots_item *items[COUNT];
	static unsigned names[COUNT]; /* 0: dropped */
	struct harness_rng rng = harness_rng_of(1);
	unsigned next = COUNT;
	char ns[40];

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		names[i] = i + 1;
		snprintf(ns, sizeof(ns), "d.c%u", names[i]);
		items[i] = add(&slots, ns, i + 1);
		if (i % 2 == 0) {
			unsigned at = (unsigned)harness_rng_below(&rng, i + 1);

			if (names[at] == 0)
				continue;
			if (harness_rng_below(&rng, 2) == 0) {
				replay_slots_drop(&slots, items[at]);
				names[at] = 0;
			} else {
				names[at] = ++next;
				snprintf(ns, sizeof(ns), "d.c%u", names[at]);
				replay_slots_rename(&slots, items[at], bytes_str(ns));
			}
		}
	}
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(items[i]->pub.number, i);
		assert_int_equal(items[i]->pub.dropped, names[i] == 0);
		assert_ptr_equal(of_uuid(&slots, "d", i + 1), names[i] != 0 ? items[i] : NULL);
		snprintf(ns, sizeof(ns), "d.c%u", names[i] != 0 ? names[i] : i + 1);
		assert_ptr_equal(replay_slots_named(&slots, bytes_str(ns)),
				 names[i] != 0 ? items[i] : NULL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uuid_is_found_in_its_database_only),
		cmocka_unit_test(buckets_have_an_identity_that_their_entry_does_not_show),
		cmocka_unit_test(slots_inside_have_no_number),
		cmocka_unit_test(many_slots_are_found_through_renames_and_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
