/*
 * id_text.h - an `_id` on one line, as `--id` takes it back: 507f1f77bcf86cd799439011, 5, "anna".
 *
 * Threads: pure.
 */
#ifndef TOOLS_ID_TEXT_H
#define TOOLS_ID_TEXT_H

#include "base/bson.h"
#include "base/buf.h"

#define ID_TEXT_MAX 200 /* bytes after which a long one is cut, with "..." */

/* Append the text of a value; escaped (term_escape_message), so that a terminal may have it. */
MUST_CHECK int id_text_value(const struct bson_field *id, struct buf *ret, struct error *e);

/* The same for the `_id` of a document; "(no _id)" when it has none. */
MUST_CHECK int id_text_document(struct bytes doc, struct buf *ret, struct error *e);

#endif
