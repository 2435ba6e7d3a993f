#include "tools/log_versions.h"

#include <stdio.h>

#include "base/key.h"
#include "base/ns.h"
#include "oplog/replay_fcv.h"
#include "oplog/update.h"
#include "tools/id_find.h"
#include "tools/log_out.h"

/* The document of one collection. */
struct state {
	bool has_uuid;
	uint8_t uuid[16];
	struct buf ns; /* as the collection is called now */
	bool known;
	struct buf doc; /* empty: there is none */
};

struct job {
	const struct log_versions_options *options;
	const struct log_versions_sink *sink;
	struct buf key; /* of the _id */
	struct replay_fcv fcv;
	struct state *states;
	size_t count;
	uint64_t
		anchor; /* a moment that is still to come, from which the document is known; NEVER */
	struct buf scratch;
};

static void states_reset(struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		buf_release(&job->states[i].ns);
		buf_release(&job->states[i].doc);
	}
	free(job->states);
	job->states = NULL;
	job->count = 0;
}

static void job_release(struct job *job)
{
	states_reset(job);
	buf_release(&job->key);
	buf_release(&job->scratch);
	replay_fcv_release(&job->fcv);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static struct state *find_state(struct job *job, const uint8_t *uuid, struct bytes ns)
{
	for (size_t i = 0; i < job->count; i++) {
		struct state *state = &job->states[i];

		if (uuid != NULL && state->has_uuid
			    ? memcmp(state->uuid, uuid, sizeof(state->uuid)) == 0
			    : bytes_equal(buf_bytes(&state->ns), ns))
			return state;
	}
	return NULL;
}

/* The state of a collection; one without a UUID adopts the first that is seen for its name. */
static struct state *state_of(struct job *job, const uint8_t *uuid, struct bytes ns)
{
	struct state *state = find_state(job, uuid, ns);

	if (state == NULL) {
		job->states = xrealloc(job->states, (job->count + 1) * sizeof(*job->states));
		state = &job->states[job->count++];
		*state = (struct state){0};
		buf_add_bytes(&state->ns, ns);
	}
	if (uuid != NULL && !state->has_uuid) {
		state->has_uuid = true;
		memcpy(state->uuid, uuid, sizeof(state->uuid));
	}
	return state;
}

int log_versions_moment(struct timeline *timeline, uint64_t ts, bool before,
			const struct progress *progress, struct moment **ret, struct error *e)
{
	struct timeline_point point;
	struct error why = {0};
	char text[40];
	int code;

	snprintf(text, sizeof(text), "%u.%u%s", entry_seconds(ts), entry_increment(ts),
		 before ? "~" : "");
	code = timeline_find(timeline, text, 0, &point, &why);
	if (code >= 0)
		code = timeline_moment(timeline, &point, progress, ret, &why);
	if (code == ERR_NO_TIME || code == ERR_NOT_FOUND)
		return 0;
	if (code < 0)
		*e = why;
	return code < 0 ? code : 1;
}

static int take_document(void *ctx, struct bytes doc, struct error *e UNUSED)
{
	struct buf *to = ctx;

	buf_reset(to);
	buf_add_bytes(to, doc);
	return 0;
}

/* The document as it is in a collection of a moment. */
static int load_document(struct job *job, struct moment *moment, struct catalog_entry *entry,
			 struct error *e)
{
	struct bytes ns = bytes_of(entry->ns, entry->ns_len);
	struct state *state = state_of(job, entry->has_uuid ? entry->uuid : NULL, ns);
	struct error why = {0};
	int64_t found;

	buf_reset(&state->ns);
	buf_add_bytes(&state->ns, ns);
	buf_reset(&state->doc);
	state->known = false;
	if (entry->type != CATALOG_COLLECTION)
		return 0;
	if (entry->root.kind == TREE_KEYED) {
		found = moment_document(moment, entry, buf_bytes(&job->key), &state->doc, &why);
	} else {
		found = moment_resolve(moment, entry, &why);
		if (found >= 0)
			found = id_find(moment_store(moment), entry, job->options->id,
					take_document, &state->doc, &why);
	}
	if (found == ERR_UNSUPPORTED) /* it can't be told there: it stays unknown */
		return 0;
	if (found < 0)
		*e = why;
	state->known = found >= 0;
	return found < 0 ? e->code : 0;
}

/* All collections that are followed, as they are at a moment. */
static int load(struct job *job, struct moment *moment, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	const struct log_names *names = job->options->names;
	size_t left;

	catalog_entry_init(&entry);
	if (log_names_learn(job->options->names, moment, e) < 0)
		return e->code;
	left = names->uuids.len / sizeof(entry.uuid);
	for (uint64_t i = 0; i < moment_count(moment) && (left > 0 || i == 0); i++) {
		if (moment_entry(moment, i, &entry, e) < 0)
			return e->code;
		if (!entry.has_uuid || !log_names_has(names, entry.uuid))
			continue;
		left--;
		if (load_document(job, moment, &entry, e) < 0)
			return e->code;
	}
	switch (moment_find(moment, buf_bytes(&names->word), NULL, &entry, e)) {
	case 0:
		return 0;
	case 1:
		return entry.has_uuid ? 0 : load_document(job, moment, &entry, e);
	default:
		return e->code;
	}
}

static int give(struct job *job, const struct log_op *op, uint64_t ts, const struct state *state,
		struct error *e)
{
	struct log_version version = {
		.op = op,
		.ts = ts,
		.ns = buf_bytes(&state->ns),
		.known = state->known,
		.doc = buf_bytes(&state->doc),
	};

	return job->sink->version(job->sink->ctx, &version, e);
}

/* What there is where reading begins. */
static int give_states(struct job *job, uint64_t ts, struct error *e)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->states[i].known && job->states[i].doc.len > 0 &&
		    give(job, NULL, ts, &job->states[i], e) < 0)
			return e->code;
	return 0;
}

