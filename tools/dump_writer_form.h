/*
 * dump_writer_form.h - what a folder and an archive do differently; dump_writer.c calls it.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_DUMP_WRITER_FORM_H
#define TOOLS_DUMP_WRITER_FORM_H

#include "tools/dump_writer.h"

#define DUMP_WRITER_TOOL "yester " YESTER_VERSION /* the tool's version in preludes and headers */

/* One output. `self` is what open made; `ns` is all[index] of dump_writer_open(). */
struct dump_writer_form {
	int (*begin)(void *self, const struct dump_writer_ns *ns, struct error *e);
	int (*docs)(void *self, struct bytes docs, struct error *e);
	int (*end)(void *self, struct error *e);
	int (*finish)(void *self, struct error *e);
	/* Give back; when it was not finished, take away what was made. */
	void (*free)(void *self);
};

extern const struct dump_writer_form dump_writer_folder;
extern const struct dump_writer_form dump_writer_archive;

MUST_CHECK int dump_writer_folder_open(const struct dump_writer_options *options, void **ret,
				       struct error *e);
MUST_CHECK int dump_writer_archive_open(const struct dump_writer_options *options,
					const struct dump_writer_ns *all, size_t count, void **ret,
					struct error *e);

/* The text of the namespace's metadata, appended to *ret; nothing when it has none. */
MUST_CHECK int dump_writer_metadata(const struct dump_writer_ns *ns, struct buf *ret,
				    struct error *e);

#endif
