/*
 * fs_handles.h - what the kernel has open: files and folders that it has not released yet.
 *
 * A session that a signal ends gets no releases: what is left then is closed with the list. Threads: any.
 */
#ifndef FS_FS_HANDLES_H
#define FS_FS_HANDLES_H

#include "base/buf.h"

struct fs_handles; /* opaque */

/* First member of what is open. */
struct fs_handle {
	struct fs_handle *prev, *next;
	void (*close)(struct fs_handle *handle);
};

struct fs_handles *fs_handles_new(void);
/* Close what is left. No other thread may use the list any more. */
void fs_handles_free(struct fs_handles *handles);

/* It is open; `close` frees it. */
void fs_handles_add(struct fs_handles *handles, struct fs_handle *handle,
		    void (*close)(struct fs_handle *handle));
/* Take it out and close it. */
void fs_handles_close(struct fs_handles *handles, struct fs_handle *handle);

#endif
