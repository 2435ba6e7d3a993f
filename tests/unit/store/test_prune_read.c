/* Packs that are read ahead by threads: in order, each told for what it is, and not more of them at once than memory is meant for. */
#include "store/prune_read.h"

#include "store/backend/backend_mem.h"
#include "store/pack/pack_writer.h"
#include "tests/harness/harness.h"

#define MANY 40

struct made {
	struct chunk_id id;
	uint64_t size;
};

/* A pack of `number` + 1 chunks. */
static struct made make_pack(struct backend *b, size_t number)
{
	OWNED(pack_writer_free) struct pack_writer *pack = pack_writer_new(PACK_LEAVES, NULL);
	struct error e = {0};
	struct made made = {0};

	for (size_t i = 0; i <= number; i++) {
		struct chunk_place place = {.kind = CHUNK_LEAF, .codec = CODEC_RAW, .depth = 1};
		struct chunk_id chunk;
		char text[40];

		snprintf(text, sizeof(text), "chunk %zu of %zu", i, number);
		chunk = chunk_id_of(bytes_str(text));
		place.plain = (uint32_t)strlen(text);
		pack_writer_add(pack, &chunk, &place, bytes_str(text));
	}
	ASSERT_OK(pack_writer_finish(pack, b, &made.id, &made.size, &e));
	return made;
}

/* Put the pack anew with one byte changed. */
static void flip(struct backend *b, const struct made *made, uint64_t offset)
{
	OWNED(buf_release) struct buf whole = {0};
	char name[PACK_NAME_LEN + 1];
	struct error e = {0};

	assert_int_equal(ASSERT_OK(pack_reader_whole(b, &made->id, made->size, &whole, &e)), 1);
	whole.at[offset] ^= 0x40;
	pack_reader_name(&made->id, name);
	assert_int_equal(ASSERT_OK(b->ops->remove(b, name, &e)), 1);
	assert_int_equal(ASSERT_OK(b->ops->put(b, name, buf_bytes(&whole), &e)), 1);
}

static void packs_come_whole_and_in_order(void **state UNUSED)
{
	for (size_t count = 0; count <= MANY; count += count < 4 ? 1 : 12) {
		OWNED(backend_free) struct backend *b = backend_mem_new();
		OWNED(prune_read_free) struct prune_read *read = prune_read_new(b);
		const struct prune_pack *pack = NULL;
		struct made made[MANY];
		struct error e = {0};

		for (size_t i = 0; i < count; i++) {
			made[i] = make_pack(b, i);
			prune_read_add(read, &made[i].id, made[i].size);
		}
		for (size_t i = 0; i < count; i++) {
			struct chunk_id hash;

			assert_int_equal(ASSERT_OK(prune_read_next(read, &pack, &e)), 1);
			hash = chunk_id_of(buf_bytes(&pack->whole));
			assert_true(chunk_id_equal(&hash, &made[i].id));
			assert_true(pack->sound);
			assert_int_equal(pack->kind, PACK_LEAVES);
			assert_int_equal(pack->entries.len, (i + 1) * sizeof(struct pack_entry));
		}
		assert_int_equal(ASSERT_OK(prune_read_next(read, &pack, &e)), 0);
		assert_int_equal(ASSERT_OK(prune_read_next(read, &pack, &e)), 0);
	}
}

