/*
 * prune_out.h - what `yester prune` and `yester forget --prune` share: the options, running it, telling it.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_PRUNE_OUT_H
#define TOOLS_PRUNE_OUT_H

#include "store/prune.h"
#include "tools/cmd.h"
#include "tools/json_out.h"

struct prune_out_options {
	const char *grace;
	const char *waste;
};

/* Their rows in a verb's table; `field` is the verb's struct prune_out_options. */
#define PRUNE_OUT_OPTIONS(type, field)                                                             \
	{"grace",                                                                                  \
	 0,                                                                                        \
	 ARGS_VALUE,                                                                               \
	 "D",                                                                                      \
	 "what is not used any more stays for D: longer than any copy takes (7d)",                 \
	 offsetof(type, field.grace)},                                                             \
	{                                                                                          \
		"max-waste", 0, ARGS_VALUE, "PERCENT",                                             \
			"copy what is used out of packs of which more is not (50; 100: never)",    \
			offsetof(type, field.waste)                                                \
	}

/* Can the options be read? ERR_INVALID. */
MUST_CHECK int prune_out_check(const struct prune_out_options *o, struct error *e);

/* Prune with a progress bar. Errors as prune_run(). */
MUST_CHECK int prune_out_run(struct cmd_run *run, struct store *store,
			     const struct prune_out_options *o, bool dry_run,
			     struct prune_result *ret, struct error *e);

void prune_out_text(const struct prune_result *r, bool dry_run);
/* Into the object that is open. */
void prune_out_json(struct json_out *j, const struct prune_result *r);

#endif
