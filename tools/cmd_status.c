#include <inttypes.h>
#include <stdio.h>

#include "base/exit_code.h"
#include "base/time_text.h"
#include "tools/cmd_table.h"
#include "tools/duration.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/status.h"
#include "tools/status_file.h"
#include "tools/term.h"

struct options {
	const char *max_lag;
	const char *max_offsite_age;
	const char *max_drill_age;
	const char *metrics_file;
	bool check;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	{"check", 0, ARGS_FLAG, NULL, "exit with 3 when something is not as it should be",
	 FIELD(check)},
	{"max-lag", 0, ARGS_VALUE, "D", "with --check: how old the last operation may be (5m)",
	 FIELD(max_lag)},
	{"max-offsite-age", 0, ARGS_VALUE, "D",
	 "with --check: how old the last verified copy elsewhere may be", FIELD(max_offsite_age)},
	{"max-drill-age", 0, ARGS_VALUE, "D",
	 "with --check: how long ago the last drill may have been", FIELD(max_drill_age)},
	{"metrics-file", 0, ARGS_VALUE, "F", "write metrics for Prometheus into this file",
	 FIELD(metrics_file)},
};

static void json_optime(struct json_out *j, const char *key, uint64_t ts)
{
	if (ts == 0)
		json_out_null(j, key);
	else
		json_out_optime(j, key, entry_seconds(ts), entry_increment(ts));
}

static void json_time(struct json_out *j, const char *key, uint64_t seconds)
{
	if (seconds == 0)
		json_out_null(j, key);
	else
		json_out_time(j, key, seconds);
}

