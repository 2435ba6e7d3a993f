/*
 * gaps.h - the places of fields that were taken away, for the order of fields that are set later.
 *
 * A document in mongod's pipelines keeps the place of a field that a stage removed ($unset, {a: 0}, $$REMOVE); a later $set of the same name
 * puts the value there, not at the end. The places are kept as fields of the type FIELDS_GAP (fields.h), and leave with the result.
 * Rule: DocumentStorage and MutableDocument of mongod 6.0.
 *
 * Threads: pure.
 */
#ifndef QUERY_GAPS_H
#define QUERY_GAPS_H

#include "base/buf.h"
#include "query/fields.h"

/* Does the pipeline (BSON array) set fields behind a stage that may remove some? Then its context has to keep gaps. */
bool gaps_wanted(struct bytes pipeline);
/* Do expressions in these words (BSON) set a field of what others may have taken it from? */
bool gaps_wanted_inside(struct bytes words);
/* A gap in the document that is being built. */
void gaps_write(struct buf *b, struct bytes name);
/* The document without its gaps, at any depth: itself, or a copy in `room`, which is reset. */
struct bytes gaps_strip(struct bytes doc, struct buf *room);

#endif
