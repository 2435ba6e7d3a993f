#include "tools/log_bursts.h"

#include <stdlib.h>

#include "base/ns.h"
#include "base/siphash.h"
#include "tools/log_clock.h"
#include "tools/log_drops.h"
#include "tools/log_groups.h"
#include "tools/log_out.h"
#include "tools/log_pace.h"

#define SORTS 4 /* deletions, drops, other commands, the rest */
#define SLOTS ((size_t)LOG_BURSTS_OPEN * 2)

static const uint8_t hash_key[16] = "runs of the log";

struct run {
	struct log_burst burst;
	char *text; /* all its slices point in here */
};

/* One that goes on. */
struct open_run {
	struct run run;
	struct log_pace pace;
	int64_t last; /* what the clock showed at its last operation */
	uint64_t hash;
};

struct runs {
	struct run *at;
	size_t count, room;
};

struct log_bursts {
	struct open_run **open; /* SLOTS of them, found by hash; NULL: free */
	size_t open_count;
	struct runs ended[SORTS];
	struct log_drops drops;
	struct log_clock clock;
	struct log_burst *result;
	uint64_t forgotten;
};

struct log_bursts *log_bursts_new(void)
{
	struct log_bursts *bursts = xcalloc(1, sizeof(*bursts));

	bursts->open = xcalloc(SLOTS, sizeof(struct open_run *));
	return bursts;
}

static void open_free(struct open_run *open)
{
	if (open != NULL) {
		log_pace_finish(&open->pace);
		free(open->run.text);
	}
	free(open);
}

