#include "oplog/moment_lazy.h"

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "base/key.h"

struct moment {
	struct store *store;
	struct snapshot snapshot;
	struct moment_source source; /* of a lazy one */
	bool replayed;		     /* its changes may say why a namespace was stopped */
	struct store_cache_pin *pin; /* of a visited one: it stays in the cache */
	unsigned users;		     /* atomic */
};

int moment_open(struct store *store, const struct snapshot *snapshot, struct moment **ret,
		struct error *e UNUSED)
{
	struct moment *moment = xcalloc(1, sizeof(*moment));

	moment->store = store;
	snapshot_copy(snapshot, &moment->snapshot);
	moment->replayed = snapshot->source != NULL && strcmp(snapshot->source, "moment") == 0;
	moment->users = 1;
	moment->pin = store_cache_pin(store, &snapshot->id);
	*ret = moment;
	return 0;
}

int moment_open_lazy(struct store *store, const struct snapshot *names,
		     const struct moment_source *source, struct moment **ret, struct error *e)
{
	int code = moment_open(store, names, ret, e);

	if (code < 0)
		source->free(source->ctx);
	else
		(*ret)->source = *source;
	return code;
}

struct moment *moment_hold(struct moment *moment)
{
	__atomic_add_fetch(&moment->users, 1, __ATOMIC_RELAXED);
	return moment;
}

void moment_release(struct moment *moment)
{
	if (moment == NULL || __atomic_sub_fetch(&moment->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (moment->source.free != NULL)
		moment->source.free(moment->source.ctx);
	store_cache_unpin(moment->pin);
	snapshot_release(&moment->snapshot);
	free(moment);
}

struct store *moment_store(struct moment *moment)
{
	return moment->store;
}

const struct snapshot *moment_snapshot(const struct moment *moment)
{
	return &moment->snapshot;
}

uint64_t moment_count(const struct moment *moment)
{
	return moment->snapshot.catalog.count;
}

int moment_entry(struct moment *moment, uint64_t rank, struct catalog_entry *ret, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment->store, &moment->snapshot.catalog);
	struct bytes doc;
	int found = tree_cursor_seek_rank(cursor, rank, e);

	if (found == 1)
		found = tree_cursor_next(cursor, &doc, e);
	if (found != 1)
		return found;
	return catalog_entry_decode(doc, ret, e) < 0 ? e->code : 1;
}

/* The key of a document whose _id is this text. */
static int text_key(struct bytes text, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf value = {0};

	buf_add_le32(&value, (uint32_t)text.len + 1);
	buf_add_bytes(&value, text);
	buf_add_u8(&value, 0);
	return key_of_value(BSON_KIND_STRING, buf_bytes(&value), ret, e);
}

static int seek(struct tree_cursor *cursor, struct bytes text, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};

	if (text_key(text, &key, e) < 0)
		return e->code;
	return tree_cursor_seek_key(cursor, buf_bytes(&key), e);
}

int moment_find(struct moment *moment, struct bytes ns, uint64_t *ret_rank,
		struct catalog_entry *ret, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment->store, &moment->snapshot.catalog);
	struct bytes doc;
	uint64_t rank;
	int found = seek(cursor, ns, e);

	if (found != 1)
		return found;
	rank = tree_cursor_rank(cursor);
	found = tree_cursor_next(cursor, &doc, e);
	if (found != 1)
		return found;
	if (ret != NULL && catalog_entry_decode(doc, ret, e) < 0)
		return e->code;
	if (ret_rank != NULL)
		*ret_rank = rank;
	return 1;
}

int moment_seek(struct moment *moment, struct bytes text, uint64_t *ret_rank, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment->store, &moment->snapshot.catalog);

	if (seek(cursor, text, e) < 0)
		return e->code;
	*ret_rank = tree_cursor_rank(cursor);
	return 0;
}

/* 1 and the record of when and why of a namespace (valid while the cursor is), 0 when there is none. */
static int find_change(struct moment *moment, struct bytes ns, struct tree_cursor *cursor,
		       struct bytes *ret, struct error *e)
{
	int found = 0;

	if (moment->snapshot.changes.count > 0)
		found = seek(cursor, ns, e);
	return found == 1 ? tree_cursor_next(cursor, ret, e) : found;
}

static bool is_lazy(const struct moment *moment, const struct catalog_entry *entry)
{
	return moment->source.resolve != NULL && entry->type == CATALOG_COLLECTION;
}

/* 1 and when a collection of a lazy moment changed last; 0: the changes tree says it. */
static int lazy_changed(struct moment *moment, struct bytes ns, uint64_t *ret, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct tree_root root;
	int found = 0;

	if (moment->source.resolve != NULL)
		found = moment_find(moment, ns, NULL, &entry, e);
	if (found != 1 || !is_lazy(moment, &entry))
		return found < 0 ? found : 0;
	return moment->source.resolve(moment->source.ctx, &entry, &root, ret, e) < 0 ? e->code : 1;
}

int moment_changed(struct moment *moment, struct bytes ns, uint64_t *ret_seconds, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment->store, &moment->snapshot.changes);
	struct bson_field field;
	struct bytes doc;
	int found = lazy_changed(moment, ns, ret_seconds, e);

	if (found != 0)
		return found < 0 ? found : 0;
	found = find_change(moment, ns, cursor, &doc, e);
	if (found == 1)
		found = bson_find(doc, "changed", &field, e);
	if (found < 0)
		return found;
	*ret_seconds = found == 1 && field.type == BSON_KIND_INT64 ? get_le64(field.value.at)
								   : moment->snapshot.time;
	return 0;
}

/* Only a replayed moment can have been stopped; what snapshots hold is whole. */
int moment_resolve(struct moment *moment, struct catalog_entry *entry, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct bson_field field;
	struct bytes doc, why;
	uint64_t changed;
	int found;

	if (is_lazy(moment, entry))
		return moment->source.resolve(moment->source.ctx, entry, &entry->root, &changed, e);
	if (!moment->replayed)
		return 0;
	cursor = tree_cursor_new(moment->store, &moment->snapshot.changes);
	found = find_change(moment, bytes_of(entry->ns, entry->ns_len), cursor, &doc, e);
	if (found == 1)
		found = bson_find(doc, "why", &field, e);
	if (found == 1)
		found = bson_text(field.value, &why, e) < 0 ? e->code : 1;
	if (found != 1)
		return found;
	error_set(e, ERR_UNSUPPORTED, "%.*s", (int)why.len, (const char *)why.at);
	return error_wrap(e, "%s can't be told at this moment", entry->ns);
}

bool moment_is_dear(struct moment *moment, const struct catalog_entry *entry)
{
	return is_lazy(moment, entry) && !moment->source.is_known(moment->source.ctx, entry);
}

int moment_document(struct moment *moment, const struct catalog_entry *entry, struct bytes key,
		    struct buf *ret, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct catalog_entry resolved = *entry; /* its texts are borrowed */
	struct bytes doc;
	int found;

	if (is_lazy(moment, entry))
		return moment->source.document(moment->source.ctx, entry, key, ret, e);
	found = moment_resolve(moment, &resolved, e);
	if (found < 0)
		return found;
	cursor = tree_cursor_new(moment->store, &resolved.root);
	found = tree_cursor_seek_key(cursor, key, e);
	if (found == 1)
		found = tree_cursor_next(cursor, &doc, e);
	if (found == 1)
		buf_add_bytes(ret, doc);
	return found;
}
