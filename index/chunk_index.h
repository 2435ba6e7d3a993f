/*
 * chunk_index.h - where each chunk lies: chunk id -> places in packs, and derived facts.
 *
 * A cache in LMDB: the packs' trailers are the truth and the store rebuilds the index from
 * them. It knows no pack contents. Each record carries a checksum over key and value; a
 * record that fails it is ERR_CORRUPT, and the store then rebuilds the whole index.
 *
 * Several processes may have one index open. Threads: any, writers one after the other.
 * docs/format/index.md has the records.
 */
#ifndef INDEX_CHUNK_INDEX_H
#define INDEX_CHUNK_INDEX_H

#include "base/chunk_id.h"
#include "base/error.h"

struct chunk_index; /* opaque */

#define CHUNK_BASE_LEN 8 /* bytes of a base's id that a place records */

/* One place of a chunk, and what was derived from it. */
struct chunk_place {
	uint32_t pack;		      /* number of the pack, of this index only */
	uint32_t offset;	      /* of the stored bytes in the pack */
	uint32_t stored;	      /* stored bytes */
	uint32_t plain;		      /* plain bytes */
	uint8_t codec;		      /* an enum codec of the store */
	uint8_t depth;		      /* 0 prefix or nothing below, 1 leaf with a prefix, 2 delta */
	uint8_t kind;		      /* an enum chunk_kind of the store */
	uint8_t base[CHUNK_BASE_LEN]; /* first bytes of the base's id, when the codec has one */
	uint64_t documents;
	uint64_t relaxed;
	uint64_t canonical;
	uint32_t renderer; /* 0: relaxed and canonical are not known */
};

#define CHUNK_PLACES_MAX 16 /* more copies than this are not remembered */

struct chunk_pack {
	struct chunk_id id; /* the pack's name */
	uint32_t number;
	uint64_t size; /* bytes of the file */
};

/*
 * Open the index in folder `dir`, creating it when absent. When what is there is not usable
 * (foreign, damaged, another version) it is thrown away. *ret_fresh: it is empty and has to be
 * filled. The caller owns *ret. Not across fork(). ERR_IO.
 */
MUST_CHECK int chunk_index_open(const char *dir, struct chunk_index **ret, bool *ret_fresh,
				struct error *e);
void chunk_index_close(struct chunk_index *index);
DEFINE_OWNED(struct chunk_index *, chunk_index_close);

/* A power cut may take the last commit from now on, and leaves the index sound: one wait for the disk less. Before other threads use it. */
void chunk_index_spare_syncs(struct chunk_index *index);

/* The number of places of `id` (0: not known) and the first `CHUNK_PLACES_MAX` of them. */
MUST_CHECK int chunk_index_get(struct chunk_index *index, const struct chunk_id *id,
			       struct chunk_place ret[CHUNK_PLACES_MAX], struct error *e);

/* How many ids begin with `prefix`, and up to `max` of them. */
MUST_CHECK int chunk_index_by_prefix(struct chunk_index *index, const uint8_t *prefix,
				     size_t prefix_len, struct chunk_id *ret, size_t max,
				     struct error *e);

/* 1 and the pack of that number, 0 when it is not known (any more). */
MUST_CHECK int chunk_index_pack(struct chunk_index *index, uint32_t number, struct chunk_pack *ret,
				struct error *e);

/* 1 when the pack of that name is in the index, else 0. */
MUST_CHECK int chunk_index_has_pack(struct chunk_index *index, const struct chunk_id *pack,
				    struct error *e);

/* All packs; the caller frees *ret. */
MUST_CHECK int chunk_index_packs(struct chunk_index *index, struct chunk_pack **ret,
				 size_t *ret_count, struct error *e);

/* One write transaction; others wait meanwhile. */
struct chunk_index_batch; /* opaque */

MUST_CHECK int chunk_index_begin(struct chunk_index *index, struct chunk_index_batch **ret,
				 struct error *e);
/* Register a pack: its number. One that is there already keeps its number and *ret_new is false. */
MUST_CHECK int chunk_index_add_pack(struct chunk_index_batch *batch, const struct chunk_id *pack,
				    uint64_t size, uint32_t *ret_number, bool *ret_new,
				    struct error *e);
/* Add a place; one in the same pack at the same offset is replaced. */
MUST_CHECK int chunk_index_add(struct chunk_index_batch *batch, const struct chunk_id *id,
			       const struct chunk_place *place, struct error *e);
/*
 * Set what was derived from a chunk (relaxed, canonical, renderer of `facts`, nothing else of it) at
 * all its places. 1, or 0 when it has none.
 */
MUST_CHECK int chunk_index_set_facts(struct chunk_index_batch *batch, const struct chunk_id *id,
				     const struct chunk_place *facts, struct error *e);
/* Forget packs by number and every place in them. What chunk_index_state() tells is another then. */
MUST_CHECK int chunk_index_drop_packs(struct chunk_index_batch *batch, const uint32_t *numbers,
				      size_t count, struct error *e);
/* The same with everything. */
MUST_CHECK int chunk_index_clear(struct chunk_index_batch *batch, struct error *e);
/* Small values under names: what was checked, and when. An empty value deletes. */
MUST_CHECK int chunk_index_set_note(struct chunk_index_batch *batch, struct bytes name,
				    struct bytes value, struct error *e);
/* Forget all notes whose name begins so. */
MUST_CHECK int chunk_index_drop_notes(struct chunk_index_batch *batch, struct bytes prefix,
				      struct error *e);
/* Make it last. The batch is gone, also on failure. */
MUST_CHECK int chunk_index_commit(struct chunk_index_batch *batch, struct error *e);
/* Give it up. NULL is fine. */
void chunk_index_abort(struct chunk_index_batch *batch);
DEFINE_OWNED(struct chunk_index_batch *, chunk_index_abort);

/* 1 and the note's value copied (at most `len` bytes), 0 when there is none. */
MUST_CHECK int chunk_index_note(struct chunk_index *index, struct bytes name, void *ret, size_t len,
				struct error *e);

/*
 * As long as this is the same, no pack has gone from the index, and it is the same file: what was found by it still is. All of it
 * is zeros for what can't be read.
 */
#define CHUNK_INDEX_STATE_LEN 40
void chunk_index_state(struct chunk_index *index, uint8_t ret[CHUNK_INDEX_STATE_LEN]);

/* "0.9.24": the version of LMDB that is loaded. A static text. */
const char *chunk_index_library(void);

#endif
