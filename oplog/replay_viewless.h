/*
 * replay_viewless.h - time series that have no view: one collection, whose documents are the buckets.
 *
 * Servers from 8.3 on make them, and 9.0 turns all into such. Here they are what they were before, buckets in
 * system.buckets.X and a time series X that shows them; what tells the forms apart is that X has a UUID, which is
 * that of the buckets. So commands and operations find the buckets by it, whatever name they say.
 *
 * Sources: mongo/db/timeseries/upgrade_downgrade_viewless_timeseries.cpp; the entries in
 * jstests/core/timeseries/ddl and mongo-tools mongorestore/oplog_test.go. Not run: there was no such server.
 *
 * Threads: as replay_catalog.h.
 */
#ifndef OPLOG_REPLAY_VIEWLESS_H
#define OPLOG_REPLAY_VIEWLESS_H

#include "oplog/replay_catalog_internal.h"

/* Is it the create of one? 1, 0, or ERR_CORRUPT. */
MUST_CHECK int replay_viewless_is_create(const struct command *command, struct error *e);

/* Commands, as replay_catalog_create() and the others. The rename is that of `item`. */
MUST_CHECK int replay_viewless_create(struct replay_catalog *catalog, const struct command *command,
				      uint64_t ts, struct error *e);
MUST_CHECK int replay_viewless_rename(struct replay_catalog *catalog, const struct command *command,
				      struct replay_slots_item *item, uint64_t ts, struct error *e);

/* upgradeDowngradeViewlessTimeseries: one form becomes the other, the documents stay. */
MUST_CHECK int replay_viewless_turn(struct replay_catalog *catalog, const struct command *command,
				    uint64_t ts, struct error *e);

/* The buckets of such a one are about to go: it goes, too. Nothing for other collections. */
void replay_viewless_hide(struct replay_catalog *catalog, struct replay_slots_item *item);

#endif
