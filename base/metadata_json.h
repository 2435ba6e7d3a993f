/*
 * metadata_json.h - the extended JSON of dumps, as BSON.
 *
 * Reads what mongodump of any age wrote into metadata.json and prelude.json: canonical and
 * relaxed extended JSON, and the legacy forms ({"$date":"2014-…"}, {"$binary":"…","$type":"00"},
 * {"$numberLong":5}, bare numbers). An object that only begins like a wrapper, such as the
 * query operators {"$type":2} and {"$regex":"^a"}, stays an object.
 *
 * Threads: pure.
 */
#ifndef BASE_METADATA_JSON_H
#define BASE_METADATA_JSON_H

#include "base/buf.h"
#include "base/error.h"

/*
 * Append the one object that `text` holds to *ret, as a BSON document. Integers become int32
 * where they fit, else int64, else double. Keys may repeat. ERR_CORRUPT with the byte where it
 * went wrong; ERR_LIMIT when it nests deeper than BSON_MAX_NESTING or `limit` bytes of BSON
 * would be exceeded.
 */
MUST_CHECK int metadata_json_parse(struct bytes text, size_t limit, struct buf *ret,
				   struct error *e);

/*
 * The same for values that somebody types, where a slip must not become another value: an object
 * with a wrapper's key that is no wrapper, such as {"$oid":5}, is ERR_CORRUPT, and so are the
 * legacy forms with bare numbers. Both sides of the rule are in the BSON corpus of the MongoDB
 * specifications (canonical and degenerate_extjson, parseErrors).
 */
MUST_CHECK int metadata_json_parse_strict(struct bytes text, size_t limit, struct buf *ret,
					  struct error *e);

#endif
