#include "tools/log_print.h"

#include "base/ejson.h"
#include "tools/log_groups.h"
#include "tools/size.h"
#include "tools/term.h"

#define BURSTS_SHOWN 20 /* of each sort, as text: the rest would scroll what is looked for away */
#define BURSTS_OF_ONE                                                                              \
	5 /* of these of one namespace, where there are others: a TTL index removes something each minute */

/* Sessions, index builds, chunks of balancing: nobody's doing, and a lot of it. */
static bool is_housekeeping(const struct log_op *op)
{
	return bytes_equal(op->op->db, bytes_str("config"));
}

static int take_lost(void *ctx, uint64_t ts, const struct error *why, struct error *e)
{
	struct log_print *print = ctx;

	print->missing++;
	return log_out_lost(&print->out, ts, why, e);
}

static int take_operation(void *ctx, const struct log_op *op, struct error *e)
{
	struct log_print *print = ctx;
	bool learned = false;
	struct error why;

	if (!log_names_match(print->names, op, &learned))
		return 0;
	print->any = true;
	if (op->op->op == ENTRY_UNKNOWN) {
		entry_refuse(op->op, &why);
		return take_lost(ctx, op->ts, &why, e) < 0 ? e->code : learned;
	}
	if ((log_out_op(op->op) & print->ops) == 0 ||
	    (is_housekeeping(op) && !print->housekeeping)) {
		if (print->bursts != NULL)
			log_bursts_pass(print->bursts, op);
		return learned;
	}
	if (print->bursts != NULL)
		log_bursts_add(print->bursts, op);
	else if (log_out_operation(&print->out, op, e) < 0)
		return e->code;
	return learned;
}

static int take_gap(void *ctx, const struct stream_range *before, const struct stream_range *after,
		    struct error *e)
{
	struct log_print *print = ctx;

	print->missing++;
	return log_out_gap(&print->out, before, after, e);
}

struct log_sink log_print_operations(struct log_print *print)
{
	return (struct log_sink){print, take_operation, take_gap, take_lost};
}

/* How it was where reading begins. */
static void begin_text(struct log_out *out, const struct log_version *version)
{
	char when[TERM_TIME_LEN];

	term_time(entry_seconds(version->ts), out->local, when);
	buf_printf(&out->line, "%s  %u.%u~  -  ", when, entry_seconds(version->ts),
		   entry_increment(version->ts));
	term_escape(version->ns, &out->line);
}

static int version_text(struct log_out *out, const struct log_version *version, struct error *e)
{
	const struct log_op *op = version->op;

	if (op == NULL) {
		begin_text(out, version);
	} else {
		log_out_text_head(out, op);
		if (op->op->op == ENTRY_COMMAND) {
			buf_add_str(&out->line, "  ");
			log_out_command(op, &out->line);
		}
		log_out_text_tail(out, op);
		if (out->verbose && op->op->op == ENTRY_UPDATE) {
			buf_add_str(&out->line, "\n  o ");
			if (ejson_write(op->op->o, EJSON_RELAXED, &out->line, e) < 0)
				return e->code;
		}
	}
	buf_add_str(&out->line, "\n    ");
	if (!version->known)
		buf_add_str(&out->line, "(not known: the oplog does not tell what was before)");
	else if (version->doc.len == 0)
		buf_add_str(&out->line, "(deleted)");
	else if (ejson_write(version->doc, EJSON_RELAXED, &out->line, e) < 0)
		return e->code;
	return log_out_put(out, e);
}

static int fill_version(struct log_out *out, struct json_out *j, const struct log_version *version,
			struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (version->op != NULL) {
		log_out_json_head(j, version->op);
		if (version->op->op->op == ENTRY_COMMAND) {
			log_out_command(version->op, &text);
			json_out_bytes(j, "command", buf_bytes(&text));
		}
		if (out->verbose && version->op->op->op == ENTRY_UPDATE) {
			buf_reset(&text);
			if (ejson_write(version->op->op->o, EJSON_RELAXED, &text, e) < 0)
				return e->code;
			json_out_raw(j, "o", buf_bytes(&text));
		}
	} else {
		json_out_optime(j, "optime", entry_seconds(version->ts),
				entry_increment(version->ts));
		json_out_time(j, "time", entry_seconds(version->ts));
		json_out_null(j, "op");
		json_out_name(j, "ns", version->ns);
	}
	json_out_bool(j, "known", version->known);
	if (!version->known || version->doc.len == 0) {
		json_out_null(j, "document");
		return 0;
	}
	buf_reset(&text);
	if (ejson_write(version->doc, EJSON_RELAXED, &text, e) < 0)
		return e->code;
	json_out_raw(j, "document", buf_bytes(&text));
	return 0;
}

