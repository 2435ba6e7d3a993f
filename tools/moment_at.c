#include "tools/moment_at.h"

#include <stdio.h>
#include <time.h>

#include "tools/term.h"

/* A moment keeps the progress that it was opened with: this one outlives it, and passes on to whoever shows. */
struct moment_at_progress {
	struct progress progress;
	const struct progress *to; /* or NULL */
};

static void pass_report(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
	const struct moment_at_progress *p = ctx;

	if (p->to != NULL)
		p->to->report(p->to->ctx, phase, done, total);
}

static bool pass_cancelled(void *ctx)
{
	const struct moment_at_progress *p = ctx;

	return progress_cancelled(p->to);
}

void moment_at_release(struct moment_at *at)
{
	moment_release(at->moment);
	free(at->progress);
	timeline_close(at->timeline);
}

void moment_at_report(struct moment_at *at, const struct progress *progress)
{
	at->progress->to = progress;
}

static void warn(const struct cmd_run *run, const char *what, size_t count)
{
	if (count > 0)
		fprintf(stderr,
			"yester: %s: warning: %zu %s%s left out: damaged, made by a newer "
			"program, or not all of it is here yet\n",
			run->cmd->name, count, what, count == 1 ? " is" : "s are");
}

int moment_at_timeline(struct cmd_run *run, struct store *store, struct timeline **ret,
		       struct error *e)
{
	size_t snapshots, segments;

	if (timeline_open(store, ret, e) < 0)
		return e->code;
	timeline_skipped(*ret, &snapshots, &segments);
	warn(run, "snapshot", snapshots);
	warn(run, "segment of the oplog", segments);
	return 0;
}

/* What comes next must not begin when a signal came where nobody asked for one. */
static int end_unless_interrupted(struct moment_at *at, struct term_progress *shown, int code,
				  struct error *e)
{
	moment_at_report(at, NULL);
	term_progress_end(shown);
	if (code >= 0 && term_progress_interrupted())
		return error_set(e, ERR_CANCELLED, "interrupted");
	return code;
}

int moment_at_open_in(struct cmd_run *run, struct timeline *timeline, const char *when,
		      struct moment_at *ret, struct error *e)
{
	struct term_progress *shown;
	int code;

	if (timeline_find(timeline, when == NULL ? "latest" : when, (uint64_t)time(NULL),
			  &ret->point, e) < 0)
		return e->code;
	ret->progress = xcalloc(1, sizeof(*ret->progress));
	ret->progress->progress = (struct progress){ret->progress, pass_report, pass_cancelled};
	shown = term_progress_begin(run->progress);
	moment_at_report(ret, term_progress_get(shown));
	code = timeline_moment(timeline, &ret->point, &ret->progress->progress, &ret->moment, e);
	return end_unless_interrupted(ret, shown, code, e);
}

int moment_at_open(struct cmd_run *run, struct store *store, const char *when,
		   struct moment_at *ret, struct error *e)
{
	if (moment_at_timeline(run, store, &ret->timeline, e) < 0)
		return e->code;
	return moment_at_open_in(run, ret->timeline, when, ret, e);
}

int moment_at_resolve(struct cmd_run *run, struct moment_at *at, struct catalog_entry *entry,
		      struct error *e)
{
	struct term_progress *shown;
	int code;

	if (at->point.is_snapshot)
		return moment_resolve(at->moment, entry, e);
	fflush(stdout); /* what is printed so far stands before the bar */
	shown = term_progress_begin(run->progress);
	moment_at_report(at, term_progress_get(shown));
	code = moment_resolve(at->moment, entry, e);
	return end_unless_interrupted(at, shown, code, e);
}

int moment_at_try(struct cmd_run *run, struct moment_at *at, struct catalog_entry *entry,
		  size_t *untold, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct error why = {0};
	int code = moment_at_resolve(run, at, entry, &why);

	if (code >= 0)
		return code;
	if (code != ERR_UNSUPPORTED && code != ERR_CORRUPT) {
		*e = why;
		return code;
	}
	entry->root = (struct tree_root){.kind = entry->root.kind};
	++*untold;
	term_escape_message(why.text, &text);
	fprintf(stderr, "yester: %s: warning: %s\n", run->cmd->name, buf_text(&text));
	return 0;
}
