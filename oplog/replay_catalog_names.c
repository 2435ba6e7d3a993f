/*
 * create and renameCollection: who gets which name (reference of the oplog, 2.3).
 * Prefix: replay_catalog_
 */
#include "base/bson_build.h"
#include "base/buckets.h"
#include "base/ns.h"
#include "oplog/replay_catalog_internal.h"
#include "oplog/replay_indexes.h"
#include "oplog/replay_series.h"
#include "oplog/replay_viewless.h"

#define NS_MAX 255 /* bytes of a namespace (4.4 and later), several times */

/* "db.coll" of a create; ERR_CORRUPT when it can't be a namespace. */
static int ns_of(const struct command *command, struct buf *ret, struct error *e)
{
	buf_add_bytes(ret, command->entry->db);
	buf_add_u8(ret, '.');
	buf_add_bytes(ret, command->coll);
	if (ret->len <= 16 * NS_MAX && memchr(ret->at, 0, ret->len) == NULL)
		return 0;
	error_set(e, ERR_CORRUPT, "a collection's name of %zu bytes, or with a NUL",
		  command->coll.len);
	return entry_wrap(command->entry, e);
}

/* What is not so on a base that holds exactly what the log goes on from. */
static void contradiction(struct replay_catalog *catalog, struct replay_slots_item *item,
			  const struct command *command, uint64_t ts, const char *what)
{
	struct error e = {0};

	if (catalog->fuzzy)
		return;
	error_set(&e, ERR_CORRUPT, "%s", what);
	entry_wrap(command->entry, &e);
	replay_catalog_stop(item, ts, &e);
}

/* Five characters of [0-9A-Za-z], the `round`-th ones of an identity. */
static void derive(const struct replay_slots_item *item, unsigned round, char ret[6])
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";
	uint64_t sum = 0xcbf29ce484222325 + round;
	struct bytes from =
		item->has_uuid ? bytes_of(item->uuid, sizeof(item->uuid)) : replay_slots_ns(item);

	for (size_t i = 0; i < from.len; i++)
		sum = (sum ^ from.at[i]) * 0x100000001b3;
	for (size_t i = 0; i < 5; i++) {
		ret[i] = letters[sum % 62];
		sum /= 62;
	}
	ret[5] = '\0';
}

int replay_catalog_move_away(struct replay_catalog *catalog, struct replay_slots_item *item,
			     const char *suffix, const struct command *command, uint64_t ts,
			     struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	char characters[6];

	if (item->hollow) {
		replay_slots_drop(&catalog->slots, item);
		return 0;
	}
	for (unsigned round = 0; ns.len == 0; round++) {
		derive(item, round, characters);
		buf_add_bytes(&ns, replay_slots_db(item));
		buf_printf(&ns, ".tmp%s.%s", characters, suffix);
		if (replay_slots_named(&catalog->slots, buf_bytes(&ns)) != NULL)
			buf_reset(&ns);
	}
	item->made_up = true;
	contradiction(catalog, item, command, ts,
		      "another collection gets its name, but nothing dropped or renamed it");
	return replay_catalog_call(catalog, item, buf_bytes(&ns), ts, e);
}

int replay_catalog_to_series(struct replay_catalog *catalog, struct replay_slots_item *item,
			     struct error *e)
{
	struct catalog_entry *entry = &item->pub.entry;
	struct bson_fields fields = bson_fields(buf_bytes(&entry->indexes));
	OWNED(buf_release) struct buf options = {0};
	struct bson_field field;
	int got = 0;