static int take_version(void *ctx, const struct log_version *version, struct error *e)
{
	struct log_print *print = ctx;
	struct json_out j;

	print->any = true;
	print->missing += !version->known;
	if (version->op != NULL && (log_out_op(version->op->op) & print->ops) == 0)
		return 0;
	if (!print->out.json)
		return version_text(&print->out, version, e);
	json_out_begin_line(&j, print->out.to);
	if (fill_version(&print->out, &j, version, e) < 0) {
		json_out_drop(&j);
		return e->code;
	}
	json_out_finish(&j);
	return 0;
}

struct log_versions_sink log_print_versions(struct log_print *print)
{
	return (struct log_versions_sink){print, take_version, take_gap, take_lost};
}

/* Can the moment just before the run be opened? */
static bool is_reachable(const struct log_print *print, uint64_t first)
{
	const struct timeline_map *map = &print->map;

	for (size_t i = 0; i < map->reach_count; i++)
		if (map->reach[i].first.ts < first && first <= map->reach[i].last.ts)
			return true;
	return false;
}

/* Who did it: a session, or the runs of several. */
static void burst_who(const struct log_burst *b, bool group, struct buf *out)
{
	char count[SIZE_TEXT_LEN];

	size_count_text(b->group_runs, count);
	if (group)
		buf_printf(out, "  %s runs", count);
	else if (b->session.len > 0)
		buf_printf(out, "  %.*s", (int)b->session.len, (const char *)b->session.at);
}

/* A run, or the group that begins with it. */
static void burst_text(struct log_print *print, const struct log_burst *b, bool group)
{
	uint64_t first = group ? b->group_first : b->first;
	uint64_t last = group ? b->group_last : b->last;
	uint64_t before = group ? b->group_before : b->before;
	struct log_out *out = &print->out;
	char when[TERM_TIME_LEN], count[SIZE_TEXT_LEN];

	term_time(entry_seconds(first), out->local, when);
	size_count_text(group ? b->group_count : b->count, count);
	buf_printf(&out->line, "%s  %u.%u", when, entry_seconds(first), entry_increment(first));
	if (last != first)
		buf_printf(&out->line, " to %u.%u", entry_seconds(last), entry_increment(last));
	buf_add_str(&out->line, "  ");
	term_escape(b->ns, &out->line);
	if (b->op == ENTRY_COMMAND)
		buf_printf(&out->line, "  %.*s", (int)b->command.len, (const char *)b->command.at);
	else
		buf_printf(&out->line, "  %s %s", entry_op_name(b->op), count);
	burst_who(b, group, &out->line);
	if (b->transaction)
		buf_add_str(&out->line, "  transaction");
	if (before > 0) {
		size_count_text(before, count);
		buf_printf(&out->line, "  (%s before it, slower)", count);
	}
	if (is_reachable(print, first))
		buf_printf(&out->line, "  --at %u.%u~", entry_seconds(first),
			   entry_increment(first));
	else
		buf_add_str(&out->line, "  (the moment before can't be opened)");
}

static void burst_json(const struct log_print *print, const struct log_burst *b)
{
	OWNED(buf_release) struct buf at = {0};
	struct json_out j;

	json_out_begin_line(&j, print->out.to);
	json_out_optime(&j, "first", entry_seconds(b->first), entry_increment(b->first));
	json_out_optime(&j, "last", entry_seconds(b->last), entry_increment(b->last));
	json_out_time(&j, "firstTime", entry_seconds(b->first));
	json_out_time(&j, "lastTime", entry_seconds(b->last));
	json_out_name(&j, "ns", b->ns);
	json_out_str(&j, "op", entry_op_name(b->op));
	if (b->op == ENTRY_COMMAND)
		json_out_bytes(&j, "command", b->command);
	json_out_u64(&j, "count", b->count);
	if (b->before > 0) {
		json_out_u64(&j, "slowerBefore", b->before);
		json_out_optime(&j, "slowerFrom", entry_seconds(b->before_first),
				entry_increment(b->before_first));
	}
	if (b->group_runs > 1) {
		json_out_u64(&j, "groupRuns", b->group_runs);
		json_out_u64(&j, "groupCount", b->group_count);
		json_out_optime(&j, "groupFirst", entry_seconds(b->group_first),
				entry_increment(b->group_first));
	}
	log_out_json_uuid(&j, "lsid", b->lsid.len > 0 ? b->lsid.at : NULL);
	json_out_bool(&j, "transaction", b->transaction);
	buf_printf(&at, "%u.%u~", entry_seconds(b->first), entry_increment(b->first));
	json_out_bytes(&j, "at", buf_bytes(&at));
	json_out_bool(&j, "reachable", is_reachable(print, b->first));
	json_out_finish(&j);
}

