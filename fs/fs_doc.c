#include "fs/fs_doc.h"

#include "base/ejson.h"
#include "base/id_name.h"
#include "base/key.h"

struct fs_doc_list {
	struct tree_cursor *cursor;
	bool keyed;
	bool named;	/* `name` is that of document number next - 1 */
	uint64_t next;	/* the rank that the cursor stands before */
	struct buf key; /* of the document before it, empty at the beginning */
	struct buf other;
	struct buf name;
};

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
 * keyed tree it ends where keys no longer begin as the wanted one does.
 */
static int search(struct tree_cursor *cursor, bool keyed, const struct wanted *wanted,
		  uint64_t *ret_rank, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf scratch = {0};
	struct bytes doc;
	int rc;

	for (;;) {
		uint64_t rank = tree_cursor_rank(cursor);

		rc = tree_cursor_next(cursor, &doc, e);
		if (rc <= 0)
			return rc;
		buf_reset(&key);
		rc = key_of_document(doc, &key, e);
		if (rc < 0)
			return rc;
		if (rc == 1 && is_wanted(wanted, buf_bytes(&key), &scratch)) {
			*ret_rank = rank;
			return 1;
		}
		if (keyed && !has_prefix(buf_bytes(&key), buf_bytes(&wanted->key)))
			return 0;
	}
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
		       const struct wanted *wanted, uint64_t *ret_rank, struct error *e)
{
	int rc;

	if (root->kind == TREE_RANKED) {
		if (root->bytes > FS_DOC_SCAN_MAX)
			return 0;
		return search(cursor, false, wanted, ret_rank, e);
	}
	rc = tree_cursor_seek_key(cursor, buf_bytes(&wanted->key), e);
	if (rc < 0 || wanted->found == ID_NAME_PREFIX)
		return rc < 0 ? rc : search(cursor, true, wanted, ret_rank, e);
	*ret_rank = tree_cursor_rank(cursor);
	return rc;
}

int fs_doc_find(struct store *store, const struct tree_root *root, struct bytes name,
		uint64_t *ret_rank, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct wanted wanted = {.name = name};
	uint64_t rank = 0;
	int rc = 0;

	wanted.found = id_name_parse(name, &wanted.key, &rank);
	if (wanted.found != ID_NAME_NONE && root->count > 0) {
		cursor = tree_cursor_new(store, root);
		rc = wanted.found == ID_NAME_RANK ? goes_by_rank(cursor, root, rank, e)
						  : find_wanted(cursor, root, &wanted, &rank, e);
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

int fs_doc_bson(struct store *store, const struct tree_root *root, uint64_t rank, struct buf *ret,
		struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct bytes doc;
	int rc = get(cursor, rank, &doc, e);

	if (rc == 1)
		buf_add_bytes(ret, doc);
	return rc;
}

int fs_doc_pretty(struct store *store, const struct tree_root *root, uint64_t rank, struct buf *ret,
		  struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct bytes doc;
	int rc = get(cursor, rank, &doc, e);

	if (rc != 1)
		return rc;
	if (ejson_pretty(doc, ret, e) < 0)
		return e->code;
	buf_add_u8(ret, '\n');
	return 1;
}

struct fs_doc_list *fs_doc_list_new(struct store *store, const struct tree_root *root)
{
	struct fs_doc_list *list = xcalloc(1, sizeof(*list));

	list->cursor = tree_cursor_new(store, root);
	list->keyed = root->kind == TREE_KEYED;
	return list;
}

void fs_doc_list_free(struct fs_doc_list *list)
{
	if (list == NULL)
		return;
	tree_cursor_free(list->cursor);
	buf_release(&list->key);
	buf_release(&list->other);
	buf_release(&list->name);
	free(list);
}

/* Go past a document: its name, unless that is not `needed`. 1, or 0 at the end. */
static int pass(struct fs_doc_list *list, bool needed, struct error *e)
{
	struct buf before = list->key;
	struct bytes doc;
	int rc = tree_cursor_next(list->cursor, &doc, e);

	if (rc <= 0)
		return rc;
	list->key = list->other;
	list->other = before;
	buf_reset(&list->key);
	if (list->keyed && key_of_document(doc, &list->key, e) < 0)
		return e->code;
	list->next++;
	list->named = needed;
	if (!needed)
		return 1;
	buf_reset(&list->name);
	if (list->key.len == 0 || bytes_equal(buf_bytes(&list->key), buf_bytes(&list->other)))
		id_name_of_rank(list->next - 1, &list->name);
	else
		id_name_of_key(buf_bytes(&list->key), &list->name);
	return 1;
}

/* Stand before document number `rank`, with the key of the one before it. */
static int stand_before(struct fs_doc_list *list, uint64_t rank, struct error *e)
{
	uint64_t from = rank > 0 && list->keyed ? rank - 1 : rank;
	int rc;

	list->named = false;
	buf_reset(&list->key);
	rc = tree_cursor_seek_rank(list->cursor, from, e);
	list->next = from;
	return rc == 1 && from < rank ? pass(list, false, e) : rc;
}

int fs_doc_list_name(struct fs_doc_list *list, uint64_t rank, struct buf *ret, struct error *e)
{
	int rc = 1;

	if (!list->named || list->next != rank + 1) {
		if (list->next != rank)
			rc = stand_before(list, rank, e);
		if (rc == 1)
			rc = pass(list, true, e);
		if (rc < 0)
			list->next = UINT64_MAX; /* a document in between may be lost: seek again */
	}
	if (rc == 1)
		buf_add_bytes(ret, buf_bytes(&list->name));
	return rc;
}