void log_bursts_free(struct log_bursts *bursts)
{
	if (bursts == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		open_free(bursts->open[i]);
	for (size_t sort = 0; sort < SORTS; sort++) {
		for (size_t i = 0; i < bursts->ended[sort].count; i++)
			free(bursts->ended[sort].at[i].text);
		free(bursts->ended[sort].at);
	}
	log_drops_release(&bursts->drops);
	free(bursts->open);
	free(bursts->result);
	free(bursts);
}

/* Of a session: one run at a time on a namespace. Without: one of each operation. */
static uint64_t hash_of(enum entry_op op, struct bytes ns, struct bytes lsid)
{
	OWNED(buf_release) struct buf key = {0};

	buf_add_u8(&key, lsid.len > 0 ? 0 : (uint8_t)op);
	buf_add_varint(&key, ns.len);
	buf_add_bytes(&key, ns);
	buf_add_bytes(&key, lsid);
	return siphash24(hash_key, buf_bytes(&key));
}

static bool is_of(const struct open_run *open, enum entry_op op, struct bytes ns, struct bytes lsid)
{
	const struct log_burst *burst = &open->run.burst;

	return bytes_equal(burst->ns, ns) && bytes_equal(burst->lsid, lsid) &&
	       (lsid.len > 0 || burst->op == op);
}

/* The slot of a run, or the free one where it belongs. */
static struct open_run **slot_of(struct log_bursts *bursts, uint64_t hash, enum entry_op op,
				 struct bytes ns, struct bytes lsid)
{
	size_t at = (size_t)(hash % SLOTS);

	while (bursts->open[at] != NULL &&
	       (bursts->open[at]->hash != hash || !is_of(bursts->open[at], op, ns, lsid)))
		at = (at + 1) % SLOTS;
	return &bursts->open[at];
}

/* Servers log what is done to a view as documents. */
static bool is_of_views(struct bytes ns)
{
	const struct bytes end = bytes_str(".system.views");

	return ns.len > end.len && bytes_equal(bytes_of(ns.at + ns.len - end.len, end.len), end);
}

size_t log_bursts_sort(const struct log_burst *burst)
{
	if (burst->op == ENTRY_DELETE)
		return 0;
	if (burst->op == ENTRY_COMMAND)
		return burst->rank <= LOG_BURST_PART ? 1 : 2;
	return is_of_views(burst->ns) ? 2 : 3;
}

static enum log_burst_rank rank_of(const struct command *command)
{
	if (command == NULL)
		return LOG_BURST_CHANGES; /* whatever it does */
	switch (command->kind) {
	case COMMAND_DROP:
	case COMMAND_DROP_DATABASE:
	case COMMAND_EMPTY_CAPPED:
		return LOG_BURST_DROPS;
	case COMMAND_RENAME:
		return command->drop_target != NULL || command->drop_any_target ? LOG_BURST_REPLACES
										: LOG_BURST_CHANGES;
	case COMMAND_DROP_INDEXES:
	case COMMAND_COLL_MOD:
		return LOG_BURST_CHANGES;
	default:
		return log_out_expires(command) ? LOG_BURST_CHANGES : LOG_BURST_MAKES;
	}
}

static int compare_times(const struct log_burst *a, const struct log_burst *b)
{
	return a->first < b->first ? -1 : a->first > b->first;
}

/* What is looked for comes first. */
static int compare_runs(const void *left, const void *right)
{
	const struct log_burst *a = &((const struct run *)left)->burst;
	const struct log_burst *b = &((const struct run *)right)->burst;

	if (log_bursts_sort(a) == 1 || log_bursts_sort(a) == 2) {
		if (a->rank != b->rank)
			return a->rank < b->rank ? -1 : 1;
		if (a->documents != b->documents)
			return a->documents > b->documents ? -1 : 1;
		return compare_times(a, b);
	}
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return compare_times(a, b);
}

/* Sort them, and forget what comes behind the first LOG_BURSTS_KEPT. */
static void trim(struct log_bursts *bursts, struct runs *runs)
{
	if (runs->count > 1)
		qsort(runs->at, runs->count, sizeof(*runs->at), compare_runs);
	for (; runs->count > LOG_BURSTS_KEPT; bursts->forgotten++)
		free(runs->at[--runs->count].text);
}

/* Among those of its sort. */
static void keep(struct log_bursts *bursts, struct run run)
{
	struct runs *runs = &bursts->ended[log_bursts_sort(&run.burst)];

	if (runs->count == (size_t)LOG_BURSTS_KEPT * 2)
		trim(bursts, runs);
	if (runs->count == runs->room) {
		runs->room = runs->room == 0 ? 64 : runs->room * 2;
		runs->at = xrealloc(runs->at, runs->room * sizeof(*runs->at));
	}
	runs->at[runs->count++] = run;
}

static struct bytes copy(char **at, struct bytes from)
{
	struct bytes to = bytes_of(*at, from.len);

	if (from.len > 0)
		memcpy(*at, from.at, from.len);
	*at += from.len;
	return to;
}

/* A run that is told by what `burst` says; its slices point into one text of its own. */
static struct run run_of(struct log_burst burst)
{
	char *at =
		xmalloc(burst.ns.len + burst.command.len + burst.session.len + burst.lsid.len + 1);
	struct run run = {.burst = burst, .text = at};

	run.burst.ns = copy(&at, burst.ns);
	run.burst.command = copy(&at, burst.command);
	run.burst.session = copy(&at, burst.session);
	run.burst.lsid = copy(&at, burst.lsid);
	return run;
}

static void keep_part(struct log_bursts *bursts, struct log_burst burst,
		      const struct log_part *part)
{
	if (part->count == 0)
		return;
	burst.count = part->count;
	burst.first = part->first;
	burst.last = part->last;
	burst.begin = part->begin;
	burst.end = part->end;
	keep(bursts, run_of(burst));
}

/* The run has ended: its parts are kept, and it is empty again. */
static void end(struct log_bursts *bursts, struct open_run *open)
{
	struct log_burst burst = open->run.burst;
	struct log_pace_parts parts;

	if (burst.count == 0)
		return;
	parts = log_pace_finish(&open->pace);
	keep_part(bursts, burst, &parts.before);
	keep_part(bursts, burst, &parts.after);
	burst.before = parts.before.count;
	burst.before_first = parts.before.first;
	keep_part(bursts, burst, &parts.mass);
	free(open->run.text);
	open->run = (struct run){0};
}

static bool goes_on(const struct open_run *open, int64_t clock)
{
	return open != NULL && open->run.burst.count > 0 &&
	       clock - open->last <= LOG_BURSTS_PAUSE * 1000;
}

/* Make room: runs that have paused end; if too many are left, all do. */
static void sweep(struct log_bursts *bursts, int64_t clock)
{
	struct open_run **old = bursts->open;
	size_t alive = 0;

	for (size_t i = 0; i < SLOTS; i++)
		alive += goes_on(old[i], clock);
	bursts->open = xcalloc(SLOTS, sizeof(struct open_run *));
	bursts->open_count = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		struct open_run *open = old[i];

		if (open == NULL)
			continue;
		if (goes_on(open, clock) && alive < LOG_BURSTS_OPEN / 2) {
			const struct log_burst *burst = &open->run.burst;

			*slot_of(bursts, open->hash, burst->op, burst->ns, burst->lsid) = open;
			bursts->open_count++;
			continue;
		}
		end(bursts, open);
		open_free(open);
	}
	free(old);
}

/* What a run begins with. */
static struct log_burst burst_of(const struct log_op *op, struct bytes ns, struct bytes session)
{
	return (struct log_burst){.first = op->ts,
				  .last = op->ts,
				  .count = 1,
				  .op = op->op->op,
				  .rank = op->op->op == ENTRY_UPDATE ? LOG_BURST_CHANGES
								     : LOG_BURST_MAKES,
				  .ns = ns,
				  .session = session,
				  .lsid = log_out_lsid(op->op),
				  .transaction = op->transaction};
}

/* The drops that were logged for a dropDatabase: it begins with them. */
static void take_parts(struct log_bursts *bursts, const struct log_op *op, struct log_burst *burst,
		       struct buf *command)
{
	struct runs *drops = &bursts->ended[log_bursts_sort(burst)];
	struct log_drop drop;

