#include "oplog/replay.h"

#include <inttypes.h>

#include "oplog/moment.h"
#include "oplog/replay_ahead.h"
#include "oplog/replay_docs.h"
#include "oplog/transaction.h"
#include "store/snapshot/catalog_build.h"

struct replay {
	const struct replay_options *options;
	struct moment *base;
	struct ns_filter *coverage; /* of a partial base; NULL: not known */
	struct transactions *transactions;
	struct replay_catalog *catalog;
	struct replay_docs *docs;
	uint64_t sequence;
	bool open_known;
	uint64_t
		needed_from; /* first entry of the oldest transaction that is open at `to`; 0: none */
	uint64_t visible;    /* the latest time of a unit that was applied */
	struct replay_result *result;
	struct catalog_build *build;
	struct buf stops; /* of struct replay_stop */
};

static void release(struct replay *replay)
{
	catalog_build_free(replay->build);
	replay_docs_free(replay->docs);
	replay_catalog_free(replay->catalog);
	transaction_free(replay->transactions);
	moment_release(replay->base);
	ns_filter_free(replay->coverage);
}
DEFINE_OWNED_STRUCT(struct replay, release);

void replay_result_release(struct replay_result *result)
{
	for (size_t i = 0; i < result->stop_count; i++) {
		free(result->stops[i].ns);
		free(result->stops[i].why);
	}
	free(result->stops);
	free(result->stranger);
	snapshot_release(&result->snapshot);
	*result = (struct replay_result){0};
}

static bool text_field(struct bytes doc, const char *name, struct bytes *ret)
{
	struct bson_field field;
	struct error ignored;

	return bson_find(doc, name, &field, &ignored) == 1 && field.type == BSON_KIND_STRING &&
	       bson_text(field.value, ret, &ignored) == 0;
}

/* The feature compatibility version in the base: a document of admin.system.version. */
static int read_fcv(struct moment *base, char **ret, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct bytes doc;
	int found = moment_find(base, bytes_str("admin.system.version"), NULL, &entry, e);

	if (found != 1)
		return found;
	cursor = tree_cursor_new(moment_store(base), &entry.root);
	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		struct bytes id, version;

		if (text_field(doc, "_id", &id) &&
		    bytes_equal(id, bytes_str("featureCompatibilityVersion")) &&
		    text_field(doc, "version", &version) && *ret == NULL)
			*ret = xstrndup((const char *)version.at, version.len);
	}
	return found;
}

static int find_fcv(struct replay *replay, char **ret, struct error *e)
{
	const struct replay_options *o = replay->options;
	OWNED(moment_release) struct moment *whole = NULL;

	if (o->whole == NULL)
		return read_fcv(replay->base, ret, e);
	return moment_open(o->whole_store, o->whole, &whole, e) < 0 ? e->code
								    : read_fcv(whole, ret, e);
}

/* 1 when the base has the one collection that is wanted, under the same name; *ret is its entry. */
static int find_only(struct replay *replay, struct catalog_entry *ret, struct error *e)
{
	const struct catalog_entry *only = replay->options->only;
	int found;

	if (only == NULL)
		return 0;
	found = moment_find(replay->base, bytes_of(only->ns, only->ns_len), NULL, ret, e);
	if (found != 1)
		return found;
	return ret->has_uuid && memcmp(ret->uuid, only->uuid, sizeof(ret->uuid)) == 0;
}

static int load_catalog(struct replay *replay, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment_store(replay->base),
						     &moment_snapshot(replay->base)->catalog);
	struct bytes doc;
	int found;

	while ((found = tree_cursor_next(cursor, &doc, e)) == 1)
		if (catalog_entry_decode(doc, &entry, e) < 0 ||
		    replay_catalog_load(replay->catalog, &entry, e) < 0)
			return e->code;
	return found;
}

static struct store *base_store(const struct replay_options *o)
{
	return o->base_store != NULL ? o->base_store : store_writer_store(o->writer);
}

static const char *tmp_of(const struct replay_options *o)
{
	return o->writer != NULL ? store_writer_tmp(o->writer) : store_tmp(o->base_store);
}

