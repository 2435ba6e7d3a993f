/* What LMDB writes is sound, always; damage to its structure is not. */
#include "index/index_pages.h"

#include "base/file.h"
#include "index/index_env.h"
#include "tests/harness/harness.h"

static void read_data(const char *dir, struct buf *ret)
{
	struct error e = {0};

	buf_reset(ret);
	assert_int_equal(ASSERT_OK(file_read(harness_path(dir, "data.mdb"), 64 * MIB, ret, &e)), 1);
}

/* The newest transaction's number, and the file it is in. */
static uint64_t snapshot_of(struct index_env *env, const char *dir, struct buf *ret)
{
	MDB_txn *txn;
	uint64_t id;

	assert_int_equal(mdb_txn_begin(env->env, NULL, MDB_RDONLY, &txn), 0);
	id = mdb_txn_id(txn);
	read_data(dir, ret);
	mdb_txn_abort(txn);
	return id;
}

static bool is_sound(struct index_env *env, const char *dir)
{
	OWNED(buf_release) struct buf file = {0};
	uint64_t id = snapshot_of(env, dir, &file);
	bool stale = true, sound = index_pages_sound(buf_bytes(&file), id, &stale);

	assert_false(stale);
	return sound;
}

/* Random puts and deletes, values from none to many pages. */
static void change(struct index_env *env, struct harness_rng *rng)
{
	static uint8_t bytes[20000];
	MDB_dbi dbis[] = {env->chunks, env->packs, env->names, env->notes};
	MDB_txn *txn;
	size_t count = 1 + harness_rng_below(rng, 200);

	assert_int_equal(mdb_txn_begin(env->env, NULL, 0, &txn), 0);
	for (size_t i = 0; i < count; i++) {
		uint8_t room[64];
		size_t len = 1 + harness_rng_below(rng, 40);
		MDB_val key = {len, room};
		MDB_val value = {
			harness_rng_below(rng, harness_rng_below(rng, 20) ? 300 : sizeof(bytes)),
			bytes};
		MDB_dbi dbi = dbis[harness_rng_below(rng, 4)];
		int rc;

		harness_rng_fill(rng, room, sizeof(room));
		room[0] &= 15;
		room[1] &= 3;
		if (harness_rng_below(rng, 3) == 0) {
			MDB_cursor *cursor;
			MDB_val found;

			assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
			rc = mdb_cursor_get(cursor, &key, &found, MDB_SET_RANGE);
			if (rc == 0)
				rc = mdb_cursor_del(cursor, 0);
			assert_true(rc == 0 || rc == MDB_NOTFOUND);
			mdb_cursor_close(cursor);
		} else {
			assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
		}
	}
	if (harness_rng_below(rng, 40) == 0)
		assert_int_equal(mdb_drop(txn, dbis[harness_rng_below(rng, 4)], 0), 0);
	if (harness_rng_below(rng, 10) == 0)
		mdb_txn_abort(txn);
	else
		assert_int_equal(mdb_txn_commit(txn), 0);
}

static void what_lmdb_writes_is_sound(void **state)
{
	struct harness_rng rng = harness_rng_of(271);
	const char *dir = harness_path(harness_tmpdir(), "index");
	struct index_env env;
	MDB_txn *held = NULL;
	bool fresh;
	struct error e = {0};

	(void)state;
	ASSERT_OK(index_env_open(dir, &env, &fresh, &e));
	assert_true(is_sound(&env, dir));
	for (int round = 0; round < 300; round++) {
		/* A reader now and then, so that pages can't be used again. */
		if (held == NULL && round % 50 == 20)
			assert_int_equal(mdb_txn_begin(env.env, NULL, MDB_RDONLY, &held), 0);
		change(&env, &rng);
		if (!is_sound(&env, dir))
			fail_msg("after %d transactions LMDB's own pages are called damaged",
				 round);
		if (held != NULL && round % 50 == 40) {
			mdb_txn_abort(held);
			held = NULL;
		}
	}
	index_env_close(&env);
	ASSERT_OK(index_env_open(dir, &env, &fresh, &e));
	index_env_close(&env);
}

static void flips_in_page_heads_and_free_lists_are_seen(void **state)
{
	struct harness_rng rng = harness_rng_of(272);
	const char *dir = harness_path(harness_tmpdir(), "index");
	OWNED(buf_release) struct buf file = {0};
	struct index_env env;
	uint64_t id;
	size_t seen = 0, tried = 0;
	bool fresh, stale;
	struct error e = {0};

	(void)state;
	ASSERT_OK(index_env_open(dir, &env, &fresh, &e));
	for (int round = 0; round < 40; round++)
		change(&env, &rng);
	id = snapshot_of(&env, dir, &file);
	index_env_close(&env);
	assert_true(index_pages_sound(buf_bytes(&file), id, &stale));
	for (int round = 0; round < 3000; round++) {
		size_t at = harness_rng_below(&rng, file.len);
		uint8_t bits = (uint8_t)(1u << harness_rng_below(&rng, 8));

		/* Heads of pages behind the meta pages, mostly: all that are in use must be seen. */
		if (round % 4 != 0)
			at = at / 4096 * 4096 + at % 16;
		file.at[at] ^= bits;
		seen += !index_pages_sound(buf_bytes(&file), id, &stale) || stale;
		file.at[at] ^= bits;
		tried++;
	}
	/* The rest are free pages, and values that their checksums guard. */
	assert_true(seen > tried / 40);
	assert_true(index_pages_sound(buf_bytes(&file), id, &stale));
	/* Another transaction's number: nothing is said. */
	assert_true(index_pages_sound(buf_bytes(&file), id + 2, &stale));
	assert_true(stale);
}

static void garbage_is_not_sound(void **state)
{
	struct harness_rng rng = harness_rng_of(273);

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t len = harness_rng_below(&rng, 40000);
		uint8_t *bytes = xmalloc(len + 1);
		bool stale;

		harness_rng_fill(&rng, bytes, len);
		if (len > 8192 && round % 2) {
			/* Two meta pages that look right. */
			for (size_t page = 0; page < 2; page++) {
				put_le32(bytes + page * 4096 + 16, 0xbeefc0de);
				put_le32(bytes + page * 4096 + 20, 1);
				put_le32(bytes + page * 4096 + 40, 4096);
				put_le16(bytes + page * 4096 + 44, 8);
				put_le16(bytes + page * 4096 + 46, (uint16_t)(round % 3));
				put_le64(bytes + page * 4096 + 136, len / 4096);
				put_le64(bytes + page * 4096 + 144, 6 + page);
				put_le64(bytes + page * 4096 + 80, harness_rng_below(&rng, 9));
			}
		}
		assert_true(!index_pages_sound(bytes_of(bytes, len), 6, &stale) || stale);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lmdb_writes_is_sound),
		cmocka_unit_test(flips_in_page_heads_and_free_lists_are_seen),
		cmocka_unit_test(garbage_is_not_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
