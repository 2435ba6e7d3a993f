#include "oplog/stream_foreign.h"

#include <inttypes.h>

#include "base/siphash.h"
#include "oplog/command.h"
#include "oplog/moment.h"
#include "oplog/piece_cursor.h"

#define SEEN_SLOTS 4096	 /* of namespaces that were looked up; a power of two */
#define CHECK_MAX 100000 /* entries behind a new snapshot that are looked at */
#define CHANGED_MAX 1000 /* databases with commands, until we stop looking */

struct stream_foreign {
	struct store *store;
	struct snapshot_list list; /* in order of time */
	uint64_t begin;		   /* of the slice; 0: no entry yet */
	size_t next;		   /* in `list`: the first that was not passed in this slice */
	struct moment *moment;	   /* of the one that was passed last, or NULL */
	uint64_t seen[SEEN_SLOTS]; /* hashes of (namespace, UUID) that fit */
	char **changed;		   /* databases that commands have changed since */
	size_t changed_count;
};

int stream_foreign_new(struct store *store, struct stream_foreign **ret, struct error *e)
{
	OWNED(stream_foreign_free) struct stream_foreign *foreign = xcalloc(1, sizeof(*foreign));
	size_t skipped;

	foreign->store = store;
	if (snapshots_read(store, &foreign->list, &skipped, e) < 0)
		return e->code;
	*ret = TAKE(foreign);
	return 0;
}

static void forget_changes(struct stream_foreign *foreign)
{
	for (size_t i = 0; i < foreign->changed_count; i++)
		free(foreign->changed[i]);
	foreign->changed_count = 0;
}

void stream_foreign_free(struct stream_foreign *foreign)
{
	if (foreign == NULL)
		return;
	forget_changes(foreign);
	free(foreign->changed);
	moment_release(foreign->moment);
	snapshots_release(&foreign->list);
	free(foreign);
}

/* Nothing can be told until the next snapshot. */
static void stop(struct stream_foreign *foreign)
{
	moment_release(TAKE(foreign->moment));
	forget_changes(foreign);
}

void stream_foreign_slice(struct stream_foreign *foreign)
{
	stop(foreign);
	foreign->begin = 0;
	foreign->next = 0;
}

bool stream_foreign_is_first(const struct entry *entry)
{
	struct bson_field msg;
	struct error ignored;
	struct bytes text;

	return entry->op == ENTRY_NOOP && entry->ns.len == 0 &&
	       bson_find(entry->o, "msg", &msg, &ignored) == 1 && msg.type == BSON_KIND_STRING &&
	       bson_text(msg.value, &text, &ignored) == 0 && bytes_is(text, "initiating set");
}

int stream_foreign_begins(struct piece_cursor *cursor, bool *ret, struct error *e)
{
	struct entry entry;
	struct error ignored;
	struct bytes doc;

	if (piece_cursor_seek(cursor, 0, e) < 0 || piece_cursor_next(cursor, &doc, e) < 0)
		return e->code;
	*ret = entry_parse(doc, &entry, &ignored) == 0 && stream_foreign_is_first(&entry);
	return 0;
}

/* Go on to the newest exact snapshot between the slice's begin and `ts`. */
static int pass_snapshots(struct stream_foreign *foreign, uint64_t ts, struct error *e)
{
	const struct snapshot *newest = NULL;

	if (foreign->begin == 0)
		foreign->begin = ts;
	for (; foreign->next < foreign->list.count; foreign->next++) {
		const struct snapshot *s = &foreign->list.at[foreign->next];
		uint64_t at = entry_ts(s->optime.seconds, s->optime.increment);

		if (s->exact && at >= ts)
			break;
		if (s->exact && at >= foreign->begin)
			newest = s;
	}
	if (newest == NULL)
		return 0;
	stop(foreign);
	memset(foreign->seen, 0, sizeof(foreign->seen));
	return moment_open(foreign->store, newest, &foreign->moment, e);
}

static bool is_changed(const struct stream_foreign *foreign, struct bytes db)
{
	for (size_t i = 0; i < foreign->changed_count; i++)
		if (bytes_equal(bytes_str(foreign->changed[i]), db))
			return true;
	return false;
}

static void note_change(struct stream_foreign *foreign, struct bytes db)
{
	if (is_changed(foreign, db))
		return;
	if (foreign->changed_count == CHANGED_MAX) {
		stop(foreign);
		return;
	}
	foreign->changed = xrealloc(foreign->changed,
				    (foreign->changed_count + 1) * sizeof(*foreign->changed));
	foreign->changed[foreign->changed_count++] = xstrndup((const char *)db.at, db.len);
}

/* From a command on, other UUIDs may be right in the databases that it touches. */
static void look_at_command(struct stream_foreign *foreign, const struct entry *op)
{
	enum command_kind kind = COMMAND_OTHER;
	struct command command;
	struct bson_field name;
	struct error ignored;

	if (entry_command(op, &name, &ignored) != 1) {
		stop(foreign);
		return;
	}
	(void)command_policy(name.name, &kind);
	if ((int)kind == 0) /* unknown */
		kind = COMMAND_OTHER;
	switch (kind) {
	case COMMAND_CREATE:
	case COMMAND_DROP:
	case COMMAND_DROP_DATABASE:
		note_change(foreign, op->db);
		break;
	case COMMAND_RENAME:
		note_change(foreign, op->db);
		if (command_parse(op, &command, &ignored) == 1 && command.to.len > 0 &&
		    memchr(command.to.at, '.', command.to.len) != NULL) {
			const uint8_t *dot = memchr(command.to.at, '.', command.to.len);

			note_change(foreign,
				    bytes_of(command.to.at, (size_t)(dot - command.to.at)));
		} else {
			stop(foreign);
		}
		break;
	case COMMAND_OTHER:
		stop(foreign);
		break;
	default:
		break; /* no command that makes or drops a collection */
	}
}

