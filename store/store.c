#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "base/shell_word.h"
#include "store/backend/backend_dir.h"
#include "store/crypt/keyring.h"
#include "store/crypt/spill.h"
#include "store/store_cache_pins.h"
#include "store/store_internal.h"
#include "store/tmp_lock.h"

#define CACHE_DEFAULT (64 * MIB)
#define MALLOC_LARGE MIB
#define CONFIG_MAX 65536

static int read_config(struct store *store, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/config", store->path);
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf word = {0};
	int found = file_read(path, CONFIG_MAX, &text, e);

	if (found < 0)
		return found;
	if (found == 0) {
		error_set(e, ERR_NO_STORE, "there is no store at %s", store->path);
		return error_hint(e, "make one: yester init -s %s", shell_word(store->path, &word));
	}
	if (store_config_parse(buf_bytes(&text), &store->params, e) < 0)
		return error_wrap(e, "%s", store->path);
	store->config_fd = open(path, O_RDWR | O_CLOEXEC);
	store->writable = store->config_fd >= 0;
	if (store->config_fd < 0 && (errno == EACCES || errno == EPERM || errno == EROFS))
		store->config_fd = open(path, O_RDONLY | O_CLOEXEC);
	return store->config_fd >= 0 ? 0 : error_sys(e, "open %s", path);
}

/* What names this machine: /etc/machine-id, else the host's name; only its hash is shown. */
static void machine_name(char ret[17])
{
	OWNED(buf_release) struct buf id = {0};
	char host[256] = "";
	char hex[CHUNK_ID_HEX + 1];
	struct chunk_id hash;
	struct error ignored;

	if (file_read("/etc/machine-id", 4096, &id, &ignored) != 1 || id.len < 8) {
		buf_reset(&id);
		(void)gethostname(host, sizeof(host) - 1);
		buf_add_str(&id, host);
	}
	hash = chunk_id_of(buf_bytes(&id));
	chunk_id_hex(&hash, hex);
	memcpy(ret, hex, 16);
	ret[16] = '\0';
}

/* The user's cache folder; NULL where the environment names none. */
static char *cache_home(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg != NULL && xdg[0] == '/')
		return xprintf("%s/yesterfs", xdg);
	if (home != NULL && home[0] == '/')
		return xprintf("%s/.cache/yesterfs", home);
	return NULL;
}

/* The folder that a user without a home has in /tmp. What another user made under that name is not trusted. */
static char *cache_in_tmp(struct error *e)
{
	OWNED(free) char *path = xprintf("/tmp/yesterfs-%u", (unsigned)geteuid());
	struct stat st;

	if (file_make_dirs(path, e) < 0)
		return NULL;
	if (lstat(path, &st) != 0) {
		error_sys(e, "look at %s", path);
		return NULL;
	}
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
		error_set(e, ERR_IO, "%s is not a folder of this user alone", path);
		return NULL;
	}
	return TAKE(path);
}

/* What local/<machine>/ is, in a cache folder, made; or NULL. */
static char *make_in(const struct store *store, const char *cache, struct error *e)
{
	OWNED(buf_release) struct buf id = {0};
	OWNED(free) char *local = NULL, *tmp = NULL;
	char machine[17];

	machine_name(machine);
	for (size_t i = 0; i < sizeof(store->params.id); i++)
		buf_printf(&id, "%02x", store->params.id[i]);
	local = xprintf("%s/%s/%s", cache, buf_text(&id), machine);
	tmp = xprintf("%s/tmp", local);
	if (file_make_dirs(tmp, e) < 0)
		return NULL;
	if (access(tmp, W_OK) == 0)
		return TAKE(local);
	error_sys(e, "write to %s", tmp);
	return NULL;
}

/* Outside of the store: a system's user may have a home that is not there. NULL: it can't be made. */
static char *make_outside(const struct store *store, struct error *e)
{
	OWNED(free) char *home = cache_home(), *tmp = NULL;
	char *local = home != NULL ? make_in(store, home, e) : NULL;

	if (local != NULL)
		return local;
	tmp = cache_in_tmp(e);
	return tmp != NULL ? make_in(store, tmp, e) : NULL;
}

