/*
 * fs_requester.h - does the program whose request waits want the answer no longer?
 *
 * The kernel tells of any signal at all. Who was stopped and goes on (Ctrl-Z and fg, a debugger), whose child ended or whose window
 * changed its size still wants it, and no other file system ends stat() or readdir() with EINTR for that.
 *
 * Threads: pure.
 */
#ifndef FS_FS_REQUESTER_H
#define FS_FS_REQUESTER_H

#include <stdbool.h>

#include "base/bytes.h"

/* Has the thread `id` a signal pending that may end it? True also when nothing can be told of it: it is gone, or in another world. */
bool fs_requester_gave_up(int id);

/* The same from the text of its /proc/ID/status. */
bool fs_requester_is_ending(struct bytes status);

#endif