static void each_pack_is_told_for_what_it_is(void **state UNUSED)
{
	OWNED(backend_free) struct backend *b = backend_mem_new();
	OWNED(prune_read_free) struct prune_read *read = prune_read_new(b);
	const struct prune_pack *pack = NULL;
	struct made made[6];
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(made); i++)
		made[i] = make_pack(b, i);
	flip(b, &made[1], PACK_HEADER_LEN + 8);		       /* in a frame */
	flip(b, &made[2], made[2].size - PACK_FOOTER_LEN - 1); /* in the directory */
	memset(made[3].id.at, 0xab, sizeof(made[3].id.at));    /* there is none of that name */
	made[4].size = PACK_HEADER_LEN + PACK_FOOTER_LEN - 1;  /* too short for a pack */
	for (size_t i = 0; i < COUNT_OF(made); i++)
		prune_read_add(read, &made[i].id, made[i].size);
	assert_int_equal(ASSERT_OK(prune_read_next(read, &pack, &e)), 1);
	assert_true(pack->sound);
	assert_int_equal(ASSERT_OK(prune_read_next(read, &pack, &e)), 1);
	assert_false(pack->sound);
	assert_int_equal(pack->entries.len, 2 * sizeof(struct pack_entry));
	ASSERT_ERROR(prune_read_next(read, &pack, &e), ERR_CORRUPT);
	ASSERT_ERROR_TEXT(prune_read_next(read, &pack, &e), ERR_CORRUPT, "a pack is gone");
	ASSERT_ERROR_TEXT(prune_read_next(read, &pack, &e), ERR_CORRUPT, "too short for a pack");
	assert_int_equal(ASSERT_OK(prune_read_next(read, &pack, &e)), 1);
	assert_true(pack->sound);
	assert_int_equal(pack->entries.len, 6 * sizeof(struct pack_entry));
}

static void who_gives_up_early_leaves_nothing_behind(void **state UNUSED)
{
	for (size_t asked = 0; asked < 3; asked++) {
		OWNED(backend_free) struct backend *b = backend_mem_new();
		OWNED(prune_read_free) struct prune_read *read = prune_read_new(b);
		const struct prune_pack *pack = NULL;
		struct error e = {0};

		for (size_t i = 0; i < MANY; i++) {
			struct made made = make_pack(b, i);

			prune_read_add(read, &made.id, made.size);
		}
		for (size_t i = 0; i < asked; i++)
			assert_int_equal(ASSERT_OK(prune_read_next(read, &pack, &e)), 1);
	}
}

/* ---- a back end that counts, and fails at one pack */

#define LARGE ((uint64_t)15 * 1024 * 1024)
#define AT_ONCE 2 /* so many of these are within PRUNE_READ_AHEAD */

static unsigned begun, asked, most_ahead; /* atomic */

static int count_get(struct backend *b UNUSED, const char *name, uint64_t offset UNUSED,
		     uint8_t *ret, size_t len, struct error *e)
{
	unsigned ahead;

	if (strncmp(name, "chunks/05", 9) == 0)
		return error_set(e, ERR_IO, "%s: the disk is tired", name);
	memset(ret, 0, len);
	if (len != LARGE)
		return 1;
	ahead = __atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST) -
		__atomic_load_n(&asked, __ATOMIC_SEQ_CST);
	if ((int)ahead > (int)__atomic_load_n(&most_ahead, __ATOMIC_SEQ_CST))
		__atomic_store_n(&most_ahead, ahead, __ATOMIC_SEQ_CST);
	return 1;
}

static void no_more_is_read_ahead_than_there_is_room_for(void **state UNUSED)
{
	static const struct backend_ops ops = {.get = count_get};
	struct backend b = {.ops = &ops};
	OWNED(prune_read_free) struct prune_read *read = prune_read_new(&b);
	const struct prune_pack *pack = NULL;
	struct chunk_id id = {{0}};
	struct error e = {0};

	for (id.at[0] = 0; id.at[0] < 8; id.at[0]++)
		prune_read_add(read, &id, LARGE);
	for (unsigned i = 0; i < 8; i++) {
		int got;

		__atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
		got = prune_read_next(read, &pack, &e);
		if (i == 5)
			ASSERT_ERROR_TEXT(got, ERR_IO, "the disk is tired");
		else
			ASSERT_ERROR(got, ERR_CORRUPT); /* zeros are no pack */
	}
	assert_int_equal(ASSERT_OK(prune_read_next(read, &pack, &e)), 0);
	assert_int_equal(begun, 7);
	assert_in_range(most_ahead, 0, AT_ONCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_come_whole_and_in_order),
		cmocka_unit_test(each_pack_is_told_for_what_it_is),
		cmocka_unit_test(who_gives_up_early_leaves_nothing_behind),
		cmocka_unit_test(no_more_is_read_ahead_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
