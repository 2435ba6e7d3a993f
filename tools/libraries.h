/*
 * libraries.h - the versions of the libraries that this program runs with, for `version` and `doctor`.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_LIBRARIES_H
#define TOOLS_LIBRARIES_H

#include <stddef.h>

struct libraries_one {
	const char *name;
	const char *version;
};

/* All of them, as loaded and not as compiled with: *ret_count of them, valid for ever. */
const struct libraries_one *libraries_list(size_t *ret_count);

#endif
