#include "oplog/replay_views.h"

#include "base/ns.h"
#include "oplog/update.h"
#include "store/snapshot/view_docs.h"

static void view_free(struct replay_view *view)
{
	if (view == NULL)
		return;
	buf_release(&view->doc);
	catalog_entry_release(&view->entry);
	free(view);
}

void replay_views_release(struct replay_views *views)
{
	for (size_t i = 0; i < views->count; i++)
		view_free(views->at[i]);
	free(views->at);
	*views = (struct replay_views){0};
}

static struct bytes ns_of(const struct replay_view *view)
{
	return bytes_of(view->entry.ns, view->entry.ns_len);
}

/* The first view whose namespace is `ns` or behind it. */
static size_t place_of(const struct replay_views *views, struct bytes ns)
{
	size_t low = 0, high = views->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bytes_compare(ns_of(views->at[middle]), ns) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct replay_view *replay_views_find(const struct replay_views *views, struct bytes ns)
{
	size_t place = place_of(views, ns);

	if (place == views->count || !bytes_equal(ns_of(views->at[place]), ns))
		return NULL;
	return views->at[place];
}

/* The view `ns`, an empty one if there was none. */
static struct replay_view *get(struct replay_views *views, struct bytes ns)
{
	struct replay_view *view = replay_views_find(views, ns);
	size_t place = place_of(views, ns);

	if (view != NULL)
		return view;
	if (views->count == views->cap) {
		views->cap = MAX_OF(2 * views->cap, (size_t)16);
		views->at = xrealloc(views->at, views->cap * sizeof(struct replay_view *));
	}
	memmove(&views->at[place + 1], &views->at[place],
		(views->count - place) * sizeof(struct replay_view *));
	view = xcalloc(1, sizeof(*view));
	view->entry.ns = xmalloc(ns.len + 1);
	memcpy(view->entry.ns, ns.at, ns.len);
	view->entry.ns[ns.len] = '\0';
	view->entry.ns_len = ns.len;
	view->entry.db_len =
		(size_t)((const uint8_t *)memchr(ns.at, '.', ns.len) - (const uint8_t *)ns.at);
	views->at[place] = view;
	views->count++;
	return view;
}

int replay_views_load(struct replay_views *views, const struct catalog_entry *entry,
		      const char *server_version, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	struct replay_view *view;

	if (view_docs_write(entry, server_version, &doc, e) < 0)
		return e->code;
	view = get(views, bytes_of(entry->ns, entry->ns_len));
	buf_reset(&view->doc);
	buf_add_bytes(&view->doc, buf_bytes(&doc));
	view->entry.type = entry->type;
	view->entry.has_metadata = entry->has_metadata;
	view->entry.has_uuid = entry->has_uuid;
	memcpy(view->entry.uuid, entry->uuid, sizeof(entry->uuid));
	buf_reset(&view->entry.options);
	buf_add_bytes(&view->entry.options, buf_bytes(&entry->options));
	buf_reset(&view->entry.indexes);
	buf_add_bytes(&view->entry.indexes, buf_bytes(&entry->indexes));
	view->as_loaded = true;
	return 0;
}

void replay_views_put(struct replay_views *views, struct bytes ns, struct bytes doc, uint64_t ts)
{
	struct replay_view *view = get(views, ns);

	if (bytes_equal(buf_bytes(&view->doc), doc))
		return;
	buf_reset(&view->doc);
	buf_add_bytes(&view->doc, doc);
	view->as_loaded = false;
	view->changed = ts;
}

static void remove_at(struct replay_views *views, size_t place)
{
	view_free(views->at[place]);
	views->count--;
	memmove(&views->at[place], &views->at[place + 1],
		(views->count - place) * sizeof(struct replay_view *));
}

size_t replay_views_remove(struct replay_views *views, struct bytes ns)
{
	size_t place = place_of(views, ns);

	if (place == views->count || !bytes_equal(ns_of(views->at[place]), ns))
		return 0;
	remove_at(views, place);
	return 1;
}

size_t replay_views_remove_db(struct replay_views *views, struct bytes db)
{
	size_t place = place_of(views, db), removed = 0;

	/* Other databases ("a-b") may lie between the views of this one ("a.x") and its name. */
	while (place < views->count) {
		struct bytes ns = ns_of(views->at[place]);

		if (ns.len < db.len || memcmp(ns.at, db.at, db.len) != 0)
			break;
		if (views->at[place]->entry.db_len == db.len) {
			remove_at(views, place);
			removed++;
		} else {
			place++;
		}
	}
	return removed;
}

int replay_views_target(const struct entry *op, struct bytes *ret, struct error *e)
{
	struct bson_field id;
	struct bytes ns = {0};
	int got = entry_id(op, &id, e);

	if (got < 0)
		return got;
	if (id.type == BSON_KIND_STRING && bson_text(id.value, &ns, e) < 0)
		return entry_wrap(op, e);
	if (!ns_in_db(ns, op->db) || memchr(ns.at, 0, ns.len) != NULL) {
		/* None can be in there: from its insert on system.views is stopped. */
		if (op->op == ENTRY_DELETE)
			return 0;
		error_set(e, ERR_UNSUPPORTED,
			  "a document of system.views that is no view of "
			  "its database");
		return entry_wrap(op, e);
	}
	*ret = ns;
	return 1;
}

int replay_views_apply(struct replay_views *views, const struct entry *op, int major, uint64_t ts,
		       struct error *e)
{
	struct update_rules rules = {
		.major = major, .upsert = op->upsert, .logged = !entry_is_of_user(op)};
	OWNED(buf_release) struct buf to = {0};
	const struct replay_view *view;
	struct bytes ns;
	int got;

	got = replay_views_target(op, &ns, e);
	if (got <= 0)
		return got < 0 ? got : 1;
	if (op->op == ENTRY_DELETE) {
		replay_views_remove(views, ns);
		return 1;
	}
	if (op->op == ENTRY_INSERT) {
		replay_views_put(views, ns, op->o, ts);
		return 1;
	}
	view = replay_views_find(views, ns);
	if ((got = entry_id(op, &rules.id, e)) < 0)
		return got;
	got = update_apply(view != NULL ? buf_bytes(&view->doc) : bytes_of(NULL, 0), op->o, &rules,
			   &to, e);
	if (got < 0)
		return entry_wrap(op, e);
	if (got > 0)
		replay_views_put(views, ns, buf_bytes(&to), ts);
	return got > 0 || view != NULL;
}
