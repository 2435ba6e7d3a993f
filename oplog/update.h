/*
 * update.h - what an update entry of the oplog makes of a document, byte for byte as a mongod.
 *
 * Three forms of `o` (the entry's payload) exist: the whole new document, modifiers ($v:1 with
 * $set and $unset, written up to 4.4 and by later servers in the older compatibility mode), and
 * differences ($v:2, from 5.0). It is about one document; it knows no collections and no entries.
 *
 * Sources: mongo/db/update (update_driver, delta_executor, set_node, path_support) and
 * db/update/document_diff_applier.cpp; each rule was run on 4.2.6, 4.4.2, 5.0.4 and 6.0.27
 * (applyOps) but for binary differences, which only the source of 7.1 and later tells.
 *
 * Threads: pure.
 */
#ifndef OPLOG_UPDATE_H
#define OPLOG_UPDATE_H

#include "base/bson.h"
#include "base/buf.h"

/* How servers of one version do it. */
struct update_rules {
	int major;   /* of the server whose behaviour is wanted: 4 (4.2, 4.4) to 8 */
	bool upsert; /* a missing document is made */
	/*
	 * The words are a primary's own, not a user's to applyOps: names that are in the order of 5.0 only, where
	 * `major` is 4, are of a 5.0 with an older feature compatibility version, and are visited in that order.
	 * Source: measured on 5.0.4.
	 */
	bool logged;
	/* `_id` of the document to make: the type and value of the entry's o2._id; type 0: none. */
	struct bson_field id;
};

enum update_kind { UPDATE_REPLACE, UPDATE_MODIFY, UPDATE_DIFF };

/*
 * The form of `o`, or ERR_CORRUPT. What decides differs:
 *	4.2, 4.4  the first field's name begins with $: modifiers; else a replacement
 *	5.0	  $v is 2: differences; else as before
 *	6.0	  an _id is there: a replacement, whatever $v is; else by $v: 2 differences, else modifiers
 */
MUST_CHECK int update_classify(struct bytes o, int major, enum update_kind *ret, struct error *e);

/*
 * Apply `o` to `doc`; doc.len 0: there is no such document. The new document is appended to *ret,
 * which on any other outcome keeps its length (yet may have been moved):
 *
 *	1	the new document is there
 *	0	nothing to do: no change, or the document is missing and this is no upsert
 *	ERR_CORRUPT	a server rejects the update too (the text has its error code), or the BSON is damaged
 *	ERR_UNSUPPORTED	a modifier that servers don't log (applyOps of a user may have one): $inc, $push...
 *	ERR_LIMIT	the new document is over BSON_MAX_LEN or nests too deep
 *	ERR_NOMEM
 *
 * `doc` and `o` must not lie in *ret. Both should have passed bson_check(); they are never read
 * outside their bounds if not, and what is not touched is copied as it is.
 */
MUST_CHECK int update_apply(struct bytes doc, struct bytes o, const struct update_rules *rules,
			    struct buf *ret, struct error *e);

#endif
