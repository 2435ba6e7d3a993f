/*
 * source_scan.h - the files of one folder of a dump, by collection.
 *
 * Goes by names only; what is in the files is source_folder.c's business.
 *
 * Threads: pure.
 */
#ifndef TOOLS_SOURCE_SCAN_H
#define TOOLS_SOURCE_SCAN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

/* A file of a dump. Nothing is open. */
struct source_file {
	char *path; /* NULL: there is none */
	bool gzip;  /* its name ends in .gz */
	uint64_t size;
	uint64_t mtime; /* seconds since 1970 */
};

/* The files of one collection: those whose names differ only in the extension. */
struct source_member {
	char *stem;		 /* the name without extension, still escaped */
	struct source_file data; /* .bson, or .bin, or .bson.gz: the first of these that is there */
	struct source_file meta; /* .metadata.json, or .metadata.json.gz */
};

struct source_scan {
	struct source_member *members; /* by stem, in byte order */
	size_t count;
	char **folders; /* names of sub-folders, in byte order */
	size_t folder_count;
	struct source_file prelude; /* prelude.json, or prelude.json.gz */
	size_t other_count;	    /* files that are none of a dump's */
	bool is_dbpath; /* a mongod keeps its data here: its storage.bson is no dump's */
	/*
	 * Paths of what looks like documents and belongs to no member: a better twin is there (X.bson.gz beside
	 * X.bson), or the name goes on behind .bson (X.bson.zst, X.BSON) and there is no X.bson.
	 */
	char **unread;
	size_t unread_count;
};

/*
 * List the folder into *ret. Symbolic links are followed; names that begin with a dot are
 * not looked at. ERR_IO names the path; ERR_INVALID: a data file is a device or a socket.
 */
MUST_CHECK int source_scan_folder(const char *path, struct source_scan *ret, struct error *e);

/*
 * The member that the data file at `path` belongs to, with the metadata file beside it.
 * ERR_INVALID when the name has no extension of a data file.
 */
MUST_CHECK int source_scan_file(const char *path, struct source_member *ret, struct error *e);

/*
 * The metadata file `path`.metadata.json or .metadata.json.gz: 1 and *ret set, 0 there is none.
 */
MUST_CHECK int source_scan_find_meta(const char *path, struct source_file *ret, struct error *e);

/* Is there a member with a data file, or metadata, whose name is this one when both are unescaped? */
bool source_scan_has(const struct source_scan *scan, const char *name);

/* Does the name end as that of a data file (.bson, .bson.gz, .bin)? */
bool source_scan_is_data(const char *name);

void source_scan_release(struct source_scan *scan);
DEFINE_OWNED_STRUCT(struct source_scan, source_scan_release);
void source_member_release(struct source_member *member);
DEFINE_OWNED_STRUCT(struct source_member, source_member_release);

#endif
