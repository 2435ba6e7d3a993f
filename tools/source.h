/*
 * source.h - reading what mongodump writes: a folder, an archive, a lone .bson.
 *
 * A source pushes what it finds into a sink: for each namespace begin, then any number
 * of docs (of several namespaces in turn, in an archive), then end. It checks the
 * documents (--objcheck), the archive's CRCs, and names file and offset in each error.
 * It knows no store.
 *
 * Threads: a source runs in the caller's thread, and calls the sink's functions from it. One that reads several
 * namespaces at once (source_live.h) calls them from several, for one handle from one at a time.
 */
#ifndef TOOLS_SOURCE_H
#define TOOLS_SOURCE_H

#include "base/bson_check.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/ns_filter.h"

struct input_stream;

enum source_ns_type { SOURCE_COLLECTION, SOURCE_VIEW, SOURCE_TIMESERIES };

/* One namespace as the dump describes it. All memory is the source's, valid until end() returns. */
struct source_ns {
	const char *db;	  /* real name, not escaped; "" for the dump's oplog */
	const char *coll; /* real name, not escaped; may hold any byte but NUL */
	size_t coll_len;
	enum source_ns_type type;
	struct bytes options;  /* BSON document, {} when the dump says nothing */
	struct bytes indexes;  /* BSON array (a document with keys "0", "1", …), [] when none */
	struct bytes building; /* what catalog_entry.building is: of a running server only */
	bool has_metadata;     /* false for a lone .bson without .metadata.json or indexes */
	bool has_uuid;
	uint8_t uuid[16];
	bool under_series;  /* buckets that the dump has under the name of their time series */
	const char *file;   /* where the documents come from, for messages */
	struct bytes whole; /* all the documents of a plain file, which is mapped; else empty */
	uint64_t expected_bytes; /* size of the documents, 0 when not known (archives, gzip) */
	bool in_order;		 /* they come by _id ascending, as far as the source can tell */
};

/*
 * Each function returns 0 or more, or a negative code, which source_read() then returns at
 * once: end() does not follow, and what is begun is the sink's to clean up.
 */
struct source_sink {
	void *ctx;
	/*
	 * *ret_handle goes to docs() and end(). A namespace that the filter left out is not begun;
	 * the dump's oplog always is. Folders come in byte order of database and collection, the
	 * oplog last; archives in their own order, several namespaces at once.
	 */
	int (*begin)(void *ctx, const struct source_ns *ns, void **ret_handle, struct error *e);
	/*
	 * Whole documents back to back, checked. `offset` is that of docs.at in ns->file. ERR_INVALID of a namespace
	 * that was said to be in_order: it is not; drop() it and begin() it without that.
	 */
	int (*docs)(void *ctx, void *handle, struct bytes docs, uint64_t offset, struct error *e);
	int (*end)(void *ctx, void *handle, struct error *e);
	/* Bytes of input read so far and in all (0: not known). Called often; must be cheap. May be NULL. */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	/* Give up a handle: end() does not follow. Only of a sink for sources that begin a namespace anew. */
	void (*drop)(void *ctx, void *handle);
};

#define SOURCE_FIRST_LEN 512 /* bytes of a path that is kept for a message */

/* Files that the caller is told about: how many, and the path of the first, which may be cut off. */
struct source_files {
	uint64_t count;
	char first[SOURCE_FIRST_LEN];
};

/* What a dump says about itself. */
struct source_info {
	char server_version[32]; /* "" when not known */
	char tool_version[64];
	char replica_set[64];  /* "" when not known */
	uint64_t newest_mtime; /* seconds, of the newest data file; 0 for a stream */
	bool has_oplog; /* an oplog.bson (or archive member) was pushed with db "" coll "oplog" */
	/*
	 * What looks like documents and was not read: a twin was (X.bson.gz beside X.bson), it lies beside the
	 * databases' folders, or in folders in them (another dump), or its name goes on behind .bson (X.bson.zst, X.BSON).
	 */
	struct source_files unread;
	/* Metadata of collections without a data file, which were taken as empty. */
	struct source_files bare;
	/* Metadata files with nothing in them: mongodump leaves such a one on a full disk. */
	struct source_files blank;
};

struct source_options {
	enum bson_check_level objcheck;
	const struct ns_filter *filter; /* --nsInclude, --nsExclude; NULL takes all */
	const char *db; /* of a lone .bson or one database's folder; NULL: from the folder's name */
};

/*
 * Read the dump at `path`: a mongodump folder (dump/, or one database's folder), an
 * archive when `archive` is set or the file begins with the archive's magic (plain or
 * gzip), a lone .bson or .bson.gz; "-" is an archive on standard input. A lone oplog.bson
 * without metadata and options->db is a dump's oplog. options->db with anything else than a lone file or one
 * database's folder is ERR_INVALID. *ret_info is set also on failure, as far as known.
 * Errors: ERR_IO, ERR_CORRUPT (file and offset), ERR_LIMIT, ERR_INVALID (not a dump), and
 * whatever the sink returned.
 */
MUST_CHECK int source_read(const char *path, bool archive, const struct source_options *options,
			   const struct source_sink *sink, struct source_info *ret_info,
			   struct error *e);

/* The same of the archive that `in` has from where it stands: its beginning. */
MUST_CHECK int source_read_archive(struct input_stream *in, const struct source_options *options,
				   const struct source_sink *sink, struct source_info *ret_info,
				   struct error *e);

#endif