	if (!log_drops_take(&bursts->drops, op, &drop))
		return;
	burst->first = drop.first;
	burst->documents = drop.documents;
	if (drop.told)
		log_out_documents(drop.documents, command);
	for (size_t i = 0; i < drops->count; i++) {
		struct log_burst *part = &drops->at[i].burst;

		if (part->rank == LOG_BURST_DROPS && part->first >= drop.first &&
		    part->last <= drop.last && ns_in_db(part->ns, op->op->db))
			part->rank = LOG_BURST_PART;
	}
}

static void add_command(struct log_bursts *bursts, const struct log_op *op, struct log_burst burst)
{
	static const enum entry_op ops[] = {ENTRY_INSERT, ENTRY_UPDATE, ENTRY_DELETE};
	OWNED(buf_release) struct buf command = {0};
	const struct bytes none = {0};

	/* What was done to the collection before is another story. */
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		struct open_run *open =
			*slot_of(bursts, hash_of(ops[i], burst.ns, none), ops[i], burst.ns, none);

		if (open != NULL)
			end(bursts, open);
	}
	log_out_command(op, &command);
	log_out_dropped(op, &burst.documents);
	burst.rank = rank_of(op->command);
	if (op->command != NULL && op->command->kind == COMMAND_DROP_DATABASE)
		take_parts(bursts, op, &burst, &command);
	(void)log_drops_view(&bursts->drops, op, &burst.first);
	burst.command = buf_bytes(&command);
	keep(bursts, run_of(burst));
}

static int64_t clock_of(struct log_bursts *bursts, const struct log_op *op)
{
	return log_clock_at(&bursts->clock,
			    op->has_wall ? op->wall : (int64_t)entry_seconds(op->ts) * 1000);
}

static void add_document(struct log_bursts *bursts, const struct log_op *op, struct log_burst burst,
			 int64_t clock)
{
	uint64_t hash = hash_of(burst.op, burst.ns, burst.lsid);
	struct open_run **slot, *open;

	slot = slot_of(bursts, hash, burst.op, burst.ns, burst.lsid);
	if (*slot == NULL && bursts->open_count >= LOG_BURSTS_OPEN) {
		sweep(bursts, clock);
		slot = slot_of(bursts, hash, burst.op, burst.ns, burst.lsid);
	}
	if (*slot == NULL) {
		*slot = xcalloc(1, sizeof(**slot));
		(*slot)->hash = hash;
		bursts->open_count++;
	}
	open = *slot;
	if (goes_on(open, clock) && open->run.burst.op == burst.op) {
		open->run.burst.count++;
		open->run.burst.first = MIN_OF(open->run.burst.first, op->ts);
		open->run.burst.last = MAX_OF(open->run.burst.last, op->ts);
		open->run.burst.transaction &= op->transaction;
	} else {
		end(bursts, open);
		open->run = run_of(burst);
	}
	open->last = MAX_OF(open->last, clock);
	log_pace_add(&open->pace, op->ts, clock);
}

void log_bursts_add(struct log_bursts *bursts, const struct log_op *op)
{
	OWNED(buf_release) struct buf ns = {0};
	OWNED(buf_release) struct buf session = {0};
	int64_t clock = clock_of(bursts, op);
	struct log_burst burst;

	log_out_ns(op, &ns);
	log_out_session_id(op->op, &session);
	burst = burst_of(op, buf_bytes(&ns), buf_bytes(&session));
	log_drops_add(&bursts->drops, op);
	if (op->op->op == ENTRY_COMMAND)
		add_command(bursts, op, burst);
	else
		add_document(bursts, op, burst, clock);
}

void log_bursts_pass(struct log_bursts *bursts, const struct log_op *op)
{
	(void)clock_of(bursts, op);
	log_drops_add(&bursts->drops, op);
}

void log_bursts_finish(struct log_bursts *bursts, const struct log_burst **ret, size_t *ret_count,
		       uint64_t *ret_forgotten)
{
	size_t count = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (bursts->open[i] != NULL)
			end(bursts, bursts->open[i]);
	for (size_t sort = 0; sort < SORTS; sort++)
		trim(bursts, &bursts->ended[sort]);
	bursts->result = xcalloc((size_t)SORTS * LOG_BURSTS_KEPT + 1, sizeof(*bursts->result));
	for (size_t sort = 0; sort < SORTS; sort++) {
		const struct runs *runs = &bursts->ended[sort];

		for (size_t i = 0; i < runs->count; i++)
			bursts->result[count + i] = runs->at[i].burst;
		if (sort == 0 || sort == SORTS - 1)
			log_groups_make(bursts->result + count, runs->count);
		count += runs->count;
	}
	*ret = bursts->result;
	*ret_count = count;
	*ret_forgotten = bursts->forgotten;
}
