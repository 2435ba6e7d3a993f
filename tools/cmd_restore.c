#include <stdio.h>
#include <stdlib.h>

#include "base/buckets.h"
#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/moment_at.h"
#include "tools/restore.h"
#include "tools/restore_out.h"
#include "tools/restore_rights.h"
#include "tools/restore_work.h"
#include "tools/size.h"
#include "tools/term.h"

#define WORKERS_DEFAULT 4

struct options {
	const char *at;
	const char *uri, *uri_file;
	struct args_list include, exclude, from, to;
	const char *query, *id;
	const char *mode;
	const char *workers, *rate;
	bool drop, preserve_uuid, accounts, keep_ttl, no_ttl, resume, no_verify, dry_run, yes;
};

#define FIELD(name) offsetof(struct options, name)
static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"uri", 0, ARGS_VALUE, "URI", "where to (--uri-file and YESTER_URI are not seen by ps)",
	 FIELD(uri)},
	{"uri-file", 0, ARGS_VALUE, "F", "a file with the URI, which only its owner can read",
	 FIELD(uri_file)},
	{"nsInclude", 0, ARGS_LIST, "G", "only these namespaces: shop.*, *.orders", FIELD(include)},
	{"nsExclude", 0, ARGS_LIST, "G", "leave these out", FIELD(exclude)},
	{"nsFrom", 0, ARGS_LIST, "G", "rename what matches this: shop.*, $db$.$coll$ ...",
	 FIELD(from)},
	{"nsTo", 0, ARGS_LIST, "G", "... to this: shop_before.*, $db$.old_$coll$", FIELD(to)},
	{"query", 0, ARGS_VALUE, "EJSON", "only the documents that match", FIELD(query)},
	{"id", 0, ARGS_VALUE, "EJSON", "only the document with this _id: 5, '\"abc\"', 507f…",
	 FIELD(id)},
	{"mode", 0, ARGS_VALUE, "missing|replace|drop",
	 "into what has data: add what is absent, also what differs, or renew", FIELD(mode)},
	{"drop", 0, ARGS_FLAG, NULL, "the same as --mode drop", FIELD(drop)},
	{"preserveUUID", 0, ARGS_FLAG, NULL, "collections keep their UUIDs", FIELD(preserve_uuid)},
	{"restoreDbUsersAndRoles", 0, ARGS_FLAG, NULL, "users and roles, too", FIELD(accounts)},
	{"keepTTL", 0, ARGS_FLAG, NULL, "build TTL indexes, even if they remove documents at once",
	 FIELD(keep_ttl)},
	{"noTTL", 0, ARGS_FLAG, NULL, "build TTL indexes as ordinary ones", FIELD(no_ttl)},
	{"numInsertionWorkers", 'j', ARGS_VALUE, "N", "connections that insert (default: 4)",
	 FIELD(workers)},
	{"rate", 0, ARGS_VALUE, "BYTES", "write at most so many bytes a second: 20M", FIELD(rate)},
	{"resume", 0, ARGS_FLAG, NULL, "go on with a run that was cut off", FIELD(resume)},
	{"noVerify", 0, ARGS_FLAG, NULL, "do not read back what was written", FIELD(no_verify)},
	{"dryRun", 0, ARGS_FLAG, NULL, "print the plan and end", FIELD(dry_run)},
	{"yes", 'y', ARGS_FLAG, NULL, "do not ask", FIELD(yes)},
};

/* Of these a name needs no quotes and is no pattern. */
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
#define WAYS_OUT                                                                                   \
	"--mode missing inserts what is absent, replace also puts back what differs, drop starts " \
	"anew; or restore beside it: "
#define DROP_OR_NOT "only --mode drop makes it anew; to leave it out: "
#define REFUSALS_SHOWN 10
#define HINT_MAX 400 /* bytes of names */

/* All of one run. */
struct job {
	struct cmd_run *run;
	const struct options *o;
	struct store *store;
	struct moment_at at;
	struct live_uri *uri;
	struct restore_target *target;
	struct ns_filter *filter;
	struct restore_names *names;
	struct restore_select select;
	bool selects;
	struct restore_state *state;
	struct restore_plan plan;
	struct restore_options how;
	struct restore_out out;
	struct buf what; /* names this restore for --resume */
};

