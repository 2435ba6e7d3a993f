/*
 * source_docs.h - documents on their way from a dump's file to the sink.
 *
 * Splits bytes into whole documents, checks them, pushes them in slices of about 1 MiB.
 * What folders and archives have in common; source.h is for everybody else.
 *
 * Threads: as source.h.
 */
#ifndef TOOLS_SOURCE_DOCS_H
#define TOOLS_SOURCE_DOCS_H

#include "base/metadata.h"
#include "tools/source.h"

#define SOURCE_DOCS_OPLOG_MAX (32 * MIB) /* bytes of an oplog entry */

/* One call of source_read(). */
struct source_job {
	const struct source_options *options;
	const struct source_sink *sink;
	struct source_info *info;
	uint64_t done;	/* bytes of the input's files that are finished or left out */
	uint64_t total; /* 0: not known */
};

/* Tell the sink that `more` bytes after job->done are read. */
void source_docs_progress(const struct source_job *job, uint64_t more);

/* One more file of `files`. */
void source_docs_note(struct source_files *files, const char *path);
/* All of `more`, too. */
void source_docs_note_all(struct source_files *files, const struct source_files *more);

/*
 * ERR_INVALID when no server allows a database of this name, so that no namespace with it could be named: it has
 * a dot, a slash, a space, ..., or is empty. The text has no beginning that tells where the name is from.
 */
MUST_CHECK int source_docs_check_db(struct bytes db, struct error *e);

/* Does the job's filter take it? The dump's oplog always. */
bool source_docs_wanted(const struct source_job *job, const char *db, struct bytes coll);

/* Bytes of the longest document that is let through in this namespace. */
size_t source_docs_limit(const char *db, const char *coll, size_t coll_len);

/*
 * Fill in what the metadata says of ns->coll: type, options, indexes, uuid. NULL: there is none.
 * `ret` then points into `m`.
 */
void source_docs_describe(const struct metadata *m, struct source_ns *ret);

/* How a stretch of documents is split. */
struct source_split {
	size_t limit;		     /* bytes of the longest document */
	enum bson_check_level level; /* of the check */
	bool ended;	 /* nothing follows the window: a cut off document is an error */
	bool terminated; /* in an archive: ff ff ff ff ends the stretch */
};

/* Of a document that is not sound, in `rest`, behind which nothing comes: the hint for one that is cut off. */
void source_docs_hint(struct bytes rest, size_t limit, struct error *e);

/*
 * The length in bytes of the whole, checked documents that `window` begins with, about 1 MiB of
 * them at most; 0 when the first is not whole yet, or a terminator comes first. ERR_CORRUPT and
 * ERR_LIMIT name `file`, and the offset, of which `offset` is that of the window.
 */
MUST_CHECK int64_t source_docs_split(struct bytes window, const struct source_split *how,
				     const char *file, uint64_t offset, struct error *e);

/*
 * How many bytes source_docs_split() needs to go on at the start of `window`: those of the
 * document, or of its length field when that is not there yet or not valid.
 */
size_t source_docs_need(struct bytes window, size_t limit);

/* Give whole documents to the sink; ERR_CORRUPT when the namespace is a view or a time series,
 * ERR_UNSUPPORTED for measurements where buckets are expected.
 */
MUST_CHECK int source_docs_push(const struct source_job *job, const struct source_ns *ns,
				void *handle, struct bytes docs, uint64_t offset, struct error *e);

/*
 * begin, docs, end for the documents of the file `path`; `path` NULL: begin and end only. Sets
 * ns->file, whole and expected_bytes. job->done does not change.
 */
MUST_CHECK int source_docs_file(const struct source_job *job, struct source_ns *ns,
				const char *path, bool gzip, struct error *e);

#endif
