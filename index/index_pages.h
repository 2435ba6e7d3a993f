/*
 * index_pages.h - are the pages of an LMDB file sound? LMDB itself trusts them.
 *
 * A flipped bit in a page's head, in a branch or in the list of free pages makes LMDB abort, loop
 * or write over pages that are in use, long after the file was opened. So every page that a
 * transaction can reach is looked at here: it says its own number, its nodes lie in it and are in
 * order, no page is used twice, and no free page is in use.
 *
 * Inside index/ only. Knows version 1 of LMDB's data format, 64-bit little endian; what it
 * doesn't know it calls sound. Threads: pure.
 */
#ifndef INDEX_INDEX_PAGES_H
#define INDEX_INDEX_PAGES_H

#include "base/bytes.h"

/*
 * Check the snapshot of transaction `txnid` in `file`, the content of data.mdb that was read while
 * that transaction was open. *ret_stale: its root page was overwritten meanwhile; nothing is said.
 */
MUST_CHECK bool index_pages_sound(struct bytes file, uint64_t txnid, bool *ret_stale);

#endif
