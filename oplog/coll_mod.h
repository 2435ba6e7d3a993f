/*
 * coll_mod.h - what a collMod of the oplog makes of a collection's options and of an index's spec.
 *
 * Source: reference of the oplog, 2.5 (catalogs of 4.2.6 to 6.0.27 after each form); the order of
 * options is that of CollectionOptions::appendBSON.
 *
 * Threads: pure.
 */
#ifndef OPLOG_COLL_MOD_H
#define OPLOG_COLL_MOD_H

#include "oplog/command.h"

/*
 * Append the options that `options` become. 1, or 0 when they stay as they are. `version` is that of
 * the servers that wrote the log (404 for 4.4). What is not known is stored as it is, noPadding and
 * usePowerOf2Sizes are left out. ERR_CORRUPT.
 */
MUST_CHECK int coll_mod_options(const struct command *command, struct bytes options, int version,
				struct buf *ret, struct error *e);

/* Is it this index that the collMod changes (by its name, or its key)? 1 or 0; ERR_CORRUPT. */
MUST_CHECK int coll_mod_names_index(const struct command *command, struct bytes spec,
				    struct error *e);

/*
 * Append the spec that `spec`, which coll_mod_names_index(), becomes. 1, or 0 when it stays as it is.
 * expireAfterSeconds is kept as it is logged (int64) up to 4.4, and as int32 if it fits from 5.0 on.
 */
MUST_CHECK int coll_mod_index(const struct command *command, struct bytes spec, int major,
			      struct buf *ret, struct error *e);

#endif
