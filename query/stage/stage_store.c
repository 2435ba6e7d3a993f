#include "base/file.h"
#include "query/sort_parts.h"
#include "query/stage/stage_make.h"

/* Where a document lies: in memory, or from `memory` bytes on in the file. */
struct stage_store {
	struct query_context *q;
	struct buf memory;
	uint64_t *ends; /* of each document, counted over memory and file */
	size_t count, room;
	size_t in_memory; /* documents that are in `memory` */
	uint64_t bytes;
	int fd;
	struct buf tail; /* of the file: not written yet */
	uint64_t written;
};

#define TAIL_MAX (256 * KIB)

struct stage_store *stage_store_new(struct query_context *q)
{
	struct stage_store *store = xcalloc(1, sizeof(*store));

	store->q = q;
	store->fd = -1;
	return store;
}

void stage_store_free(struct stage_store *store)
{
	if (store == NULL)
		return;
	if (store->fd >= 0)
		close(store->fd);
	buf_release(&store->memory);
	buf_release(&store->tail);
	free(store->ends);
	free(store);
}

size_t stage_store_memory(const struct stage_store *store)
{
	return store == NULL ? 0
			     : sizeof(*store) + store->memory.cap + store->tail.cap +
				       store->room * sizeof(*store->ends);
}

static int flush(struct stage_store *store, struct error *e)
{
	if (file_write(store->fd, "documents of a stage", buf_bytes(&store->tail), e) < 0)
		return e->code;
	store->written += store->tail.len;
	buf_reset(&store->tail);
	return 0;
}

int stage_store_add(struct stage_store *store, struct bytes doc, struct error *e)
{
	if (store->count == store->room) {
		store->room = MAX_OF(2 * store->room, (size_t)64);
		store->ends = xrealloc(store->ends, store->room * sizeof(*store->ends));
	}
	if (store->fd < 0 && store->memory.len + doc.len > store->q->memory && store->count > 0) {
		if (!store->q->allow_disk_use)
			return query_error(e, QUERY_DISK_USE_NOT_ALLOWED,
					   "Exceeded max memory. Maximum allowed memory usage: %zu "
					   "bytes. Pass allowDiskUse:true to opt in.",
					   store->q->memory);
		if (file_open_unnamed(sort_spill_folder(store->q), &store->fd, e) < 0)
			return e->code;
	}
	if (store->fd < 0) {
		buf_add_bytes(&store->memory, doc);
		store->in_memory++;
	} else {
		buf_add_bytes(&store->tail, doc);
		if (store->tail.len >= TAIL_MAX && flush(store, e) < 0)
			return e->code;
	}
	store->bytes += doc.len;
	store->ends[store->count++] = store->bytes;
	return 0;
}

size_t stage_store_count(const struct stage_store *store)
{
	return store->count;
}

int stage_store_get(const struct stage_store *store, size_t index, struct buf *room,
		    struct bytes *ret, struct error *e)
{
	uint64_t begin = index == 0 ? 0 : store->ends[index - 1];
	size_t len = (size_t)(store->ends[index] - begin);

	if (index < store->in_memory) {
		*ret = bytes_of(store->memory.at + begin, len);
		return 0;
	}
	begin -= store->memory.len;
	if (begin >= store->written) {
		*ret = bytes_of(store->tail.at + (begin - store->written), len);
		return 0;
	}
	buf_reset(room);
	buf_room(room, len);
	if (file_pread(store->fd, "documents of a stage", begin, room->at, len, e) < 0)
		return e->code;
	room->len = len;
	*ret = buf_bytes(room);
	return 0;
}

void stage_store_reset(struct stage_store *store)
{
	if (store->fd >= 0)
		close(store->fd);
	store->fd = -1;
	store->count = store->in_memory = 0;
	store->bytes = store->written = 0;
	buf_reset(&store->memory);
	buf_reset(&store->tail);
}

int stage_store_add_doc(struct stage_store *store, const struct stage_doc *doc, struct error *e)
{
	OWNED(buf_release) struct buf both = {0};

	if (doc->near.len == 0)
		return stage_store_add(store, doc->doc, e);
	buf_add_bytes(&both, doc->doc);
	buf_add_bytes(&both, doc->near);
	return stage_store_add(store, buf_bytes(&both), e);
}

int stage_store_get_doc(const struct stage_store *store, size_t index, struct buf *room,
			struct stage_doc *ret, struct error *e)
{
	struct bytes both;
	uint32_t len;

	if (stage_store_get(store, index, room, &both, e) < 0)
		return e->code;
	len = get_le32(both.at);
	*ret = (struct stage_doc){.doc = bytes_of(both.at, len),
				  .near = bytes_of(both.at + len, both.len - len)};
	return 0;
}
