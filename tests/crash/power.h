/*
 * power.h - a power cut: what a program wrote and did not make durable is gone, or torn.
 *
 * From what the shim sees of a program's calls it keeps how to undo each: the bytes that a write replaced, the name that
 * a rename, unlink, mkdir or creation changed. fsync of a file makes its bytes durable, fsync of a folder the names in it,
 * no more than POSIX promises. power_cut() undoes what is left. All under one lock, which the callers hold around the
 * real call, too. Prefix: power.
 */
#ifndef YESTERFS_TESTS_CRASH_POWER_H
#define YESTERFS_TESTS_CRASH_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * SHIM_CUT: drop (all that is not durable), torn (by SHIM_SEED each is kept, gone or in part there), else none. SHIM_STORE:
 * the folder that it is about. A folder SHIM_STORE.lost keeps what was unlinked. SHIM_LEAVES: no cut, the names that are not
 * durable yet are written to that file; SHIM_FINDS: they are read from it, as a process that was killed had left them.
 */
void power_start(void);

/* Whether a cut was asked for; the others may be called in any case. */
bool power_is_on(void);

/* One thread at a time; nothing when off. */
void power_lock(void);
void power_unlock(void);

/* Before a write of `len` bytes at `offset`, -1: where the file stands. */
void power_writes(int fd, off_t offset, size_t len);

/* After an fsync of a file or a folder that went well. */
void power_synced(int fd);
void power_synced_all(void);

/* Before the call: `path` may come into being, go, be another file. */
void power_creates(const char *path);
void power_makes_folder(const char *path);
void power_unlinks(const char *path);
void power_renames(const char *from, const char *to);

/* The cut. The lock stays taken: nobody writes any more. */
void power_cut(void);

#endif