	if (entry->options.len > 0)
		got = bson_find(buf_bytes(&entry->options), "timeseries", &field, e);
	if (got < 0)
		return got;
	if (got > 0) {
		if (replay_series_options(buf_bytes(&entry->options), &options, e) < 0)
			return e->code;
		item->has_series = true;
		buf_reset(&item->series_options);
		buf_add_bytes(&item->series_options, buf_bytes(&options));
		buf_reset(&item->series_indexes);
	}
	while (got > 0 && fields.doc.len > 0 && (got = bson_fields_next(&fields, &field, e)) > 0) {
		OWNED(buf_release) struct buf spec = {0};

		if (field.type != BSON_KIND_DOCUMENT)
			continue;
		got = replay_series_index(field.value, buf_bytes(&options),
					  replay_fcv_major(&catalog->fcv), &spec, e);
		if (got > 0)
			got = replay_indexes_put(&item->series_indexes, buf_bytes(&spec), NULL,
						 NULL, e);
		if (got < 0)
			return got;
		got = 1;
	}
	buf_release(&entry->options);
	buf_release(&entry->indexes);
	entry->has_metadata = false;
	entry->has_uuid = false;
	return got < 0 ? got : 0;
}

int replay_catalog_call(struct replay_catalog *catalog, struct replay_slots_item *item,
			struct bytes ns, uint64_t ts, struct error *e)
{
	bool was = buckets_is(catalog_entry_coll(&item->pub.entry), NULL);
	bool is;

	replay_slots_rename(&catalog->slots, item, ns);
	item->pub.changed = ts;
	is = buckets_is(catalog_entry_coll(&item->pub.entry), NULL);
	if (is && !was && !item->hollow)
		return replay_catalog_to_series(catalog, item, e);
	return replay_indexes_rename(&item->pub.entry.indexes, ns, e);
}

static bool has_false(struct bytes options, const char *name)
{
	struct bson_field field;
	struct error ignored = {0};

	return bson_find(options, name, &field, &ignored) > 0 && field.type == BSON_KIND_BOOL &&
	       field.value.at[0] == 0;
}

/* The _id index of a new collection. */
static int add_id_index(struct replay_catalog *catalog, const struct command *command,
			struct catalog_entry *entry, struct error *e)
{
	struct bytes ns = bytes_of(entry->ns, entry->ns_len), no_ns = {0};
	int major = replay_fcv_major(&catalog->fcv);
	OWNED(buf_release) struct buf spec = {0};
	struct bson_field field;
	size_t begin, key;
	int got;

	if (command->id_index.len > 0) {
		/* Up to 4.2 it has its ns, as in listings. */
		got = bson_find(command->id_index, "ns", &field, e);
		if (got >= 0)
			got = replay_indexes_listed(command->id_index, got > 0 ? 4 : major,
						    got > 0 ? ns : no_ns, &spec, e);
	} else if (command->clustered) {
		got = replay_indexes_clustered(buf_bytes(&entry->options), &spec, e);
		if (got <= 0)
			return got;
	} else {
		begin = bson_build_begin(&spec);
		bson_build_int32(&spec, "v", 1);
		key = bson_build_open(&spec, "key");
		bson_build_int32(&spec, "_id", 1);
		bson_build_end(&spec, key);
		bson_build_string(&spec, "name", bytes_str("_id_"));
		if (replay_fcv_lists_ns(&catalog->fcv))
			bson_build_string(&spec, "ns", ns);
		bson_build_end(&spec, begin);
		got = 0;
	}
	if (got < 0)
		return got;
	return replay_indexes_put(&entry->indexes, buf_bytes(&spec), NULL, NULL, e);
}

/* A new, empty collection. */
static int make(struct replay_catalog *catalog, const struct command *command, struct bytes ns,
		uint64_t ts, struct error *e)
{
	bool views = bytes_equal(command->coll, bytes_str("system.views"));
	bool inside = replay_catalog_is_views(command->entry->db, command->coll);
	struct replay_slots_item *item = replay_slots_add(&catalog->slots, ns, inside);
	struct catalog_entry *entry = &item->pub.entry;
	bool natural;

	if (command->entry->ui != NULL)
		replay_slots_identify(&catalog->slots, item, command->entry->ui);
	item->pub.changed = ts;
	item->pub.watched = views || bytes_equal(ns, bytes_str("admin.system.version"));
	entry->has_metadata = true;
	if (command_create_options(command, &entry->options, e) < 0)
		return e->code;
	if (catalog_is_natural(command->coll, buf_bytes(&entry->options), &natural, e) < 0)
		return entry_wrap(command->entry, e);
	entry->root.kind = natural ? TREE_RANKED : TREE_KEYED;
	if (!has_false(buf_bytes(&entry->options), "autoIndexId") &&
	    add_id_index(catalog, command, entry, e) < 0)
		return entry_wrap(command->entry, e);
	if (buckets_is(command->coll, NULL) && replay_catalog_to_series(catalog, item, e) < 0)
		return entry_wrap(command->entry, e);
	return 0;
}

