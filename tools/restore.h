/*
 * restore.h - the job behind `yester restore` and `yester drill`: a plan is carried out, and what came of it compared.
 *
 * Collections are created, then filled on several threads, then indexed; users and roles; then all is compared; what removes
 * documents by age (TTL) comes last of all.
 *
 * Threads: main thread; one job at a time.
 */
#ifndef TOOLS_RESTORE_H
#define TOOLS_RESTORE_H

#include "tools/restore_notes.h"
#include "tools/restore_plan.h"
#include "tools/restore_state.h"
#include "tools/restore_users.h"

struct restore_options {
	const struct restore_select *select; /* may be NULL */
	const struct ns_filter *filter;	     /* of the users and roles; may be NULL */
	enum restore_mode mode;
	bool preserve_uuid;
	bool accounts; /* users and roles, too */
	bool no_ttl;
	bool no_verify;
	unsigned workers;
	uint64_t rate;		     /* bytes a second; 0: no limit */
	struct restore_state *state; /* may be NULL: nothing to resume */
	const char *tmp_dir;
	const struct progress *progress; /* may be NULL */
};

struct restore_result {
	struct restore_notes notes;
	struct restore_users_result accounts;
	uint64_t inserted, replaced; /* documents that were written */
	uint64_t same;		     /* that were there already, byte for byte */
	uint64_t kept;		     /* that were there, different */
	uint64_t bytes;
	uint64_t changed;  /* by others, before verification */
	uint64_t given;	   /* had no _id, and were given one; known when it was verified */
	uint64_t verified; /* bytes; 0: not verified */
	uint64_t milliseconds, verify_milliseconds;
	bool was_verified;
};

void restore_result_init(struct restore_result *result);
void restore_result_release(struct restore_result *result);
DEFINE_OWNED_STRUCT(struct restore_result, restore_result_release);

/*
 * Carry out the plan (which refused nothing). *ret (initialised) is filled as far as it came, also on an error: then what
 * was written stays, and the state knows it. ERR_REMOTE, ERR_REFUSED, ERR_CANCELLED, the errors of reading. Clashes
 * and mismatches are no errors: they are in ret->notes.
 */
MUST_CHECK int restore_run(struct moment *moment, struct restore_target *target,
			   const struct restore_plan *plan, const struct restore_options *options,
			   struct restore_result *ret, struct error *e);

#endif
