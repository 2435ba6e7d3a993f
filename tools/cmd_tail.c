#include <stdio.h>
#include <unistd.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/tail.h"
#include "tools/term.h"

struct options {
	const char *uri;
	const char *uri_file;
	const char *on_gap;
	bool once;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	{"uri", 0, ARGS_VALUE, "URI",
	 "the replica set (--uri-file and YESTER_URI are not seen by ps)", FIELD(uri)},
	{"uri-file", 0, ARGS_VALUE, "F", "a file with the URI, which only its owner can read",
	 FIELD(uri_file)},
	{"once", 0, ARGS_FLAG, NULL, "end when all that is there now is in the store", FIELD(once)},
	{"on-gap", 0, ARGS_VALUE, "stop",
	 "what to do when the oplog no longer reaches back (default: stop)", FIELD(on_gap)},
};

static void print_note(void *ctx UNUSED, const char *text)
{
	OWNED(buf_release) struct buf line = {0};

	buf_add_str(&line, "yester: tail: ");
	term_escape_message(text, &line);
	buf_add_u8(&line, '\n');
	fputs(buf_text(&line), stderr);
}

static void json_range(struct json_out *j, const char *key, const struct entry_optime *first,
		       const struct entry_optime *last)
{
	json_out_object(j, key);
	json_out_optime(j, "first", entry_seconds(first->ts), entry_increment(first->ts));
	json_out_optime(j, "last", entry_seconds(last->ts), entry_increment(last->ts));
	json_out_time(j, "firstTime", entry_seconds(first->ts));
	json_out_time(j, "lastTime", entry_seconds(last->ts));
	json_out_end_object(j);
}

static void print_json(const struct tail_result *r)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_str(&j, "replicaSet", r->set);
	json_out_u64(&j, "newEntries", r->entries);
	json_out_u64(&j, "bytes", r->bytes);
	json_out_u64(&j, "segments", r->segments);
	json_out_u64(&j, "checkpoints", r->checkpoints);
	json_out_u64(&j, "reconnects", r->reconnects);
	json_out_bool(&j, "needsSnapshot", r->needs_snapshot);
	if (r->last.ts != 0)
		json_range(&j, "entries", &r->first, &r->last);
	if (r->has_gap)
		json_range(&j, "gap", &r->gap.first, &r->gap.last);
	json_out_finish(&j);
}

static void print_text(const struct cmd_run *run, const struct tail_result *r)
{
	char count[SIZE_TEXT_LEN], bytes[SIZE_TEXT_LEN], when[TERM_TIME_LEN];

	size_count_text(r->entries, count);
	size_text(r->bytes, bytes);
	printf("%s%s%s new %s of the oplog of %s, %s of BSON\n", term_style(stdout, TERM_BOLD),
	       count, term_style(stdout, TERM_PLAIN), r->entries == 1 ? "entry" : "entries", r->set,
	       bytes);
	if (r->last.ts != 0) {
		term_time(entry_seconds(r->last.ts), cmd_shows_local_time(), when);
		printf("  last       %u.%u  %s\n", entry_seconds(r->last.ts),
		       entry_increment(r->last.ts), when);
	}
	if (r->has_gap)
		printf("%sA gap%s: see 'yester gaps -s %s'. A new snapshot is needed for moments "
		       "behind it.\n",
		       term_style(stdout, TERM_YELLOW), term_style(stdout, TERM_PLAIN),
		       run->globals.store);
}

static int check_gap_option(struct cmd_run *run, const char *on_gap, struct error *e)
{
	if (on_gap == NULL || strcmp(on_gap, "stop") == 0)
		return 0;
	if (strcmp(on_gap, "snapshot") == 0)
		return cmd_not_yet("--on-gap snapshot", e);
	return cmd_usage_error(run, e, "--on-gap takes stop, not %s", on_gap);
}

static int run_tail(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(live_uri_free) struct live_uri *uri = NULL;
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct tail_options how = {.once = o->once, .note = run->globals.quiet ? NULL : print_note};
	struct tail_result result = {0};
	int code;

	/* First of all: what was typed is visible until then. */
	if (live_uri_read((char *)(uintptr_t)o->uri, o->uri_file, &uri, e) < 0 ||
	    check_gap_option(run, o->on_gap, e) < 0 || cmd_open_store(run, &store, e) < 0)
		return e->code;
	/* A line every few seconds for ever fills logs; without a terminal it has to be asked for. */
	progress = term_progress_begin(run->progress == TERM_PROGRESS_AUTO && !term_is_tty(stderr)
					       ? TERM_PROGRESS_NEVER
					       : run->progress);
	how.uri = uri;
	how.progress = term_progress_get(progress);
	code = tail_run(store, &how, &result, e);
	term_progress_end(TAKE(progress));
	if (code < 0 && result.entries == 0)
		return code;
	if (run->globals.json)
		print_json(&result);
	else if (!run->globals.quiet)
		print_text(run, &result);
	if (code < 0)
		return code;
	return result.has_gap ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

const struct cmd cmd_tail = {
	.name = "tail",
	.group = "Put in",
	.synopsis = "-s STORE --uri-file F | --uri URI [--once] [--on-gap stop]",
	.summary = "follow a running replica set's oplog into the store",
	.about = "Entries are in the store, durable, within a second after a majority of the "
		 "members has them.\n"
		 "It reads from a secondary when there is one, never writes to the deployment, and "
		 "connects\n"
		 "again after elections, restarts and cut connections; --once ends with an error "
		 "then.\n"
		 "SIGTERM and SIGINT end it cleanly (exit code 0). The next one goes on with the "
		 "last entry "
		 "the\n"
		 "store has, which the member must hold, byte for byte: this proves that nothing "
		 "is missing.\n"
		 "A member that has another entry there was rolled back, or is of another replica "
		 "set: refused\n"
		 "(exit code 6). When its oplog no longer reaches back that far there is a gap: "
		 "what it "
		 "still has\n"
		 "is taken in, the gap is told here and by 'yester gaps', and the exit code is 3.\n"
		 "\n"
		 "A new store begins at its newest exact snapshot when the oplog still has that "
		 "moment, else\n"
		 "with the last entry; then moments can be visited from the next exact snapshot "
		 "on.\n",
	.examples = "  yester tail -s /backup/shop --uri-file /etc/yester/uri\n"
		    "  YESTER_URI='mongodb://u:p@h1,h2/?replicaSet=rs0' yester tail -s "
		    "/backup/shop --once\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_tail,
};
