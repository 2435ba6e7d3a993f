#include <stdio.h>
#include <time.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/moment_at.h"
#include "tools/restore_out.h"
#include "tools/size.h"
#include "tools/status_file.h"
#include "tools/verify.h"

struct options {
	const char *at;
	const char *uri, *uri_file;
	struct args_list include, exclude;
};

#define FIELD(name) offsetof(struct options, name)
static const struct args_option options[] = {
	{"at", 0, ARGS_VALUE, "WHEN",
	 "this moment (default: the newest, whichever that is as it goes on)", FIELD(at)},
	{"uri", 0, ARGS_VALUE, "URI",
	 "the replica set (--uri-file and YESTER_URI are not seen by ps)", FIELD(uri)},
	{"uri-file", 0, ARGS_VALUE, "F", "a file with the URI, which only its owner can read",
	 FIELD(uri_file)},
	{"nsInclude", 0, ARGS_LIST, "G", "only these namespaces: shop.*, *.orders", FIELD(include)},
	{"nsExclude", 0, ARGS_LIST, "G", "leave these out", FIELD(exclude)},
};

/* For `yester status`. */
static int record(struct store *store, const struct verify_result *r, bool ok, struct error *e)
{
	struct json_out j;
	int code;

	json_out_begin(&j, NULL, false);
	json_out_u64(&j, "time", (uint64_t)time(NULL));
	json_out_str(&j, "at", r->last);
	json_out_bool(&j, "ok", ok);
	json_out_u64(&j, "seconds", r->milliseconds / 1000);
	json_out_u64(&j, "collections", r->collections);
	json_out_u64(&j, "documents", r->documents);
	json_out_end_object(&j);
	code = status_file_put(store, "verify.json", buf_bytes(&j.text), e);
	json_out_drop(&j);
	return code;
}

static void print_json(const struct verify_result *r, bool ok)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_bool(&j, "ok", ok);
	json_out_str(&j, "member", r->member);
	json_out_str(&j, "first", r->first);
	json_out_str(&j, "last", r->last);
	json_out_u64(&j, "collections", r->collections);
	json_out_u64(&j, "skipped", r->skipped);
	json_out_u64(&j, "documents", r->documents);
	json_out_u64(&j, "bytes", r->bytes);
	json_out_bool(&j, "catalogCompared", r->catalog);
	json_out_u64(&j, "secondsBehind", r->behind);
	json_out_u64(&j, "milliseconds", r->milliseconds);
	restore_out_notes_json(&r->notes, &j);
	json_out_finish(&j);
}

static void print_text(struct cmd_run *run, const struct verify_result *r, bool fixed, bool ok)
{
	char collections[SIZE_TEXT_LEN], documents[SIZE_TEXT_LEN], bytes[SIZE_TEXT_LEN];

	restore_out_notes(&r->notes, run->globals.verbose > 0, stdout);
	if (run->globals.quiet && ok)
		return;
	size_count_text(r->collections, collections);
	size_count_text(r->documents, documents);
	size_text(r->bytes, bytes);
	printf("%s: %s collections, %s documents (%s) compared with %s at %s%s%s, in %.1f s\n",
	       ok ? "the same" : "NOT the same", collections, documents, bytes, r->member, r->first,
	       strcmp(r->first, r->last) == 0 ? "" : " to ",
	       strcmp(r->first, r->last) == 0 ? "" : r->last, (double)r->milliseconds / 1000);
	if (r->skipped > 0)
		printf("%llu collections were not compared: a member shows them only as they are "
		       "now, and they %s\n",
		       (unsigned long long)r->skipped,
		       fixed ? "may have changed since" : "never rested");
	if (!r->catalog)
		printf("names, options and indexes were not compared: the store is %llu s behind\n",
		       (unsigned long long)r->behind);
}

static int read_filter(const struct options *o, struct ns_filter *filter, struct error *e)
{
	for (size_t i = 0; i < o->include.count; i++)
		if (ns_filter_include(filter, o->include.at[i], e) < 0)
			return e->code;
	for (size_t i = 0; i < o->exclude.count; i++)
		if (ns_filter_exclude(filter, o->exclude.at[i], e) < 0)
			return e->code;
	return 0;
}

static int run_verify(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	OWNED(live_uri_free) struct live_uri *uri = NULL;
	OWNED(store_close) struct store *store = NULL;
	OWNED(timeline_close) struct timeline *timeline = NULL;
	OWNED(live_close) struct live *live = NULL;
	OWNED(verify_result_release) struct verify_result result;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct verify_options how = {.at = o->at, .filter = filter, .tmp_dir = cmd_tmp_dir()};
	int code;
	bool ok;

	verify_result_init(&result);
	/* First of all: what was typed is visible until then. */
	if (live_uri_read((char *)(uintptr_t)o->uri, o->uri_file, &uri, e) < 0 ||
	    read_filter(o, filter, e) < 0 || cmd_open_store(run, &store, e) < 0 ||
	    moment_at_timeline(run, store, &timeline, e) < 0 || live_open(uri, &live, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	how.progress = term_progress_get(progress);
	code = verify_run(store, timeline, live, &how, &result, e);
	term_progress_end(TAKE(progress));
	if (code < 0)
		return code;
	ok = restore_notes_mismatches(&result.notes) == 0;
	if (record(store, &result, ok, e) < 0)
		return e->code;
	if (run->globals.json)
		print_json(&result, ok);
	else
		print_text(run, &result, o->at != NULL, ok);
	return ok ? EXIT_CODE_OK : EXIT_CODE_DAMAGE;
}

const struct cmd cmd_verify = {
	.name = "verify",
	.group = "Care",
	.synopsis = "-s STORE [--at WHEN] --uri-file F | --uri URI [--nsInclude G]...",
	.summary = "compare the store with a running member, document by document",
	.about = "The member (5.0 or newer) is read as it was at the time of the store's newest "
		 "moment, range by\n"
		 "range, so that clients may write meanwhile and any size fits into the minutes of "
		 "history that a\n"
		 "member keeps. Older members, capped collections and users are read as they are "
		 "now, and what\n"
		 "differs is looked at again (not with --at: older members are refused then, 6; "
		 "those collections,\n"
		 "and those that were dropped or renamed since, are not compared). 'yester tail' "
		 "should run beside\n"
		 "it. Nothing is written to the member.\n"
		 "Documents that differ are named: MISSING on the member, TOO MUCH there, or "
		 "DIFFERS "
		 "(exit code 4).\n"
		 "Exit code 5: the member no longer has the history of the time asked for.\n",
	.examples = "  yester verify -s /backup/shop --uri-file uri\n"
		    "  yester verify -s /backup/shop --uri-file uri --nsInclude 'shop.*' --json\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_verify,
};
