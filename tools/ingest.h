/*
 * ingest.h - the job behind `yester ingest`: a dump goes in, a snapshot comes out.
 *
 * Threads: one job at a time per struct store; other processes may ingest at the same time.
 */
#ifndef TOOLS_INGEST_H
#define TOOLS_INGEST_H

#include "base/progress.h"
#include "store/snapshot/snapshots.h"
#include "tools/source.h"

struct ingest_options {
	const char *path; /* folder, archive, .bson, or "-"; NULL: `read` reads something else */
	int (*read)(void *ctx, const struct source_options *options, const struct source_sink *sink,
		    struct source_info *ret_info, struct error *e); /* as source_read() */
	void *read_ctx;
	const char *source;   /* of `read`: the manifest's word for it */
	bool archive;	      /* --archive */
	const char *db;	      /* database of a lone .bson, or NULL */
	const char *name;     /* --name, or NULL: from the time */
	const char *tag;      /* --tag, or NULL */
	struct optime time;   /* --time T.I; 0.0 when not given */
	bool assert_quiesced; /* --assert-quiesced: the dump is exact at `time` */
	const struct ns_filter *filter;
	enum bson_check_level objcheck;
	const struct progress *progress; /* or NULL */
};

struct ingest_result {
	struct snapshot snapshot;
	struct buf inexact_why; /* why the dump's oplog did not make it exact; or empty */
	uint64_t new_chunks, reused_chunks; /* leaves and nodes */
	uint64_t delta_chunks;		    /* of the new ones, stored as a difference */
	uint64_t stored_bytes;		    /* bytes of packs that were written */
	uint64_t input_bytes;		    /* BSON bytes of all documents */
	uint64_t milliseconds;
	struct source_files unread, bare, blank; /* of struct source_info */
};

void ingest_result_release(struct ingest_result *result);

/*
 * Ingest. On failure no snapshot exists, older ones are whole, and packs that were finished
 * will be reused by the next ingest. Errors: those of source_read(), ERR_EXISTS (the name is
 * taken), ERR_CANCELLED.
 */
MUST_CHECK int ingest_run(struct store *store, const struct ingest_options *options,
			  struct ingest_result *ret, struct error *e);

#endif
