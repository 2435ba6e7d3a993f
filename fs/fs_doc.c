#include "fs/fs_doc.h"

#include "base/ejson_pieces.h"
#include "base/id_name.h"
#include "base/key.h"

static bool has_prefix(struct bytes key, struct bytes prefix)
{
	return key.len >= prefix.len && memcmp(key.at, prefix.at, prefix.len) == 0;
}

/* What a name asks for. */
struct wanted {
	struct bytes name;
	enum id_name_found found;
	struct buf key; /* all of it, or what it begins with */
};

static bool is_wanted(const struct wanted *wanted, struct bytes key, struct buf *scratch)
{
	if (wanted->found == ID_NAME_KEY)
		return bytes_equal(key, buf_bytes(&wanted->key));
	if (!has_prefix(key, buf_bytes(&wanted->key)))
		return false;
	buf_reset(scratch);
	id_name_of_key(key, scratch);
	return bytes_equal(buf_bytes(scratch), wanted->name);
}

/*
 * The rank of the first document from the cursor on that is wanted: 1, 0 when there is none. In a
 * keyed tree it ends where keys no longer begin as the wanted one does; of those that it goes past
 * `places` is told. *ret_rank is where it ended in any case.
 */
static int search(struct tree_cursor *cursor, const struct tree_root *root,
		  const struct wanted *wanted, struct fs_long *places, uint64_t *ret_rank,
		  struct error *e)
{
	OWNED(buf_release) struct buf before = {0};
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf scratch = {0};
	bool keyed = root->kind == TREE_KEYED;
	struct bytes doc;
	int rc;

	for (;;) {
		*ret_rank = tree_cursor_rank(cursor);
		rc = tree_cursor_next(cursor, &doc, e);
		if (rc <= 0)
			return rc;
		buf_reset(&before);
		buf_add_bytes(&before, buf_bytes(&key));
		buf_reset(&key);
		rc = key_of_document(doc, &key, e);
		if (rc < 0)
			return rc;
		if (rc == 1 && is_wanted(wanted, buf_bytes(&key), &scratch))
			return 1;
		if (!keyed)
			continue;
		if (!has_prefix(buf_bytes(&key), buf_bytes(&wanted->key)))
			return 0;
		if (!bytes_equal(buf_bytes(&key), buf_bytes(&before)))
			fs_long_put(places, &root->id, buf_bytes(&scratch), *ret_rank);
	}
}

/* Is document number `rank` the wanted one, and the first with its key? */
static int is_at(struct tree_cursor *cursor, const struct wanted *wanted, uint64_t rank,
		 struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf scratch = {0};
	struct bytes doc;
	int rc = tree_cursor_seek_rank(cursor, rank, e);

	if (rc == 1)
		rc = tree_cursor_next(cursor, &doc, e);
	if (rc == 1)
		rc = key_of_document(doc, &key, e);
	if (rc != 1 || !is_wanted(wanted, buf_bytes(&key), &scratch))
		return MIN_OF(rc, 0);
	rc = tree_cursor_seek_key(cursor, buf_bytes(&key), e);
	return rc < 0 ? rc : tree_cursor_rank(cursor) == rank;
}

/*
 * Search for a name that tells only what its key begins with. What an earlier search went past is known; a new one goes
 * on where that ended, and looks at all again when the name is none of those.
 */
static int search_long(struct tree_cursor *cursor, const struct tree_root *root,
		       const struct wanted *wanted, struct fs_long *places, uint64_t *ret_rank,
		       struct error *e)
{
	struct bytes prefix = buf_bytes(&wanted->key);
	uint64_t first, from;
	int rc;

	if (fs_long_get(places, &root->id, wanted->name, ret_rank) &&
	    (rc = is_at(cursor, wanted, *ret_rank, e)) != 0)
		return rc;
	if ((rc = tree_cursor_seek_key(cursor, prefix, e)) < 0)
		return rc;
	first = tree_cursor_rank(cursor);
	if (fs_long_get(places, &root->id, prefix, &from) && from > first && from < root->count) {
		rc = tree_cursor_seek_rank(cursor, from, e);
		if (rc == 1)
			rc = search(cursor, root, wanted, places, ret_rank, e);
		if (rc == 0)
			rc = tree_cursor_seek_key(cursor, prefix, e) < 0 ? e->code : 0;
		else if (rc == 1)
			fs_long_put(places, &root->id, prefix, *ret_rank);
		if (rc != 0)
			return rc;
	}
	rc = search(cursor, root, wanted, places, ret_rank, e);
	if (rc >= 0)
		fs_long_put(places, &root->id, prefix, *ret_rank);
	return rc;
}