/* Is it known whole what the update makes, whatever was before? */
static bool is_replacement(const struct job *job, const struct entry *op)
{
	struct error ignored = {0};
	enum update_kind kind;

	return update_classify(op->o, replay_fcv_major(&job->fcv), &kind, &ignored) >= 0 &&
	       kind == UPDATE_REPLACE;
}

static int apply_update(struct job *job, const struct entry *op, struct state *state,
			struct error *e)
{
	struct update_rules rules = {.major = replay_fcv_major(&job->fcv),
				     .upsert = op->upsert,
				     .logged = !entry_is_of_user(op)};
	struct buf before = state->doc;
	int made;

	if (entry_id(op, &rules.id, e) < 0)
		return e->code;
	if (!state->known && !is_replacement(job, op))
		return 0;
	/* What was not known was there: nobody logs an update of nothing. */
	rules.upsert |= !state->known;
	state->known = true;
	buf_reset(&job->scratch);
	made = update_apply(buf_bytes(&state->doc), op->o, &rules, &job->scratch, e);
	if (made > 0) {
		state->doc = job->scratch;
		job->scratch = before;
	}
	if (made != ERR_CORRUPT && made != ERR_UNSUPPORTED && made != ERR_LIMIT)
		return made < 0 ? made : 0;
	state->known = false; /* a server would not have done it either */
	return 0;
}

/* An insert, update or delete: is it about the document? */
static int apply_document(struct job *job, const struct log_op *op, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	struct state *state;
	struct bson_field id;
	int applied = 0;

	if (entry_id(op->op, &id, e) < 0 || key_of_value(id.type, id.value, &key, e) < 0)
		return e->code;
	if (!bytes_equal(buf_bytes(&key), buf_bytes(&job->key)))
		return 0;
	state = state_of(job, op->op->ui, op->op->ns);
	if (op->op->op == ENTRY_UPDATE) {
		applied = apply_update(job, op->op, state, e);
	} else {
		buf_reset(&state->doc);
		if (op->op->op == ENTRY_INSERT)
			buf_add_bytes(&state->doc, op->op->o);
		state->known = true;
	}
	return applied < 0 ? applied : give(job, op, op->ts, state, e);
}

/* The collection of a state is gone, or emptied. */
static int clear(struct job *job, const struct log_op *op, struct state *state, struct error *e)
{
	bool was = !state->known || state->doc.len > 0;

	state->known = true;
	buf_reset(&state->doc);
	return was ? give(job, op, op->ts, state, e) : 0;
}