static void job_release(struct job *job)
{
	restore_state_close(job->state);
	restore_plan_release(&job->plan);
	restore_target_close(job->target);
	live_uri_free(job->uri);
	moment_at_release(&job->at);
	store_close(job->store);
	restore_select_release(&job->select);
	restore_names_free(job->names);
	ns_filter_free(job->filter);
	buf_release(&job->what);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static int read_mode(struct job *job, struct error *e)
{
	static const char *const words[] = {"missing", "replace", "drop"};
	const struct options *o = job->o;

	if (o->drop)
		job->how.mode = RESTORE_MODE_DROP;
	if (o->mode == NULL)
		return 0;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(o->mode, words[i]) == 0) {
			enum restore_mode mode = (enum restore_mode)(RESTORE_MODE_MISSING + i);

			if (o->drop && mode != RESTORE_MODE_DROP)
				return cmd_usage_error(job->run, e,
						       "--drop and --mode %s exclude each other",
						       o->mode);
			job->how.mode = mode;
			return 0;
		}
	return cmd_usage_error(job->run, e, "--mode is missing, replace or drop, not \"%s\"",
			       o->mode);
}

static int read_numbers(struct job *job, struct error *e)
{
	const struct options *o = job->o;
	uint64_t workers = WORKERS_DEFAULT;

	if (o->workers != NULL &&
	    args_number("numInsertionWorkers", o->workers, RESTORE_WORK_MAX, &workers, e) < 0)
		return e->code;
	if (workers == 0)
		return cmd_usage_error(job->run, e, "--numInsertionWorkers is at least 1");
	job->how.workers = (unsigned)workers;
	if (o->rate != NULL && size_parse("rate", o->rate, &job->how.rate, e) < 0)
		return e->code;
	return 0;
}

static int read_names(struct job *job, struct error *e)
{
	const struct options *o = job->o;

	job->filter = ns_filter_new();
	job->names = restore_names_new();
	for (size_t i = 0; i < o->include.count; i++)
		if (ns_filter_include(job->filter, o->include.at[i], e) < 0)
			return e->code;
	for (size_t i = 0; i < o->exclude.count; i++)
		if (ns_filter_exclude(job->filter, o->exclude.at[i], e) < 0)
			return e->code;
	if (o->from.count != o->to.count)
		return cmd_usage_error(job->run, e, "each --nsFrom needs its --nsTo");
	for (size_t i = 0; i < o->from.count; i++)
		if (restore_names_add(job->names, o->from.at[i], o->to.at[i], e) < 0)
			return e->code;
	return 0;
}

static int read_options(struct job *job, struct error *e)
{
	const struct options *o = job->o;

	if (o->id != NULL && o->query != NULL)
		return cmd_usage_error(job->run, e, "--id and --query exclude each other");
	if (o->keep_ttl && o->no_ttl)
		return cmd_usage_error(job->run, e, "--keepTTL and --noTTL exclude each other");
	if (read_mode(job, e) < 0 || read_numbers(job, e) < 0 || read_names(job, e) < 0)
		return e->code;
	job->selects = o->id != NULL || o->query != NULL;
	if (job->selects && restore_select_read(o->id, o->query, &job->select, e) < 0)
		return e->code;
	if (job->selects && job->how.mode == RESTORE_MODE_DROP)
		return cmd_usage_error(job->run, e,
				       "--mode drop would leave only what --id or --query take");
	job->how.select = job->selects ? &job->select : NULL;
	job->how.filter = job->filter;
	job->how.preserve_uuid = o->preserve_uuid;
	job->how.accounts = o->accounts && !job->selects;
	job->how.no_ttl = o->no_ttl;
	job->how.no_verify = o->no_verify;
	job->how.tmp_dir = cmd_tmp_dir();
	return 0;
}

static void add_list(struct buf *what, const struct args_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		buf_printf(what, "%s\n", list->at[i]);
	buf_add_u8(what, 0);
}

/* The same words later mean the same restore. */
static void describe(struct job *job)
{
	const struct options *o = job->o;
	struct buf *what = &job->what;

	buf_add(what, job->at.point.base.at, sizeof(job->at.point.base.at));
	buf_printf(what, "%llu %s\n%s\n%d %d %d\n", (unsigned long long)job->at.point.ts,
		   job->at.point.name, job->target->name, (int)job->how.mode, o->preserve_uuid,
		   o->no_ttl);
	add_list(what, &o->include);
	add_list(what, &o->exclude);
	add_list(what, &o->from);
	add_list(what, &o->to);
	buf_printf(what, "%s\n%s\n", o->id == NULL ? "" : o->id, o->query == NULL ? "" : o->query);
}

