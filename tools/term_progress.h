/*
 * term_progress.h - a progress bar on a terminal, or a line every few seconds elsewhere.
 *
 * Also where an interruption by the user is noticed: a job polls `cancelled` and ends cleanly.
 *
 * Threads: one at a time in a process; any thread may report.
 */
#ifndef TOOLS_TERM_PROGRESS_H
#define TOOLS_TERM_PROGRESS_H

#include "base/buf.h"
#include "base/progress.h"

enum term_progress_mode { TERM_PROGRESS_AUTO, TERM_PROGRESS_ALWAYS, TERM_PROGRESS_NEVER };

MUST_CHECK int term_progress_parse(const char *text, enum term_progress_mode *ret, struct error *e);

struct term_progress; /* opaque */

/*
 * Begin to show progress on standard error: a bar on a terminal, else a line every few seconds.
 * The struct progress inside is what a job takes; it answers `cancelled` once
 * SIGINT or SIGTERM came (these are caught from here to term_progress_end(); the second one kills). One that nobody asked about
 * before the end cancels what begins next: a verb of several jobs has to ask term_progress_interrupted() behind each.
 */
struct term_progress *term_progress_begin(enum term_progress_mode mode);
const struct progress *term_progress_get(const struct term_progress *p);

/* Clear the bar; signals are as before. NULL is fine. */
void term_progress_end(struct term_progress *p);
DEFINE_OWNED(struct term_progress *, term_progress_end);

/* Did one of these signals come since the last term_progress_begin(), or unnoticed before? From any thread. */
bool term_progress_interrupted(void);

/*
 * The text after the bar, "1.2 GiB of 4.0 GiB, 212 MiB/s, 13 s left", behind the phase's name or without it; empty when nothing
 * is known. For the unit test.
 */
void term_progress_text(const char *phase, bool named, uint64_t done, uint64_t total,
			uint64_t elapsed_ms, struct buf *ret);

#endif