static int apply_rename(struct job *job, const struct log_op *op, struct error *e)
{
	const struct command *command = op->command;
	struct state *target = NULL, *state = find_state(job, op->op->ui, command->from);

	if (command->drop_target != NULL || command->drop_any_target)
		target = find_state(job, command->drop_target, command->to);
	if (target != NULL && target != state && state != NULL && state->doc.len > 0) {
		target->known = true; /* it is not deleted, but replaced: that is told below */
		buf_reset(&target->doc);
	} else if (target != NULL && target != state && clear(job, op, target, e) < 0) {
		return e->code;
	}
	if (state == NULL)
		return 0;
	buf_reset(&state->ns);
	buf_add_bytes(&state->ns, command->to);
	return state->doc.len > 0 ? give(job, op, op->ts, state, e) : 0;
}

static int apply_drop_database(struct job *job, const struct log_op *op, struct error *e)
{
	struct bytes db = op->op->db;

	for (size_t i = 0; i < job->count; i++) {
		struct bytes ns = buf_bytes(&job->states[i].ns);

		if (ns_in_db(ns, db) && clear(job, op, &job->states[i], e) < 0)
			return e->code;
	}
	return 0;
}

static int apply_command(struct job *job, const struct log_op *op, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct state *state;

	if (op->command == NULL)
		return 0;
	log_out_ns(op, &ns);
	switch (op->command->kind) {
	case COMMAND_RENAME:
		return apply_rename(job, op, e);
	case COMMAND_DROP_DATABASE:
		return apply_drop_database(job, op, e);
	case COMMAND_DROP:
	case COMMAND_EMPTY_CAPPED:
		state = find_state(job, op->op->ui, buf_bytes(&ns));
		return state == NULL ? 0 : clear(job, op, state, e);
	case COMMAND_CREATE:
		state = state_of(job, op->op->ui, buf_bytes(&ns));
		state->known = true;
		buf_reset(&state->doc);
		return 0;
	default:
		return 0;
	}
}

/* What became of the documents of its collection nobody knows. */
static int forget_known(struct job *job, const struct log_op *op, struct error *e)
{
	struct state *state = find_state(job, op->op->ui, op->op->ns);

	if (state != NULL)
		state->known = false;
	return entry_refuse(op->op, e);
}

/* Only what a person did can be wrong: then the document is not known, and the rest goes on. */
static int take(void *ctx, const struct log_op *op, struct error *e)
{
	struct job *job = ctx;
	struct error why = {0};
	bool learned = false;
	int code = 0;

	replay_fcv_see(&job->fcv, op->op);
	if (bytes_equal(op->op->ns, bytes_str("admin.system.version")) &&
	    replay_fcv_document(&job->fcv, op->op, &why) < 0)
		return job->sink->lost(job->sink->ctx, op->ts, &why, e);
	if (!log_names_match(job->options->names, op, &learned))
		return 0;
	if (op->op->op == ENTRY_UNKNOWN)
		code = forget_known(job, op, &why);
	else if (op->op->op == ENTRY_COMMAND)
		code = apply_command(job, op, &why);
	else if (log_out_op(op->op) != LOG_OUT_NOOP)
		code = apply_document(job, op, &why);
	if (code < 0) {
		if (why.code != ERR_CORRUPT && why.code != ERR_UNSUPPORTED) {
			*e = why;
			return code;
		}
		if (job->sink->lost(job->sink->ctx, op->ts, &why, e) < 0)
			return e->code;
	}
	return learned;
}

static int give_gap(void *ctx, const struct stream_range *before, const struct stream_range *after,
		    struct error *e)
{
	const struct job *job = ctx;

	return job->sink->gap(job->sink->ctx, before, after, e);
}

static int give_lost(void *ctx, uint64_t ts, const struct error *why, struct error *e)
{
	const struct job *job = ctx;

	return job->sink->lost(job->sink->ctx, ts, why, e);
}

/* The first moment of a range from which its documents are known: 0 when there is none. */
static uint64_t first_moment(const struct timeline_map *map, const struct stream_range *range)
{
	for (size_t i = 0; i < map->reach_count; i++)
		if (map->reach[i].last.ts >= range->first.ts &&
		    map->reach[i].first.ts <= range->last.ts)
			return map->reach[i].first.ts;
	return 0;
}