/* Is the disk of a folder so full that no moment can be kept there? */
static bool is_full(const char *path)
{
	struct statvfs disk;

	return statvfs(path, &disk) == 0 &&
	       (uint64_t)disk.f_bavail * disk.f_frsize < STORE_CACHE_ROOM;
}

char *store_cache_home(const struct store *store)
{
	OWNED(free) char *outside = NULL;
	struct error ignored = {0};

	if (is_full(store->local))
		outside = make_outside(store, &ignored);
	return outside != NULL && !is_full(outside) ? TAKE(outside) : xstrdup(store->local);
}

/* In the user's cache folder: what can't be written is read at least. */
static int go_outside(struct store *store, struct error *e)
{
	store->writable = false;
	free(store->local);
	free(store->tmp);
	store->tmp = NULL;
	store->local = make_outside(store, e);
	if (store->local == NULL)
		return error_hint(e, "the store can't be written to, and needs a little room "
				     "elsewhere: let XDG_CACHE_HOME name a folder of your own");
	store->tmp = xprintf("%s/tmp", store->local);
	return 0;
}

/* local/<machine>/ inside the store, or in the user's cache folder where that can't be written. */
static int make_local(struct store *store, const struct store_options *options, struct error *e)
{
	char machine[17];
	int made;

	machine_name(machine);
	store->local = xprintf("%s/local/%s", store->path, machine);
	store->tmp = xprintf("%s/tmp", store->local);
	made = store->writable ? file_make_dirs(store->tmp, e)
			       : error_set(e, ERR_IO, "%s can't be written to", store->path);
	if (made == 0 && access(store->tmp, W_OK) == 0) {
		tmp_lock_make(store->tmp);
		return 0;
	}
	/* There a cache would find the index of what lies under it, and take it for its own: their ids are the same. */
	if (options != NULL && options->is_cache)
		return made < 0 ? made : error_sys(e, "write to %s", store->tmp);
	return go_outside(store, e);
}

int store_look_writable(const struct store *store, struct error *e)
{
	if (store->writable)
		return 0;
	if (store->is_full) {
		errno = ENOSPC;
		return error_sys(e, "make an index in %s", store->path);
	}
	return error_set(e, ERR_UNSUPPORTED, "%s: the store is open for reading only", store->path);
}

static int make_index(struct store *store, struct error *e)
{
	OWNED(free) char *dir = xprintf("%s/index", store->local);
	struct error ignored;
	bool fresh;

	if (chunk_index_open(dir, &store->index, &fresh, e) < 0)
		return e->code;
	store->rebuilt = fresh;
	if (!fresh || store_refresh(store, e) == 0)
		return 0;
	/* Of all that is in local/ a beginning is the least use, and takes room. */
	chunk_index_close(store->index);
	store->index = NULL;
	(void)(file_remove_tree(dir, &ignored) < 0);
	return e->code;
}

/* Where there is no room for a new index (a replica's disk that is full), it is made outside: else nothing could be read. */
static int open_index(struct store *store, const struct store_options *options, struct error *e)
{
	bool is_cache = options != NULL && options->is_cache;
	int made = make_index(store, e);

	if (made == 0 || !error_is_full(e) || is_cache || !store->writable)
		return made;
	if (go_outside(store, e) < 0)
		return e->code;
	store->is_full = true;
	backend_free(store->backend);
	store->backend = backend_dir_new(store->path, NULL);
	return make_index(store, e);
}

static unsigned core_count(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
}

/*
 * Freed large buffers go back to the system. glibc would raise its threshold to the size of the
 * largest (32 MiB) and keep as much in each thread's heap: hundreds of MiB on many cores.
 */
static void bound_malloc(void)
{
	mallopt(M_MMAP_THRESHOLD, (int)MALLOC_LARGE);
	mallopt(M_TRIM_THRESHOLD, (int)(4 * MALLOC_LARGE));
}