/* Of one collection nothing else needs to be loaded: what happens to others is left out as not covered. */
static int begin(struct replay *replay, struct error *e)
{
	const struct replay_options *o = replay->options;
	OWNED(catalog_entry_release) struct catalog_entry only = {0};
	OWNED(free) char *fcv = NULL;
	struct replay_catalog_options options = {.fuzzy = o->fuzzy,
						 .partial = o->base->partial,
						 .server_version = o->base->server_version};
	int alone;

	if (o->base->partial && o->base->coverage.len > 0 &&
	    ns_filter_decode(buf_bytes(&o->base->coverage), &replay->coverage, e) < 0)
		return e->code;
	if (moment_open(base_store(o), o->base, &replay->base, e) < 0 ||
	    find_fcv(replay, &fcv, e) < 0)
		return e->code;
	alone = find_only(replay, &only, e);
	if (alone < 0)
		return alone;
	options.fcv = fcv;
	options.partial = options.partial || alone;
	options.coverage = alone ? NULL : replay->coverage;
	replay->catalog = replay_catalog_new(&options);
	replay->transactions = transaction_new(tmp_of(o));
	if (!alone)
		return load_catalog(replay, e);
	return replay_catalog_load(replay->catalog, &only, e) < 0 ? e->code : 0;
}

/* The collection can't be followed from here on; the rest goes on. */
static void stop(struct replay_slot *slot, uint64_t ts, const struct error *why)
{
	if (slot->stopped != NULL)
		return;
	slot->stopped = xstrdup(why->text);
	slot->stopped_at = ts;
}

/* Are operations on the collection wanted at all? */
static bool is_wanted(const struct replay *replay, const struct replay_slot *slot)
{
	const struct replay_options *o = replay->options;

	if (o->only != NULL)
		return slot->entry.has_uuid && memcmp(slot->entry.uuid, o->only->uuid, 16) == 0;
	return !o->names_only;
}

static int apply_document(struct replay *replay, const struct entry *op, uint64_t ts,
			  struct error *e)
{
	/* A user's applyOps may name documents that are not there: servers pass over them. */
	struct replay_docs_rules rules = {.ts = ts,
					  .fuzzy = replay->options->fuzzy || entry_is_of_user(op)};
	struct replay_slot *slot = NULL;
	int found = replay_catalog_target(replay->catalog, op, &slot, e);

	if (found != 1 || slot->stopped != NULL)
		return found < 0 ? found : 0;
	slot->changed = MAX_OF(slot->changed, ts); /* a commit may speak of an earlier time */
	replay->result->operations++;
	if (slot->number == REPLAY_CATALOG_INSIDE || slot->watched) {
		found = replay_catalog_document(replay->catalog, op, slot, e);
		if (found < 0 || slot->number == REPLAY_CATALOG_INSIDE)
			return found < 0 ? found : 0;
	}
	rules.sequence = replay->sequence++;
	if (!is_wanted(replay, slot))
		return 0;
	rules.major = replay_catalog_major(replay->catalog);
	rules.evicts = replay_catalog_evicts(replay->catalog);
	found = replay_docs_add(replay->docs, slot, op, &rules, e);
	if (found != ERR_CORRUPT && found != ERR_UNSUPPORTED && found != ERR_LIMIT)
		return found < 0 ? found : 0;
	stop(slot, ts, e);
	return 0;
}

static int apply_operation(struct replay *replay, const struct entry *op, uint64_t ts,
			   struct error *e)
{
	switch (op->op) {
	case ENTRY_INSERT:
	case ENTRY_UPDATE:
	case ENTRY_DELETE:
		return apply_document(replay, op, ts, e);
	case ENTRY_COMMAND:
		replay->result->operations++;
		return replay_catalog_command(replay->catalog, op, ts, replay->sequence, e);
	case ENTRY_UNKNOWN:
		return replay_catalog_unknown(replay->catalog, op, ts, e);
	case ENTRY_GLOBAL_INDEX_INSERT:
	case ENTRY_GLOBAL_INDEX_DELETE:
		error_set(e, ERR_UNSUPPORTED, "keys of global indexes can't be replayed");
		return entry_wrap(op, e);
	case ENTRY_NOOP:
	case ENTRY_CONTAINER_INSERT:
	case ENTRY_CONTAINER_DELETE:
	case ENTRY_CONTAINER_UPDATE:
	case ENTRY_MULTIKEY:
		break;
	}
	return 0;
}

