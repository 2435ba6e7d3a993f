#include "store/tree/tree_names.h"

#include "base/id_name.h"
#include "base/key.h"
#include "store/tree/tree_cursor.h"

struct tree_names {
	struct tree_cursor *cursor;
	bool keyed;
	bool named;	/* `name` is that of document number next - 1 */
	uint64_t next;	/* the rank that the cursor stands before */
	struct buf key; /* of the document before it, empty at the beginning */
	struct buf other;
	struct buf name;
	struct bytes doc; /* number next - 1, while the cursor stands */
};

struct tree_names *tree_names_new(struct store *store, const struct tree_root *root)
{
	struct tree_names *names = xcalloc(1, sizeof(*names));

	names->cursor = tree_cursor_new(store, root);
	names->keyed = root->kind == TREE_KEYED;
	return names;
}

void tree_names_free(struct tree_names *names)
{
	if (names == NULL)
		return;
	tree_cursor_free(names->cursor);
	buf_release(&names->key);
	buf_release(&names->other);
	buf_release(&names->name);
	free(names);
}

/* Go past a document: its name, unless that is not `needed`. 1, or 0 at the end. */
static int pass(struct tree_names *names, bool needed, struct error *e)
{
	struct buf before = names->key;
	struct bytes doc;
	int rc = tree_cursor_next(names->cursor, &doc, e);

	if (rc <= 0)
		return rc;
	names->key = names->other;
	names->other = before;
	buf_reset(&names->key);
	if (names->keyed && key_of_document(doc, &names->key, e) < 0)
		return e->code;
	names->next++;
	names->doc = doc;
	names->named = needed;
	if (!needed)
		return 1;
	buf_reset(&names->name);
	if (names->key.len == 0 || bytes_equal(buf_bytes(&names->key), buf_bytes(&names->other)))
		id_name_of_rank(names->next - 1, &names->name);
	else
		id_name_of_key(buf_bytes(&names->key), &names->name);
	return 1;
}

/* Stand before document number `rank`, with the key of the one before it. */
static int stand_before(struct tree_names *names, uint64_t rank, struct error *e)
{
	uint64_t from = rank > 0 && names->keyed ? rank - 1 : rank;
	int rc;

	names->named = false;
	buf_reset(&names->key);
	rc = tree_cursor_seek_rank(names->cursor, from, e);
	names->next = from;
	return rc == 1 && from < rank ? pass(names, false, e) : rc;
}

int tree_names_at(struct tree_names *names, uint64_t rank, struct buf *ret, struct bytes *ret_doc,
		  struct error *e)
{
	int rc = 1;

	if (!names->named || names->next != rank + 1) {
		if (names->next != rank)
			rc = stand_before(names, rank, e);
		if (rc == 1)
			rc = pass(names, true, e);
		if (rc < 0)
			names->next = UINT64_MAX; /* seek again: one in between may be lost */
	}
	if (rc == 1)
		buf_add_bytes(ret, buf_bytes(&names->name));
	if (rc == 1 && ret_doc != NULL)
		*ret_doc = names->doc;
	return rc;
}
