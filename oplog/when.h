/*
 * when.h - WHEN: how people and scripts name a moment. The parser; what it means is timeline.h.
 *
 *	latest  latest-snapshot  a snapshot's name  id:abcd  @1700000000
 *	2026-11-21T09:41:07Z  2026-11-21T10:41:07+01:00  2026-11-21T094107Z
 *	1700000000.5 (also , or :)  now-2h  latest-1d12h  and W~, the moment just before W
 *
 * A time without a zone, a fraction of a second and a bare date are refused with a hint.
 * Times are inclusive: all operations of that second.
 *
 * Threads: pure (local time is read for hints).
 */
#ifndef OPLOG_WHEN_H
#define OPLOG_WHEN_H

#include "store/snapshot/manifest.h"

enum when_kind {
	WHEN_LATEST,	      /* the last sealed operation, else the newest snapshot */
	WHEN_LATEST_SNAPSHOT, /* the newest snapshot */
	WHEN_ID,	      /* id:abcd: text + 3 is the prefix; with a ~ after it if `before` */
	WHEN_TIME,	      /* seconds; all operations of that second */
	WHEN_OPTIME,	      /* up to and with this one */
	WHEN_BEFORE_NOW,      /* `seconds` before now */
	WHEN_BEFORE_LATEST,   /* `seconds` before the last operation */
	WHEN_NAME,	      /* anything else: only a snapshot can have that name; as above */
};

struct when {
	enum when_kind kind;
	bool before;	      /* W~: the moment just before */
	uint64_t seconds;     /* since 1970, or the distance */
	struct optime optime; /* of WHEN_OPTIME */
};

/* Parse. ERR_INVALID, with a hint, for what looks like a time and is not one that is taken. */
MUST_CHECK int when_parse(const char *text, struct when *ret, struct error *e);

#endif
