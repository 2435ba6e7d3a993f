/*
 * restore_state.h - how far a restore has come: a small file of this machine, for --resume.
 *
 * local/<machine>/restore/<fingerprint>: a line is appended, and made durable, when a namespace was begun (from then on
 * what is in it is ours) and when a unit of its documents is majority-committed. A line that is cut off at the end is
 * ignored. In an encrypted store hashes under its key stand for the names. Losing the file loses nothing but time: --mode missing does the same.
 *
 * Threads: any, after it is open.
 */
#ifndef TOOLS_RESTORE_STATE_H
#define TOOLS_RESTORE_STATE_H

#include "base/buf.h"
#include "store/store.h"

struct restore_state; /* opaque */

/*
 * Open the state of the restore that `what` describes (any bytes: moment, target, options). With `resume` what is there
 * is read, else it begins empty. ERR_IO.
 */
MUST_CHECK int restore_state_open(struct store *store, struct bytes what, bool resume,
				  struct restore_state **ret, struct error *e);
void restore_state_close(struct restore_state *state);
DEFINE_OWNED(struct restore_state *, restore_state_close);

/* Is there a state of an earlier run that did not end? */
bool restore_state_is_there(struct store *store, struct bytes what);

bool restore_state_was_begun(const struct restore_state *state, const char *ns);
bool restore_state_has_unit(const struct restore_state *state, const char *ns, uint64_t unit);

MUST_CHECK int restore_state_begin(struct restore_state *state, const char *ns, struct error *e);
MUST_CHECK int restore_state_unit(struct restore_state *state, const char *ns, uint64_t unit,
				  struct error *e);

/* All is done: the file goes. */
void restore_state_end(struct restore_state *state);

#endif
