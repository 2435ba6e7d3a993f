#include "oplog/segment.h"

#include "store/crypt/store_keys.h"
#include "tests/harness/harness.h"

static struct chunk_id id_of(uint8_t byte)
{
	struct chunk_id id;

	memset(id.at, byte, sizeof(id.at));
	return id;
}

static struct segment_link link_at(uint64_t ts, uint8_t byte)
{
	return (struct segment_link){true, {ts, 3}, id_of(byte)};
}

static struct segment example(void)
{
	return (struct segment){
		.prev = link_at(90, 9),
		.next = link_at(210, 21),
		.first = {100, 3},
		.last = {200, -1},
		.entries = 7,
		.bytes = 700,
		.first_hash = id_of(10),
		.last_hash = id_of(20),
		.root = {.id = id_of(5),
			 .kind = TREE_RANKED,
			 .height = 1,
			 .count = 7,
			 .bytes = 700},
		.postings = {.id = id_of(6), .kind = TREE_KEYED, .count = 2, .bytes = 50},
		.created_us = 1795251817000000,
	};
}

static void check_same(const struct segment *a, const struct segment *b)
{
	assert_true(chunk_id_equal(&a->id, &b->id));
	assert_int_equal(a->prev.known, b->prev.known);
	assert_true(a->prev.at.ts == b->prev.at.ts && a->prev.at.term == b->prev.at.term);
	assert_true(chunk_id_equal(&a->prev.hash, &b->prev.hash));
	assert_int_equal(a->next.known, b->next.known);
	assert_true(a->next.at.ts == b->next.at.ts && a->next.at.term == b->next.at.term);
	assert_true(chunk_id_equal(&a->next.hash, &b->next.hash));
	assert_true(a->first.ts == b->first.ts && a->first.term == b->first.term);
	assert_true(a->last.ts == b->last.ts && a->last.term == b->last.term);
	assert_true(chunk_id_equal(&a->first_hash, &b->first_hash));
	assert_true(chunk_id_equal(&a->last_hash, &b->last_hash));
	assert_int_equal(a->entries, b->entries);
	assert_int_equal(a->bytes, b->bytes);
	assert_true(tree_root_equal(&a->root, &b->root) && a->root.height == b->root.height);
	assert_true(tree_root_equal(&a->postings, &b->postings));
	assert_int_equal(a->created_us, b->created_us);
}

static void check_round_trip(struct segment *s)
{
	OWNED(buf_release) struct buf bytes = {0};
	struct segment read;
	struct error e = {0};

	ASSERT_OK(segment_encode(s, NULL, &bytes, &e));
	ASSERT_OK(segment_decode(&s->id, buf_bytes(&bytes), NULL, &read, &e));
	check_same(s, &read);
}

static void what_is_written_is_read(void **state UNUSED)
{
	struct segment s = example();

	check_round_trip(&s);
	s.prev = s.next = (struct segment_link){0};
	s.postings = (struct tree_root){0};
	check_round_trip(&s);
	s.last = s.first; /* one entry */
	s.last_hash = s.first_hash;
	s.entries = s.root.count = 1;
	check_round_trip(&s);
}

static void a_link_without_entries_is_a_segment(void **state UNUSED)
{
	struct segment s = {.prev = link_at(90, 9), .next = link_at(91, 10)};

	check_round_trip(&s);
}

static void fields_that_contradict_each_other_are_refused(void **state UNUSED)
{
	struct error e = {0};

	for (int i = 0; i < 12; i++) {
		OWNED(buf_release) struct buf bytes = {0};
		struct segment s = example();

		switch (i) {
		case 0:
			s.prev.at.ts = 100;
			break;
		case 1:
			s.next.at.ts = 200;
			break;
		case 2:
			s.first.ts = 201;
			break;
		case 3:
			s.first.ts = 200;
			break;
		case 4:
			s.entries = 8;
			break;
		case 5:
			s.bytes = 1;
			break;
		case 6:
			s.root.kind = TREE_KEYED;
			break;
		case 7:
			s.postings.kind = TREE_RANKED;
			break;
		case 8:
			s.entries = s.root.count = (uint64_t)UINT32_MAX + 1;
			break;
		case 9:
			s = (struct segment){.prev = link_at(90, 9)};
			break;
		case 10:
			s = (struct segment){.prev = link_at(90, 9), .next = link_at(90, 9)};
			break;
		default:
			s.first.ts = 0;
			s.prev.known = false;
			break;
		}
		ASSERT_ERROR(segment_encode(&s, NULL, &bytes, &e), ERR_CORRUPT);
	}
}