/* How many runs a line of text tells. */
static size_t length_of(const struct log_print *print, const struct log_burst *run)
{
	return print->out.verbose ? 1 : log_groups_length(run);
}

/* What a dropDatabase dropped is told by that. */
static bool is_told(const struct log_burst *run)
{
	return run->op == ENTRY_COMMAND && run->rank == LOG_BURST_PART;
}

/* The runs that lines of text begin with are marked in `shown`, with at most `most` of one namespace. The number of lines. */
static size_t choose(const struct log_print *print, const struct log_burst *runs, size_t count,
		     size_t lines, size_t most, bool *shown)
{
	for (size_t i = 0; i < count && lines < BURSTS_SHOWN; i += length_of(print, &runs[i])) {
		size_t same = 0;

		for (size_t j = 0; j < i && same < most; j++)
			same += shown[j] && bytes_equal(runs[j].ns, runs[i].ns);
		if (shown[i] || same == most || is_told(&runs[i]))
			continue;
		shown[i] = true;
		lines++;
	}
	return lines;
}

/* How many runs are left out, and how many operations the biggest of them has. */
static size_t left_out(const struct log_print *print, const struct log_burst *runs, size_t count,
		       const bool *shown, uint64_t *ret_biggest)
{
	size_t left = 0;

	*ret_biggest = 0;
	for (size_t i = 0, length; i < count; i += length) {
		length = length_of(print, &runs[i]);
		for (size_t j = i; j < i + length && !shown[i]; j++) {
			*ret_biggest = MAX_OF(*ret_biggest, runs[j].count);
			left++;
		}
	}
	return left;
}

static int rest_text(struct log_print *print, const struct log_burst *runs, size_t count,
		     const bool *shown, struct error *e)
{
	static const char *const words[][2] = {
		{"run of deletions", "runs of deletions"},
		{"drop", "drops"},
		{"command", "commands"},
		{"run of inserts and updates", "runs of inserts and updates"}};
	struct log_out *out = &print->out;
	char more[SIZE_TEXT_LEN], most[SIZE_TEXT_LEN];
	size_t sort = log_bursts_sort(&runs[0]);
	uint64_t biggest;
	size_t left = left_out(print, runs, count, shown, &biggest);

	if (left == 0)
		return 0;
	size_count_text(left, more);
	size_count_text(biggest, most);
	buf_printf(&out->line, "... and %s more %s", more, words[sort][left != 1]);
	if (sort == 0 || sort == 3)
		buf_printf(&out->line, ", of %s operation%s at most", most,
			   biggest == 1 ? "" : "s");
	buf_add_str(&out->line, " (-v shows all)");
	return log_out_put(out, e);
}

/* Runs of one sort, the most important ones first. */
static int bursts_text(struct log_print *print, const struct log_burst *runs, size_t count,
		       struct error *e)
{
	OWNED(free) bool *shown = xcalloc(count, sizeof(*shown));

	if (print->out.verbose)
		memset(shown, true, count * sizeof(*shown));
	else
		choose(print, runs, count, choose(print, runs, count, 0, BURSTS_OF_ONE, shown),
		       BURSTS_SHOWN, shown);
	for (size_t i = 0, length; i < count; i += length) {
		length = length_of(print, &runs[i]);
		if (!shown[i])
			continue;
		burst_text(print, &runs[i], length > 1);
		if (log_out_put(&print->out, e) < 0)
			return e->code;
	}
	return rest_text(print, runs, count, shown, e);
}

int log_print_bursts(struct log_print *print, struct error *e)
{
	const struct log_burst *runs;
	uint64_t forgotten;
	size_t count;

	log_bursts_finish(print->bursts, &runs, &count, &forgotten);
	for (size_t i = 0; print->out.json && i < count; i++)
		burst_json(print, &runs[i]);
	for (size_t i = 0, next; !print->out.json && i < count; i = next) {
		for (next = i;
		     next < count && log_bursts_sort(&runs[next]) == log_bursts_sort(&runs[i]);)
			next++;
		if (bursts_text(print, &runs[i], next - i, e) < 0)
			return e->code;
	}
	fflush(print->out.to);
	if (forgotten > 0)
		fprintf(stderr,
			"yester: log: note: %llu smaller runs are not shown: narrow it down with "
			"--since, --until, --op or NS\n",
			(unsigned long long)forgotten);
	return 0;
}
