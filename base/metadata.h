/*
 * metadata.h - <collection>.metadata.json, as mongodump writes and mongorestore reads it.
 *
 * Threads: pure.
 */
#ifndef BASE_METADATA_H
#define BASE_METADATA_H

#include "base/buf.h"
#include "base/error.h"

/* The parts of one metadata file. BSON parts are whole documents. */
struct metadata {
	struct buf options; /* BSON document; {} when absent */
	struct buf indexes; /* BSON array; [] when absent */
	bool has_uuid;
	uint8_t uuid[16];
	struct buf collection_name; /* empty when the file has none (old tools) */
	char type[16];		    /* "collection", "view", "timeseries", or "" when absent */
};

void metadata_init(struct metadata *m);
void metadata_release(struct metadata *m);
DEFINE_OWNED_STRUCT(struct metadata, metadata_release);

/*
 * Parse a metadata file's text (extended JSON, canonical, relaxed or the legacy forms of
 * tools before 100.0) into *ret, which is initialised. ERR_CORRUPT says where it went wrong.
 */
MUST_CHECK int metadata_parse(struct bytes text, struct metadata *ret, struct error *e);

/*
 * Append a document of options without "create", the collection's name, which servers before 3.0 have among them:
 * a create that has it twice is refused from 6.0 on, and stock mongorestore sends what it finds.
 */
MUST_CHECK int metadata_options(struct bytes options, struct buf *ret, struct error *e);

/* Append the text that mongodump 100.x writes for this namespace: one line, canonical, no final newline. */
MUST_CHECK int metadata_render(struct bytes options, struct bytes indexes, const uint8_t *uuid,
			       struct bytes collection_name, const char *type, struct buf *ret,
			       struct error *e);

#endif
