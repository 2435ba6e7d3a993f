#include <stdio.h>
#include <unistd.h>

#include "base/exit_code.h"
#include "base/shell_word.h"
#include "tools/cmd_table.h"
#include "tools/duration.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/tail.h"
#include "tools/term.h"

struct options {
	const char *uri;
	const char *uri_file;
	const char *on_gap;
	const char *every;
	const char *metrics_file;
	const char *metrics_port;
	bool once;
	bool allow_untested;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	{"uri", 0, ARGS_VALUE, "URI",
	 "the replica set (--uri-file and YESTER_URI are not seen by ps)", FIELD(uri)},
	{"uri-file", 0, ARGS_VALUE, "F", "a file with the URI, which only its owner can read",
	 FIELD(uri_file)},
	{"once", 0, ARGS_FLAG, NULL, "end when all that is there now is in the store", FIELD(once)},
	{"on-gap", 0, ARGS_VALUE, "stop|snapshot",
	 "what to do when the oplog no longer reaches back (default: stop)", FIELD(on_gap)},
	{"every", 0, ARGS_VALUE, "D", "make a snapshot every 6h, 1d, ... from what is stored",
	 FIELD(every)},
	{"metrics-file", 0, ARGS_VALUE, "F", "keep metrics for Prometheus in this file",
	 FIELD(metrics_file)},
	{"metrics-port", 0, ARGS_VALUE, "P", "tell them by HTTP on this port of 127.0.0.1",
	 FIELD(metrics_port)},
	{"allow-untested", 0, ARGS_FLAG, NULL,
	 "try a server that is newer than this program; then verify", FIELD(allow_untested)},
};

#define CONNECT_MS 5000
#define ANSWER_MS 10000

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
	json_out_u64(&j, "filledEntries", r->filled);
	json_out_u64(&j, "bytes", r->bytes);
	json_out_u64(&j, "segments", r->segments);
	json_out_u64(&j, "checkpoints", r->checkpoints);
	json_out_u64(&j, "snapshots", r->snapshots);
	json_out_u64(&j, "backups", r->backups);
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
	OWNED(buf_release) struct buf word = {0};
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
		printf("%sA gap%s: a new snapshot is needed for moments behind it; see\n"
		       "  yester gaps -s %s\n",
		       term_style(stdout, TERM_YELLOW), term_style(stdout, TERM_PLAIN),
		       shell_word(run->globals.store, &word));
}

static int read_options(struct cmd_run *run, struct tail_options *ret, struct error *e)
{
	const struct options *o = run->options;
	uint64_t port = 0;

	ret->once = o->once;
	ret->allow_untested = o->allow_untested;
	ret->metrics_file = o->metrics_file;
	ret->note = run->globals.quiet ? NULL : print_note;
	if (o->on_gap != NULL && strcmp(o->on_gap, "snapshot") == 0)
		ret->on_gap = TAIL_GAP_SNAPSHOT;
	else if (o->on_gap != NULL && strcmp(o->on_gap, "stop") != 0)
		return cmd_usage_error(run, e, "--on-gap takes stop or snapshot, not %s",
				       o->on_gap);
	if (o->every != NULL && duration_parse("every", o->every, false, &ret->every, e) < 0)
		return e->code;
	if (o->every != NULL && ret->every == 0)
		return cmd_usage_error(run, e, "--every takes at least 1s");
	if (o->metrics_port != NULL &&
	    args_number("metrics-port", o->metrics_port, 65535, &port, e) < 0)
		return e->code;
	ret->metrics_port = (unsigned)port;
	return 0;
}

static int run_tail(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(live_uri_free) struct live_uri *uri = NULL;
	/* Checkpoints are made by replay. */
	const struct store_options opened = {.cache_bytes = CMD_CACHE_OF_REPLAY};
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct tail_options how = {0};
	struct tail_result result = {0};
	int code;

	/* First of all: what was typed is visible until then. */
	if (live_uri_read((char *)(uintptr_t)o->uri, o->uri_file, &uri, e) < 0 ||
	    read_options(run, &how, e) < 0 || cmd_open_store_with(run, &opened, &store, e) < 0)
		return e->code;
	live_uri_patience(uri, CONNECT_MS, ANSWER_MS);
	/* A line every few seconds for ever fills logs; without a terminal it has to be asked for. */
	progress = term_progress_begin(run->progress == TERM_PROGRESS_AUTO && !term_is_tty(stderr)
					       ? TERM_PROGRESS_NEVER
					       : run->progress);
	how.uri = uri;
	how.progress = term_progress_get(progress);
	how.secret = buf_bytes(&run->secret);
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
	/* Who goes on behind a gap was told of it then. */
	return result.has_gap && (how.once || how.on_gap == TAIL_GAP_STOP) ? EXIT_CODE_PARTIAL
									   : EXIT_CODE_OK;
}

const struct cmd cmd_tail = {
	.name = "tail",
	.group = "Put in",
	.synopsis = "-s STORE --uri-file F | --uri URI [--once] [--every D]\n"
		    "              [--on-gap stop|snapshot] [--metrics-file F | --metrics-port P]",
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
		 "A gap of before, beside a backup when no tail ran, is filled first where a "
		 "member has it.\n"
		 "A member that has another entry there was rolled back, or is of another replica "
		 "set: refused\n"
		 "(exit code 6). When its oplog no longer reaches back that far another member is "
		 "followed\n"
		 "whose oplog does, if readPreference allows one; else there is a gap: what is "
		 "still there\n"
		 "is taken in, the gap is told here and by 'yester gaps', and the exit code is 3; "
		 "with\n"
		 "--on-gap snapshot it goes on behind the gap and has the deployment copied anew "
		 "('yester\n"
		 "backup'), also when there is no exact snapshot yet: one command for all.\n"
		 "\n"
		 "--every makes snapshots from what is stored: the deployment is not asked for "
		 "anything. Two\n"
		 "tails of one store are refused, and of two copies of it noticed (exit code 11).\n"
		 "\n"
		 "A new store begins at its newest exact snapshot when the oplog still has that "
		 "moment, else\n"
		 "with the last entry; then moments can be visited from the next exact snapshot "
		 "on.\n",
	.examples = "  yester tail -s /backup/shop --uri-file /etc/yester/uri\n"
		    "  yester tail -s /backup/shop --uri-file /etc/yester/uri --every 6h --on-gap "
		    "snapshot\n"
		    "  YESTER_URI='mongodb://u:p@h1,h2/?replicaSet=rs0' yester tail -s "
		    "/backup/shop --once\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_tail,
};
