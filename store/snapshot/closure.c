#include "store/snapshot/closure.h"

#include "store/live_set.h"
#include "store/snapshot/catalog.h"
#include "store/store_internal.h"
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_node.h"

/* 1 known at a place of less than `depth`, and so are its bases; 0 not. The depth ends the descent. */
static int is_there(struct store *store, const struct chunk_id *id, unsigned depth, struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	int count = chunk_index_get(store->index, id, places, e);

	for (int i = 0; i < count; i++) {
		int found = places[i].depth < depth ? closure_has_base(store, &places[i], e) : 0;

		if (found != 0)
			return found;
	}
	return count < 0 ? count : 0;
}

int closure_has_base(struct store *store, const struct chunk_place *place, struct error *e)
{
	struct chunk_id base;
	int found;

	if (place->codec != CODEC_ZSTD_PREFIX)
		return 1;
	found = chunk_index_by_prefix(store->index, place->base, CHUNK_BASE_LEN, &base, 1, e);
	return found == 1 ? is_there(store, &base, place->depth, e) : found;
}

int closure_has_chunk(struct store *store, const struct chunk_id *id, struct error *e)
{
	int there = is_there(store, id, UINT8_MAX + 1, e);

	if (there == 0 && store->under != NULL)
		there = closure_has_chunk(store->under, id, e);
	return there;
}

/* A walk, and what it knows already. */
struct walk {
	struct store *store;
	struct live_set *seen; /* nodes, and roots, below which all is there; NULL: none is kept */
	uint64_t nodes;	       /* that were read */
};

static int tree_is_there(struct walk *walk, const struct tree_root *root, struct error *e);

static int children_are_there(struct walk *walk, const struct tree_root *root, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct tree_node node;
	int there = 1;

	if (store_get(walk->store, &root->id, &chunk, e) < 0 ||
	    tree_node_parse(chunk->plain, root, &node, e) < 0)
		return e->code == ERR_CORRUPT ? 0 : e->code;
	walk->nodes++;
	for (uint32_t i = 0; i < node.n && there == 1; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		there = child.height > 0 ? tree_is_there(walk, &child, e)
					 : closure_has_chunk(walk->store, &child.id, e);
	}
	tree_node_release(&node);
	return there;
}

/* 1 when the whole tree is there; nodes are read, leaves are not. */
static int tree_is_there(struct walk *walk, const struct tree_root *root, struct error *e)
{
	int there;

	if (root->count == 0 ||
	    (walk->seen != NULL && live_set_has(walk->seen, live_set_number(&root->id))))
		return 1;
	there = closure_has_chunk(walk->store, &root->id, e);
	if (there == 1 && root->height > 0)
		there = children_are_there(walk, root, e);
	if (there == 1 && walk->seen != NULL)
		(void)live_set_add(walk->seen, live_set_number(&root->id));
	return there;
}

int closure_has_tree(struct store *store, const struct tree_root *root, struct error *e)
{
	struct walk walk = {.store = store};

	return tree_is_there(&walk, root, e);
}

static int collections_are_there(struct walk *walk, const struct tree_root *catalog,
				 struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(walk->store, catalog);
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct bytes doc;
	int found, there = 1;

	while (there == 1 && (found = tree_cursor_next(cursor, &doc, e)) == 1) {
		if (catalog_entry_decode(doc, &entry, e) < 0)
			return e->code == ERR_CORRUPT ? 0 : e->code;
		there = tree_is_there(walk, &entry.root, e);
	}
	if (there == 1 && found < 0)
		return e->code == ERR_CORRUPT ? 0 : e->code;
	return there;
}

/* So much of what a look at very many found is lost when it is killed. */
#define NOTED_AT_ONCE 4096
#define NOTE_LEN (6 + CHUNK_ID_HEX + 1)

static void note_name(const struct chunk_id *id, char ret[NOTE_LEN])
{
	memcpy(ret, "whole:", 6);
	chunk_id_hex(id, ret + 6);
}

int closure_note_whole(struct store *store, const struct chunk_id *id, struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	char name[NOTE_LEN];

	note_name(id, name);
	if (chunk_index_begin(store->index, &batch, e) < 0 ||
	    chunk_index_set_note(batch, bytes_str(name), bytes_str("1"), e) < 0)
		return e->code;
	return chunk_index_commit(TAKE(batch), e);
}

int closure_remember_whole(struct store *store, const struct chunk_id *id, struct error *e)
{
	return closure_note_whole(store, id, e) < 0 && !error_is_full(e) ? e->code : 1;
}

