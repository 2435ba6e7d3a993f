/*
 * diff.h - the job behind `yester diff`: what is different in a deployment at two moments.
 *
 * Collections are told apart by their UUIDs where these are known, so one that was renamed is one, and
 * a name that was dropped and made again is said to be. Documents are compared by trees: the cost is
 * that of what differs, but for capped collections, which are read whole (diff_ranked.h).
 *
 * Threads: one job at a time.
 */
#ifndef TOOLS_DIFF_H
#define TOOLS_DIFF_H

#include "base/progress.h"
#include "oplog/moment.h"

/* A namespace that differs. */
struct diff_ns {
	const struct catalog_entry *old_entry; /* NULL: it was made since */
	const struct catalog_entry *new_entry; /* NULL: it was dropped since */
	bool renamed;
	bool recreated;		     /* same name, another UUID: dropped and made again */
	bool type, options, indexes; /* differ */
	bool documents;		     /* so do these, or their natural order */
};

/* What the namespace is called: the new name where it has one. */
struct bytes diff_ns_name(const struct diff_ns *ns);

struct diff_sink {
	void *ctx;
	/* A namespace that differs begins. 1: its documents are wanted, 0: they are not. */
	int (*begin)(void *ctx, const struct diff_ns *ns, struct error *e);
	/* A document of it that differs; an empty slice: there is none on that side. */
	int (*document)(void *ctx, struct bytes old_doc, struct bytes new_doc, struct error *e);
	/* It ends. `reordered`: the same documents in another natural order. */
	int (*end)(void *ctx, const struct diff_ns *ns, bool reordered, struct error *e);
	/* A namespace that can't be told at one of the moments: `why`. The others go on. */
	int (*untold)(void *ctx, struct bytes ns, const struct error *why, struct error *e);
};

struct diff_options {
	struct store *store; /* that has the trees of both moments */
	/* Is the namespace wanted? NULL: all are. One that was renamed is when either name is. */
	bool (*wanted)(void *ctx, const struct catalog_entry *entry);
	void *ctx;
	/* moment_resolve() of an entry of one of the moments; NULL: that itself. */
	int (*resolve)(void *ctx, struct moment *moment, struct catalog_entry *entry,
		       struct error *e);
	const char *tmp_dir;		 /* for spills */
	const struct progress *progress; /* asked whether to go on; or NULL */
};

/* 1 something differs, 0 nothing does. ERR_CANCELLED, the errors of reading, those of the sink. */
MUST_CHECK int diff_run(struct moment *old_moment, struct moment *new_moment,
			const struct diff_options *options, const struct diff_sink *sink,
			struct error *e);

#endif
