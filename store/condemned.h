/*
 * condemned.h - what a prune found unreachable, and since when: STORE/prune/<number>-<hash>.condemned.
 *
 * What is on the list stays where it is for a grace (DESIGN 4, invariant 3): readers that still have an old snapshot
 * open, and an rsync that has begun, find it. Writers store anew what they would otherwise share with it
 * (store_writer_publish()), so that nothing that exists ever depends on it again.
 *
 * A list is a file of its own, whole and immutable; the one with the highest number counts. One that is damaged
 * counts as none: then the next prune begins a new grace. docs/format/prune.md.
 *
 * Threads: a list belongs to one thread at a time.
 */
#ifndef STORE_CONDEMNED_H
#define STORE_CONDEMNED_H

#include "base/chunk_id.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "store/store.h"

struct condemned_pack {
	struct chunk_id id;
	uint64_t since_us; /* microseconds since 1970 */
};

struct condemned_file {
	char *name; /* below the store: "oplog/…" */
	uint64_t since_us;
};

struct condemned {
	uint64_t number;	      /* of the file; 0: there is none */
	struct condemned_pack *packs; /* in order of id */
	size_t pack_count;
	struct condemned_file *files; /* in order of name */
	size_t file_count;
	/* A timestamp: what the oplog lacks before it was let go by a retention; 0: none did. */
	uint64_t let_go;
};

void condemned_release(struct condemned *list);
DEFINE_OWNED_STRUCT(struct condemned, condemned_release);

/* The list of now; an empty one when there is none. ERR_IO, ERR_UNSUPPORTED (a newer version wrote it). */
MUST_CHECK int condemned_read(struct store *store, struct condemned *ret, struct error *e);

/*
 * Write the list (in any order; it is sorted) as the next one and remove older ones. An empty list after none is not
 * written. Under the lock for commits. ERR_IO, ERR_LIMIT.
 */
MUST_CHECK int condemned_write(struct store *store, struct condemned *list, struct error *e);

/*
 * Can a grace be counted from `now_us`? ERR_REFUSED: a machine that has just begun and does not know the time yet (1970); what is
 * put on the list then would be deleted as soon as it does.
 */
MUST_CHECK int condemned_check_clock(uint64_t now_us, struct error *e);

/* Who put it there had a clock that was ahead, for years maybe: what is on the list of later than now is of now. */
void condemned_not_later(struct condemned *list, uint64_t now_us);

/* The pack or file in the list, or NULL. */
const struct condemned_pack *condemned_find_pack(const struct condemned *list,
						 const struct chunk_id *id);
const struct condemned_file *condemned_find_file(const struct condemned *list, const char *name);

/* Append; the list is out of order then until it is sorted or written. */
void condemned_add_pack(struct condemned *list, const struct chunk_id *id, uint64_t since_us);
void condemned_add_file(struct condemned *list, const char *name, uint64_t since_us);

void condemned_sort(struct condemned *list);

/* The numbers that the index has for the packs of the list, ascending; the caller frees *ret. */
MUST_CHECK int condemned_numbers(struct store *store, const struct condemned *list, uint32_t **ret,
				 size_t *ret_count, struct error *e);
/* Is `number` among such numbers? */
bool condemned_has_number(const uint32_t *numbers, size_t count, uint32_t number);

#endif