bool closure_is_noted(struct store *store, const struct chunk_id *id)
{
	char name[NOTE_LEN], value;
	struct error ignored;

	note_name(id, name);
	return chunk_index_note(store->index, bytes_str(name), &value, 1, &ignored) == 1;
}

static int snapshot_is_there(struct walk *walk, const struct snapshot *snapshot, struct error *e)
{
	int there = tree_is_there(walk, &snapshot->catalog, e);

	if (there == 1)
		there = tree_is_there(walk, &snapshot->changes, e);
	if (there == 1)
		there = tree_is_there(walk, &snapshot->oplog, e);
	if (there == 1)
		there = collections_are_there(walk, &snapshot->catalog, e);
	return there;
}

int closure_walk(struct store *store, const struct snapshot *snapshot, struct error *e)
{
	struct walk walk = {.store = store};

	return snapshot_is_there(&walk, snapshot, e);
}

/* 1 it was noted; 0 it was not, and the index is as new as it has to be for a walk. */
static int is_known(struct store *store, const struct snapshot *snapshot, bool *refreshed,
		    struct error *e)
{
	if (closure_is_noted(store, &snapshot->id))
		return 1;
	if (!*refreshed && store_refresh(store, e) < 0)
		return e->code;
	*refreshed = true;
	return 0;
}

int closure_is_whole(struct store *store, const struct snapshot *snapshot, bool *refreshed,
		     struct error *e)
{
	int there = is_known(store, snapshot, refreshed, e);

	if (there != 0)
		return there;
	there = closure_walk(store, snapshot, e);
	return there == 1 ? closure_remember_whole(store, &snapshot->id, e) : there;
}

void closure_look_release(struct closure_look *look)
{
	buf_release(&look->whole);
	live_set_free(look->seen);
	look->seen = NULL;
}

static int note_all(struct store *store, const struct closure_look *look, struct error *e)
{
	const struct chunk_id *id = (const struct chunk_id *)(const void *)look->whole.at;
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	uint8_t state[CHUNK_INDEX_STATE_LEN];
	char name[NOTE_LEN];

	if (chunk_index_begin(store->index, &batch, e) < 0)
		return e->code;
	/* A pack that went since may be one of theirs. Nobody takes one out of the index meanwhile. */
	chunk_index_state(store->index, state);
	if (memcmp(state, look->state, sizeof(state)) != 0)
		return 0;
	for (size_t i = 0; i < look->whole.len / sizeof(*id); i++) {
		note_name(&id[i], name);
		if (chunk_index_set_note(batch, bytes_str(name), bytes_str("1"), e) < 0)
			return e->code;
	}
	return chunk_index_commit(TAKE(batch), e);
}

int closure_look_end(struct store *store, struct closure_look *look, struct error *e)
{
	int code = look->whole.len == 0 ? 0 : note_all(store, look, e);

	buf_reset(&look->whole);
	/* It saves the next look; on a full disk there is none. */
	return code < 0 && !error_is_full(e) ? code : 0;
}

/* Snapshots share most of their trees. When a pack went, here or under a cache, what was seen may be gone. */
static void forget_if_gone(struct store *store, struct closure_look *look)
{
	uint8_t now[2][CHUNK_INDEX_STATE_LEN] = {{0}};

	chunk_index_state(store->index, now[0]);
	if (store->under != NULL)
		chunk_index_state(store->under->index, now[1]);
	if (look->seen != NULL && memcmp(now, look->seen_in, sizeof(now)) == 0)
		return;
	live_set_free(look->seen);
	look->seen = live_set_new();
	memcpy(look->seen_in, now, sizeof(now));
}

int closure_look_at(struct store *store, const struct snapshot *snapshot, struct closure_look *at,
		    struct error *e)
{
	struct walk walk = {.store = store};
	int there = is_known(store, snapshot, &at->refreshed, e);

	if (there != 0)
		return there;
	if (at->whole.len >= NOTED_AT_ONCE * sizeof(snapshot->id) &&
	    closure_look_end(store, at, e) < 0)
		return e->code;
	if (at->whole.len == 0)
		chunk_index_state(store->index, at->state);
	forget_if_gone(store, at);
	walk.seen = at->seen;
	there = snapshot_is_there(&walk, snapshot, e);
	at->nodes += walk.nodes;
	if (there == 1)
		buf_add(&at->whole, &snapshot->id, sizeof(snapshot->id));
	return there;
}
