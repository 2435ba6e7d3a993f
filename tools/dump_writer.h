/*
 * dump_writer.h - writing what stock mongorestore takes: a folder or an archive, gzip'd or not.
 *
 * Calls come in order: begin, docs…, end for each namespace; then finish. It knows no store.
 * Nothing is left half-written without being reported: finish() is the commit; a writer that
 * is freed before has removed the files it made.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_DUMP_WRITER_H
#define TOOLS_DUMP_WRITER_H

#include "base/buf.h"
#include "base/error.h"

struct dump_writer; /* opaque */

struct dump_writer_options {
	const char *out;     /* folder to make (must be absent or empty), or NULL */
	const char *archive; /* archive file, "-" for standard output, or NULL */
	bool gzip;
	const char
		*server_version; /* for prelude.json and the archive's header; "" when not known */
};

struct dump_writer_ns {
	const char *db;
	struct bytes coll;
	const char *type;     /* "collection", "view", "timeseries" */
	struct bytes options; /* BSON document */
	struct bytes indexes; /* BSON array */
	const uint8_t *uuid;  /* 16 bytes or NULL */
	bool has_metadata;    /* false: only documents (system.buckets.X) */
	bool has_documents;   /* false: only metadata (views, time series) */
};

/*
 * Users, roles and the auth version (admin.system.users, X.$admin.system.users, …): mongorestore
 * reads them from an archive only when they stand before every other namespace.
 */
bool dump_writer_comes_first(const struct dump_writer_ns *ns);

/*
 * Open the output. `all` lists every namespace that will follow (an archive names them at
 * its beginning); it is borrowed until dump_writer_free(). ERR_EXISTS: the folder has files.
 */
MUST_CHECK int dump_writer_open(const struct dump_writer_options *options,
				const struct dump_writer_ns *all, size_t count,
				struct dump_writer **ret, struct error *e);
/*
 * Begin all[index]: each once, in any order; but an archive wants those that come first before
 * all others (ERR_INVALID).
 */
MUST_CHECK int dump_writer_begin(struct dump_writer *w, size_t index, struct error *e);
/* Whole documents of the namespace that is begun. */
MUST_CHECK int dump_writer_docs(struct dump_writer *w, struct bytes docs, struct error *e);
MUST_CHECK int dump_writer_end(struct dump_writer *w, struct error *e);
/* Write what is buffered, fsync, done. */
MUST_CHECK int dump_writer_finish(struct dump_writer *w, struct error *e);
void dump_writer_free(struct dump_writer *w);
DEFINE_OWNED(struct dump_writer *, dump_writer_free);

#endif