static void json_ranges(struct json_out *j, const struct timeline_map *map)
{
	json_out_array(j, "ranges");
	for (size_t i = 0; i < map->reach_count; i++) {
		json_out_object(j, NULL);
		json_out_time(j, "from", entry_seconds(map->reach[i].first.ts));
		json_out_time(j, "to", entry_seconds(map->reach[i].last.ts));
		json_optime(j, "first", map->reach[i].first.ts);
		json_optime(j, "last", map->reach[i].last.ts);
		json_out_bool(j, "partial", map->reach[i].partial);
		json_out_end_object(j);
	}
	json_out_end_array(j);
	json_out_array(j, "gaps");
	for (size_t i = 0; i < map->gap_count; i++) {
		json_out_object(j, NULL);
		json_optime(j, "after", map->gaps[i].after.ts);
		json_optime(j, "before", map->gaps[i].before.ts);
		json_out_str(j, "why", map->gaps[i].why);
		json_out_bool(j, "letGo", map->gaps[i].let_go);
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

static void json_event(struct json_out *j, const char *key, const struct status_event *event,
		       const char *ok, const char *what)
{
	if (!event->known) {
		json_out_null(j, key);
		return;
	}
	json_out_object(j, key);
	json_out_time(j, "time", event->time);
	json_out_bool(j, ok, event->ok);
	json_out_name(j, what, bytes_str(event->what));
	json_out_u64(j, "seconds", event->seconds);
	json_out_u64(j, "collections", event->collections);
	json_out_u64(j, "documents", event->documents);
	json_out_end_object(j);
}

static void json_tail(struct json_out *j, const struct status_tail *tail)
{
	json_out_object(j, "tail");
	json_out_bool(j, "running", tail->known);
	if (tail->known) {
		json_out_bool(j, "connected", tail->connected);
		json_out_name(j, "member", bytes_str(tail->member));
		json_out_u64(j, "entries", tail->entries);
		json_out_u64(j, "reconnects", tail->reconnects);
		json_out_u64(j, "snapshots", tail->snapshots);
		json_out_u64(j, "failures", tail->failures);
		json_out_bool(j, "gap", tail->gap);
	}
	json_out_end_object(j);
}

static void print_json(const struct status *s, unsigned wrong, struct bytes problems)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_bool(&j, "ok", wrong == 0);
	json_out_array(&j, "problems");
	while (problems.len > 0) {
		const uint8_t *end = memchr(problems.at, '\n', problems.len);
		size_t len = (size_t)(end - problems.at);

		json_out_bytes(&j, NULL, bytes_of(problems.at, len));
		problems.at += len + 1;
		problems.len -= len + 1;
	}
	json_out_end_array(&j);
	json_out_time(&j, "time", s->now);
	json_optime(&j, "lastOptime", s->last_ts);
	json_time(&j, "lastTime", entry_seconds(s->last_ts));
	if (s->last_ts == 0)
		json_out_null(&j, "lagSeconds");
	else
		json_out_u64(&j, "lagSeconds", status_lag(s));
	json_ranges(&j, &s->map);
	json_out_u64(&j, "incomplete", s->skipped);
	json_out_u64(&j, "snapshots", s->snapshots);
	json_out_u64(&j, "checkpoints", s->checkpoints);
	json_out_str(&j, "newest", s->snapshots == 0 ? NULL : s->newest);
	json_time(&j, "newestTime", s->newest_time);
	json_out_u64(&j, "documents", s->documents);
	json_out_u64(&j, "bytes", s->bytes);
	json_out_u64(&j, "storedBytes", s->stored_bytes);
	json_out_double(&j, "ratio",
			s->stored_bytes == 0 ? 0
					     : (double)s->shown_bytes / (double)s->stored_bytes);
	json_event(&j, "verify", &s->verify, "ok", "at");
	json_event(&j, "drill", &s->drill, "ok", "at");
	json_event(&j, "offsite", &s->replicate, "verified", "dest");
	json_tail(&j, &s->tail);
	json_out_finish(&j);
}

static void print_ago(uint64_t now, uint64_t time)
{
	char text[TIME_TEXT_DURATION_LEN];

	time_text_duration(now > time ? (now - time) * 1000 : 0, text);
	printf(" (%s ago)", text);
}

static void print_event(const struct status *s, const char *title, const struct status_event *event,
			const char *never)
{
	OWNED(buf_release) struct buf what = {0};
	char when[TERM_TIME_LEN];

	if (!event->known) {
		printf("%-10s %s\n", title, never);
		return;
	}
	term_time(event->time, cmd_shows_local_time(), when);
	printf("%-10s %s%s%s, %s", title, event->ok ? "" : term_style(stdout, TERM_RED),
	       event->ok ? "good" : "FAILED", event->ok ? "" : term_style(stdout, TERM_PLAIN),
	       when);
	print_ago(s->now, event->time);
	if (event->what[0] != '\0')
		printf(", %s", term_escaped(bytes_str(event->what), &what));
	putchar('\n');
}

static void print_reach(const struct status *s)
{
	char from[TERM_TIME_LEN], to[TERM_TIME_LEN];

	if (s->last_ts == 0) {
		puts("last       no operation is known yet (no exact snapshot, and no oplog)");
	} else {
		term_time(entry_seconds(s->last_ts), cmd_shows_local_time(), to);
		printf("last       %s, %u.%u", to, entry_seconds(s->last_ts),
		       entry_increment(s->last_ts));
		print_ago(s->now, entry_seconds(s->last_ts));
		putchar('\n');
	}
	for (size_t i = 0; i < s->map.reach_count; i++) {
		term_time(entry_seconds(s->map.reach[i].first.ts), cmd_shows_local_time(), from);
		term_time(entry_seconds(s->map.reach[i].last.ts), cmd_shows_local_time(), to);
		printf("range      %s to %s%s\n", from, to,
		       s->map.reach[i].partial ? " (a part of the deployment)" : "");
	}
	if (s->map.lost_count > 0)
		printf("%sgaps       %zu%s ('yester gaps')\n", term_style(stdout, TERM_YELLOW),
		       s->map.lost_count, term_style(stdout, TERM_PLAIN));
}

static void print_text(const struct status *s)
{
	char text[SIZE_TEXT_LEN], more[SIZE_TEXT_LEN];

	print_reach(s);
	size_count_text(s->snapshots, text);
	printf("snapshots  %s%s%s\n", text, s->snapshots == 0 ? "" : ", newest: ", s->newest);
	size_text(s->stored_bytes, text);
	size_text(s->shown_bytes, more);
	printf("stored     %s, for %s of BSON in all snapshots", text, more);
	if (s->stored_bytes > 0)
		printf(" (%.1f : 1)", (double)s->shown_bytes / (double)s->stored_bytes);
	putchar('\n');
	if (!s->tail.known)
		puts("tail       none runs on this machine");
	else
		printf("tail       %s %s, %" PRIu64 " entries, %" PRIu64 " reconnects\n",
		       s->tail.connected ? "follows" : "looks for a member",
		       s->tail.connected ? s->tail.member : "", s->tail.entries,
		       s->tail.reconnects);
	print_event(s, "off-site", &s->replicate, "never copied from this machine");
	print_event(s, "verified", &s->verify, "never compared with the deployment");
	print_event(s, "drill", &s->drill, "never restored for a test");
}

static int read_limits(struct cmd_run *run, struct status_limits *ret, struct error *e)
{
	const struct options *o = run->options;

	if (!o->check &&
	    (o->max_lag != NULL || o->max_offsite_age != NULL || o->max_drill_age != NULL))
		return cmd_usage_error(run, e, "the limits go with --check");
	if ((o->max_lag != NULL && duration_parse("max-lag", o->max_lag, true, &ret->lag, e) < 0) ||
	    (o->max_offsite_age != NULL && duration_parse("max-offsite-age", o->max_offsite_age,
							  true, &ret->offsite_age, e) < 0) ||
	    (o->max_drill_age != NULL &&
	     duration_parse("max-drill-age", o->max_drill_age, true, &ret->drill_age, e) < 0))
		return e->code;
	return 0;
}

static int run_status(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	OWNED(status_release) struct status status = {0};
	OWNED(buf_release) struct buf problems = {0};
	OWNED(buf_release) struct buf metrics = {0};
	struct status_limits limits = {0};
	unsigned wrong;

	if (read_limits(run, &limits, e) < 0 || cmd_open_store(run, &store, e) < 0 ||
	    status_gather(store, &status, e) < 0)
		return e->code;
	wrong = status_check(&status, &limits, &problems);
	status_metrics(&status, &metrics);
	if (o->metrics_file != NULL &&
	    status_file_replace(o->metrics_file, buf_bytes(&metrics), e) < 0)
		return e->code;
	if (run->globals.json) {
		print_json(&status, wrong, buf_bytes(&problems));
	} else {
		if (!run->globals.quiet)
			print_text(&status);
		if (o->check)
			fprintf(stderr, "%s", buf_text(&problems));
	}
	return o->check && wrong > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
}

const struct cmd cmd_status = {
	.name = "status",
	.group = "Look",
	.synopsis = "-s STORE [--check [--max-lag D] [--max-offsite-age D] [--max-drill-age D]]\n"
		    "              [--metrics-file F] [--json]",
	.summary = "show how far the store reaches, what is missing, when it was last tested",
	.about = "The last operation that is stored and how old it is, the ranges that can be "
		 "opened, gaps,\n"
		 "snapshots, size, the running tail, and when this machine last copied the store "
		 "elsewhere,\n"
		 "compared it with the deployment, and restored it for a test.\n"
		 "\n"
		 "--check is for monitoring: exit code 0 when all is well; 3 when there is a gap, "
		 "damage, a\n"
		 "failed verification or drill, or something is older than allowed (told on "
		 "standard error);\n"
		 "anything else: it could not be told.\n",
	.examples = "  yester status -s /backup/shop\n"
		    "  yester status -s /backup/shop --check --max-lag 5m --max-drill-age 8d "
		    "--quiet\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_status,
};
