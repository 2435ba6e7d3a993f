/*
 * live_same.h - is a member of the replica set that the store keeps?
 *
 * A name tells nothing: half of all sets are called rs0. The collection admin.system.version is made with a set, has
 * the same UUID on all members, and stays for as long as the set does.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LIVE_SAME_H
#define TOOLS_LIVE_SAME_H

#include "store/store.h"
#include "tools/live.h"

/*
 * Where no entry of the oplog proves it: 0 when one of the snapshots has the member's UUID, or it is not known of both
 * sides; ERR_EXISTS: it is another set's. ERR_REMOTE.
 */
MUST_CHECK int live_same_check(struct live *live, struct store *store, struct error *e);

#endif
