#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "store/backend/backend_dir.h"
#include "store/crypt/keyring.h"
#include "store/store_internal.h"

static const char *const folders[] = {"chunks", "oplog", "snapshots", "local"};

/* Does `fits` hold for all that is in the folder? False with errno where it can't be looked at; 0 there otherwise. */
static bool all_fit(const char *path, bool (*fits)(const char *path, const char *name))
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool all = true;
	int failed;

	if (dir == NULL)
		return false;
	errno = 0;
	while (all && (entry = readdir(dir)) != NULL) {
		all = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		      fits(path, entry->d_name);
		errno = all ? 0 : errno;
	}
	failed = errno;
	closedir(dir);
	errno = failed;
	return all && failed == 0;
}

static int not_empty(const char *path, struct error *e)
{
	if (errno != 0 && errno != ENOTDIR)
		return error_sys(e, "look into %s", path);
	return error_set(e, ERR_EXISTS, "%s exists and is not an empty folder", path);
}

static bool none(const char *path UNUSED, const char *name UNUSED)
{
	return false;
}

/* As file_put() names them. */
static bool is_temporary(const char *path UNUSED, const char *name)
{
	size_t len = strlen(name);

	return strncmp(name, "put-", 4) == 0 && len > 8 && strcmp(name + len - 4, ".tmp") == 0;
}

static bool is_key(const char *path, const char *name)
{
	OWNED(free) char *file = xprintf("%s/%s", path, name);
	struct chunk_id id;
	struct stat st;

	return chunk_id_parse(bytes_str(name), &id) && lstat(file, &st) == 0 &&
	       S_ISREG(st.st_mode) && st.st_size == KEYRING_FILE_LEN;
}

/* Something that an init leaves which dies before there is a config. */
static bool is_of_init(const char *path, const char *name)
{
	OWNED(free) char *below = xprintf("%s/%s", path, name);
	struct stat st;

	if (lstat(below, &st) != 0)
		return false;
	if (S_ISREG(st.st_mode))
		return is_temporary(path, name);
	if (!S_ISDIR(st.st_mode))
		return false;
	if (strcmp(name, "keys") == 0)
		return all_fit(below, is_key);
	if (strcmp(name, "local") == 0)
		return all_fit(below, is_temporary);
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		if (strcmp(name, folders[i]) == 0)
			return all_fit(below, none);
	return false;
}

/* Take away what a dead init left: its key opens nothing, and another store would keep it for ever. */
static int clear_folder(const char *path, struct error *e)
{
	OWNED(free) char *keys = xprintf("%s/keys", path);
	OWNED(free) char *local = xprintf("%s/local", path);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int code = 0;

	if (dir == NULL)
		return error_sys(e, "open folder %s", path);
	while (code == 0 && (entry = readdir(dir)) != NULL) {
		OWNED(free) char *file = xprintf("%s/%s", path, entry->d_name);

		if (is_temporary(path, entry->d_name))
			code = file_remove_tree(file, e);
	}
	closedir(dir);
	if (code < 0 || file_remove_tree(keys, e) < 0 || file_remove_tree(local, e) < 0)
		return e->code;
	return 0;
}

/*
 * Make the folders, in one that is absent, empty, or left by an init that died. The lock keeps two inits apart: what one has
 * half made is not to be taken away by another. Returns it; it goes with the process, too.
 */
static int make_folders(const char *path, int *ret_lock, struct error *e)
{
	OWNED(free) char *config = xprintf("%s/config", path);
	OWNED(fd_close) int lock = -1;
	struct stat st;
	bool locked;

	/* Before the lock: what is none of ours is not even opened. */
	if (stat(config, &st) == 0)
		return error_set(e, ERR_EXISTS, "%s is a store already", path);
	if (stat(path, &st) == 0 && !all_fit(path, is_of_init))
		return not_empty(path, e);
	if (file_make_dirs(path, e) < 0)
		return e->code;
	lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	locked = lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0;
	if (!locked && lock >= 0 && errno == EWOULDBLOCK)
		return error_set(e, ERR_EXISTS, "%s: another init makes a store there now", path);
	/* Some file systems have no such locks: then as if nobody else could be there, but for what is not ours alone. */
	if (stat(config, &st) == 0)
		return error_set(e, ERR_EXISTS, "%s is a store already", path);
	if (!all_fit(path, locked ? is_of_init : none))
		return not_empty(path, e);
	if (clear_folder(path, e) < 0)
		return e->code;
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		OWNED(free) char *folder = xprintf("%s/%s", path, folders[i]);

		if (file_make_dirs(folder, e) < 0)
			return e->code;
	}
	*ret_lock = lock;
	lock = -1;
	return 0;
}

static int put_config(const char *path, const struct store_params *params, struct error *e)
{
	OWNED(free) char *config = xprintf("%s/config", path);
	OWNED(buf_release) struct buf text = {0};

	store_config_write(params, &text);
	if (file_put(config, path, buf_bytes(&text), e) < 0)
		return e->code;
	return file_sync_above(path, 1, e); /* the store's own name, last of all */
}

/* A new master key, and the first file that opens it. */
static int make_keys(const char *path, const struct store_params *params,
		     const struct store_secret *secret, struct error *e)
{
	OWNED(free) char *tmp = xprintf("%s/local", path);
	OWNED(backend_free) struct backend *backend = backend_dir_new(path, tmp);
	uint8_t master[STORE_MASTER_LEN];
	int code;

	if (getrandom(master, sizeof(master), 0) != (ssize_t)sizeof(master))
		return error_sys(e, "random bytes for a new key");
	code = keyring_make(backend, params->id, secret->secret, master, e);
	OPENSSL_cleanse(master, sizeof(master));
	return code;
}

int store_create(const char *path, const struct store_params *params,
		 const struct store_secret *secret, struct error *e)
{
	OWNED(fd_close) int lock = -1;
	struct store_params made = *params;

	made.encrypted = secret != NULL;
	if (secret != NULL)
		memset(made.seed, 0, sizeof(made.seed));
	/* The config makes it a store: last. */
	if (make_folders(path, &lock, e) < 0 ||
	    (secret != NULL && make_keys(path, &made, secret, e) < 0))
		return e->code;
	return put_config(path, &made, e);
}

int store_init(const char *path, const struct store_params *params, struct error *e)
{
	return store_create(path, params, NULL, e);
}

int store_init_cache(const char *path, const struct store_params *params, struct error *e)
{
	OWNED(fd_close) int lock = -1;

	return make_folders(path, &lock, e) < 0 ? e->code : put_config(path, params, e);
}
