/*
 * dump_writer_file.h - one file of a dump that is being written, gzip'd or not.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_DUMP_WRITER_FILE_H
#define TOOLS_DUMP_WRITER_FILE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

struct dump_writer_file; /* opaque */

/* Make the file at `path`, mode 0600 less the umask. ERR_EXISTS when it is there. */
MUST_CHECK int dump_writer_file_open(const char *path, bool gzip, struct dump_writer_file **ret,
				     struct error *e);

/* Write to `fd`, which stays the caller's; `name` is for messages, and copied. */
MUST_CHECK int dump_writer_file_from_fd(int fd, const char *name, bool gzip,
					struct dump_writer_file **ret, struct error *e);

MUST_CHECK int dump_writer_file_add(struct dump_writer_file *file, struct bytes from,
				    struct error *e);

/* Write what is held back. Nothing can be added after that. */
MUST_CHECK int dump_writer_file_finish(struct dump_writer_file *file, struct error *e);

/* Close it, finished or not. */
void dump_writer_file_free(struct dump_writer_file *file);
DEFINE_OWNED(struct dump_writer_file *, dump_writer_file_free);

#endif
