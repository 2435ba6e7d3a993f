/*
 * store.h - the one handle to a store on disk: parameters, and verified reads of chunks.
 *
 * What lives here: opening, the index of places, the cache of decoded chunks. Writing is
 * store_writer.h, the trees are tree/, what makes a snapshot exist is snapshot/.
 *
 * Threads: after store_open() every function may be called from any thread. Open a store
 * after daemonising and before threads; never use one across fork().
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/chunk_id.h"
#include "base/error.h"
#include "store/config.h"

struct store; /* opaque */

/* What opens an encrypted store: the bytes of a key file, or what a command printed. Borrowed for the call only. */
struct store_secret {
	struct bytes secret;
};

struct store_options {
	size_t cache_bytes;		   /* of decoded chunks; 0: 64 MiB */
	unsigned threads;		   /* that decode ahead and encode; 0: one for each core */
	const struct store_secret *secret; /* NULL: none; a plain store does not look at it */
	/*
	 * Open an encrypted store although no secret is given: packs' checksums and directories, names and
	 * sizes can be looked at; all that is sealed is ERR_WRONG_KEY, and nothing can be written.
	 */
	bool keyless;
	bool is_cache; /* of store_open_cache(): its local/ lies in it and nowhere else */
};

/*
 * Make a new, empty store at `path`: absent, an empty folder, or one with nothing but what a store_init() that died has left.
 * ERR_EXISTS when there is one, or another is being made there now; ERR_IO.
 */
MUST_CHECK int store_init(const char *path, const struct store_params *params, struct error *e);

/*
 * The same; with a secret an encrypted one, whose master key is new and opened by that secret (crypt/keyring.h).
 * params->encrypted and params->seed do not matter then. NULL: store_init().
 */
MUST_CHECK int store_create(const char *path, const struct store_params *params,
			    const struct store_secret *secret, struct error *e);

/*
 * Open the store at `path`. ERR_NO_STORE: there is none; ERR_UNSUPPORTED: made by a newer
 * version; ERR_WRONG_KEY: it is encrypted, and options->secret is missing or opens none of its keys.
 * Media that can't be written to is fine: local/ then lives in the user's cache folder.
 */
MUST_CHECK int store_open(const char *path, const struct store_options *options, struct store **ret,
			  struct error *e);
void store_close(struct store *store);
DEFINE_OWNED(struct store *, store_close);

/*
 * Open the cache of `under`: a store of its own in local/, for what was made by looking at moments. What
 * it lacks is read from `under`, which must outlive it; a chunk that is there is not written again.
 * It is made when it is not there or of no use, or the machine came up again since (nothing in it waits for the disk), and emptied when it is over STORE_CACHE_MAX bytes or STORE_CACHE_MOMENTS and nobody
 * else uses it. Of a damaged chunk the read fails, and what it lies in is removed: then look again which
 * moments there are. ERR_IO: nothing can be written on this machine, or its disk is full.
 */
#define STORE_CACHE_MAX ((uint64_t)2 << 30)
#define STORE_CACHE_ROOM                                                                           \
	((uint64_t)64 << 20) /* with less on the store's disk it lies in the user's cache folder */
#define STORE_CACHE_MOMENTS 1000 /* who opens the cache reads the manifest of each */
MUST_CHECK int store_open_cache(struct store *under, struct store **ret, struct error *e);

/* Was the folder of the cache deleted since it was opened? Then open another one. */
bool store_cache_is_gone(struct store *cache);

/* A number that grows when a damaged chunk of the cache was met, or store_cache_follow() found that something went. */
unsigned store_cache_harms(struct store *cache);

/*
 * What the cache shares with the store under it may be pruned there. When packs went since this was looked at, the moments that were
 * known to be whole are looked at again. By one thread at a time.
 */
MUST_CHECK int store_cache_follow(struct store *cache, struct error *e);

