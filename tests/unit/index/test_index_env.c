/* Opening an index: ours and sound, or thrown away; damage never gives a wrong place or a crash. */
#include "index/index_env.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "tests/unit/index/index_model.h"

#define PACKS 9
#define CHUNKS 500

static void read_file(const char *path, struct buf *ret)
{
	struct error e = {0};

	assert_int_equal(ASSERT_OK(file_read(path, 64 * MIB, ret, &e)), 1);
}

/* In place: the inode stays. */
static void write_file(const char *path, struct bytes content)
{
	OWNED(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct error e = {0};

	assert_true(fd >= 0);
	ASSERT_OK(file_write(fd, path, content, &e));
}

/* An index with some packs, and a history of drops so that it has free pages. */
static const char *filled(void)
{
	const char *dir = harness_path(harness_tmpdir(), "index");
	struct chunk_index *index = index_model_open(dir, NULL);
	const uint64_t drop[] = {7, 8};
	struct error e = {0};

	for (uint64_t p = 1; p < PACKS; p++)
		ASSERT_OK(index_model_add(index, p, CHUNKS, &e));
	ASSERT_OK(index_model_drop(index, drop, COUNT_OF(drop), &e));
	chunk_index_close(index);
	return dir;
}

static void a_sealed_value_is_known_by_its_key_and_every_bit(void **state)
{
	struct harness_rng rng = harness_rng_of(121);

	(void)state;
	for (size_t len = 0; len < 200; len += 1 + len / 3) {
		OWNED(buf_release) struct buf value = {0};
		uint8_t key[32];
		struct bytes found;

		harness_rng_fill(&rng, key, sizeof(key));
		harness_rng_fill(&rng, buf_room(&value, len + 1), len);
		value.len = len;
		index_env_seal(bytes_of(key, sizeof(key)), &value);
		assert_true(index_env_unseal(bytes_of(key, 32), (MDB_val){value.len, value.at},
					     &found));
		assert_int_equal(found.len, len);
		for (size_t bit = 0; bit < 8 * value.len; bit++) {
			value.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(index_env_unseal(bytes_of(key, 32),
						      (MDB_val){value.len, value.at}, &found));
			value.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t bit = 0; bit < 8 * sizeof(key); bit++) {
			key[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(index_env_unseal(bytes_of(key, 32),
						      (MDB_val){value.len, value.at}, &found));
			key[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t cut = 0; cut < value.len; cut++)
			assert_false(index_env_unseal(bytes_of(key, 32), (MDB_val){cut, value.at},
						      &found));
	}
}

static void an_index_is_fresh_once(void **state)
{
	const char *dir = harness_path(harness_tmpdir(), "a/b/index");
	bool fresh = false;

	(void)state;
	chunk_index_close(index_model_open(dir, &fresh));
	assert_true(fresh);
	chunk_index_close(index_model_open(dir, &fresh));
	assert_false(fresh);
	chunk_index_close(NULL);
}

static void a_copied_index_is_thrown_away(void **state)
{
	const char *dir = filled(), *to = harness_path(harness_tmpdir(), "index");
	OWNED(buf_release) struct buf data = {0};
	struct chunk_index *index;
	bool fresh = false;
	struct error e = {0};

	(void)state;
	read_file(harness_path(dir, "data.mdb"), &data);
	ASSERT_OK(file_make_dirs(to, &e));
	write_file(harness_path(to, "data.mdb"), buf_bytes(&data));
	index = index_model_open(to, &fresh);
	assert_true(fresh);
	assert_int_equal(ASSERT_OK(index_model_check(index, PACKS, CHUNKS, &e)), 0);
	chunk_index_close(index);
	/* Also when only the file is another one: what a restored backup of the same folder is. */
	write_file(harness_path(dir, "other"), buf_bytes(&data));
	assert_int_equal(rename(harness_path(dir, "other"), harness_path(dir, "data.mdb")), 0);
	index = index_model_open(dir, &fresh);
	assert_true(fresh);
	chunk_index_close(index);
}

static void what_is_no_index_is_thrown_away(void **state)
{
	static const char garbage[] = "this is not LMDB's";
	OWNED(buf_release) struct buf data = {0};
	const char *dir = filled(), *path = harness_path(dir, "data.mdb");

	(void)state;
	read_file(path, &data);
	for (size_t len = 0; len < data.len; len += len < 300 ? 37 : 4096 - 37) {
		struct chunk_index *index;
		struct error e = {0};
		int64_t found;
		bool fresh = false;

		write_file(path, bytes_of(data.at, len));
		if (len % 3 == 1)
			write_file(path, bytes_str(garbage));
		index = index_model_open(dir, &fresh);
		found = index_model_check(index, PACKS, CHUNKS, &e);
		assert_true(found == 0 || (!fresh && found > 0));
		chunk_index_close(index);
	}
}

/*
 * What a process does with an index that may be damaged: open, read all, add a pack and drop one,
 * read again. The exit status says how it went.
 */
enum outcome { RIGHT, FRESH, CORRUPT, OTHER_ERROR, WRONG, OUTCOMES };

static enum outcome of_error(const struct error *e)
{
	return e->code == ERR_CORRUPT ? CORRUPT : OTHER_ERROR;
}

static enum outcome try_index(const char *dir)
{
	struct chunk_index *index = NULL;
	const uint64_t drop[] = {3, 5};
	struct error e = {0};
	int64_t found;
	bool fresh;

	if (chunk_index_open(dir, &index, &fresh, &e) < 0)
		return of_error(&e);
	for (uint64_t step = 0; step < 3; step++) {
		found = index_model_check(index, PACKS + 3, CHUNKS, &e);
		if (found == INDEX_MODEL_WRONG)
			return WRONG;
		if (found < 0)
			return of_error(&e);
		if (index_model_add(index, PACKS + step, CHUNKS, &e) < 0 ||
		    (step == 1 && index_model_drop(index, drop, COUNT_OF(drop), &e) < 0))
			return of_error(&e);
	}
	chunk_index_close(index);
	return fresh ? FRESH : RIGHT;
}

static void try_damage(const char *dir, const char *file, const struct buf *good, size_t at,
		       uint8_t bits, unsigned counts[OUTCOMES])
{
	OWNED(buf_release) struct buf bad = {0};
	int status;
	pid_t child;

	buf_add_bytes(&bad, buf_bytes(good));
	bad.at[at] ^= bits;
	/* The same inode: else it would be foreign. */
	write_file(harness_path(dir, file), buf_bytes(&bad));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
		int null = open("/dev/null", O_RDWR);

		/* cmocka's handlers would hide a crash. */
		for (size_t i = 0; i < COUNT_OF(fatal); i++)
			signal(fatal[i], SIG_DFL);

		alarm(60);
		if (getenv("YESTER_SHOW") == NULL)
			(void)dup2(null, STDERR_FILENO);
		_exit(try_index(dir));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status))
		fail_msg("%s, byte %zu, bits %02x: signal %d", file, at, bits, WTERMSIG(status));
	if (WEXITSTATUS(status) >= WRONG)
		fail_msg("%s, byte %zu, bits %02x: a wrong place", file, at, bits);
	counts[WEXITSTATUS(status)]++;
}

/* Flip bits at some offsets: all of the two meta pages' heads, each page's head, and a sample of the rest. */
static void flipped_bits_in_an_index_never_give_a_wrong_place_or_a_crash(void **state)
{
	const bool all = getenv("YESTER_LONG") != NULL;
	struct harness_rng rng = harness_rng_of(122);
	OWNED(buf_release) struct buf good = {0};
	unsigned counts[OUTCOMES] = {0}, tried = 0;
	const char *dir = filled();
	struct stat before, after;

	(void)state;
	read_file(harness_path(dir, "data.mdb"), &good);
	assert_true(good.len > 10 * 4096 && good.len < 400 * 4096);
	for (size_t at = 0; at < good.len; at++) {
		size_t in_page = at % 4096;
		bool head = at < 2 * 4096 ? in_page < 200 : in_page < 32;
		uint8_t bits = (uint8_t)(1u << harness_rng_below(&rng, 8));

		if (!all && harness_rng_below(&rng, head ? 24 : 8000) != 0)
			continue;
		assert_int_equal(stat(harness_path(dir, "data.mdb"), &before), 0);
		try_damage(dir, "data.mdb", &good, at, bits, counts);
		tried++;
		assert_int_equal(stat(harness_path(dir, "data.mdb"), &after), 0);
		if (before.st_ino != after.st_ino) {
			/* Its stamp names the old inode: make a new one. */
			dir = filled();
			buf_reset(&good);
			read_file(harness_path(dir, "data.mdb"), &good);
			if (at >= good.len)
				break;
		}
	}
	print_message("%u flips: %u right, %u made anew, %u said to be corrupt, %u other errors\n",
		      tried, counts[RIGHT], counts[FRESH], counts[CORRUPT], counts[OTHER_ERROR]);
	assert_true(counts[FRESH] > 0 && counts[RIGHT] > 0);
}

static void a_damaged_table_of_readers_does_no_harm(void **state)
{
	struct harness_rng rng = harness_rng_of(123);
	OWNED(buf_release) struct buf good = {0};
	unsigned counts[OUTCOMES] = {0};
	const char *dir = filled();

	(void)state;
	read_file(harness_path(dir, "lock.mdb"), &good);
	for (size_t at = 0; at < good.len; at += 1 + harness_rng_below(&rng, at < 400 ? 12 : 1500))
		try_damage(dir, "lock.mdb", &good, at, (uint8_t)(1u << harness_rng_below(&rng, 8)),
			   counts);
	assert_int_equal(counts[WRONG], 0);
}

/* ---- records that are sealed, and not what this program writes */

/* Put a record under the key of what is there, or of `name`. */
static void put_record(const char *dir, int which, struct bytes name, size_t len, bool sealed)
{
	struct index_env env = {0};
	OWNED(buf_release) struct buf record = {0};
	MDB_dbi dbi;
	MDB_txn *txn;
	MDB_val key, value;
	bool fresh;
	struct error e = {0};

	ASSERT_OK(index_env_open(dir, &env, &fresh, &e));
	assert_false(fresh);
	dbi = which == 0 ? env.chunks : which == 1 ? env.packs : env.notes;
	assert_int_equal(mdb_txn_begin(env.env, NULL, 0, &txn), 0);
	for (size_t i = 0; i < len; i++)
		buf_add_u8(&record, (uint8_t)i);
	if (sealed)
		index_env_seal(name, &record);
	key = (MDB_val){name.len, (void *)(uintptr_t)name.at};
	value = (MDB_val){record.len, record.at};
	assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	index_env_close(&env);
}

static void records_of_a_wrong_length_are_damage_not_facts(void **state)
{
	const char *dir = harness_path(harness_tmpdir(), "index");
	struct chunk_id id = index_model_id(1 << 20);
	uint8_t number[4] = {0, 0, 0, 77};
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct chunk_pack *packs = NULL, pack;
	struct chunk_index *index;
	bool fresh;
	size_t count;
	struct error e = {0};

	(void)state;
	index = index_model_open(dir, NULL);
	ASSERT_OK(index_model_add(index, 1, 10, &e));
	chunk_index_close(index);
	put_record(dir, 0, bytes_of(id.at, CHUNK_ID_LEN), 5, true);
	put_record(dir, 1, bytes_of(number, 4), 3, true);
	index = index_model_open(dir, &fresh);
	assert_false(fresh); /* each record has its checksum: only reading tells */
	ASSERT_ERROR(chunk_index_get(index, &id, places, &e), ERR_CORRUPT);
	ASSERT_ERROR(chunk_index_packs(index, &packs, &count, &e), ERR_CORRUPT);
	ASSERT_ERROR(chunk_index_pack(index, 77, &pack, &e), ERR_CORRUPT);
	/* The others are as they were. */
	assert_int_equal(ASSERT_OK(index_model_check(index, 2, 10, &e)), 9);
	chunk_index_close(index);
}

/* ---- a disk that is full */

static int add_until_full(void *ctx)
{
	const struct rlimit limit = {200 * 1024, 200 * 1024};
	struct chunk_index *index = index_model_open(ctx, NULL);
	struct error e = {0};
	int code = 0;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	for (uint64_t pack = 3; pack < 40 && code == 0; pack++)
		code = index_model_add(index, pack, 4000, &e);
	/* Told, with what the system said (EIO: LMDB's word for half a write); and what was there can still be read. */
	if (code != ERR_IO || (e.sys != EFBIG && e.sys != EIO) ||
	    index_model_check(index, 40, 100, &e) < 99)
		return 2;
	chunk_index_close(index);
	return 0;
}

static void an_index_that_has_no_room_left_fails_and_keeps_what_it_has(void **state)
{
	const char *dir = harness_path(harness_tmpdir(), "index");
	struct chunk_index *index = index_model_open(dir, NULL);
	bool fresh;
	int status;
	pid_t child;
	struct error e = {0};

	(void)state;
	ASSERT_OK(index_model_add(index, 1, 100, &e));
	chunk_index_close(index);
	child = fork();
	if (child == 0)
		_exit(add_until_full((void *)(uintptr_t)dir));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	index = index_model_open(dir, &fresh);
	assert_false(fresh);
	assert_true(ASSERT_OK(index_model_check(index, 40, 100, &e)) >= 99);
	ASSERT_OK(index_model_add(index, 50, 4000, &e));
	chunk_index_close(index);
}

static void a_place_where_no_index_can_be_is_told(void **state)
{
	const char *dir = harness_tmpdir();
	struct index_env env;
	bool fresh;
	struct error e = {0};

	(void)state;
	/* A file where the folder has to be; folders where its files have to be. */
	write_file(harness_path(dir, "file"), bytes_str("x"));
	ASSERT_ERROR(index_env_open(harness_path(dir, "file/index"), &env, &fresh, &e), ERR_IO);
	ASSERT_OK(file_make_dirs(harness_path(dir, "a/open.lock"), &e));
	ASSERT_ERROR_TEXT(index_env_open(harness_path(dir, "a"), &env, &fresh, &e), ERR_IO,
			  "open.lock");
	/* What is in the way of its own files is taken away: they are disposable. */
	ASSERT_OK(file_make_dirs(harness_path(dir, "b/lock.mdb"), &e));
	ASSERT_OK(file_make_dirs(harness_path(dir, "b/data.mdb"), &e));
	ASSERT_OK(index_env_open(harness_path(dir, "b"), &env, &fresh, &e));
	assert_true(fresh);
	index_env_close(&env);
}

static void what_lmdb_says_becomes_an_error_that_tells_what_to_do(void **state)
{
	static const struct {
		int rc, code;
	} cases[] = {{MDB_CORRUPTED, ERR_CORRUPT}, {MDB_PAGE_NOTFOUND, ERR_CORRUPT},
		     {MDB_BAD_TXN, ERR_CORRUPT},   {ENOMEM, ERR_NOMEM},
		     {MDB_MAP_FULL, ERR_LIMIT},	   {ENOSPC, ERR_IO},
		     {MDB_READERS_FULL, ERR_IO}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct error e = {0};

		ASSERT_ERROR_TEXT(index_env_error(&e, cases[i].rc, "commit"), cases[i].code,
				  "index: commit");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_value_is_known_by_its_key_and_every_bit),
		cmocka_unit_test(an_index_is_fresh_once),
		cmocka_unit_test(a_copied_index_is_thrown_away),
		cmocka_unit_test(what_is_no_index_is_thrown_away),
		cmocka_unit_test(flipped_bits_in_an_index_never_give_a_wrong_place_or_a_crash),
		cmocka_unit_test(a_damaged_table_of_readers_does_no_harm),
		cmocka_unit_test(records_of_a_wrong_length_are_damage_not_facts),
		cmocka_unit_test(an_index_that_has_no_room_left_fails_and_keeps_what_it_has),
		cmocka_unit_test(a_place_where_no_index_can_be_is_told),
		cmocka_unit_test(what_lmdb_says_becomes_an_error_that_tells_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
