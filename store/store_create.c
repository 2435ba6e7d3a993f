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

/* May what has that name stay in the folder? 1, 0, or an error. */
typedef int fits_fn(const char *path, const char *name, struct error *e);

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Does `fits` hold for all that is in the folder? 1; 0 also when it is none. ERR_IO where it can't be looked at. */
static int all_fit(const char *path, fits_fn *fits, struct error *e)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int all = 1;

	if (dir == NULL)
		return errno == ENOTDIR ? 0 : error_sys(e, "look into %s", path);
	while (all == 1) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (!is_dots(entry->d_name))
			all = fits(path, entry->d_name, e);
	}
	if (all == 1 && errno != 0)
		all = error_sys(e, "look into %s", path);
	closedir(dir);
	return all;
}

static int not_empty(const char *path, struct error *e)
{
	return error_set(e, ERR_EXISTS, "%s exists and is not an empty folder", path);
}

static int none(const char *path UNUSED, const char *name UNUSED, struct error *e UNUSED)
{
	return 0;
}

/* As file_put() names them. */
static int is_temporary(const char *path UNUSED, const char *name, struct error *e UNUSED)
{
	size_t len = strlen(name);

	return strncmp(name, "put-", 4) == 0 && len > 8 && strcmp(name + len - 4, ".tmp") == 0;
}

static int look_at(const char *file, struct stat *ret, struct error *e)
{
	return lstat(file, ret) == 0 ? 0 : error_sys(e, "look at %s", file);
}

static int is_key(const char *path, const char *name, struct error *e)
{
	OWNED(free) char *file = xprintf("%s/%s", path, name);
	struct chunk_id id;
	struct stat st;

	if (!chunk_id_parse(bytes_str(name), &id))
		return 0;
	if (look_at(file, &st, e) < 0)
		return e->code;
	return S_ISREG(st.st_mode) && st.st_size == KEYRING_FILE_LEN;
}

/* Something that an init leaves which dies before there is a config. */
static int is_of_init(const char *path, const char *name, struct error *e)
{
	OWNED(free) char *below = xprintf("%s/%s", path, name);
	struct stat st;

	if (look_at(below, &st, e) < 0)
		return e->code;
	if (S_ISREG(st.st_mode))
		return is_temporary(path, name, e);
	if (!S_ISDIR(st.st_mode))
		return 0;
	/* Not an init's: the root of an empty file system has it. It stays, and nobody looks into it. */
	if (strcmp(name, "lost+found") == 0)
		return 1;
	if (strcmp(name, "keys") == 0)
		return all_fit(below, is_key, e);
	if (strcmp(name, "local") == 0)
		return all_fit(below, is_temporary, e);
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		if (strcmp(name, folders[i]) == 0)
			return all_fit(below, none, e);
	return 0;
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

		if (is_temporary(path, entry->d_name, e) == 1)
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
	int fits = 1;

	/* Before the lock: what is none of ours is not even opened. */
	if (stat(config, &st) == 0)
		return error_set(e, ERR_EXISTS, "%s is a store already", path);
	if (stat(path, &st) == 0)
		fits = all_fit(path, is_of_init, e);
	if (fits != 1)
		return fits < 0 ? fits : not_empty(path, e);
	if (file_make_dirs(path, e) < 0)
		return e->code;
	lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	locked = lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0;
	if (!locked && lock >= 0 && errno == EWOULDBLOCK)
		return error_set(e, ERR_EXISTS, "%s: another init makes a store there now", path);
	/* Some file systems have no such locks: then as if nobody else could be there, but for what is not ours alone. */
	if (stat(config, &st) == 0)
		return error_set(e, ERR_EXISTS, "%s is a store already", path);
	fits = all_fit(path, locked ? is_of_init : none, e);
	if (fits != 1)
		return fits < 0 ? fits : not_empty(path, e);
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
