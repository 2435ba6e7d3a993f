#include "index/index_env.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/siphash.h"
#include "index/index_pages.h"

#define INDEX_VERSION 1
#define SEAL_LEN 8
/* Address space, not memory: LMDB can't grow a map while others read. */
#define MAP_SIZE ((size_t)64 << 30)
/* Up to here the whole index is walked at each open; a larger one is trusted page by page. */
#define WALK_LIMIT ((off_t)8 << 20)
#define WALK_TRIES 5 /* two commits of others during one look make it void */
/* Bytes that LMDB writes at once: with fewer free ones a write may have been cut short by the disk's end. */
#define FULL_BELOW ((size_t)256 << 10)
#define READERS 1022
/* LMDB's table of readers, at 64 bytes each, and what is before it. */
#define LOCK_FILE_LEN ((off_t)68 << 10)

static const uint8_t seal_key[16] = "yesterfs index 1";

int index_env_error(struct error *e, int rc, const char *what)
{
	if (rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_INVALID ||
	    rc == MDB_BAD_TXN || rc == MDB_VERSION_MISMATCH)
		return error_set(e, ERR_CORRUPT, "index: %s: %s", what, mdb_strerror(rc));
	if (rc == ENOMEM)
		return error_set(e, ERR_NOMEM, "index: %s: %s", what, mdb_strerror(rc));
	if (rc == MDB_MAP_FULL)
		return error_set(e, ERR_LIMIT, "index: %s: over %zu bytes", what, MAP_SIZE);
	if (rc > 0) {
		errno = rc;
		return error_sys(e, "index: %s", what);
	}
	return error_set(e, ERR_IO, "index: %s: %s", what, mdb_strerror(rc));
}

int index_env_commit(MDB_txn *txn, struct error *e)
{
	MDB_env *env = mdb_txn_env(txn);
	const char *path;
	struct statvfs fs;
	int rc = mdb_txn_commit(txn);

	/* LMDB says EIO of a write that is cut short, which is what the last bytes of a disk come to. */
	if (rc == EIO && mdb_env_get_path(env, &path) == 0 && statvfs(path, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < FULL_BELOW)
		rc = ENOSPC;
	return rc == 0 ? 0 : index_env_error(e, rc, "commit");
}

static uint64_t seal_of(struct bytes key, struct bytes value)
{
	uint8_t derived[16];

	memcpy(derived, seal_key, sizeof(derived));
	put_le64(derived + 8, siphash24(seal_key, key));
	return siphash24(derived, value);
}

void index_env_seal(struct bytes key, struct buf *b)
{
	buf_add_le64(b, seal_of(key, buf_bytes(b)));
}

bool index_env_unseal(struct bytes key, MDB_val sealed, struct bytes *ret)
{
	struct bytes value;

	if (sealed.mv_size < SEAL_LEN)
		return false;
	value = bytes_of(sealed.mv_data, sealed.mv_size - SEAL_LEN);
	if (get_le64(value.at + value.len) != seal_of(key, value))
		return false;
	*ret = value;
	return true;
}

/* "version device inode" of data.mdb: a copied index is not ours. */
static int stamp_of(const char *dir, struct buf *ret, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/data.mdb", dir);
	struct stat st;

	if (stat(path, &st) != 0)
		return error_sys(e, "stat %s", path);
	buf_add_le32(ret, INDEX_VERSION);
	buf_add_le64(ret, st.st_dev);
	buf_add_le64(ret, st.st_ino);
	return 0;
}

static int open_dbs(struct index_env *env, unsigned flags, struct error *e)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(env->env, NULL, flags == 0 ? MDB_RDONLY : 0, &txn);

	if (rc != 0)
		return index_env_error(e, rc, "begin");
	if ((rc = mdb_dbi_open(txn, "chunks", flags, &env->chunks)) != 0 ||
	    (rc = mdb_dbi_open(txn, "packs", flags, &env->packs)) != 0 ||
	    (rc = mdb_dbi_open(txn, "names", flags, &env->names)) != 0 ||
	    (rc = mdb_dbi_open(txn, "notes", flags, &env->notes)) != 0) {
		mdb_txn_abort(txn);
		return index_env_error(e, rc, "open database");
	}
	return index_env_commit(txn, e);
}

