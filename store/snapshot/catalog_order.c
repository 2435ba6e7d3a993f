#include "store/snapshot/catalog_order.h"

#include <stdlib.h>

/* A run: varint (the way from where the last one ended, zigzag) × 2 + 1 if a varint follows: its length - 2. */
static void add_run(struct buf *b, int64_t from, uint32_t first, uint64_t len)
{
	int64_t way = (int64_t)first - from;
	uint64_t zigzag = way < 0 ? (uint64_t)-way * 2 - 1 : (uint64_t)way * 2;

	buf_add_varint(b, zigzag << 1 | (len > 1));
	if (len > 1)
		buf_add_varint(b, len - 2);
}

int catalog_order_pack(const uint32_t *ranks, uint64_t count, struct buf *ret)
{
	OWNED(buf_release) struct buf packed = {0};
	int64_t from = 0;

	if (count > CATALOG_ORDER_DOCS_MAX)
		return 0;
	for (uint64_t i = 0, len; i < count; i += len) {
		len = 1;
		while (i + len < count && ranks[i + len] == ranks[i] + len)
			len++;
		if (len == count)
			return 0;
		add_run(&packed, from, ranks[i], len);
		from = (int64_t)(ranks[i] + len);
		if (packed.len > CATALOG_ORDER_BYTES_MAX)
			return 0;
	}
	buf_add_bytes(ret, buf_bytes(&packed));
	return packed.len > 0;
}

static int is_wrong(struct error *e)
{
	return error_set(e, ERR_CORRUPT,
			 "a natural order that is not of the collection's documents");
}

static int next_run(struct bytes *packed, int64_t from, uint64_t count, uint64_t *ret_first,
		    uint64_t *ret_len, struct error *e)
{
	uint64_t way, more = 0;
	int64_t first;

	if (!get_varint(packed, &way) || way > 4 * (uint64_t)CATALOG_ORDER_DOCS_MAX + 3)
		return is_wrong(e);
	if ((way & 1) != 0 && (!get_varint(packed, &more) || more > count))
		return is_wrong(e);
	*ret_len = (way & 1) != 0 ? more + 2 : 1;
	way >>= 1;
	first = (way & 1) != 0 ? from - (int64_t)(way / 2) - 1 : from + (int64_t)(way / 2);
	if (first < 0 || (uint64_t)first + *ret_len > count)
		return is_wrong(e);
	*ret_first = (uint64_t)first;
	return 0;
}

int catalog_order_unpack(struct bytes packed, uint64_t count, uint32_t **ret, struct error *e)
{
	OWNED(free) uint32_t *ranks = NULL;
	OWNED(free) uint8_t *seen = NULL;
	uint64_t done = 0, first = 0, len = 0;

	if (count == 0 || count > CATALOG_ORDER_DOCS_MAX)
		return is_wrong(e);
	ranks = xcalloc(count, sizeof(*ranks));
	seen = xcalloc(count, 1);
	while (packed.len > 0) {
		if (next_run(&packed, (int64_t)(first + len), count, &first, &len, e) < 0)
			return e->code;
		if (len > count - done)
			return is_wrong(e);
		for (uint64_t i = 0; i < len; i++) {
			if (seen[first + i]++ != 0)
				return is_wrong(e);
			ranks[done++] = (uint32_t)(first + i);
		}
	}
	if (done < count)
		return is_wrong(e);
	*ret = TAKE(ranks);
	return 0;
}
