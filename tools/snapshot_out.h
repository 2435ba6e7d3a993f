/*
 * snapshot_out.h - the fields of a snapshot, and of a namespace, as the verbs print them.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_SNAPSHOT_OUT_H
#define TOOLS_SNAPSHOT_OUT_H

#include "store/snapshot/catalog.h"
#include "store/snapshot/manifest.h"
#include "tools/json_out.h"

/*
 * "partial"; and of a partial one "coverage", the patterns of the filter that left namespaces out ({include: [..],
 * exclude: [..]}; null where an older program did not write them down).
 */
void snapshot_out_json_partial(struct json_out *j, const struct snapshot *s);

/* The fields of a snapshot into the object that is open. */
void snapshot_out_json(struct json_out *j, const struct snapshot *s);

/* The fields of a namespace into the object that is open: ns, type, count, bytes … */
void snapshot_out_json_ns(struct json_out *j, const struct catalog_entry *entry);

/* "collection", "view", "timeseries", or what is special about it: "capped", "clustered". */
const char *snapshot_out_type(const struct catalog_entry *entry);

/* "exact", "about", with ", partial" when a filter left something out. */
const char *snapshot_out_kind(const struct snapshot *s);

#endif