static bool was_begun(void *ctx, const char *ns)
{
	const struct job *job = ctx;

	return restore_state_was_begun(job->state, ns);
}

static int plan(struct job *job, struct error *e)
{
	const struct options *o = job->o;
	struct term_progress *shown;
	struct restore_plan_options planned = {
		.filter = job->filter,
		.names = job->names,
		.select = job->how.select,
		.mode = job->how.mode,
		.preserve_uuid = o->preserve_uuid,
		.no_ttl = o->no_ttl,
		.accounts = o->accounts && !job->selects,
		.shows_expired = !o->keep_ttl,
		.was_begun = o->resume ? was_begun : NULL,
		.ctx = job,
	};
	int code;

	if (o->resume &&
	    restore_state_open(job->store, buf_bytes(&job->what), true, &job->state, e) < 0)
		return e->code;
	shown = term_progress_begin(job->run->progress);
	planned.progress = term_progress_get(shown);
	moment_at_report(&job->at, planned.progress);
	code = restore_plan_make(job->at.moment, job->target, &planned, &job->plan, e);
	moment_at_report(&job->at, NULL);
	term_progress_end(shown);
	if (code >= 0 && term_progress_interrupted())
		code = error_set(e, ERR_CANCELLED, "interrupted");
	job->out = (struct restore_out){
		.at = job->at.point.name,
		.target = job->target->name,
		.version = job->target->version,
		.mode = job->how.mode,
		.accounts = o->accounts,
	};
	return code;
}

/* What can be done where something is in the way; with names that can be pasted. */
static int hint_ways_out(const struct restore_plan *plan, const struct restore_plan_item *item,
			 struct error *e)
{
	bool plain = strspn(item->ns, NAME_CHARACTERS) == strlen(item->ns);

	if (item->needs_drop && plain)
		return error_hint(e, DROP_OR_NOT "--nsExclude %s", item->entry.ns);
	if (item->needs_drop)
		return error_hint(e, DROP_OR_NOT "--nsExclude");
	if (!plain)
		return error_hint(e, WAYS_OUT "--nsFrom 'shop.*' --nsTo 'shop_before.*'");
	if (plan->count == 1)
		return error_hint(e, WAYS_OUT "--nsFrom %s --nsTo %s_before", item->entry.ns,
				  item->ns);
	return error_hint(e, WAYS_OUT "--nsFrom '%.*s.*' --nsTo '%s_before.*'",
			  (int)item->entry.db_len, item->entry.ns, item->db);
}

/* " --nsExclude shop.orders", if that needs no quotes and has room; buckets go by the name of their time series. */
static void add_exclude(const struct restore_plan_item *item, struct buf *words)
{
	const char *ns = item->entry.ns;
	const char *buckets = item->is_buckets ? strstr(ns, "." BUCKETS_PREFIX) : NULL;
	int db_len = buckets == NULL ? 0 : (int)(buckets + 1 - ns);

	if (strspn(ns, NAME_CHARACTERS) == strlen(ns) && words->len + strlen(ns) < HINT_MAX)
		buf_printf(words, " --nsExclude %.*s%s", db_len, ns,
			   buckets == NULL ? ns : buckets + 1 + strlen(BUCKETS_PREFIX));
}

/* Nothing else helps. */
static int hint_unfit(const struct restore_plan *plan, struct error *e)
{
	OWNED(buf_release) struct buf words = {0};

	for (size_t i = 0; i < plan->count; i++)
		if (plan->at[i].unfit != NULL)
			add_exclude(&plan->at[i], &words);
	if (words.len == 0)
		return error_hint(e, "leave it out: --nsExclude");
	return error_hint(e, "leave it out:%s", buf_text(&words));
}

