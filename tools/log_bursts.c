#include "tools/log_bursts.h"

#include <stdlib.h>

#include "base/siphash.h"
#include "tools/log_out.h"

#define SORTS 3 /* deletions, commands, the rest */
#define SLOTS ((size_t)LOG_BURSTS_OPEN * 2)

static const uint8_t hash_key[16] = "runs of the log";

struct run {
	struct log_burst burst;
	char *text; /* all its slices point in here */
	uint64_t hash;
};

struct runs {
	struct run *at;
	size_t count, room;
};

struct log_bursts {
	struct run **open; /* SLOTS of them, found by hash; NULL: free */
	size_t open_count;
	struct runs ended[SORTS];
	struct log_burst *result;
	uint64_t forgotten;
};

struct log_bursts *log_bursts_new(void)
{
	struct log_bursts *bursts = xcalloc(1, sizeof(*bursts));

	bursts->open = xcalloc(SLOTS, sizeof(struct run *));
	return bursts;
}

static void run_free(struct run *run)
{
	if (run != NULL)
		free(run->text);
	free(run);
}

void log_bursts_free(struct log_bursts *bursts)
{
	if (bursts == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		run_free(bursts->open[i]);
	for (size_t sort = 0; sort < SORTS; sort++) {
		for (size_t i = 0; i < bursts->ended[sort].count; i++)
			free(bursts->ended[sort].at[i].text);
		free(bursts->ended[sort].at);
	}
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

static bool is_of(const struct run *run, enum entry_op op, struct bytes ns, struct bytes lsid)
{
	return bytes_equal(run->burst.ns, ns) && bytes_equal(run->burst.lsid, lsid) &&
	       (lsid.len > 0 || run->burst.op == op);
}

/* The slot of a run, or the free one where it belongs. */
static struct run **slot_of(struct log_bursts *bursts, uint64_t hash, enum entry_op op,
			    struct bytes ns, struct bytes lsid)
{
	size_t at = (size_t)(hash % SLOTS);

	while (bursts->open[at] != NULL &&
	       (bursts->open[at]->hash != hash || !is_of(bursts->open[at], op, ns, lsid)))
		at = (at + 1) % SLOTS;
	return &bursts->open[at];
}

/* Deletions, commands, the rest; in the order in which they are shown. */
static size_t sort_of(const struct log_burst *burst)
{
	return burst->op == ENTRY_DELETE ? 0 : burst->op == ENTRY_COMMAND ? 1 : 2;
}

static bool is_drop(const struct log_burst *burst)
{
	return burst->command.len >= 4 && memcmp(burst->command.at, "drop", 4) == 0 &&
	       (burst->command.len < 9 || memcmp(burst->command.at, "dropIndex", 9) != 0);
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

	if (a->op == ENTRY_COMMAND && b->op == ENTRY_COMMAND)
		return is_drop(a) != is_drop(b) ? is_drop(b) - is_drop(a) : compare_times(a, b);
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

/* The run has ended: it is kept among those of its sort, and empty again. */
static void end(struct log_bursts *bursts, struct run *run)
{
	struct runs *runs = &bursts->ended[sort_of(&run->burst)];

	if (run->burst.count == 0)
		return;
	if (runs->count == (size_t)LOG_BURSTS_KEPT * 2)
		trim(bursts, runs);
	if (runs->count == runs->room) {
		runs->room = runs->room == 0 ? 64 : runs->room * 2;
		runs->at = xrealloc(runs->at, runs->room * sizeof(*runs->at));
	}
	runs->at[runs->count++] = *run;
	run->text = NULL;
	run->burst = (struct log_burst){0};
}

static bool is_paused(const struct run *run, uint64_t ts)
{
	return entry_seconds(ts) > entry_seconds(run->burst.last) &&
	       entry_seconds(ts) - entry_seconds(run->burst.last) > LOG_BURSTS_PAUSE;
}

/* Make room: runs that have paused end; if too many are left, all do. */
static void sweep(struct log_bursts *bursts, uint64_t ts)
{
	struct run **old = bursts->open;
	size_t alive = 0;

	for (size_t i = 0; i < SLOTS; i++)
		alive += old[i] != NULL && old[i]->burst.count > 0 && !is_paused(old[i], ts);
	bursts->open = xcalloc(SLOTS, sizeof(struct run *));
	bursts->open_count = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		struct run *run = old[i];

		if (run == NULL)
			continue;
		if (run->burst.count > 0 && !is_paused(run, ts) && alive < LOG_BURSTS_OPEN / 2) {
			*slot_of(bursts, run->hash, run->burst.op, run->burst.ns, run->burst.lsid) =
				run;
			bursts->open_count++;
			continue;
		}
		end(bursts, run);
		run_free(run);
	}
	free(old);
}

/* What a run is told by; its slices point into one text of its own. */
struct facts {
	struct bytes ns, command, session, lsid;
};

static struct bytes copy(char **at, struct bytes from)
{
	struct bytes to = bytes_of(*at, from.len);

	if (from.len > 0)
		memcpy(*at, from.at, from.len);
	*at += from.len;
	return to;
}

/* Begin a run in what is empty. */
static void begin(struct run *run, const struct log_op *op, const struct facts *facts)
{
	char *at = xmalloc(facts->ns.len + facts->command.len + facts->session.len +
			   facts->lsid.len + 1);

	free(run->text);
	run->text = at;
	run->burst = (struct log_burst){.first = op->ts,
					.last = op->ts,
					.count = 1,
					.op = op->op->op,
					.ns = copy(&at, facts->ns),
					.command = copy(&at, facts->command),
					.session = copy(&at, facts->session),
					.lsid = copy(&at, facts->lsid),
					.transaction = op->transaction};
}

static void add_command(struct log_bursts *bursts, const struct log_op *op,
			const struct facts *facts)
{
	static const enum entry_op ops[] = {ENTRY_INSERT, ENTRY_UPDATE, ENTRY_DELETE};
	const struct bytes none = {0};
	struct run alone = {0};

	/* What was done to the collection before is another story. */
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		struct run *run =
			*slot_of(bursts, hash_of(ops[i], facts->ns, none), ops[i], facts->ns, none);

		if (run != NULL)
			end(bursts, run);
	}
	begin(&alone, op, facts);
	end(bursts, &alone);
}

static void add_document(struct log_bursts *bursts, const struct log_op *op,
			 const struct facts *facts)
{
	uint64_t hash = hash_of(op->op->op, facts->ns, facts->lsid);
	struct run **slot, *run;

	slot = slot_of(bursts, hash, op->op->op, facts->ns, facts->lsid);
	if (*slot == NULL && bursts->open_count >= LOG_BURSTS_OPEN) {
		sweep(bursts, op->ts);
		slot = slot_of(bursts, hash, op->op->op, facts->ns, facts->lsid);
	}
	run = *slot;
	if (run != NULL && run->burst.op == op->op->op && !is_paused(run, op->ts)) {
		run->burst.count++;
		run->burst.first = MIN_OF(run->burst.first, op->ts);
		run->burst.last = MAX_OF(run->burst.last, op->ts);
		run->burst.transaction &= op->transaction;
		return;
	}
	if (run == NULL) {
		*slot = run = xcalloc(1, sizeof(*run));
		run->hash = hash;
		bursts->open_count++;
	} else {
		end(bursts, run);
	}
	begin(run, op, facts);
}

void log_bursts_add(struct log_bursts *bursts, const struct log_op *op)
{
	OWNED(buf_release) struct buf ns = {0};
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf session = {0};
	struct facts facts = {.lsid = log_out_lsid(op->op)};

	log_out_ns(op, &ns);
	log_out_session_id(op->op, &session);
	facts.ns = buf_bytes(&ns);
	facts.session = buf_bytes(&session);
	if (op->op->op != ENTRY_COMMAND) {
		add_document(bursts, op, &facts);
		return;
	}
	log_out_command(op, &command);
	facts.command = buf_bytes(&command);
	add_command(bursts, op, &facts);
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
	for (size_t sort = 0; sort < SORTS; sort++)
		for (size_t i = 0; i < bursts->ended[sort].count; i++)
			bursts->result[count++] = bursts->ended[sort].at[i].burst;
	*ret = bursts->result;
	*ret_count = count;
	*ret_forgotten = bursts->forgotten;
}