/* Does document number `rank` go by its rank? */
static int goes_by_rank(struct tree_cursor *cursor, const struct tree_root *root, uint64_t rank,
			struct error *e)
{
	OWNED(buf_release) struct buf before = {0};
	OWNED(buf_release) struct buf key = {0};
	struct bytes doc;
	int rc;

	if (rank >= root->count || root->kind == TREE_RANKED)
		return rank < root->count;
	if (rank == 0)
		return 0;
	rc = tree_cursor_seek_rank(cursor, rank - 1, e);
	if (rc == 1)
		rc = tree_cursor_next(cursor, &doc, e);
	if (rc == 1)
		rc = key_of_document(doc, &before, e) < 0 ? e->code : 1;
	if (rc == 1)
		rc = tree_cursor_next(cursor, &doc, e);
	if (rc == 1)
		rc = key_of_document(doc, &key, e) < 0 ? e->code : 1;
	return rc == 1 ? bytes_equal(buf_bytes(&before), buf_bytes(&key)) : rc;
}

static int find_wanted(struct tree_cursor *cursor, const struct tree_root *root,
		       const struct wanted *wanted, struct fs_long *places, uint64_t *ret_rank,
		       struct error *e)
{
	int rc;

	if (root->kind == TREE_RANKED) {
		if (root->bytes > FS_DOC_SCAN_MAX)
			return 0;
		return search(cursor, root, wanted, places, ret_rank, e);
	}
	if (wanted->found == ID_NAME_PREFIX)
		return search_long(cursor, root, wanted, places, ret_rank, e);
	rc = tree_cursor_seek_key(cursor, buf_bytes(&wanted->key), e);
	*ret_rank = tree_cursor_rank(cursor);
	return rc;
}

int fs_doc_find(struct store *store, const struct tree_root *root, struct fs_long *places,
		struct bytes name, uint64_t *ret_rank, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct wanted wanted = {.name = name};
	uint64_t rank = 0;
	int rc = 0;

	wanted.found = id_name_parse(name, &wanted.key, &rank);
	if (wanted.found != ID_NAME_NONE && root->count > 0) {
		cursor = tree_cursor_new(store, root);
		rc = wanted.found == ID_NAME_RANK
			     ? goes_by_rank(cursor, root, rank, e)
			     : find_wanted(cursor, root, &wanted, places, &rank, e);
	}
	buf_release(&wanted.key);
	if (rc == 1)
		*ret_rank = rank;
	return rc;
}

/* Document number `rank`; *ret is valid while the cursor stands. */
static int get(struct tree_cursor *cursor, uint64_t rank, struct bytes *ret, struct error *e)
{
	int rc = tree_cursor_seek_rank(cursor, rank, e);

	return rc == 1 ? tree_cursor_next(cursor, ret, e) : rc;
}

int fs_doc_place(struct store *store, const struct tree_root *root, uint64_t rank,
		 uint64_t *ret_offset, uint64_t *ret_len, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct bytes doc;
	int rc = tree_cursor_seek_rank(cursor, rank, e);

	if (rc != 1)
		return rc;
	*ret_offset = tree_cursor_offset(cursor);
	rc = tree_cursor_next(cursor, &doc, e);
	if (rc == 1)
		*ret_len = doc.len;
	return rc;
}

int fs_doc_hold(struct store *store, const struct tree_root *root, uint64_t rank,
		struct tree_piece *ret, struct error *e)
{
	uint64_t offset = 0, len = 0;
	struct tree_piece piece;
	size_t count = 0;
	int rc = fs_doc_place(store, root, rank, &offset, &len, e);

	if (rc != 1)
		return rc;
	/* A leaf has whole documents. */
	rc = tree_read_pieces(store, root, offset, (size_t)len, 0, &piece, 1, &count, e);
	if (rc < 0)
		return rc;
	if (rc == 0 || count != 1 || piece.bytes.len != len) {
		if (count == 1)
			chunk_release(piece.chunk);
		return error_set(e, ERR_CORRUPT, "document number %llu does not lie in one leaf",
				 (unsigned long long)rank);
	}
	*ret = piece;
	return 1;
}

int fs_doc_pretty_size(struct store *store, const struct tree_root *root, uint64_t rank,
		       uint64_t *ret, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct bytes doc;
	int rc = get(cursor, rank, &doc, e);

	if (rc != 1)
		return rc;
	return ejson_pieces_size(doc, EJSON_PRETTY, ret, e) < 0 ? e->code : 1;
}
