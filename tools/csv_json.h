/*
 * csv_json.h - objects and arrays inside a CSV field, as mongoexport --type=csv writes them.
 *
 * It is another JSON than that of .json files: the extended JSON of mongo-tools before 100, without
 * spaces, with < > and & escaped. Rule: MarshalJSON of the types of common/json and of
 * bsonutil.MarshalD, and encode.go there, of mongo-tools of July 2024. Where mongoexport fails, or
 * leaves the whole field empty, this writes valid JSON: docs/format/json.md, CSV.
 *
 * Threads: pure.
 */
#ifndef TOOLS_CSV_JSON_H
#define TOOLS_CSV_JSON_H

#include "base/bson.h"
#include "base/buf.h"

/* From this millisecond on (in the year 3001) dates are written as numbers. */
#define CSV_JSON_DATE_END INT64_C(32535215999000)

/* Append the value. ERR_CORRUPT, ERR_LIMIT (nested too deep); *ret may then hold a part of it. */
MUST_CHECK int csv_json_value(const struct bson_field *field, struct buf *ret, struct error *e);

/* Append "2020-01-01T00:00:00.000Z": any year up to CSV_JSON_DATE_END, always with milliseconds. */
void csv_json_date(int64_t ms, struct buf *ret);

/* Append a double as Go's %v does: "1", "1e+06", "1.5", "+Inf", "NaN". */
void csv_json_double(uint64_t bits, struct buf *ret);

/* The content of a binary value (its payload): of subtype 2 without the length that is inside. */
struct bytes csv_json_binary(struct bytes value);

#endif
