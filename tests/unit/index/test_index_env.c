/* Opening an index: ours and sound, or thrown away; damage never gives a wrong place or a crash. */
#include "index/index_env.h"

#include <fcntl.h>
#include <signal.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_value_is_known_by_its_key_and_every_bit),
		cmocka_unit_test(an_index_is_fresh_once),
		cmocka_unit_test(a_copied_index_is_thrown_away),
		cmocka_unit_test(what_is_no_index_is_thrown_away),
		cmocka_unit_test(flipped_bits_in_an_index_never_give_a_wrong_place_or_a_crash),
		cmocka_unit_test(a_damaged_table_of_readers_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