/* create with viewOn, which only a user's applyOps logs, puts the view's document into system.views. */
static int make_view(struct replay_catalog *catalog, const struct command *command, struct bytes ns,
		     uint64_t ts, struct error *e)
{
	static const char *const parts[] = {"viewOn", "pipeline", "collation"};
	OWNED(buf_release) struct buf doc = {0};
	size_t begin = bson_build_begin(&doc);
	struct bson_field field;
	int got;

	if (replay_slots_named(&catalog->slots, ns) != NULL ||
	    replay_views_find(&catalog->views, ns) != NULL)
		return 0;
	bson_build_string(&doc, "_id", ns);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if ((got = bson_find(command->entry->o, parts[i], &field, e)) < 0)
			return entry_wrap(command->entry, e);
		if (got > 0)
			bson_build_value(&doc, parts[i], field.type, field.value);
		else if (i == 1)
			bson_build_end(&doc, bson_build_open_array(&doc, "pipeline"));
	}
	bson_build_end(&doc, begin);
	replay_views_put(&catalog->views, ns, buf_bytes(&doc), ts);
	return 0;
}

int replay_catalog_create(struct replay_catalog *catalog, const struct command *command,
			  uint64_t ts, struct error *e)
{
	const uint8_t *ui = command->entry->ui;
	OWNED(buf_release) struct buf name = {0};
	struct replay_slots_item *mine = NULL, *other;
	struct bson_field field;
	struct bytes ns;
	int got;

	if ((got = replay_viewless_is_create(command, e)) != 0)
		return got < 0 ? got : replay_viewless_create(catalog, command, ts, e);
	if (ns_of(command, &name, e) < 0 ||
	    (got = bson_find(command->entry->o, "viewOn", &field, e)) < 0)
		return e->code;
	ns = buf_bytes(&name);
	if (ui != NULL)
		mine = replay_slots_of_uuid(&catalog->slots, command->entry->db, ui);
	if (mine == NULL && !replay_catalog_covers(catalog, ns))
		return 0;
	if (got > 0)
		return make_view(catalog, command, ns, ts, e);
	other = replay_slots_named(&catalog->slots, ns);
	if (other != NULL && other->hollow && other != mine) {
		replay_slots_drop(&catalog->slots, other);
		other = NULL;
	}
	if (other == NULL && replay_views_find(&catalog->views, ns) != NULL)
		return 0;
	if (other != NULL && mine == NULL && (ui == NULL || !other->has_uuid)) {
		/* What the base has under this name is what is made here, or it came later: either
		 * way all that happens to it is in the log. */
		if (ui != NULL)
			replay_slots_identify(&catalog->slots, other, ui);
		return 0;
	}
	if (other != NULL && other == mine)
		return 0;
	if (other != NULL && other->pub.number == REPLAY_CATALOG_INSIDE) {
		replay_slots_identify(&catalog->slots, other, ui);
		return 0;
	}
	if (other != NULL && replay_catalog_move_away(catalog, other, "create", command, ts, e) < 0)
		return entry_wrap(command->entry, e);
	if (mine == NULL)
		return make(catalog, command, ns, ts, e);
	contradiction(catalog, mine, command, ts, "it is made, but is there under another name");
	mine->made_up = false;
	got = replay_catalog_call(catalog, mine, ns, ts, e);
	return got < 0 ? entry_wrap(command->entry, e) : 0;
}

