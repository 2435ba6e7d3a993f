#include "store/rescue.h"

#include "base/key.h"
#include "store/snapshot/catalog.h"
#include "store/snapshot/manifest.h"
#include "store/store_internal.h"
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_node.h"
#include "store/writer_encode.h"

int rescue_begin(struct store_writer *writer, struct error *e)
{
	return store_writer_look_at_condemned(writer, e);
}

/* Store the chunk again, as one of less than `depth`: the writer does not share what is condemned. */
static int store_anew(struct store_writer *writer, const struct chunk_id *id,
		      const struct chunk_place *place, unsigned depth, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct store_put put = {
		.kind = depth > DEPTH_FULL ? place->kind : CHUNK_PREFIX,
		.below = depth,
	};
	int code;

	if (put.kind != CHUNK_PREFIX)
		put.facts = (struct chunk_facts){place->documents, place->relaxed, place->canonical,
						 place->renderer};
	if (store_get(store_writer_store(writer), id, &chunk, e) < 0)
		return e->code;
	buf_add_bytes(&put.plain, chunk->plain);
	code = store_writer_put(writer, &put, e);
	buf_release(&put.plain);
	return code;
}

static int rescue_chunk(struct store_writer *writer, const struct chunk_id *id, unsigned depth,
			struct error *e)
{
	struct store *store = store_writer_store(writer);
	struct chunk_place places[CHUNK_PLACES_MAX];
	const struct chunk_place *safe = NULL;
	struct chunk_id base;
	int count = chunk_index_get(store->index, id, places, e);

	if (count <= 0)
		return count < 0 ? count : error_set(e, ERR_CORRUPT, "a chunk is in no pack");
	for (int i = 0; i < count && safe == NULL; i++)
		if (places[i].depth < depth && !store_writer_is_condemned(writer, places[i].pack))
			safe = &places[i];
	if (safe == NULL)
		return store_anew(writer, id, &places[0], depth, e);
	if (safe->codec != CODEC_ZSTD_PREFIX)
		return 0;
	count = chunk_index_by_prefix(store->index, safe->base, CHUNK_BASE_LEN, &base, 1, e);
	if (count <= 0)
		return count < 0 ? count
				 : error_set(e, ERR_CORRUPT, "a chunk's base is in no pack");
	return rescue_chunk(writer, &base, safe->depth, e);
}

int rescue_tree(struct store_writer *writer, const struct tree_root *root, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct tree_node node;
	int code = 0;

	if (root->count == 0)
		return 0;
	if (rescue_chunk(writer, &root->id, STORE_WRITER_ANY_DEPTH, e) < 0)
		return e->code;
	if (root->height == 0)
		return 0;
	if (store_get(store_writer_store(writer), &root->id, &chunk, e) < 0 ||
	    tree_node_parse(chunk->plain, root, &node, e) < 0)
		return e->code;
	for (uint32_t i = 0; i < node.n && code == 0; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		code = rescue_tree(writer, &child, e);
	}
	tree_node_release(&node);
	return code;
}

/* Does the parent's catalog have the namespace with this very tree? */
static int parent_has(struct tree_cursor *parent, struct bytes doc,
		      const struct catalog_entry *entry, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry theirs = {0};
	OWNED(buf_release) struct buf key = {0};
	struct bytes found;
	int got;

	if (parent == NULL)
		return 0;
	if (key_of_document(doc, &key, e) < 0)
		return e->code;
	got = tree_cursor_seek_key(parent, buf_bytes(&key), e);
	if (got == 1)
		got = tree_cursor_next(parent, &found, e);
	if (got == 1)
		got = catalog_entry_decode(found, &theirs, e) < 0 ? e->code : 1;
	return got == 1 ? tree_root_equal(&theirs.root, &entry->root) : got;
}

int rescue_snapshot(struct store_writer *writer, const struct snapshot *snapshot,
		    const struct snapshot *parent, struct error *e)
{
	struct store *store = store_writer_store(writer);
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	OWNED(tree_cursor_free) struct tree_cursor *old = NULL;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct bytes doc;
	int found;

	if (rescue_tree(writer, &snapshot->catalog, e) < 0 ||
	    rescue_tree(writer, &snapshot->changes, e) < 0 ||
	    rescue_tree(writer, &snapshot->oplog, e) < 0)
		return e->code;
	cursor = tree_cursor_new(store, &snapshot->catalog);
	if (parent != NULL)
		old = tree_cursor_new(store, &parent->catalog);
	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		if (catalog_entry_decode(doc, &entry, e) < 0)
			return e->code;
		found = parent_has(old, doc, &entry, e);
		if (found == 0)
			found = rescue_tree(writer, &entry.root, e);
		if (found < 0)
			return found;
	}
	return found;
}
