/*
 * fs_errno.h - the one table from our errors to what the kernel is told.
 *
 * Threads: pure.
 */
#ifndef FS_FS_ERRNO_H
#define FS_FS_ERRNO_H

#include "base/error.h"

/* The errno (positive, never 0) that a system call on the mount ends with. */
int fs_errno_of(const struct error *e);

#endif