/* Without the option temp. */
static int not_temp(struct catalog_entry *entry, struct error *e)
{
	struct bson_fields fields = bson_fields(buf_bytes(&entry->options));
	OWNED(buf_release) struct buf to = {0};
	size_t begin = bson_build_begin(&to);
	struct bson_field field;
	int got = 0;

	while (entry->options.len > 0 && (got = bson_fields_next(&fields, &field, e)) > 0)
		if (!bytes_equal(field.name, bytes_str("temp")))
			buf_add_bytes(&to, bson_element(&field));
	if (got < 0)
		return got;
	bson_build_end(&to, begin);
	if (to.len < entry->options.len) {
		buf_reset(&entry->options);
		buf_add_bytes(&entry->options, buf_bytes(&to));
	}
	return 0;
}

/* The collections that a rename is about. */
struct parties {
	struct replay_slots_item *source, *target, *drop;
};

/* Of a renameCollection: servers before 3.2 logged it in admin, where it is run. */
static struct bytes rename_db(const struct command *command)
{
	const uint8_t *dot = memchr(command->from.at, '.', command->from.len);

	if (dot == NULL || !bytes_equal(command->entry->db, bytes_str("admin")))
		return command->entry->db;
	return bytes_of(command->from.at, (size_t)(dot - command->from.at));
}

static void find_parties(struct replay_catalog *catalog, const struct command *command,
			 struct parties *ret)
{
	struct bytes db = rename_db(command);

	ret->target = replay_slots_named(&catalog->slots, command->to);
	ret->source = replay_catalog_resolve(catalog, db, command->from, command->entry->ui);
	ret->drop = command->drop_any_target ? ret->target : NULL;
	if (command->drop_target == NULL)
		return;
	ret->drop = replay_slots_of_uuid(&catalog->slots, db, command->drop_target);
	if (ret->drop == NULL && ret->target != NULL && !ret->target->has_uuid &&
	    ret->target != ret->source) {
		replay_slots_identify(&catalog->slots, ret->target, command->drop_target);
		ret->drop = ret->target;
	}
}

static int check_rename(const struct command *command, const struct parties *parties,
			struct error *e)
{
	struct bytes db = rename_db(command);

	if (memchr(command->to.at, 0, command->to.len) != NULL || command->to.len > 16 * NS_MAX ||
	    !ns_in_db(command->to, db)) {
		error_set(e, ERR_CORRUPT, "renameCollection to what is no name of its database");
		return entry_wrap(command->entry, e);
	}
	if ((parties->source != NULL && parties->source->pub.number == REPLAY_CATALOG_INSIDE) ||
	    (parties->target != NULL && parties->target->pub.number == REPLAY_CATALOG_INSIDE)) {
		error_set(e, ERR_UNSUPPORTED, "renameCollection of system.views");
		return entry_wrap(command->entry, e);
	}
	return 0;
}

int replay_catalog_rename(struct replay_catalog *catalog, const struct command *command,
			  uint64_t ts, struct error *e)
{
	struct parties p;

	find_parties(catalog, command, &p);
	if (check_rename(command, &p, e) < 0)
		return e->code;
	if (p.source != NULL && p.source->viewless)
		return replay_viewless_rename(catalog, command, p.source, ts, e);
	if (p.drop != NULL && p.drop != p.source)
		replay_viewless_hide(catalog, p.drop);
	if (p.source != NULL && p.source == p.target)
		return 0;
	if (p.source == NULL) {
		if (p.drop != NULL)
			replay_slots_drop(&catalog->slots, p.drop);
		replay_catalog_missing(catalog, command->entry, command->to, ts,
				       "a collection that the base does not have gets this name");
		return 0;
	}
	if (p.target == NULL && replay_views_find(&catalog->views, command->to) != NULL)
		return 0;
	if (p.drop != NULL && p.drop != p.source)
		replay_slots_drop(&catalog->slots, p.drop);
	if (p.target != NULL && p.target != p.drop &&
	    replay_catalog_move_away(catalog, p.target, "rename", command, ts, e) < 0)
		return entry_wrap(command->entry, e);
	p.source->made_up = false;
	if ((!command->stay_temp && not_temp(&p.source->pub.entry, e) < 0) ||
	    replay_catalog_call(catalog, p.source, command->to, ts, e) < 0)
		return entry_wrap(command->entry, e);
	return 0;
}