/* The keys of an encrypted store, by what opens it. */
static int unlock(struct store *store, const struct store_options *options, struct error *e)
{
	const struct store_secret *secret = options == NULL ? NULL : options->secret;
	uint8_t master[STORE_MASTER_LEN];

	if (secret == NULL && options != NULL && options->keyless) {
		store->writable = false;
		return 0;
	}
	if (secret == NULL) {
		error_set(e, ERR_WRONG_KEY, "the store %s is encrypted, and no key was given",
			  store->path);
		return error_hint(e, "give its key: --key-file FILE or --key-command COMMAND");
	}
	if (keyring_open(store->backend, store->params.id, secret->secret, master, e) < 0)
		return error_wrap(e, "%s", store->path);
	store->keys = store_keys_new(master);
	OPENSSL_cleanse(master, sizeof(master));
	return 0;
}

/* What the keys are for, once they are there. */
static void use_keys(struct store *store)
{
	if (store->keys == NULL)
		return;
	store->pack_keys = pack_keys_new(store->keys);
	store_keys_seed(store->keys, store->params.seed);
	spill_encrypt_all();
}

int store_open_with(const char *path, const struct store_options *options, struct store_keys *keys,
		    struct store **ret, struct error *e)
{
	OWNED(store_close) struct store *store = xcalloc(1, sizeof(*store));
	size_t cache_bytes = options == NULL ? 0 : options->cache_bytes;

	bound_malloc();
	store->path = xstrdup(path);
	store->config_fd = -1;
	store->threads = options == NULL || options->threads == 0 ? core_count() : options->threads;
	pthread_mutex_init(&store->lock, NULL);
	store->manifests = manifests_kept_new();
	pthread_mutex_init(&store->stamp_lock, NULL);
	pthread_mutex_init(&store->refresh_lock, NULL);
	store->cache = chunk_cache_new(cache_bytes == 0 ? CACHE_DEFAULT : cache_bytes);
	if (read_config(store, e) < 0 || make_local(store, options, e) < 0)
		return e->code;
	store->backend = backend_dir_new(store->path, store->writable ? store->tmp : NULL);
	if (store->params.encrypted && keys != NULL) {
		store->keys = keys;
		store->keys_are_borrowed = true;
	} else if (store->params.encrypted && unlock(store, options, e) < 0) {
		return e->code;
	}
	use_keys(store);
	if (open_index(store, options, e) < 0)
		return e->code;
	*ret = TAKE(store);
	return 0;
}

int store_open(const char *path, const struct store_options *options, struct store **ret,
	       struct error *e)
{
	return store_open_with(path, options, NULL, ret, e);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	prefetch_free(store->prefetch);
	manifests_kept_free(store->manifests);
	if (store->under == NULL)
		chunk_cache_free(store->cache);
	chunk_index_close(store->index);
	backend_free(store->backend);
	for (size_t i = 0; i < store->codec_count; i++)
		codec_free(store->codecs[i]);
	store_cache_pins_close(store->pins);
	if (store->config_fd >= 0)
		close(store->config_fd);
	pack_keys_free(store->pack_keys);
	if (!store->keys_are_borrowed)
		store_keys_free(store->keys);
	OPENSSL_cleanse(store->params.seed, sizeof(store->params.seed));
	pthread_mutex_destroy(&store->lock);
	pthread_mutex_destroy(&store->stamp_lock);
	pthread_mutex_destroy(&store->refresh_lock);
	free(store->path);
	free(store->local);
	free(store->tmp);
	free(store);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

const char *store_tmp(const struct store *store)
{
	return store->tmp;
}

const struct store_keys *store_keys(const struct store *store)
{
	return store->keys;
}

struct chunk_id store_id_of(const struct store *store, struct bytes plain)
{
	assert(!store_is_keyless(store));
	return store_keys_id(store->keys, plain);
}

const struct store_params *store_params(const struct store *store)
{
	return &store->params;
}
