/*
 * store_internal.h - the inside of struct store, for the files of store/ only.
 *
 * store.c opens and closes, store_read.c reads chunks, store_refresh.c keeps the index true,
 * store_writer.c adds packs, snapshot/ adds manifests, store_cache*.c open and keep a cache of moments.
 */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include <pthread.h>

#include "index/chunk_index.h"
#include "store/backend/backend.h"
#include "store/chunk_cache.h"
#include "store/pack/pack_seal.h"
#include "store/prefetch.h"
#include "store/snapshot/manifests_kept.h"
#include "store/store.h"

/* Bytes of `config` that locks are taken on. */
enum store_lock_byte {
	STORE_LOCK_COMMIT = 0, /* index and manifest commit: short */
	STORE_LOCK_PRUNE = 1,
	STORE_LOCK_USE = 2,	  /* of a cache: shared by those who have it open */
	STORE_LOCK_KEYS = 3,	  /* rekey */
	STORE_LOCK_VISIT = 4,	  /* of a cache: shared by those who visit a moment now */
	STORE_LOCK_STREAM = 1024, /* plus an enum store_stream_lock */
};

struct store;

/*
 * Take a lock on a byte of `config` alone, held until *ret_fd is closed. ERR_BUSY with `busy` as its text: somebody has it.
 * ERR_UNSUPPORTED: the store can't be written to. store_stream.c.
 */
MUST_CHECK int store_lock_alone(struct store *store, uint64_t byte, const char *busy, int *ret_fd,
				struct error *e);

#define CODECS_KEPT 16

struct store {
	char *path;
	char *local;   /* this machine's folder */
	char *tmp;     /* local/tmp; spills and packs in the making */
	bool writable; /* local/ lies inside the store and can be written */
	bool is_full;  /* it can't, as there is no room for an index */
	int config_fd; /* for locks */
	struct store_params params;
	struct store_keys
		*keys; /* NULL: plain, or open without a key; of a cache those of `under` */
	bool keys_are_borrowed;
	struct pack_keys *pack_keys; /* with keys: those of the packs */
	unsigned threads;
	struct backend *backend;
	struct chunk_index *index;
	struct chunk_cache *cache; /* of a cache of moments that of `under` */
	struct prefetch *prefetch; /* made at the first wish */
	pthread_mutex_t lock;	   /* over prefetch (making it) and codecs */
	struct codec *codecs[CODECS_KEPT];
	size_t codec_count;
	struct manifests_kept *manifests; /* that were read */
	pthread_mutex_t stamp_lock;	  /* over what snapshots_stamp() found last: */
	uint64_t stamp;
	uint64_t stamp_version;	      /* of the folder, before; 0: none is known */
	uint64_t stamp_ms;	      /* clock_tick_ms() */
	pthread_mutex_t refresh_lock; /* one refresh at a time; over rebuilt */
	bool rebuilt;		      /* the index was filled from the trailers once since open */
	struct store
		*under; /* of a cache (store_cache.c): what is not here is read there; borrowed */
	unsigned harms; /* of a cache: how often something of it was lost; atomic */
	uint8_t leans_on
		[CHUNK_INDEX_STATE_LEN]; /* of a cache: what store_cache_follow() saw last */
	struct store_cache_pins *pins;	 /* of a cache; NULL: it is none */
	uint64_t size_limit;		 /* of a cache: what store_cache_trim() goes by; and: */
	size_t moments_limit;
	uint64_t grown; /* by so many bytes since it was looked at */
};

/* A codec of this thread for a while. */
struct codec *store_codec_take(struct store *store);
void store_codec_give(struct store *store, struct codec *codec);

/* 0, or why nothing can be written: ERR_UNSUPPORTED, ERR_IO (its disk is full). */
MUST_CHECK int store_look_writable(const struct store *store, struct error *e);

/* Decode one place of `id` into *ret and verify it. 1, 0 (the pack is gone), ERR_CORRUPT, ERR_IO. */
MUST_CHECK int store_read_place(struct store *store, const struct chunk_id *id,
				const struct chunk_place *place, struct buf *ret, struct error *e);

/*
 * Open the stored bytes of a place of pack `pack` in place, when they are sealed. 1, 0 (the pack is gone),
 * ERR_CORRUPT, ERR_WRONG_KEY (the store is open without its key), ERR_IO.
 */
MUST_CHECK int store_unseal(struct store *store, const struct chunk_id *pack,
			    const struct chunk_place *place, struct buf *stored, struct error *e);

/* Decode and verify stored bytes that are in memory and not sealed (any more): 1, ERR_CORRUPT. */
MUST_CHECK int store_decode_place(struct store *store, const struct chunk_id *id,
				  const struct chunk_place *place, struct bytes stored,
				  struct buf *ret, struct error *e);

/* The same of stored bytes that are sealed with the key of their pack; NULL: they are not. */
MUST_CHECK int store_decode_sealed(struct store *store, const struct chunk_id *id,
				   const struct chunk_place *place, const uint8_t *pack_key,
				   struct bytes stored, struct buf *ret, struct error *e);

/* store_init() of a cache: it has the keys of the store under it, and no files of its own for them. */
MUST_CHECK int store_init_cache(const char *path, const struct store_params *params,
				struct error *e);
/* store_open(); an encrypted one with these keys, which must outlive it, unless they are NULL. */
MUST_CHECK int store_open_with(const char *path, const struct store_options *options,
			       struct store_keys *keys, struct store **ret, struct error *e);

/*
 * A chunk of a cache is damaged or lost: what it lies in is removed, so that the moments that need it are
 * not found any more and are made again.
 */
void store_cache_harmed(struct store *cache, const struct chunk_id *id);

/* Fill the index from every trailer, after an empty start or a damaged record. */
MUST_CHECK int store_rebuild(struct store *store, struct error *e);

/*
 * The places of a chunk: count. Refreshes, then rebuilds, when it is not known or the index
 * is damaged. ERR_CORRUPT when it is nowhere.
 */
MUST_CHECK int store_places(struct store *store, const struct chunk_id *id,
			    struct chunk_place ret[CHUNK_PLACES_MAX], struct error *e);

/*
 * Is the chunk in this store's own index, whatever lies under it? 1, 0, or why that can't be told, which is not that nobody has
 * the chunk. Does not refresh; a damaged index is made anew.
 */
MUST_CHECK int store_lists(struct store *store, const struct chunk_id *id, struct error *e);

/* Bytes of all packs of a cache. */
MUST_CHECK int store_cache_size(struct store *cache, uint64_t *ret, struct error *e);

/* The folder that the cache is in: store->local, or where its disk is full one of the user's that is not. */
char *store_cache_home(const struct store *store);

#endif
