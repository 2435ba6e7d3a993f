#include "store/mark.h"

#include <stdlib.h>

#include "store/live_set.h"
#include "store/snapshot/catalog.h"
#include "store/snapshot/closure.h"
#include "store/snapshot/manifest.h"
#include "store/store_internal.h"
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_node.h"

struct mark {
	struct store *store;
	uint32_t *condemned; /* numbers, ascending */
	size_t condemned_count;
	struct live_set *places;
	struct live_set *
		walked; /* places of nodes whose children were marked: a node may be marked as a base only */
	struct mark_pack *packs; /* in order of number */
	size_t pack_count;
	uint64_t missing;
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct mark_pack *)a)->number;
	uint32_t y = ((const struct mark_pack *)b)->number;

	return x < y ? -1 : x > y;
}

int mark_new(struct store *store, const struct condemned *condemned, struct mark **ret,
	     struct error *e)
{
	OWNED(mark_free) struct mark *mark = xcalloc(1, sizeof(*mark));
	OWNED(free) struct chunk_pack *packs = NULL;

	mark->store = store;
	mark->places = live_set_new();
	mark->walked = live_set_new();
	if (condemned_numbers(store, condemned, &mark->condemned, &mark->condemned_count, e) < 0 ||
	    chunk_index_packs(store->index, &packs, &mark->pack_count, e) < 0)
		return e->code;
	mark->packs = xcalloc(mark->pack_count + 1, sizeof(*mark->packs));
	for (size_t i = 0; i < mark->pack_count; i++)
		mark->packs[i].number = packs[i].number;
	if (mark->pack_count > 1)
		qsort(mark->packs, mark->pack_count, sizeof(*mark->packs), by_number);
	*ret = TAKE(mark);
	return 0;
}

void mark_free(struct mark *mark)
{
	if (mark == NULL)
		return;
	live_set_free(mark->places);
	live_set_free(mark->walked);
	free(mark->condemned);
	free(mark->packs);
	free(mark);
}

static struct mark_pack *find_pack(const struct mark *mark, uint32_t number)
{
	const struct mark_pack key = {.number = number};

	return mark->pack_count == 0
		       ? NULL
		       : bsearch(&key, mark->packs, mark->pack_count, sizeof(key), by_number);
}

static bool is_better(const struct mark *mark, const struct chunk_place *a,
		      const struct chunk_place *b)
{
	bool a_goes = condemned_has_number(mark->condemned, mark->condemned_count, a->pack);
	bool b_goes = condemned_has_number(mark->condemned, mark->condemned_count, b->pack);

	if (a_goes != b_goes)
		return b_goes;
	if (a->depth != b->depth)
		return a->depth < b->depth;
	return a->pack < b->pack;
}

/* Packs that came since the marks began are of writers that still work: they have no number here. */
static uint64_t value_of(const struct chunk_place *place)
{
	return (uint64_t)(place->pack + 1) << 32 | place->offset;
}

/* May the place be the one that stays? Of several one may have lost its base, and a repair stored the chunk anew. */
static int is_candidate(const struct mark *mark, const struct chunk_place *place, unsigned depth,
			int count, struct error *e)
{
	if (place->depth >= depth)
		return 0;
	return count == 1 ? 1 : closure_has_base(mark->store, place, e);
}

/* Mark the chunk at one place of less than `depth`, and its bases. 1 and the place, 0 it is missing. */
static int mark_chunk(struct mark *mark, const struct chunk_id *id, unsigned depth,
		      struct chunk_place *ret, struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX], base_place;
	const struct chunk_place *best = NULL;
	struct mark_pack *pack;
	struct chunk_id base;
	int count = chunk_index_get(mark->store->index, id, places, e);

	for (int i = 0; i < count; i++) {
		int may = is_candidate(mark, &places[i], depth, count, e);

		if (may < 0)
			return may;
		if (may == 1 && (best == NULL || is_better(mark, &places[i], best)))
			best = &places[i];
	}
	if (best == NULL) {
		mark->missing += count >= 0;
		return count < 0 ? count : 0;
	}
	*ret = *best;
	if (!live_set_add(mark->places, value_of(best)))
		return 1;
	pack = find_pack(mark, best->pack);
	if (pack != NULL) {
		pack->chunks++;
		pack->bytes += best->stored;
	}
	if (best->codec != CODEC_ZSTD_PREFIX)
		return 1;
	count = chunk_index_by_prefix(mark->store->index, best->base, CHUNK_BASE_LEN, &base, 1, e);
	if (count == 1)
		count = mark_chunk(mark, &base, best->depth, &base_place, e);
	else
		mark->missing += count == 0;
	return count < 0 ? count : 1;
}

int mark_tree(struct mark *mark, const struct tree_root *root, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct chunk_place place;
	struct tree_node node;
	int code = 0;

	if (root->count == 0)
		return 0;
	code = mark_chunk(mark, &root->id, UINT8_MAX + 1, &place, e);
	if (code != 1 || root->height == 0)
		return code < 0 ? code : 0;
	if (!live_set_add(mark->walked, value_of(&place)))
		return 0;
	if (store_get(mark->store, &root->id, &chunk, e) < 0 ||
	    tree_node_parse(chunk->plain, root, &node, e) < 0) {
		mark->missing++;
		return e->code == ERR_CORRUPT ? 0 : e->code;
	}
	code = 0;
	for (uint32_t i = 0; i < node.n && code == 0; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		code = mark_tree(mark, &child, e);
	}
	tree_node_release(&node);
	return code;
}

int mark_snapshot(struct mark *mark, const struct snapshot *snapshot, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(mark->store, &snapshot->catalog);
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct bytes doc;
	int found;

	if (mark_tree(mark, &snapshot->catalog, e) < 0 ||
	    mark_tree(mark, &snapshot->changes, e) < 0 || mark_tree(mark, &snapshot->oplog, e) < 0)
		return e->code;
	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		found = catalog_entry_decode(doc, &entry, e);
		if (found >= 0)
			found = mark_tree(mark, &entry.root, e);
		if (found < 0)
			break;
	}
	if (found == ERR_CORRUPT) {
		mark->missing++;
		return 0;
	}
	return found < 0 ? found : 0;
}

uint64_t mark_missing(const struct mark *mark)
{
	return mark->missing;
}

struct mark_pack mark_of_pack(const struct mark *mark, uint32_t number)
{
	const struct mark_pack *found = find_pack(mark, number);

	return found == NULL ? (struct mark_pack){.number = number} : *found;
}

bool mark_has(const struct mark *mark, uint32_t pack, uint32_t offset)
{
	return live_set_has(mark->places, (uint64_t)(pack + 1) << 32 | offset);
}
