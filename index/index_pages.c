#include "index/index_pages.h"

#include "base/buf.h"

/* LMDB 0.9: mdb.c, "struct MDB_page", "struct MDB_meta", "struct MDB_db", "struct MDB_node". */
#define PAGE_HEAD 16
#define META_AT PAGE_HEAD
#define META_MAGIC 0xbeefc0de
#define META_VERSION 1
#define META_DBS 24
#define META_LAST 120
#define META_TXNID 128
#define DB_LEN 48
#define NODE_HEAD 8
#define NO_PAGE UINT64_MAX
#define DEPTH_MAX 32
/* Pages at the end that were taken, but given back before they were written. */
#define SLACK 4096

enum { P_BRANCH = 1, P_LEAF = 2, P_OVERFLOW = 4 };
enum { F_BIGDATA = 1, F_SUBDATA = 2 };
enum { DB_INTEGER_KEYS = 8 };
enum tree { TREE_FREE, TREE_MAIN, TREE_SUB };

struct pages {
	struct bytes file;
	size_t size;	/* bytes of a page */
	uint64_t last;	/* number of the last page */
	uint8_t *taken; /* a byte for each page: in use, or free */
};

/* One tree while it is walked in order. */
struct walk {
	struct pages *pages;
	enum tree tree;
	uint64_t leaf_pages, branch_pages, overflow_pages, entries;
	bool some; /* `last` is the key before */
	struct bytes last;
	bool bounded; /* the next key is at least `bound` */
	struct bytes bound;
};

static bool check_db(struct pages *pages, enum tree tree, const uint8_t *db);

/* `count` pages from `number` on are used here, and nowhere else. */
static bool take(struct pages *p, uint64_t number, uint64_t count)
{
	if (number < 2 || count == 0 || count > p->last || number > p->last - count + 1)
		return false;
	for (uint64_t i = number; i < number + count; i++) {
		if (p->taken[i])
			return false;
		p->taken[i] = 1;
	}
	return true;
}

/* The page that is there and says that it is, or NULL. */
static const uint8_t *page_at(struct pages *p, uint64_t number, uint64_t count)
{
	const uint8_t *page;

	if (number > p->last || (number + count) * p->size > p->file.len)
		return NULL;
	page = p->file.at + number * p->size;
	return get_le64(page) == number ? page : NULL;
}

static int compare_keys(const struct walk *w, struct bytes a, struct bytes b)
{
	uint64_t x, y;

	if (w->tree != TREE_FREE)
		return bytes_compare(a, b);
	x = get_le64(a.at);
	y = get_le64(b.at);
	return x < y ? -1 : x > y;
}

/* A value that has pages of its own; more than it needs where it replaced a longer one. */
static bool check_overflow(struct walk *w, uint64_t number, size_t len, struct bytes *ret)
{
	struct pages *p = w->pages;
	const uint8_t *page = page_at(p, number, 1);
	uint64_t count = page != NULL ? get_le32(page + 12) : 0;

	if (page == NULL || get_le16(page + 10) != P_OVERFLOW ||
	    count * p->size < PAGE_HEAD + len || page_at(p, number, count) == NULL ||
	    !take(p, number, count))
		return false;
	w->overflow_pages += count;
	*ret = bytes_of(page + PAGE_HEAD, len);
	return true;
}

/* Free pages of one transaction: their number, and theirs in descending order. */
static bool check_free(struct pages *p, struct bytes value)
{
	uint64_t count;

	if (value.len < 8)
		return false;
	count = get_le64(value.at);
	if (count > value.len / 8 - 1)
		return false;
	for (uint64_t i = 1; i <= count; i++) {
		uint64_t number = get_le64(value.at + 8 * i);

		if ((i > 1 && number >= get_le64(value.at + 8 * (i - 1))) || !take(p, number, 1))
			return false;
	}
	return true;
}

static bool check_order(struct walk *w, struct bytes key)
{
	if (w->tree == TREE_FREE && key.len != 8)
		return false;
	if ((w->some && compare_keys(w, w->last, key) >= 0) ||
	    (w->bounded && compare_keys(w, w->bound, key) > 0))
		return false;
	w->bounded = false;
	w->some = true;
	w->last = key;
	return true;
}

/* `node` and the `room` bytes from there on; *ret_len is what it takes of them. */
static bool check_leaf_node(struct walk *w, const uint8_t *node, size_t room, size_t *ret_len)
{
	uint16_t flags = get_le16(node + 4);
	size_t key_len = get_le16(node + 6);
	size_t len = get_le16(node) | (size_t)get_le16(node + 2) << 16;
	size_t here = flags == F_BIGDATA ? 8 : len;
	const uint8_t *at = node + NODE_HEAD + key_len;
	struct bytes value = bytes_of(at, len);

	if (flags != 0 && flags != F_BIGDATA && flags != F_SUBDATA)
		return false;
	if (NODE_HEAD + key_len > room || here > room - NODE_HEAD - key_len ||
	    !check_order(w, bytes_of(node + NODE_HEAD, key_len)))
		return false;
	*ret_len = NODE_HEAD + key_len + here;
	w->entries++;
	if (flags == F_BIGDATA && !check_overflow(w, get_le64(at), len, &value))
		return false;
	if (w->tree == TREE_FREE)
		return check_free(w->pages, value);
	if ((flags == F_SUBDATA) != (w->tree == TREE_MAIN))
		return false;
	return flags != F_SUBDATA || (len == DB_LEN && check_db(w->pages, TREE_SUB, at));
}

