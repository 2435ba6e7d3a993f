/*
 * manifest.h - the small file that makes a snapshot exist: STORE/snapshots/<id>.
 *
 * Its name is the SHA-256 of its content. docs/format/manifest.md has the fields.
 * Threads: pure; a struct snapshot is immutable once read.
 */
#ifndef STORE_SNAPSHOT_MANIFEST_H
#define STORE_SNAPSHOT_MANIFEST_H

#include "base/buf.h"
#include "base/error.h"
#include "store/store.h"
#include "store/tree/tree.h"

struct optime {
	uint32_t seconds;
	uint32_t increment;
};

struct snapshot {
	struct chunk_id id;
	char *name;	      /* as printed, typed and shown in the mount; unique in the store */
	char *tag;	      /* --tag, or NULL */
	uint64_t time;	      /* the moment it shows, seconds since 1970 */
	uint64_t created_us;  /* when it was made, microseconds since 1970 */
	bool exact;	      /* true: all of it is of one optime; false: a dump without oplog */
	bool partial;	      /* true: a namespace filter left something out */
	struct buf coverage;  /* the filter (ns_filter_encode()); empty: none, or not known */
	bool checkpoint;      /* true: made so that replays are short; not listed as the user's */
	struct optime optime; /* of an exact one; else 0.0 */
	struct optime needed_from; /* first entry of the oldest open transaction; else 0.0 */
	char *source;		   /* "dump", "archive", "bson"; later "backup", "replay" */
	char *replica_set;	   /* or NULL when not known */
	char *server_version;	   /* or NULL */
	char *tool;		   /* that made it: "yester 0.1.0" */
	bool has_parent;
	struct chunk_id parent;
	struct tree_root catalog;
	struct tree_root changes; /* namespace -> time of its last change */
	struct tree_root oplog;	  /* oplog.bson of a dump with --oplog, ranked; empty when none */
	uint64_t collections;	  /* entries of the catalog that hold documents */
	uint64_t documents;
	uint64_t bytes; /* BSON */
};

/* Copy `snapshot` into *ret, texts too. */
void snapshot_copy(const struct snapshot *snapshot, struct snapshot *ret);
void snapshot_release(struct snapshot *snapshot);
DEFINE_OWNED_STRUCT(struct snapshot, snapshot_release);

/*
 * Is `name` one that a snapshot may have? Letters, digits, '.', '_', '-', not first '.' or '-',
 * at most SNAPSHOT_NAME_MAX bytes: it is a folder's name in the mount.
 */
#define SNAPSHOT_NAME_MAX 100
bool snapshot_is_name(const char *name);

/* 0 when it is; else ERR_INVALID, with what one looks like. */
MUST_CHECK int snapshot_check_name(const char *name, struct error *e);

/* Append the manifest's bytes, sealed with `keys` (NULL: of a plain store); sets snapshot->id. */
MUST_CHECK int snapshot_encode(struct snapshot *snapshot, const struct store_keys *keys,
			       struct buf *ret, struct error *e);

/*
 * Parse the bytes of manifest file `id`. ERR_CORRUPT, ERR_UNSUPPORTED; ERR_WRONG_KEY: its bytes have the hash in its name, but it
 * is sealed and there are no keys.
 */
MUST_CHECK int snapshot_decode(const struct chunk_id *id, struct bytes from,
			       const struct store_keys *keys, struct snapshot *ret,
			       struct error *e);

#endif