static void every_changed_byte_is_found(void **state UNUSED)
{
	OWNED(buf_release) struct buf bytes = {0};
	struct segment s = example(), read;
	struct error e = {0};

	ASSERT_OK(segment_encode(&s, NULL, &bytes, &e));
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.at[i] ^= 0x10;
		ASSERT_ERROR(segment_decode(&s.id, buf_bytes(&bytes), NULL, &read, &e),
			     ERR_CORRUPT);
		bytes.at[i] ^= 0x10;
		ASSERT_ERROR(segment_decode(&s.id, bytes_of(bytes.at, i), NULL, &read, &e),
			     ERR_CORRUPT);
	}
}

/* Under a name that fits, as a program that makes mistakes would write it. */
static void damage_under_its_own_hash_is_refused(void **state UNUSED)
{
	OWNED(buf_release) struct buf bytes = {0};
	struct segment s = example(), read;
	struct error e = {0};
	struct chunk_id id;
	unsigned refused = 0;

	ASSERT_OK(segment_encode(&s, NULL, &bytes, &e));
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.at[i] ^= 0x41;
		id = chunk_id_of(buf_bytes(&bytes));
		refused += segment_decode(&id, buf_bytes(&bytes), NULL, &read, &e) < 0;
		bytes.at[i] ^= 0x41;
	}
	/* Only hashes, times and terms may have any value. */
	assert_true(refused > 250);
	bytes.at[4] = 2;
	id = chunk_id_of(buf_bytes(&bytes));
	ASSERT_ERROR(segment_decode(&id, buf_bytes(&bytes), NULL, &read, &e), ERR_UNSUPPORTED);
}

/* Each bit under a name that fits: the seal alone has to tell. */
static void a_sealed_segment_says_nothing_and_every_flipped_bit_is_detected(void **state UNUSED)
{
	static const uint8_t master[STORE_MASTER_LEN] = {1};
	OWNED(store_keys_free) struct store_keys *keys = store_keys_new(master);
	OWNED(buf_release) struct buf bytes = {0};
	struct segment s = example(), read;
	struct error e = {0};

	ASSERT_OK(segment_encode(&s, keys, &bytes, &e));
	assert_null(memmem(bytes.at, bytes.len, s.first_hash.at, 8));
	ASSERT_ERROR(segment_decode(&s.id, buf_bytes(&bytes), NULL, &read, &e), ERR_WRONG_KEY);
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		struct chunk_id id;
		int code;

		bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		id = chunk_id_of(buf_bytes(&bytes));
		code = segment_decode(&id, buf_bytes(&bytes), keys, &read, &e);
		assert_true(code == ERR_CORRUPT || (bit / 8 < 8 && code == ERR_UNSUPPORTED));
		bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ASSERT_OK(segment_decode(&s.id, buf_bytes(&bytes), keys, &read, &e));
	check_same(&s, &read);
}

static void a_neighbour_is_proven_by_optime_and_hash_from_either_side(void **state UNUSED)
{
	struct segment a = example(), b = example();

	b.first = (struct entry_optime){210, 3};
	b.last = (struct entry_optime){300, 3};
	b.first_hash = id_of(21);
	b.prev = (struct segment_link){0};
	assert_true(segment_follows(&a, &b));
	a.next.hash = id_of(22);
	assert_false(segment_follows(&a, &b));
	b.prev = (struct segment_link){true, a.last, a.last_hash};
	assert_true(segment_follows(&a, &b));
	b.prev.at.term = 4;
	assert_false(segment_follows(&a, &b));
	b.prev = (struct segment_link){.at = a.last, .hash = a.last_hash};
	assert_false(segment_follows(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_link_without_entries_is_a_segment),
		cmocka_unit_test(fields_that_contradict_each_other_are_refused),
		cmocka_unit_test(every_changed_byte_is_found),
		cmocka_unit_test(damage_under_its_own_hash_is_refused),
		cmocka_unit_test(a_sealed_segment_says_nothing_and_every_flipped_bit_is_detected),
		cmocka_unit_test(a_neighbour_is_proven_by_optime_and_hash_from_either_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
