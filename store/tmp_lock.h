/*
 * tmp_lock.h - the lock of local/<machine>/tmp: who works there, and who may clean it.
 *
 * A writer holds it as long as it works, others as long as a file of theirs lies there. Who finds neither knows that what lies
 * there is of processes that died. The lock is the file tmp/lock; its first byte is the writers', the second that of files.
 *
 * Threads: any.
 */
#ifndef STORE_TMP_LOCK_H
#define STORE_TMP_LOCK_H

#include <stdbool.h>

#include "base/error.h"

/* Make the file of the lock, where it can be made: the store is opened. */
void tmp_lock_make(const char *tmp);

/* A writer begins: what dead processes left is removed when nobody else is there. Held until *ret_fd is closed. */
MUST_CHECK int tmp_lock_writer(const char *tmp, int *ret_fd, struct error *e);

/* Is a writer there, or can't that be told? */
bool tmp_lock_has_writer(const char *tmp);

/*
 * Keep what this process makes in tmp until *ret_fd is closed. 1; 0 and -1: there is no such lock (a store that is just made), and
 * nobody who cleans.
 */
MUST_CHECK int tmp_lock_files(const char *tmp, int *ret_fd, struct error *e);

#endif