/* Does the collection compare `_id`s by a collation? Then the postings can't find them. */
static bool has_collation(const struct log_names *names, struct moment *moment)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct error ignored = {0};
	struct bson_field field;

	catalog_entry_init(&entry);
	return moment_find(moment, buf_bytes(&names->word), NULL, &entry, &ignored) != 1 ||
	       bson_find(buf_bytes(&entry.options), "collation", &field, &ignored) != 0;
}

/* Load what there is at `ts`, or just before it, and from then on read only what is about it. */
static int begin_at(struct job *job, uint64_t ts, bool before, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	struct log_names *names = job->options->names;
	int found = log_versions_moment(job->options->timeline, ts, before, job->options->progress,
					&moment, e);

	if (found <= 0)
		return found;
	states_reset(job);
	if (load(job, moment, e) < 0)
		return e->code;
	replay_fcv_release(&job->fcv);
	job->fcv = (struct replay_fcv){0};
	replay_fcv_begin(&job->fcv, moment_snapshot(moment)->server_version, NULL);
	found = moment_find(moment, buf_bytes(&names->word), NULL, NULL, e);
	if (found < 0)
		return found;
	names->known = found == 0 || names->uuids.len > 0;
	if (!has_collation(names, moment))
		log_names_only(names, buf_bytes(&job->key));
	return give_states(job, ts, e);
}

static int read_between(struct job *job, uint64_t from, uint64_t to, struct error *e)
{
	const struct log_versions_options *o = job->options;
	const struct log_sink sink = {job, take, give_gap, give_lost};
	const struct log_read_options read = {
		.stream = o->stream,
		.from = from,
		.to = to,
		.filter = log_names_filter(o->names),
		.progress = o->progress,
	};

	return from > to ? 0 : log_read(&read, &sink, e);
}

static int run_range(struct job *job, const struct stream_range *range,
		     const struct timeline_map *map, struct error *e)
{
	const struct log_span *span = &job->options->span;
	uint64_t from = MAX_OF(span->from, range->first.ts), to = MIN_OF(span->to, range->last.ts);
	uint64_t first = first_moment(map, range);

	states_reset(job);
	job->options->names->known = false;
	if (from > to)
		return 0;
	if (first == 0 || first > to)
		return read_between(job, from, to, e);
	if (from > first) {
		if (begin_at(job, from, true, e) < 0)
			return e->code;
		return read_between(job, from, to, e);
	}
	/* The oplog begins before the first moment: there it is not known what was before. */
	if (read_between(job, from, first, e) < 0 || begin_at(job, first, false, e) < 0)
		return e->code;
	return read_between(job, first + 1, to, e);
}

/* The collection that has the name in the end may have had another one before. */
static int learn_end(const struct log_versions_options *o, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	int found = log_versions_moment(o->timeline, o->span.to, false, o->progress, &moment, e);

	return found > 0 ? log_names_learn(o->names, moment, e) : found;
}

int log_versions_run(const struct log_versions_options *options,
		     const struct log_versions_sink *sink, struct error *e)
{
	OWNED(job_release) struct job job = {.options = options, .sink = sink};
	OWNED(timeline_map_release) struct timeline_map map = {0};
	size_t count = stream_range_count(options->stream);

	replay_fcv_begin(&job.fcv, NULL, NULL);
	if (key_of_document(options->id, &job.key, e) < 0 ||
	    timeline_map(options->timeline, &map, e) < 0 || learn_end(options, e) < 0 ||
	    log_names_read(options->names, options->stream, options->span.from, options->span.to,
			   e) < 0)
		return e->code;
	for (size_t i = 0; i < count; i++) {
		const struct stream_range *range = stream_range(options->stream, i);
		const struct stream_range *next =
			i + 1 < count ? stream_range(options->stream, i + 1) : NULL;

		if (run_range(&job, range, &map, e) < 0)
			return e->code;
		if (next != NULL && range->last.ts < options->span.to &&
		    next->first.ts > options->span.from && sink->gap(sink->ctx, range, next, e) < 0)
			return e->code;
	}
	return 0;
}
