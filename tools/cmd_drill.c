#include <stdio.h>
#include <time.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/drill.h"
#include "tools/json_out.h"
#include "tools/moment_at.h"
#include "tools/restore_out.h"
#include "tools/size.h"
#include "tools/status_file.h"

#define WORKERS 4

struct options {
	const char *at;
	const char *mongod;
};

#define FIELD(name) offsetof(struct options, name)
static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"mongod", 0, ARGS_VALUE, "PATH", "the mongod to restore into: a name in PATH, or a path",
	 FIELD(mongod)},
};

/* For `yester status`: how the last one went. A drill that could not be begun is none. */
static int record(struct store *store, const char *at, const struct drill_result *r, bool ok,
		  struct error *e)
{
	struct json_out j;
	int code;

	json_out_begin(&j, NULL, false);
	json_out_u64(&j, "time", (uint64_t)time(NULL));
	json_out_str(&j, "at", at);
	json_out_bool(&j, "ok", ok);
	json_out_u64(&j, "seconds", r->milliseconds / 1000);
	json_out_u64(&j, "collections", r->collections);
	json_out_u64(&j, "documents", r->documents);
	json_out_end_object(&j);
	code = status_file_put(store, "drill.json", buf_bytes(&j.text), e);
	json_out_drop(&j);
	return code;
}

static void print(struct cmd_run *run, const char *at, const struct drill_result *r)
{
	char collections[SIZE_TEXT_LEN], documents[SIZE_TEXT_LEN], bytes[SIZE_TEXT_LEN];

	if (run->globals.json) {
		struct json_out j;

		json_out_begin(&j, stdout, false);
		json_out_str(&j, "at", at);
		json_out_str(&j, "mongod", r->version);
		json_out_bool(&j, "ok", r->ok);
		json_out_u64(&j, "collections", r->collections);
		json_out_u64(&j, "documents", r->documents);
		json_out_u64(&j, "bytes", r->bytes);
		json_out_u64(&j, "milliseconds", r->milliseconds);
		restore_out_notes_json(&r->restored.notes, &j);
		json_out_finish(&j);
		return;
	}
	restore_out_notes(&r->restored.notes, run->globals.verbose > 0, stdout);
	if (run->globals.quiet && r->ok)
		return;
	size_count_text(r->collections, collections);
	size_count_text(r->documents, documents);
	size_text(r->bytes, bytes);
	printf("%s: %s collections, %s documents (%s) of %s restored into a mongod %s and compared "
	       "by dbHash, in %.1f s\n",
	       r->ok ? "good" : "NOT good", collections, documents, bytes, at, r->version,
	       (double)r->milliseconds / 1000);
}

static int run_drill(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(moment_at_release) struct moment_at at = {0};
	OWNED(drill_result_release) struct drill_result result;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct drill_options how = {
		.mongod = o->mongod, .tmp_dir = cmd_tmp_dir(), .workers = WORKERS};
	struct error ignored = {0};
	int code;

	drill_result_init(&result);
	if (o->mongod == NULL)
		return cmd_usage_error(run, e, "which mongod? --mongod PATH");
	if (cmd_open_store(run, &store, e) < 0)
		return e->code;
	code = moment_at_open(run, store, o->at, &at, e);
	if (code >= 0) {
		progress = term_progress_begin(run->progress);
		how.progress = term_progress_get(progress);
		moment_at_report(&at, how.progress);
		code = drill_run(at.moment, &how, &result, e);
		moment_at_report(&at, NULL);
		term_progress_end(TAKE(progress));
	}
	/* A store that can't be restored is what a drill is there to find. */
	if (code == ERR_CORRUPT) {
		if (record(store, at.point.name, &result, false, &ignored) < 0)
			fprintf(stderr, "yester: drill: warning: %s\n", ignored.text);
		fprintf(stderr, "yester: drill: %s\n", e->text);
		return EXIT_CODE_DAMAGE;
	}
	if (code == ERR_REFUSED)
		return error_hint(e, "name a mongod that is as new as the source");
	if (code < 0)
		return code;
	if (record(store, at.point.name, &result, result.ok, e) < 0)
		return e->code;
	print(run, at.point.name, &result);
	return result.ok ? EXIT_CODE_OK : EXIT_CODE_DAMAGE;
}

const struct cmd cmd_drill = {
	.name = "drill",
	.group = "Care",
	.synopsis = "-s STORE [--at WHEN] --mongod PATH",
	.summary = "restore a moment into a mongod of its own, for a test",
	.about = "Starts the mongod on an empty folder below TMPDIR and a private socket, restores "
		 "all of the\n"
		 "moment, compares dbHash with what the store says, stops it and removes the "
		 "folder. "
		 "'yester status'\n"
		 "tells when the last one was. Exit code 4: something is not as it was, or the "
		 "store "
		 "is damaged.\n",
	.examples =
		"  yester drill -s /backup/shop --mongod /usr/bin/mongod\n"
		"  yester drill -s /backup/shop --at latest-1h --mongod /usr/bin/mongod --json\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_drill,
};
