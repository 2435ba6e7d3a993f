#include "oplog/moment.h"

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "base/key.h"

struct moment {
	struct store *store;
	struct snapshot snapshot;
	unsigned users; /* atomic */
};

static char *copy_text(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

int moment_open(struct store *store, const struct snapshot *snapshot, struct moment **ret,
		struct error *e UNUSED)
{
	struct moment *moment = xcalloc(1, sizeof(*moment));

	moment->store = store;
	moment->snapshot = *snapshot;
	moment->snapshot.name = copy_text(snapshot->name);
	moment->snapshot.tag = copy_text(snapshot->tag);
	moment->snapshot.source = copy_text(snapshot->source);
	moment->snapshot.replica_set = copy_text(snapshot->replica_set);
	moment->snapshot.server_version = copy_text(snapshot->server_version);
	moment->snapshot.tool = copy_text(snapshot->tool);
	moment->users = 1;
	*ret = moment;
	return 0;
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

int moment_changed(struct moment *moment, struct bytes ns, uint64_t *ret_seconds, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment->store, &moment->snapshot.changes);
	struct bson_field field;
	struct bytes doc;
	int found = 0;

	if (moment->snapshot.changes.count > 0)
		found = seek(cursor, ns, e);
	if (found == 1)
		found = tree_cursor_next(cursor, &doc, e);
	if (found == 1)
		found = bson_find(doc, "changed", &field, e);
	if (found < 0)
		return found;
	*ret_seconds = found == 1 && field.type == BSON_KIND_INT64 ? get_le64(field.value.at)
								   : moment->snapshot.time;
	return 0;
}