/*
 * LMDB makes lock.mdb a hole and maps it: on a full disk the first touch would be SIGBUS. So
 * its blocks are taken first. Not while this process has it open: closing would drop its locks.
 */
static int reserve_lock_file(const char *dir, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/lock.mdb", dir);
	OWNED(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(e, "open %s", path);
	while (fallocate(fd, 0, 0, LOCK_FILE_LEN) != 0) {
		if (errno == EOPNOTSUPP || errno == ENOSYS)
			return 0; /* a file system that can't promise */
		if (errno != EINTR)
			return error_sys(e, "make room for %s", path);
	}
	return 0;
}

static int open_env(const char *dir, struct index_env *ret, struct error *e)
{
	int rc, dead;

	if (reserve_lock_file(dir, e) < 0)
		return e->code;
	rc = mdb_env_create(&ret->env);
	if (rc != 0)
		return index_env_error(e, rc, "create");
	if ((rc = mdb_env_set_maxdbs(ret->env, 4)) != 0 ||
	    (rc = mdb_env_set_mapsize(ret->env, MAP_SIZE)) != 0 ||
	    (rc = mdb_env_set_maxreaders(ret->env, READERS)) != 0 ||
	    (rc = mdb_env_open(ret->env, dir, MDB_NOTLS | MDB_NORDAHEAD, 0600)) != 0) {
		index_env_close(ret);
		return index_env_error(e, rc, "open");
	}
	(void)mdb_reader_check(ret->env, &dead);
	return 0;
}

static bool stamp_fits(struct index_env *env, const char *dir)
{
	OWNED(buf_release) struct buf stamp = {0};
	struct error ignored;
	struct bytes found;
	MDB_val key = {5, (void *)(uintptr_t) "stamp"}, value;
	MDB_txn *txn;
	bool fits;

	if (stamp_of(dir, &stamp, &ignored) < 0 ||
	    mdb_txn_begin(env->env, NULL, MDB_RDONLY, &txn) != 0)
		return false;
	fits = mdb_get(txn, env->notes, &key, &value) == 0 &&
	       index_env_unseal(bytes_str("stamp"), value, &found) &&
	       bytes_equal(found, buf_bytes(&stamp));
	mdb_txn_abort(txn);
	return fits;
}

static int write_stamp(struct index_env *env, const char *dir, struct error *e)
{
	OWNED(buf_release) struct buf stamp = {0};
	MDB_val key = {5, (void *)(uintptr_t) "stamp"}, value;
	MDB_txn *txn;
	int rc;

	if (stamp_of(dir, &stamp, e) < 0)
		return e->code;
	index_env_seal(bytes_str("stamp"), &stamp);
	value = (MDB_val){stamp.len, stamp.at};
	rc = mdb_txn_begin(env->env, NULL, 0, &txn);
	if (rc != 0)
		return index_env_error(e, rc, "begin");
	rc = mdb_put(txn, env->notes, &key, &value, 0);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return index_env_error(e, rc, "put");
	}
	return index_env_commit(txn, e);
}

static bool walk_db(MDB_txn *txn, MDB_dbi dbi)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	struct bytes found;
	bool sound = true;
	int rc;

	if (mdb_cursor_open(txn, dbi, &cursor) != 0)
		return false;
	while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0 && sound)
		sound = index_env_unseal(bytes_of(key.mv_data, key.mv_size), value, &found);
	mdb_cursor_close(cursor);
	return sound && rc == MDB_NOTFOUND;
}

/* 1 the pages that the transaction can reach are sound, 0 not, -1 a writer was faster. */
static int pages_fit(MDB_txn *txn, const char *dir)
{
	OWNED(free) char *path = xprintf("%s/data.mdb", dir);
	OWNED(buf_release) struct buf file = {0};
	struct error ignored;
	bool stale, sound;

	if (file_read(path, 2 * (size_t)WALK_LIMIT, &file, &ignored) != 1)
		return 0;
	sound = index_pages_sound(buf_bytes(&file), mdb_txn_id(txn), &stale);
	return stale ? -1 : sound;
}