/* What is in the way. */
static int refuse_items(struct job *job, const struct restore_plan_item *first, struct error *e)
{
	const struct restore_plan *p = &job->plan;
	OWNED(buf_release) struct buf text = {0};
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].refusal != NULL && count++ < REFUSALS_SHOWN)
			buf_printf(&text, "%s%s %s", text.len == 0 ? "" : "; ", p->at[i].ns,
				   p->at[i].refusal);
	error_set(e, ERR_REFUSED, "%s%s", buf_text(&text),
		  count > REFUSALS_SHOWN ? "; and others" : "");
	if (!job->o->resume && restore_state_is_there(job->store, buf_bytes(&job->what)))
		return error_hint(e, "a run of this was cut off: --resume goes on with it");
	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].unfit != NULL)
			return hint_unfit(p, e);
	if (first->uuid_taken != NULL)
		return error_hint(e, "without --preserveUUID it gets another one");
	return hint_ways_out(p, first, e);
}

/* The same, where what removes it is there already, and is not ours to change. */
static int refuse_expired_there(const struct restore_plan_item *item, struct error *e)
{
	char count[SIZE_TEXT_LEN];

	size_count_text(item->expired_there, count);
	error_set(e, ERR_REFUSED,
		  "%s is there with a TTL index that would remove %s of the documents at once",
		  item->ns, count);
	return error_hint(e, "drop that index there first, or let it keep more (collMod, "
			     "expireAfterSeconds); --keepTTL restores all the same");
}

/* What would be gone as soon as it is there. */
static int refuse_expired(const struct restore_plan *p, struct error *e)
{
	const struct restore_plan_item *item = p->at;
	char count[SIZE_TEXT_LEN];
	bool others;

	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].expired_there > 0)
			return refuse_expired_there(&p->at[i], e);
	while (item->expired == 0)
		item++;
	others = item->expired < p->expired;
	size_count_text(p->expired, count);
	error_set(e, ERR_REFUSED, "%s of %s%s would remove %s of the documents as soon as %s there",
		  others ? "TTL indexes" : "a TTL index", item->ns, others ? " and others" : "",
		  count, others ? "they are" : "it is");
	return error_hint(e, "--noTTL builds it as an ordinary index; --keepTTL builds it all the "
			     "same");
}

/* What must not be done. Nothing was changed. */
static int refuse(struct job *job, struct error *e)
{
	const struct restore_plan *p = &job->plan;

	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].refusal != NULL)
			return refuse_items(job, &p->at[i], e);
	if (p->expired > 0 && !job->o->keep_ttl)
		return refuse_expired(p, e);
	return restore_rights_check(job->target, p, &job->how, e);
}

static int ask(struct job *job, struct error *e)
{
	char answer[8] = "";

	if (job->o->yes || !isatty(STDIN_FILENO))
		return 0;
	fflush(stdout);
	fprintf(stderr, "Write this into %s? [y/N] ", job->target->name);
	if (fgets(answer, sizeof(answer), stdin) != NULL && (*answer == 'y' || *answer == 'Y'))
		return 0;
	return error_set(e, ERR_REFUSED, "nothing was written");
}

static int carry_out(struct job *job, struct restore_result *result, struct error *e)
{
	struct term_progress *shown;
	int code;

	if (job->state == NULL &&
	    restore_state_open(job->store, buf_bytes(&job->what), false, &job->state, e) < 0)
		return e->code;
	job->how.state = job->state;
	shown = term_progress_begin(job->run->progress);
	job->how.progress = term_progress_get(shown);
	code = restore_run(job->at.moment, job->target, &job->plan, &job->how, result, e);
	job->how.progress = NULL;
	job->target->progress = NULL;
	term_progress_end(shown);
	if (code >= 0)
		restore_state_end(job->state);
	else if (e->hint[0] == '\0')
		error_hint(e, "what was written stays; the same command with --resume goes on");
	/* "Refused" is said where nothing was changed. */
	return code == ERR_REFUSED ? (e->code = ERR_REMOTE) : code;
}

static int end(struct job *job, struct restore_result *result)
{
	const struct cmd_globals *globals = &job->run->globals;

	if (globals->json) {
		struct json_out j;

		json_out_begin(&j, stdout, false);
		restore_out_plan_json(&job->out, &job->plan, &j);
		restore_out_result_json(result, &j);
		json_out_finish(&j);
	} else if (!globals->quiet) {
		restore_out_result(result, globals->verbose > 0, stdout);
	}
	if (restore_notes_mismatches(&result->notes) > 0)
		return EXIT_CODE_DAMAGE;
	return restore_notes_clashes(&result->notes) > 0 || result->given > 0 ? EXIT_CODE_PARTIAL
									      : EXIT_CODE_OK;
}

