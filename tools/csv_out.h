/*
 * csv_out.h - documents as CSV lines, as mongoexport --type=csv of mongo-tools writes them.
 *
 * Equal byte for byte, but where mongoexport fails or loses something: docs/format/json.md, CSV.
 *
 * Threads: pure.
 */
#ifndef TOOLS_CSV_OUT_H
#define TOOLS_CSV_OUT_H

#include "base/buf.h"

/* Append the line of titles: the paths, which are dotted and have commas between them. */
void csv_out_titles(const char *paths, struct buf *ret);

/* Append the line of a document. ERR_CORRUPT; *ret may then hold a part of the line. */
MUST_CHECK int csv_out_document(const char *paths, struct bytes doc, struct buf *ret,
				struct error *e);

#endif
