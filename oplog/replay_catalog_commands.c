/* Commands: what is applied, what stops one collection, what stops everything. Prefix: replay_catalog_ */
#include "base/buckets.h"
#include "oplog/coll_mod.h"
#include "oplog/replay_catalog_internal.h"
#include "oplog/replay_indexes.h"
#include "oplog/replay_series.h"
#include "oplog/replay_viewless.h"

static bool text_of(const struct bson_field *field, struct bytes *ret)
{
	struct error ignored = {0};

	return field->type == BSON_KIND_STRING && bson_text(field->value, ret, &ignored) == 0 &&
	       ret->len > 0 && memchr(ret->at, 0, ret->len) == NULL;
}

static void join(struct buf *ret, struct bytes db, struct bytes coll)
{
	buf_reset(ret);
	buf_add_bytes(ret, db);
	buf_add_u8(ret, '.');
	buf_add_bytes(ret, coll);
}

/* "db.coll" with both parts there. */
static bool is_ns(struct bytes text)
{
	const uint8_t *dot = text.len == 0 ? NULL : memchr(text.at, '.', text.len);

	return dot != NULL && dot > text.at && dot + 1 < text.at + text.len;
}

static struct replay_slots_item *slot_of_text(struct replay_catalog *catalog,
					      const struct entry *op, struct bytes text)
{
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item = NULL;

	if (is_ns(text))
		item = replay_slots_named(&catalog->slots, text);
	if (item != NULL)
		return item;
	join(&ns, op->db, text);
	return replay_slots_named(&catalog->slots, buf_bytes(&ns));
}

/* Stop a collection that is told by its namespace, if it is one of ours. */
static void stop_told(struct replay_catalog *catalog, struct bytes ns, const uint8_t *ui,
		      uint64_t ts, const struct error *e)
{
	if (replay_slots_named(&catalog->slots, ns) != NULL || replay_catalog_covers(catalog, ns))
		replay_catalog_stop_ns(catalog, ns, ui, ts, e);
}

/* A rename across databases: what it makes is not in the log, and what becomes of the source neither. */
static int refuse_rename(struct replay_catalog *catalog, const struct entry *op, struct bytes from,
			 uint64_t ts, struct error *e)
{
	struct replay_slots_item *source =
		is_ns(from) ? replay_catalog_resolve(catalog, op->db, from, op->ui) : NULL;
	struct bson_field field;
	struct bytes to;

	if (bson_find(op->o, "to", &field, &(struct error){0}) <= 0 || !text_of(&field, &to) ||
	    !is_ns(to) || !is_ns(from))
		return e->code;
	if (source != NULL && source->pub.number == REPLAY_CATALOG_INSIDE)
		return e->code;
	if (source != NULL)
		replay_catalog_stop(source, ts, e);
	else
		stop_told(catalog, from, op->ui, ts, e);
	stop_told(catalog, to, NULL, ts, e);
	return 0;
}

/*
 * Does `text`, a name in the command's database, alone or behind that database's, name what is left out of every moment? Not
 * behind another one's: "local.x" may be a collection's whole name.
 */
static bool names_left_out(const struct entry *op, struct bytes text)
{
	const uint8_t *dot = memchr(text.at, '.', text.len);
	struct bytes db;

	if (replay_catalog_leaves_out(op->db, text))
		return true;
	if (!is_ns(text))
		return false;
	db = bytes_of(text.at, (size_t)(dot - text.at));
	return bytes_equal(db, op->db) &&
	       replay_catalog_leaves_out(db, bytes_of(dot + 1, text.len - db.len - 1));
}

/*
 * `e` says why a command can't be replayed. When it names one collection, by its UUID or by a
 * name that a collection has, that is stopped; else all is. What is left out anyway stops nothing:
 * 8.1 and later log truncateRange of config.system.preimages all the time.
 */
static int refuse(struct replay_catalog *catalog, const struct entry *op, uint64_t ts,
		  struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item = NULL;
	struct bytes text = {0};
	struct bson_field first;
	bool has_text, of_one;

	if (entry_command(op, &first, &(struct error){0}) <= 0)
		return e->code;
	has_text = text_of(&first, &text);
	if (has_text && names_left_out(op, text))
		return 0;
	if (has_text && bytes_equal(first.name, bytes_str("renameCollection")))
		return refuse_rename(catalog, op, text, ts, e);
	if (op->ui != NULL)
		item = replay_slots_of_uuid(&catalog->slots, op->db, op->ui);
	if (item == NULL && has_text)
		item = slot_of_text(catalog, op, text);
	if (item != NULL && item->pub.number != REPLAY_CATALOG_INSIDE) {
		replay_catalog_stop(item, ts, e);
		return 0;
	}
	/* A UUID is a collection's, though not a known one: one that is missing is not changed. An import has none. */
	of_one = op->ui != NULL ||
		 (bytes_equal(first.name, bytes_str("importCollection")) && is_ns(text));
	if (item != NULL || !of_one || !has_text)
		return e->code;
	join(&ns, op->db, text);
	if (!catalog->fuzzy)
		stop_told(catalog, is_ns(text) ? text : buf_bytes(&ns), op->ui, ts, e);
	return 0;
}

