/*
 * oplog_slices.h - a folder in which slices of the oplog were collected: what of it is to be read.
 *
 * Threads: pure.
 */
#ifndef TOOLS_OPLOG_SLICES_H
#define TOOLS_OPLOG_SLICES_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

struct oplog_slices {
	char **paths;
	size_t count;
};

void oplog_slices_release(struct oplog_slices *slices);
DEFINE_OWNED_STRUCT(struct oplog_slices, oplog_slices_release);

/*
 * The slices in a folder, by name: files of entries (.bson, plain or .gz, without the metadata that collections have),
 * archives, and dumps that have an oplog. None when the folder is such a dump itself, or has none. ERR_IO.
 */
MUST_CHECK int oplog_slices_list(const char *folder, struct oplog_slices *ret, struct error *e);

#endif