static void print_plan(struct job *job)
{
	if (job->run->globals.json && job->o->dry_run) {
		struct json_out j;

		json_out_begin(&j, stdout, false);
		restore_out_plan_json(&job->out, &job->plan, &j);
		json_out_finish(&j);
	} else if (!job->run->globals.json && !job->run->globals.quiet) {
		restore_out_plan(&job->out, &job->plan, stdout);
	}
}

static int run_restore(struct cmd_run *run, struct error *e)
{
	OWNED(job_release) struct job job = {.run = run, .o = run->options};
	OWNED(restore_result_release) struct restore_result result;
	const struct options *o = job.o;

	restore_result_init(&result);
	/* First of all: what was typed is visible until then. */
	if (live_uri_read((char *)(uintptr_t)o->uri, o->uri_file, &job.uri, e) < 0 ||
	    read_options(&job, e) < 0 || cmd_open_store(run, &job.store, e) < 0 ||
	    moment_at_open(run, job.store, o->at, &job.at, e) < 0 ||
	    restore_target_open(job.uri, job.how.workers, &job.target, e) < 0)
		return e->code;
	describe(&job);
	if (plan(&job, e) < 0)
		return e->code;
	print_plan(&job);
	if (refuse(&job, e) < 0)
		return e->code;
	if (o->dry_run)
		return EXIT_CODE_OK;
	if (ask(&job, e) < 0 || carry_out(&job, &result, e) < 0)
		return e->code;
	return end(&job, &result);
}

const struct cmd cmd_restore = {
	.name = "restore",
	.group = "Take out",
	.synopsis = "-s STORE [--at WHEN] --uri-file F | --uri URI [--nsInclude G]...\n"
		    "               [--nsExclude G]... [--nsFrom G --nsTo G]... [--id EJSON | "
		    "--query EJSON]\n"
		    "               [--mode missing|replace|drop] [--keepTTL | --noTTL] "
		    "[--restoreDbUsersAndRoles]\n"
		    "               [--preserveUUID] [--numInsertionWorkers N] [--rate BYTES] "
		    "[--resume]\n"
		    "               [--noVerify] [--dryRun] [-y]",
	.summary = "write a moment, or a part of it, into a running mongod or replica set",
	.about = "The plan is made, checked and printed before anything is written; on a terminal "
		 "it "
		 "asks. What\n"
		 "holds data is never touched without a --mode (exit code 6): missing inserts the "
		 "documents that\n"
		 "are absent and leaves what is there, later writes too; replace also puts back "
		 "what is\n"
		 "different; drop starts anew. --nsFrom and --nsTo restore beside it; patterns and "
		 "$variables$ are\n"
		 "mongorestore's. What is made becomes what it was, byte for byte: documents, "
		 "options, indexes; what\n"
		 "holds data, or has another validator and a --mode, keeps its own options and "
		 "indexes (the plan\n"
		 "names those of the moment that it does not have). TTL indexes\n"
		 "come last, and when one would remove documents at once their number is told and "
		 "--keepTTL or\n"
		 "--noTTL is asked for (exit code 6); of one that is there, and stays, only "
		 "--keepTTL.\n"
		 "\n"
		 "At the end what is there is compared with what was meant (exit code 4: it is not "
		 "that).\n"
		 "Documents that differ by now and were left, that clash in a unique index, and "
		 "indexes that could\n"
		 "not be built are listed; what had no _id gets one and is counted (exit code 3). "
		 "It waits for\n"
		 "elections; --resume goes on with a run that was cut off.\n"
		 "\n"
		 "What needs a user: the roles \"restore\" and \"backup\", for --mode replace also "
		 "\"readWrite\" there.\n",
	.examples = "  yester restore -s /backup/shop --at 1795254067.3~ --uri-file uri "
		    "--nsInclude shop.orders \\\n"
		    "    --mode missing\n"
		    "  yester restore -s /backup/shop --at latest-2h --uri-file uri --nsFrom "
		    "'shop.*' \\\n"
		    "    --nsTo 'shop_before.*'\n"
		    "  yester restore -s /backup/shop --at before-migration --uri-file uri "
		    "--nsInclude shop.users \\\n"
		    "    --id 5 --dryRun\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_restore,
};