static bool walk(const char *dir)
{
	struct index_env env = {0};
	struct error ignored;
	MDB_txn *txn;
	int fit = -1;

	if (open_env(dir, &env, &ignored) < 0)
		return false;
	/* Before anything is looked up: LMDB may crash or loop in damaged pages. */
	for (int i = 0; i < WALK_TRIES && fit < 0; i++) {
		if (mdb_txn_begin(env.env, NULL, MDB_RDONLY, &txn) != 0)
			return false;
		fit = pages_fit(txn, dir);
		mdb_txn_abort(txn);
	}
	if (fit == 0 || open_dbs(&env, 0, &ignored) < 0 ||
	    mdb_txn_begin(env.env, NULL, MDB_RDONLY, &txn) != 0)
		return false;
	return stamp_fits(&env, dir) && walk_db(txn, env.chunks) && walk_db(txn, env.packs) &&
	       walk_db(txn, env.names) && walk_db(txn, env.notes);
}

/*
 * LMDB trusts its pages: a flipped bit can send it outside the map. So a child looks first,
 * and if it dies the index is thrown away; it can always be made again.
 */
static bool survives_walk(const char *dir)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return true; /* no memory for a child: the records' checksums still hold */
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		if (null >= 0)
			(void)dup2(null, STDERR_FILENO);
		alarm(10); /* a loop among damaged pages */
		_exit(walk(dir) ? 0 : 1);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Usable as it is? Cheap when it is large: then only what is read is checked. */
static bool is_sound(const char *dir, bool *ret_present)
{
	OWNED(free) char *path = xprintf("%s/data.mdb", dir);
	struct stat st;

	*ret_present = stat(path, &st) == 0;
	if (!*ret_present)
		return false;
	return st.st_size > WALK_LIMIT || survives_walk(dir);
}

static int remove_index(const char *dir, struct error *e)
{
	OWNED(free) char *data = xprintf("%s/data.mdb", dir);
	OWNED(free) char *lock = xprintf("%s/lock.mdb", dir);

	if (file_remove_tree(data, e) < 0 || file_remove_tree(lock, e) < 0)
		return e->code;
	return 0;
}

static int open_existing(const char *dir, struct index_env *ret, struct error *e)
{
	if (open_env(dir, ret, e) < 0)
		return e->code;
	if (open_dbs(ret, 0, e) == 0 && stamp_fits(ret, dir))
		return 1;
	index_env_close(ret);
	return 0;
}

static int create(const char *dir, struct index_env *ret, struct error *e)
{
	if (remove_index(dir, e) < 0 || open_env(dir, ret, e) < 0)
		return e->code;
	if (open_dbs(ret, MDB_CREATE, e) < 0 || write_stamp(ret, dir, e) < 0) {
		index_env_close(ret);
		return e->code;
	}
	return 0;
}

int index_env_open(const char *dir, struct index_env *ret, bool *ret_fresh, struct error *e)
{
	OWNED(free) char *guard = xprintf("%s/open.lock", dir);
	OWNED(fd_close) int fd = -1;
	bool present;

	if (file_make_dirs(dir, e) < 0)
		return e->code;
	/* Two processes must not both find it unusable and remove each other's new one. */
	fd = open(guard, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(e, "open %s", guard);
	if (file_lock(fd, guard, 0, FILE_LOCK_EXCLUSIVE, true, e) < 0)
		return e->code;
	if (is_sound(dir, &present) && open_existing(dir, ret, e) == 1) {
		*ret_fresh = false;
		return 0;
	}
	*ret_fresh = true;
	return create(dir, ret, e);
}

void index_env_close(struct index_env *env)
{
	if (env->env != NULL)
		mdb_env_close(env->env);
	env->env = NULL;
}
