/*
 * restore_plan.h - what a restore is going to do, namespace by namespace; made and checked before anything is written.
 *
 * Threads: main thread only; what is planned is read by all threads.
 */
#ifndef TOOLS_RESTORE_PLAN_H
#define TOOLS_RESTORE_PLAN_H

#include "base/ns_filter.h"
#include "oplog/moment.h"
#include "tools/restore_left.h"
#include "tools/restore_names.h"
#include "tools/restore_select.h"
#include "tools/restore_target.h"

enum restore_mode {
	RESTORE_MODE_NONE,    /* only where there is no data */
	RESTORE_MODE_MISSING, /* insert what is absent */
	RESTORE_MODE_REPLACE, /* and put back what is different */
	RESTORE_MODE_DROP,    /* start anew */
};

/* Of what is merged: does the moment's document take the place of another one with its _id? */
static inline bool restore_mode_replaces(enum restore_mode mode)
{
	return mode == RESTORE_MODE_REPLACE || mode == RESTORE_MODE_DROP;
}

enum restore_action {
	RESTORE_CREATE,	  /* it is not there */
	RESTORE_FILL,	  /* it is there and empty, or this restore made it before it was cut off */
	RESTORE_RECREATE, /* it is dropped first */
	RESTORE_MERGE,	  /* it has data: by the mode */
	RESTORE_LEAVE,	  /* a view or time series that is there and stays */
};

struct restore_plan_item {
	struct catalog_entry entry; /* as it was */
	char *db, *coll;	    /* what it becomes */
	char *ns;		    /* "db.coll" of these */
	enum restore_action action;
	bool is_buckets; /* of a time series: made with it */
	bool has_data;	 /* on the target, now */
	const char
		*refusal; /* why it must not be written as it is meant, after its name; or NULL */
	bool needs_drop;  /* and no other mode helps */
	char *unfit; /* the same, where the target can't hold it at all: nothing helps but to leave it out; or NULL */
	char *uuid_taken;    /* why it can't have its UUID: the same; or NULL */
	struct buf options;  /* to create it with: without what removes documents */
	struct buf id_index; /* the index on _id, or empty */
	struct buf indexes;  /* documents back to back, to build after the documents */
	struct buf ttl;	     /* the same, those that remove documents: last */
	struct buf
		expire; /* the option expireAfterSeconds of a clustered or time series collection: a field */
	struct buf ttl_there, expire_there; /* the same of what is there, and stays */
	bool natural;			    /* its order is kept: one at a time */
	bool bypasses; /* a validator may be against what was: a right of its own, not asked for without need */
	struct buf
		lacks; /* indexes of the moment that what has data has not, and does not get: "a_1, b_1", or empty */
	uint64_t documents, bytes;
	uint64_t expired; /* documents that a TTL index would remove at once; at most so many */
	uint64_t expired_there; /* of them: by what is there */
	uint64_t first, count;	/* ranks that are read: all, but for --id */
};

struct restore_plan {
	struct restore_plan_item *at;
	size_t count;
	uint64_t documents, bytes, expired;
	struct restore_left left; /* what is not for restoring: config, ... */
	bool has_accounts;	  /* the moment has users or roles */
};

struct restore_plan_options {
	const struct ns_filter *filter;	     /* may be NULL */
	const struct restore_names *names;   /* may be NULL */
	const struct restore_select *select; /* may be NULL */
	enum restore_mode mode;
	bool preserve_uuid, no_ttl;
	bool accounts;	    /* users and roles are meant, too */
	bool shows_expired; /* count them: --keepTTL was not said */
	/* Was this namespace begun by the run that is resumed? May be NULL. */
	bool (*was_begun)(void *ctx, const char *ns);
	void *ctx;
	const struct progress *progress; /* may be NULL */
};

void restore_plan_release(struct restore_plan *plan);
DEFINE_OWNED_STRUCT(struct restore_plan, restore_plan_release);

/*
 * Make the plan: resolves the collections of the moment, and looks what is there. ERR_NOT_FOUND: nothing is included;
 * ERR_INVALID: two become one; ERR_REFUSED: buckets without a time series; the errors of reading, ERR_REMOTE.
 * What must not be written says so (`refusal`), and is no error.
 */
MUST_CHECK int restore_plan_make(struct moment *moment, struct restore_target *target,
				 const struct restore_plan_options *options,
				 struct restore_plan *ret, struct error *e);

#endif