static struct replay_slots_item *resolve(struct replay_catalog *catalog,
					 const struct command *command, struct buf *ns)
{
	const struct entry *op = command->entry;

	join(ns, op->db, command->coll);
	return replay_catalog_resolve(catalog, op->db, buf_bytes(ns), op->ui);
}

static void drop(struct replay_catalog *catalog, const struct command *command, uint64_t ts)
{
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item = resolve(catalog, command, &ns);

	if (item == NULL) {
		/* Gone is gone; but who has its name, then? */
		if (replay_slots_named(&catalog->slots, buf_bytes(&ns)) != NULL)
			replay_catalog_missing(catalog, command->entry, buf_bytes(&ns), ts,
					       "a drop of another collection of this name");
		return;
	}
	if (bytes_equal(catalog_entry_coll(&item->pub.entry), bytes_str("system.views")))
		replay_views_remove_db(&catalog->views, command->entry->db);
	replay_viewless_hide(catalog, item);
	item->pub.changed = ts;
	replay_slots_drop(&catalog->slots, item);
}

static void drop_database(struct replay_catalog *catalog, const struct command *command,
			  uint64_t ts)
{
	struct bytes db = command->entry->db;

	for (size_t i = 0; i < replay_slots_all(&catalog->slots); i++) {
		struct replay_slots_item *item = replay_slots_any(&catalog->slots, i);

		if (item->pub.dropped || !bytes_equal(replay_slots_db(item), db))
			continue;
		item->pub.changed = ts;
		replay_slots_drop(&catalog->slots, item);
	}
	replay_views_remove_db(&catalog->views, db);
}

/* Is the index that the collMod names one that shows its first definition for ever? */
static int names_original(struct replay_slots_item *item, const struct command *command,
			  struct error *e)
{
	struct bson_fields fields = bson_fields(buf_bytes(&item->series_indexes));
	struct bson_field field;
	int got = 1;

	if (item->series_indexes.len == 0)
		return 0;
	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		if (field.type != BSON_KIND_DOCUMENT)
			continue;
		got = coll_mod_names_index(command, field.value, e);
		if (got > 0)
			got = replay_series_is_original(field.value,
							buf_bytes(&item->series_options), e);
		if (got != 0)
			return got;
	}
	return got;
}

/* The options of buckets are those of their time series, as far as these show them. */
static int mod_series(struct replay_catalog *catalog, struct replay_slots_item *item,
		      const struct command *command, uint64_t ts, struct error *e)
{
	int major = replay_fcv_major(&catalog->fcv);
	OWNED(buf_release) struct buf to = {0};
	OWNED(buf_release) struct buf shown = {0};
	int got = coll_mod_options(command, buf_bytes(&item->series_options),
				   replay_fcv_newest(&catalog->fcv), &to, e);

	if (got > 0 && replay_series_options(buf_bytes(&to), &shown, e) < 0)
		return e->code;
	if (got > 0 && !bytes_equal(buf_bytes(&shown), buf_bytes(&item->series_options))) {
		buf_reset(&item->series_options);
		buf_add_bytes(&item->series_options, buf_bytes(&shown));
		item->series_changed = ts;
	}
	if (got >= 0)
		got = names_original(item, command, e);
	if (got == 0)
		got = replay_indexes_modify(&item->series_indexes, command, major, e);
	else if (got > 0)
		got = 0;
	if (got > 0)
		item->series_changed = ts;
	return got;
}

/* The index of a clustered collection is made of its options. */
static int list_clustered(struct catalog_entry *entry, struct error *e)
{
	OWNED(buf_release) struct buf spec = {0};
	int got = replay_indexes_clustered(buf_bytes(&entry->options), &spec, e);

	if (got > 0)
		got = replay_indexes_put(&entry->indexes, buf_bytes(&spec), NULL, NULL, e);
	return got;
}

static int mod_collection(struct replay_catalog *catalog, struct replay_slots_item *item,
			  const struct command *command, uint64_t ts, struct error *e)
{
	int major = replay_fcv_major(&catalog->fcv);
	struct catalog_entry *entry = &item->pub.entry;
	OWNED(buf_release) struct buf to = {0};
	int got;

	if (entry->options.len == 0)
		buf_add(&entry->options, "\5\0\0\0", BSON_MIN_LEN);
	got = coll_mod_options(command, buf_bytes(&entry->options),
			       replay_fcv_newest(&catalog->fcv), &to, e);
	if (got > 0) {
		buf_reset(&entry->options);
		buf_add_bytes(&entry->options, buf_bytes(&to));
		entry->has_metadata = true;
		item->pub.changed = ts;
		got = list_clustered(entry, e);
	}
	if (got >= 0)
		got = replay_indexes_modify(&entry->indexes, command, major, e);
	if (got > 0)
		item->pub.changed = ts;
	return got;
}