static int apply_unit(struct replay *replay, const struct transaction_unit *unit, struct error *e)
{
	const struct replay_options *o = replay->options;

	if (unit->visible <= o->from || unit->visible > o->to)
		return 0;
	replay->visible = MAX_OF(replay->visible, unit->visible);
	for (size_t i = 0; i < unit->count; i++) {
		struct entry entry, op;
		struct entry_ops ops;
		int found;

		if (transaction_entry(replay->transactions, i, &entry, e) < 0)
			return e->code;
		entry_ops_begin(&ops, &entry);
		while ((found = entry_ops_next(&ops, &op, e)) == 1)
			if (apply_operation(replay, &op, unit->visible, e) < 0)
				return e->code;
		if (found < 0)
			return entry_wrap(&entry, e);
	}
	return 0;
}

/* What is open at the moment is needed by who goes on from there, also when its decision is known by now. */
static void note_open(struct replay *replay)
{
	if (replay->open_known)
		return;
	replay->open_known = true;
	replay->needed_from = transaction_needed_from(replay->transactions);
}

/* Is nothing of interest that comes later? Behind `to` the decisions of transactions that were prepared before are. */
static bool is_done(struct replay *replay)
{
	uint64_t waits;

	note_open(replay);
	return transaction_waiting(replay->transactions, replay->options->to, &waits) == 0;
}

/* One entry. 1: go on, 0: that was all. */
static int feed(struct replay *replay, const struct entry *entry, struct error *e)
{
	const struct replay_options *o = replay->options;
	struct transaction_unit unit;
	int found;

	if (entry->at.ts > o->to) {
		if (is_done(replay))
			return 0;
	} else {
		replay->result->entries++;
		replay->result->last = entry->at.ts;
	}
	found = transaction_feed(replay->transactions, entry, &unit, e);
	/* A transaction that began before the first entry and ended before the base is in the base. */
	if (found == ERR_NO_TIME && entry->at.ts <= o->from)
		return 1;
	if (found == 1)
		found = apply_unit(replay, &unit, e);
	if (found < 0)
		return found;
	/* What comes next is not read: it may be damaged. */
	return entry->at.ts != o->to || !is_done(replay);
}

static int cancelled(const struct replay *replay)
{
	const struct progress *p = replay->options->progress;

	return progress_cancelled(p);
}

static int feed_all(struct replay *replay, struct error *e)
{
	const struct progress *p = replay->options->progress;
	OWNED(replay_ahead_free)
	struct replay_ahead *ahead = replay_ahead_new(&replay->options->source);
	struct progress_pace pace = {0};
	struct entry entry;
	uint64_t count = 0;
	int found;

	while ((found = replay_ahead_next(ahead, &entry, e)) == 1) {
		found = feed(replay, &entry, e);
		if (found != 1)
			break;
		count++;
		if (!progress_is_due(&pace, entry.raw.len))
			continue;
		if (cancelled(replay))
			return error_set(e, ERR_CANCELLED, "interrupted");
		if (p != NULL && p->report != NULL)
			p->report(p->ctx, "replaying (entries)", count, replay->options->total);
	}
	/* Of a part of the log (the commands, one collection) the next entry lies behind `to`, and tells its end. */
	if (found < 0 && replay_ahead_failed_at(ahead) > replay->options->to && is_done(replay))
		found = 0;
	return found < 0 ? found : 0;
}

/* What is prepared and not decided can be visible in this moment or not: nobody knows yet. */
static int check_waiting(struct replay *replay, struct error *e)
{
	const struct replay_options *o = replay->options;
	uint64_t waits;

	replay->result->undecided = transaction_waiting(replay->transactions, o->to, &waits) == 1;
	if (o->fuzzy || !replay->result->undecided)
		return 0;
	error_set(e, ERR_NO_TIME,
		  "the transaction that was prepared at %" PRIu32 ".%" PRIu32
		  " is not decided yet: whether it is visible is not known",
		  entry_seconds(waits), entry_increment(waits));
	return error_hint(e, "moments before it can be opened: --at %" PRIu32 ".%" PRIu32 "~",
			  entry_seconds(waits), entry_increment(waits));
}

static int add_entry(void *ctx, const struct catalog_entry *entry, const struct replay_slot *slot,
		     uint64_t changed, struct error *e)
{
	struct replay *replay = ctx;
	struct bytes ns = bytes_of(entry->ns, entry->ns_len);
	struct catalog_stop why = {0};
	uint64_t seconds = entry_seconds(changed);
	bool stopped = slot != NULL && slot->stopped != NULL;

	if (replay->options->only != NULL && (slot == NULL || !is_wanted(replay, slot)))
		return 0;
	if (changed == 0 && moment_changed(replay->base, ns, &seconds, e) < 0)
		return e->code;
	if (stopped) {
		struct replay_stop stop = {.ns = xstrndup(entry->ns, entry->ns_len),
					   .ts = slot->stopped_at,
					   .why = xstrdup(slot->stopped)};

		buf_add(&replay->stops, &stop, sizeof(stop));
		why = (struct catalog_stop){slot->stopped_at, slot->stopped};
	}
	return catalog_build_add(replay->build, entry, seconds, stopped ? &why : NULL, e);
}