static bool check_page(struct walk *w, uint64_t number, unsigned depth);

static bool check_branch_node(struct walk *w, const uint8_t *node, size_t room, size_t i,
			      unsigned depth, size_t *ret_len)
{
	size_t key_len = get_le16(node + 6);
	struct bytes key = bytes_of(node + NODE_HEAD, key_len);
	uint64_t child = get_le16(node) | (uint64_t)get_le16(node + 2) << 16 |
			 (uint64_t)get_le16(node + 4) << 32;

	if (key_len > room - NODE_HEAD || (w->tree == TREE_FREE && i > 0 && key_len != 8))
		return false;
	*ret_len = NODE_HEAD + key_len;
	/* The first key of a branch means nothing. */
	if (i > 0) {
		if (!w->some || compare_keys(w, w->last, key) >= 0)
			return false;
		w->bounded = true;
		w->bound = key;
	}
	return check_page(w, child, depth - 1);
}

/* The page and all below it; `depth` is 1 for a leaf. */
static bool check_page(struct walk *w, uint64_t number, unsigned depth)
{
	struct pages *p = w->pages;
	const uint8_t *page = page_at(p, number, 1);
	size_t lower, upper, n, used = 0;

	if (depth == 0 || page == NULL || get_le16(page + 10) != (depth == 1 ? P_LEAF : P_BRANCH) ||
	    !take(p, number, 1))
		return false;
	lower = get_le16(page + 12);
	upper = get_le16(page + 14);
	if (lower < PAGE_HEAD + 2 || lower % 2 != 0 || lower > upper || upper > p->size)
		return false;
	n = (lower - PAGE_HEAD) / 2;
	*(depth == 1 ? &w->leaf_pages : &w->branch_pages) += 1;
	if (depth > 1 && n < 2)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t at = get_le16(page + PAGE_HEAD + 2 * i), len = 0;

		if (at < upper || at % 2 != 0 || at + NODE_HEAD > p->size)
			return false;
		if (depth == 1 ? !check_leaf_node(w, page + at, p->size - at, &len)
			       : !check_branch_node(w, page + at, p->size - at, i, depth, &len))
			return false;
		used += len + len % 2;
	}
	/* So no two nodes share bytes. */
	return used == p->size - upper;
}

static bool check_db(struct pages *pages, enum tree tree, const uint8_t *db)
{
	struct walk w = {.pages = pages, .tree = tree};
	unsigned depth = get_le16(db + 6);
	uint64_t root = get_le64(db + 40);

	if (get_le16(db + 4) != (tree == TREE_FREE ? DB_INTEGER_KEYS : 0) || depth > DEPTH_MAX)
		return false;
	if (root != NO_PAGE && !check_page(&w, root, depth))
		return false;
	return (root != NO_PAGE || depth == 0) && w.branch_pages == get_le64(db + 8) &&
	       w.leaf_pages == get_le64(db + 16) && w.overflow_pages == get_le64(db + 24) &&
	       w.entries == get_le64(db + 32);
}

bool index_pages_sound(struct bytes file, uint64_t txnid, bool *ret_stale)
{
	struct pages p = {.file = file};
	OWNED(free) uint8_t *taken = NULL;
	const uint8_t *page, *meta;

	*ret_stale = false;
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || sizeof(size_t) != 8)
		return true;
	if (file.len < 2 * 512)
		return false;
	/* The size of a page is in both meta pages, the first of which is at 0. */
	p.size = get_le32(file.at + META_AT + META_DBS);
	if (p.size < 512 || p.size > 65536 || (p.size & (p.size - 1)) != 0 || file.len < 2 * p.size)
		return false;
	page = file.at + (txnid & 1) * p.size;
	meta = page + META_AT;
	*ret_stale = get_le64(meta + META_TXNID) != txnid;
	if (*ret_stale)
		return true;
	p.last = get_le64(meta + META_LAST);
	if (get_le32(meta) != META_MAGIC || get_le32(meta + META_DBS) != p.size || p.last < 1 ||
	    p.last > file.len / p.size + SLACK)
		return false;
	if (get_le32(meta + 4) != META_VERSION)
		return true;
	p.taken = taken = xcalloc(p.last + 1, 1);
	return check_db(&p, TREE_FREE, meta + META_DBS) &&
	       check_db(&p, TREE_MAIN, meta + META_DBS + DB_LEN);
}