static int mod(struct replay_catalog *catalog, const struct command *command, uint64_t ts,
	       struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item = resolve(catalog, command, &ns);
	int got = 0;

	if (item == NULL) {
		replay_catalog_missing(catalog, command->entry, buf_bytes(&ns), ts,
				       "a collMod of a collection that the base does not have");
		return 0;
	}
	if (item->pub.stopped != NULL || item->pub.number == REPLAY_CATALOG_INSIDE)
		return 0;
	if (item->has_series)
		got = mod_series(catalog, item, command, ts, e);
	else if (!buckets_is(catalog_entry_coll(&item->pub.entry), NULL))
		got = mod_collection(catalog, item, command, ts, e);
	return got < 0 ? got : 0;
}

static void empty(struct replay_catalog *catalog, const struct command *command, uint64_t ts,
		  uint64_t sequence)
{
	OWNED(buf_release) struct buf ns = {0};
	struct replay_slots_item *item = resolve(catalog, command, &ns);

	if (item == NULL) {
		replay_catalog_missing(catalog, command->entry, buf_bytes(&ns), ts,
				       "an emptycapped of a collection that the base does not "
				       "have");
		return;
	}
	if (item->pub.stopped != NULL)
		return;
	item->pub.entry.root = (struct tree_root){.kind = item->pub.entry.root.kind};
	item->pub.cleared = sequence;
	item->pub.changed = ts;
}

/* Is what the command is about left out by name? */
static bool leaves_out(const struct command *command)
{
	return replay_catalog_leaves_out(command->entry->db, command->coll);
}

static int apply(struct replay_catalog *catalog, const struct command *command, uint64_t ts,
		 uint64_t sequence, struct error *e)
{
	if (leaves_out(command))
		return 0;
	switch (command->kind) {
	case COMMAND_CREATE:
		return replay_catalog_create(catalog, command, ts, e);
	case COMMAND_RENAME:
		replay_strangers_drop(&catalog->strangers, command->drop_target);
		return replay_catalog_rename(catalog, command, ts, e);
	case COMMAND_CREATE_INDEXES:
	case COMMAND_COMMIT_INDEX_BUILD:
	case COMMAND_START_INDEX_BUILD:
	case COMMAND_ABORT_INDEX_BUILD:
	case COMMAND_DROP_INDEXES:
		return replay_catalog_index(catalog, command, ts, e);
	case COMMAND_DROP:
		replay_strangers_drop(&catalog->strangers, command->entry->ui);
		drop(catalog, command, ts);
		return 0;
	case COMMAND_DROP_DATABASE:
		replay_strangers_drop_db(&catalog->strangers, command->entry->db);
		drop_database(catalog, command, ts);
		return 0;
	case COMMAND_COLL_MOD:
		return mod(catalog, command, ts, e);
	case COMMAND_EMPTY_CAPPED:
		empty(catalog, command, ts, sequence);
		return 0;
	case COMMAND_TURN_SERIES:
		return replay_viewless_turn(catalog, command, ts, e);
	case COMMAND_APPLY_OPS:
	case COMMAND_COMMIT_TRANSACTION:
	case COMMAND_ABORT_TRANSACTION:
	case COMMAND_OTHER:
		break;
	}
	return 0;
}

int replay_catalog_command(struct replay_catalog *catalog, const struct entry *op, uint64_t ts,
			   uint64_t sequence, struct error *e)
{
	struct command command;
	int got;

	if (replay_catalog_leaves_out(op->db, bytes_of(NULL, 0)))
		return 0;
	got = command_parse(op, &command, e);
	/* One of another form than any known one is as one that is not known: its bytes are those that the server logged. */
	if (got == ERR_CORRUPT) {
		got = e->code = ERR_UNSUPPORTED;
		entry_hint_before(e);
	}
	if (got == ERR_UNSUPPORTED)
		return refuse(catalog, op, ts, e);
	return got < 0 ? got : apply(catalog, &command, ts, sequence, e);
}

int replay_catalog_unknown(struct replay_catalog *catalog, const struct entry *op, uint64_t ts,
			   struct error *e)
{
	struct replay_slots_item *item;

	if (replay_catalog_leaves_out(op->db, op->coll))
		return 0;
	item = replay_catalog_resolve(catalog, op->db, op->ns, op->ui);
	entry_refuse(op, e);
	if (item == NULL) {
		if (!catalog->fuzzy)
			stop_told(catalog, op->ns, op->ui, ts, e);
		return 0;
	}
	/* Views, and how servers behave. */
	if (item->pub.number == REPLAY_CATALOG_INSIDE || item->pub.watched)
		return e->code;
	replay_catalog_stop(item, ts, e);
	return 0;
}