/*
 * Who visits a moment, that is looks which ones there are, makes one, and pins it, does so between these two: until then nothing goes
 * that may be needed for it. One thread at a time; any number of programs. ERR_IO.
 */
MUST_CHECK int store_cache_begin_visit(struct store *cache, struct error *e);
void store_cache_end_visit(struct store *cache);

/*
 * A moment of the cache, by the id of its manifest, that is read: it stays until it is unpinned as often, or the cache is closed. Begun
 * during a visit, or while it is pinned. An id that the cache does not have is fine. NULL: the store is no cache, and nothing goes. The
 * caller gives the pin back, which may outlive the store.
 */
struct store_cache_pin; /* opaque */
struct store_cache_pin *store_cache_pin(struct store *cache, const struct chunk_id *id);
/* NULL is fine. */
void store_cache_unpin(struct store_cache_pin *pin);

/*
 * Outside of a visit: when the cache, of which `moments` moments are known, holds more than STORE_CACHE_MAX bytes or
 * STORE_CACHE_MOMENTS, those go that were not used for the longest time, and what only they need; of what is pinned nothing. Cheap where it
 * does not, or somebody visits. Errors as prune_run(); what was done is sound.
 */
MUST_CHECK int store_cache_trim(struct store *cache, size_t moments, struct error *e);
/* So many bytes were written to the cache. By one thread at a time. */
void store_cache_grew(struct store *cache, uint64_t bytes);

const char *store_path(const struct store *store);
/* A folder for unnamed spills. */
const char *store_tmp(const struct store *store);
/* Of an encrypted store: with the derived seed, or a zero one when it is open without a key. */
const struct store_params *store_params(const struct store *store);
/* The keys of an encrypted store (crypt/store_keys.h), the store's; NULL: it is plain, or open without a key. */
struct store_keys;
const struct store_keys *store_keys(const struct store *store);
/* Encrypted, and open without a key: what is sealed can't be read. */
bool store_is_keyless(const struct store *store);

/*
 * What a chunk or an entry of these bytes is called in this store: their SHA-256, or HMAC-SHA-256 under the store's key. Not of an
 * encrypted store that is open without its key.
 */
struct chunk_id store_id_of(const struct store *store, struct bytes plain);

/* A decoded chunk whose bytes were verified against its id. Shared, immutable, refcounted. */
struct chunk {
	struct chunk_id id;
	struct bytes plain;
};

/*
 * Read a chunk: *ret holds a reference that chunk_release() gives back.
 * ERR_CORRUPT when it is nowhere or damaged everywhere, ERR_IO.
 */
MUST_CHECK int store_get(struct store *store, const struct chunk_id *id, struct chunk **ret,
			 struct error *e);
/* Another reference to a chunk that is held. */
struct chunk *chunk_hold(struct chunk *chunk);
void chunk_release(struct chunk *chunk);
DEFINE_OWNED(struct chunk *, chunk_release);

/* Ask that chunks, at most STORE_PREFETCH_MAX, be decoded in the background, so that a store_get() soon finds them. Never fails. */
#define STORE_PREFETCH_MAX 16
void store_prefetch_several(struct store *store, const struct chunk_id *ids, size_t count);

/* What was derived from a chunk when it was written, kept beside it. */
struct chunk_facts {
	uint64_t documents;
	uint64_t relaxed; /* bytes of JSON lines of these documents, relaxed; with renderer != 0 */
	uint64_t canonical; /* the same, canonical */
	uint32_t renderer;  /* version of the renderer that measured; 0: not measured */
};

/* 1 and the facts of a chunk, 0 when none are recorded. */
MUST_CHECK int store_facts(struct store *store, const struct chunk_id *id, struct chunk_facts *ret,
			   struct error *e);

/* Is the chunk in the index? A quick look: false when that is not known or can't be told. */
bool store_knows(struct store *store, const struct chunk_id *id);

/* Look for packs that others added or removed since. store_get() does so by itself on a miss. */
MUST_CHECK int store_refresh(struct store *store, struct error *e);

#endif