static void describe(struct replay *replay, struct snapshot *snapshot)
{
	const struct replay_options *o = replay->options;
	uint64_t last = MAX_OF(MAX_OF(replay->result->last, replay->visible), o->from);
	uint64_t needed;

	note_open(replay);
	needed = replay->needed_from;
	snapshot->exact = true;
	snapshot->partial = o->base->partial;
	buf_add_bytes(&snapshot->coverage, buf_bytes(&o->base->coverage));
	snapshot->optime = (struct optime){entry_seconds(last), entry_increment(last)};
	snapshot->needed_from = (struct optime){entry_seconds(needed), entry_increment(needed)};
	snapshot->time = snapshot->optime.seconds;
	snapshot->has_parent = true;
	snapshot->parent = o->base->id;
	if (o->base->server_version != NULL)
		snapshot->server_version = xstrdup(o->base->server_version);
	if (o->base->replica_set != NULL)
		snapshot->replica_set = xstrdup(o->base->replica_set);
}

static int finish(struct replay *replay, struct error *e)
{
	const struct replay_options *o = replay->options;
	struct replay_result *result = replay->result;
	const char *stranger = replay_catalog_stranger(replay->catalog);

	if (stranger != NULL)
		result->stranger = xstrdup(stranger);
	result->steady = replay_catalog_is_steady(replay->catalog);
	if (check_waiting(replay, e) < 0 ||
	    replay_docs_finish(replay->docs, replay->catalog, o->writer, o->progress, e) < 0)
		return e->code;
	/* Node hints are for trees of the same store: a cache has none of its base's. */
	replay->build = catalog_build_new(o->writer, o->base_store == NULL ? o->base : NULL);
	if (replay_catalog_finish(replay->catalog, add_entry, replay, e) < 0)
		return e->code;
	describe(replay, &result->snapshot);
	return catalog_build_finish(replay->build, &result->snapshot, e);
}

int replay_run(const struct replay_options *options, struct replay_result *ret, struct error *e)
{
	struct replay_result result = {0};
	OWNED(release) struct replay replay = {.options = options, .result = &result};
	int code = begin(&replay, e);

	replay.docs = replay_docs_new(store_writer_tmp(options->writer), options->memory);
	if (code == 0)
		code = feed_all(&replay, e);
	if (code == 0)
		code = finish(&replay, e);
	result.stops = (struct replay_stop *)(void *)replay.stops.at;
	result.stop_count = replay.stops.len / sizeof(struct replay_stop);
	if (code < 0) {
		replay_result_release(&result);
		return code;
	}
	*ret = result;
	return 0;
}

/* The one collection that is wanted: its slot, or NULL. */
static struct replay_slot *slot_of_only(struct replay *replay)
{
	for (size_t i = replay_catalog_count(replay->catalog); i-- > 0;) {
		struct replay_slot *slot = replay_catalog_slot(replay->catalog, i);

		if (!slot->dropped && is_wanted(replay, slot))
			return slot;
	}
	return NULL;
}

int replay_document(const struct replay_options *options, struct bytes key, struct buf *ret,
		    struct error *e)
{
	OWNED(replay_result_release) struct replay_result result = {0};
	OWNED(release) struct replay replay = {.options = options, .result = &result};
	struct replay_slot *slot;

	replay.docs = replay_docs_new(store_tmp(options->base_store), options->memory);
	if (begin(&replay, e) < 0 || feed_all(&replay, e) < 0 || check_waiting(&replay, e) < 0)
		return e->code;
	slot = slot_of_only(&replay);
	if (slot == NULL)
		return error_set(e, ERR_CORRUPT, "%s is not there at this moment",
				 options->only->ns);
	if (slot->stopped != NULL)
		return error_set(e, ERR_UNSUPPORTED, "%s", slot->stopped);
	return replay_docs_one(replay.docs, slot, key, options->base_store, ret, e);
}
