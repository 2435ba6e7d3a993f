#include <stdio.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/diff_out.h"
#include "tools/moment_at.h"
#include "tools/term.h"

#define OUTPUT_BUFFER (256 * KIB)
#define WORDS_MAX 1000 /* namespaces that can be named */

struct options {
	bool stat;
	bool patch;
};

static const struct args_option options[] = {
	{"stat", 0, ARGS_FLAG, NULL, "only how many documents differ, a line for each namespace",
	 offsetof(struct options, stat)},
	{"patch", 0, ARGS_FLAG, NULL, "documents as 'diff -u' shows files",
	 offsetof(struct options, patch)},
};

struct job {
	struct cmd_run *run;
	struct moment_at old, new;
	bool found[WORDS_MAX + 2]; /* of the words, of which the first two are moments */
};

static void job_release(struct job *job)
{
	moment_at_release(&job->new); /* by the other's timeline */
	moment_at_release(&job->old);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

/* "shop" or "shop.orders", as it is or as we print it. */
static bool names(const char *word, const struct catalog_entry *entry)
{
	OWNED(buf_release) struct buf plain = {0};
	struct bytes name = cmd_is_ns(word) ? bytes_of(entry->ns, entry->ns_len)
					    : bytes_of(entry->ns, entry->db_len);

	if (bytes_equal(name, bytes_str(word)))
		return true;
	return strchr(word, '\\') != NULL && term_unescape(bytes_str(word), &plain) &&
	       bytes_equal(name, buf_bytes(&plain));
}

static bool is_wanted(void *ctx, const struct catalog_entry *entry)
{
	struct job *job = ctx;
	bool any = job->run->words.count == 2;

	for (size_t i = 2; i < job->run->words.count; i++) {
		if (!names(job->run->words.at[i], entry))
			continue;
		job->found[i] = true;
		any = true;
	}
	return any;
}

static int resolve(void *ctx, struct moment *moment, struct catalog_entry *entry, struct error *e)
{
	struct job *job = ctx;

	return moment_at_resolve(job->run, moment == job->old.moment ? &job->old : &job->new, entry,
				 e);
}

/* A name that neither moment has is a slip, not an empty difference. */
static int check_found(const struct job *job, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	uint64_t first, end;

	catalog_entry_init(&entry);
	for (size_t i = 2; i < job->run->words.count; i++) {
		const char *word = job->run->words.at[i];

		if (job->found[i])
			continue;
		if (cmd_is_ns(word) ? cmd_find_ns(job->new.moment, word, &entry, e) < 0
				    : cmd_find_db(job->new.moment, word, &first, &end, e) < 0)
			return e->code;
	}
	return 0;
}

static int read_format(struct cmd_run *run, enum diff_out_format *ret, struct error *e)
{
	const struct options *o = run->options;

	if (o->stat + o->patch + run->globals.json > 1)
		return cmd_usage_error(run, e, "--stat, --json and --patch exclude each other");
	*ret = o->stat		   ? DIFF_OUT_STAT
	       : o->patch	   ? DIFF_OUT_PATCH
	       : run->globals.json ? DIFF_OUT_JSON
				   : DIFF_OUT_LIST;
	return 0;
}

static int compare(struct job *job, struct store *store, enum diff_out_format format,
		   struct error *e)
{
	OWNED(diff_out_release) struct diff_out out = {0};
	/* The trees of visited moments are in a cache, which reads the store, too. */
	struct store *of_old = moment_store(job->old.moment);
	struct diff_options o = {
		.store = of_old != store ? of_old : moment_store(job->new.moment),
		.wanted = is_wanted,
		.resolve = resolve,
		.ctx = job,
		.tmp_dir = cmd_tmp_dir(),
	};
	struct diff_sink sink = diff_out_sink(&out);
	int differs;

	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	diff_out_init(&out, format, stdout);
	diff_out_begin(&out, job->old.point.name, job->new.point.name);
	differs = diff_run(job->old.moment, job->new.moment, &o, &sink, e);
	if (differs < 0 || (differs == 0 && check_found(job, e) < 0))
		return e->code;
	diff_out_finish(&out);
	return differs > 0 || out.untold > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

static int run_diff(struct cmd_run *run, struct error *e)
{
	OWNED(store_close) struct store *store = NULL;
	OWNED(job_release) struct job job = {.run = run};
	enum diff_out_format format = DIFF_OUT_LIST;

	if (read_format(run, &format, e) < 0)
		return e->code;
	if (cmd_open_store(run, &store, e) < 0 ||
	    moment_at_open(run, store, run->words.at[0], &job.old, e) < 0 ||
	    moment_at_open_in(run, job.old.timeline, run->words.at[1], &job.new, e) < 0)
		return e->code;
	return compare(&job, store, format, e);
}

const struct cmd cmd_diff = {
	.name = "diff",
	.group = "Look",
	.synopsis = "-s STORE WHEN1 WHEN2 [NS]... [--stat | --json | --patch]",
	.summary = "show what is different at two moments: documents, collections, indexes",
	.about = "+ documents that are at WHEN2 and not at WHEN1, - the other way round, ~ those "
		 "that\n"
		 "changed, with the names of their fields. NS is a database or a collection. A "
		 "collection\n"
		 "that was renamed is recognised by its UUID. Only what differs is read, but for "
		 "capped\n"
		 "collections. The documents of collections that were created or dropped are "
		 "counted; --json\n"
		 "and --patch show all of them. Exit code 0: nothing differs; 3: something does.\n",
	.examples = "  yester diff -s /backup/shop before-migration latest --stat\n"
		    "  yester diff -s /backup/shop 2026-11-21T09:41:07Z~ 2026-11-21T09:41:07Z\n"
		    "  yester diff -s /backup/shop latest-1h latest shop.orders --patch | less\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_min = 2,
	.words_max = WORDS_MAX + 2,
	.missing = "which two moments?",
	.run = run_diff,
};
