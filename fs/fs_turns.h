/*
 * fs_turns.h - who reads documents that are so large that the cache holds a few only.
 *
 * Each of very many readers at once would find that the others had pushed its document out, and decode megabytes for
 * each request. So a few files have a turn, which ends when their reader pauses, or after a while when others wait; the requests of the others
 * are put aside, so that no thread that answers requests has to wait.
 *
 * Threads: any. Prefix: fs_turns_, fs_turn_
 */
#ifndef FS_FS_TURNS_H
#define FS_FS_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#define FS_TURNS_FROM ((uint64_t)2 << 20) /* bytes of a document that is read by turns */

struct fs_turns; /* opaque; all of a mount */

/* A request that may have to wait; part of its owner's own struct. */
struct fs_turn_request {
	/* Called once, in another thread: its turn has come; or `cancelled`: it never will. */
	void (*run)(struct fs_turn_request *request, bool cancelled);
	struct fs_turn_request *next; /* private */
};

/* Of an open file: zeros, then private. */
struct fs_turn {
	struct fs_turn_request *first, **end; /* put aside */
	struct fs_turn *next;		      /* of those that wait */
	unsigned busy;			      /* requests that are answered now */
	bool has;
	uint64_t begun_ms, used_ms;
};

struct fs_turns *fs_turns_new(void);
void fs_turns_free(struct fs_turns *turns); /* after fs_turns_stop(), or nothing waits */

/* True: go on now, then call fs_turns_end(). False: `request` was put aside, and runs when its turn has come. */
bool fs_turns_begin(struct fs_turns *turns, struct fs_turn *turn, struct fs_turn_request *request);
void fs_turns_end(struct fs_turns *turns, struct fs_turn *turn);

/* Its file is closed: it has no request. */
void fs_turns_forget(struct fs_turns *turns, struct fs_turn *turn);

/* Cancel what waits; from now on nothing is put aside. */
void fs_turns_stop(struct fs_turns *turns);

#endif
