/*
 * file_system.h - what kind of file system a path lies on, and how much room there is.
 *
 * Threads: pure.
 */
#ifndef TOOLS_FILE_SYSTEM_H
#define TOOLS_FILE_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct file_system {
	char type[32]; /* "ext4"; "0x1234" for one that is not known */
	bool network; /* others may write to it: locks and memory maps are only as good as it makes them */
	bool volatile_; /* in memory: gone when the machine stops */
	bool read_only;
	dev_t device;
	uint64_t size, free; /* bytes; free to this user */
	uint64_t files_free; /* that can still be made; UINT64_MAX: no limit */
};

/* Look at the file system of `path`. ERR_IO. */
MUST_CHECK int file_system_of(const char *path, struct file_system *ret, struct error *e);

#endif