static int another(const struct stream_foreign *foreign, const struct entry *op, struct error *e)
{
	const char *name = moment_snapshot(foreign->moment)->name;

	error_set(e, ERR_EXISTS,
		  "%.*s has another UUID than in %s%s: this is the oplog of another replica set",
		  (int)MIN_OF(op->ns.len, (size_t)300), (const char *)op->ns.at,
		  name != NULL ? "snapshot " : "the dump", name != NULL ? name : "");
	error_hint(e, "a store keeps one replica set: make another store for this one");
	return e->code;
}

/* Compare the UUID of an operation with the snapshot's. */
static int look_at_uuid(struct stream_foreign *foreign, const struct entry *op, struct error *e)
{
	static const uint8_t key[16] = "uuids of names";
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf both = {0};
	uint64_t hash, *slot;
	int found;

	buf_add_bytes(&both, op->ns);
	buf_add(&both, op->ui, sizeof(entry.uuid));
	hash = siphash24(key, buf_bytes(&both)) | 1;
	slot = &foreign->seen[hash / 2 % SEEN_SLOTS];
	if (*slot == hash)
		return 0;
	found = moment_find(foreign->moment, op->ns, NULL, &entry, e);
	if (found < 0)
		return found;
	if (found == 1 && entry.has_uuid && memcmp(entry.uuid, op->ui, sizeof(entry.uuid)) != 0)
		return another(foreign, op, e);
	*slot = hash;
	return 0;
}

static int look_at(struct stream_foreign *foreign, const struct entry *op, struct error *e)
{
	bool crud = op->op == ENTRY_INSERT || op->op == ENTRY_UPDATE || op->op == ENTRY_DELETE;

	if (op->op == ENTRY_COMMAND)
		look_at_command(foreign, op);
	else if (crud && op->ui != NULL && !is_changed(foreign, op->db))
		return look_at_uuid(foreign, op, e);
	return 0;
}

/* All operations of an entry. What can't be understood may change anything. */
static int look_at_all(struct stream_foreign *foreign, const struct entry *entry, struct error *e)
{
	struct entry_ops ops;
	struct entry op;
	int found = 0;

	entry_ops_begin(&ops, entry);
	while (foreign->moment != NULL && (found = entry_ops_next(&ops, &op, e)) == 1)
		if (look_at(foreign, &op, e) < 0)
			return e->code;
	if (found < 0)
		stop(foreign);
	return 0;
}

int stream_foreign_look(struct stream_foreign *foreign, uint64_t ts, const struct entry *entry,
			struct error *e)
{
	if (pass_snapshots(foreign, ts, e) < 0)
		return e->code;
	if (foreign->moment != NULL && entry != NULL)
		return look_at_all(foreign, entry, e);
	stop(foreign);
	return 0;
}

/* The text is about the oplog where a snapshot is what came last. */
static int of_another(const struct snapshot *snapshot, struct error *e)
{
	if (e->code != ERR_EXISTS)
		return e->code;
	error_wrap(e, "a snapshot of optime %" PRIu32 ".%" PRIu32, snapshot->optime.seconds,
		   snapshot->optime.increment);
	return error_hint(e, "the stored oplog and this dump are of different replica sets, or the "
			     "optime is wrong: make another store, or leave out --assert-quiesced");
}

int stream_foreign_check(struct store *store, const struct snapshot *snapshot, struct error *e)
{
	OWNED(stream_foreign_free) struct stream_foreign *foreign = xcalloc(1, sizeof(*foreign));
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(stream_cursor_free) struct stream_cursor *cursor = NULL;
	uint64_t at = entry_ts(snapshot->optime.seconds, snapshot->optime.increment), last;
	const struct stream_range *range;
	struct bytes doc;
	int found = 1;

	foreign->store = store;
	if (stream_open(store, &stream, NULL, e) < 0)
		return e->code;
	range = stream_range_at(stream, at);
	if (range == NULL)
		return 0;
	last = range->last.ts; /* behind it is a gap, and maybe another range */
	cursor = stream_cursor_new(stream, NULL);
	if (moment_open(store, snapshot, &foreign->moment, e) < 0 ||
	    stream_cursor_seek(cursor, at + 1, e) < 0)
		return e->code;
	for (unsigned i = 0; i < CHECK_MAX && foreign->moment != NULL; i++) {
		struct entry entry;
		struct error ignored;

		found = stream_cursor_next(cursor, &doc, e);
		if (found != 1)
			break;
		if (entry_parse(doc, &entry, &ignored) < 0)
			return 0;
		if (entry.at.ts > last)
			return 0;
		if (look_at_all(foreign, &entry, e) < 0)
			return of_another(snapshot, e);
	}
	return found < 0 ? found : 0;
}
