/* Trees whose nodes say what is not so: whoever reads them says that, and gives nothing that is wrong. */
#include "base/bson.h"
#include "base/key.h"
#include "store/tree/tree_diff.h"
#include "store/tree/tree_edit.h"
#include "store/tree/tree_json.h"
#include "store/tree/tree_names.h"
#include "store/tree/tree_node.h"
#include "store/tree/tree_splice.h"
#include "tests/unit/store/store_model.h"
#include "tests/unit/store/tree_model.h"

#define DOCS 3000

static void add_doc(int32_t id, int32_t version, struct buf *ret)
{
	size_t at = harness_doc_open(ret);

	harness_doc_int32(ret, "_id", id);
	harness_doc_int32(ret, "version", version);
	harness_doc_close(ret, at);
}

static struct tree_root build(struct store *store, enum tree_kind kind)
{
	struct model_docs docs = {0};
	struct tree_root root;

	for (int32_t i = 0; i < DOCS; i++) {
		OWNED(buf_release) struct buf doc = {0};

		add_doc(i, 1, &doc);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	root = tree_model_build(store, kind, &docs);
	tree_model_docs_release(&docs);
	assert_int_equal(root.height, 1);
	return root;
}

enum how {
	LEAF_IS_SHORTER, /* than its node says */
	LEAF_IS_MISSING, /* it is in no pack */
	LEAF_IS_NO_BSON, /* of the right length */
	NODE_IS_MISSING,
	NODE_IS_OTHERWISE, /* its sums are not those that its parent says */
	HOW_COUNT,
};

/* A root over what is damaged in its middle child: only who comes there meets it. */
static struct tree_root damage(struct store *store, const struct tree_root *good, enum how how)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(buf_release) struct buf plain = {0};
	OWNED(buf_release) struct buf junk = {0};
	struct tree_root root = *good;
	struct tree_node node;
	struct tree_child *child;
	struct error e = {0};

	if (how == NODE_IS_MISSING)
		root.id.at[5] ^= 1;
	if (how == NODE_IS_OTHERWISE)
		root.count++;
	if (how == NODE_IS_MISSING || how == NODE_IS_OTHERWISE)
		return root;
	ASSERT_OK(store_get(store, &good->id, &chunk, &e));
	ASSERT_OK(tree_node_parse(chunk->plain, good, &node, &e));
	assert_true(node.n > 4);
	child = &node.child[node.n / 2];
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	if (how == LEAF_IS_SHORTER) {
		child->bytes++;
		root.bytes++;
	} else if (how == LEAF_IS_MISSING) {
		child->id.at[5] ^= 1;
	} else {
		memset(buf_room(&junk, child->bytes), 0xee, child->bytes);
		junk.len = child->bytes;
		child->id = store_model_put(writer, CHUNK_PREFIX, buf_bytes(&junk), NULL, NULL);
	}
	tree_node_encode(node.kind, node.level, node.child, node.n, &plain);
	root.id = store_model_put(writer, CHUNK_NODE, buf_bytes(&plain), NULL, NULL);
	ASSERT_OK(store_writer_flush(writer, &e));
	tree_node_release(&node);
	return root;
}

/* Each gives 0, or an error. */
typedef int reader(struct store *store, const struct tree_root *root, struct error *e);

static int walk(struct store *store, const struct tree_root *root, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct bytes doc;
	int found;

	while ((found = tree_cursor_next(cursor, &doc, e)) == 1)
		;
	return found;
}

/* The same without reading ahead. */
static int walk_alone(struct store *store, const struct tree_root *root, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct bytes docs;
	int found;

	tree_cursor_set_ahead(cursor, false);
	while ((found = tree_cursor_next_leaf(cursor, &docs, e)) == 1)
		;
	return found;
}

static void key_of(int32_t id, struct buf *ret)
{
	uint8_t value[4];
	struct error e = {0};

	put_le32(value, (uint32_t)id);
	buf_reset(ret);
	ASSERT_OK(key_of_value(BSON_KIND_INT32, bytes_of(value, 4), ret, &e));
}

static int seek_keys(struct store *store, const struct tree_root *root, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	OWNED(buf_release) struct buf key = {0};
	struct bytes doc;

	for (int32_t i = 0; i < DOCS; i += 7) {
		key_of(i, &key);
		if (tree_cursor_seek_key(cursor, buf_bytes(&key), e) < 0 ||
		    tree_cursor_next(cursor, &doc, e) < 0)
			return e->code;
	}
	return 0;
}

static int seek_ranks(struct store *store, const struct tree_root *root, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct bytes doc;

	for (uint64_t i = 0; i < DOCS; i += 7)
		if (tree_cursor_seek_rank(cursor, i, e) < 0 ||
		    tree_cursor_next(cursor, &doc, e) < 0)
			return e->code;
	return 0;
}

static int seek_offsets(struct store *store, const struct tree_root *root, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	uint64_t into;

	for (uint64_t at = 0; at < root->bytes; at += 501)
		if (tree_cursor_seek_offset(cursor, at, &into, e) < 0)
			return e->code;
	return 0;
}

static int read_bytes(struct store *store, const struct tree_root *root, struct error *e)
{
	uint8_t room[5000];
	size_t len;

	for (uint64_t at = 0; at < root->bytes; at += sizeof(room))
		if (tree_read(store, root, at, room, sizeof(room), 2, &len, e) < 0)
			return e->code;
	return 0;
}

static int pass(void *ctx UNUSED, struct bytes key UNUSED, struct bytes a UNUSED,
		struct bytes b UNUSED, struct error *e UNUSED)
{
	return 0;
}

/* The tree that it is compared with shares nothing with it. */
static struct tree_root other_tree(struct store *store)
{
	struct model_docs docs = {0};
	struct tree_root root;

	for (int32_t i = 0; i < DOCS; i++) {
		OWNED(buf_release) struct buf doc = {0};

		add_doc(i, 2, &doc);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	root = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_docs_release(&docs);
	return root;
}

static int diff_old(struct store *store, const struct tree_root *root, struct error *e)
{
	struct tree_root other = other_tree(store);

	return tree_diff(store, root, &other, pass, NULL, e);
}

static int diff_new(struct store *store, const struct tree_root *root, struct error *e)
{
	struct tree_root other = other_tree(store);

	return tree_diff(store, &other, root, pass, NULL, e);
}

struct changes {
	int32_t at;
	struct buf key, doc;
};

static int next_edit(void *ctx, struct tree_change *ret, struct error *e UNUSED)
{
	struct changes *changes = ctx;

	if (changes->at >= DOCS)
		return 0;
	key_of(changes->at, &changes->key);
	buf_reset(&changes->doc);
	add_doc(changes->at, 3, &changes->doc);
	*ret = (struct tree_change){buf_bytes(&changes->key), buf_bytes(&changes->doc)};
	changes->at += 5;
	return 1;
}

static int next_splice(void *ctx, struct tree_splice_change *ret, struct error *e UNUSED)
{
	struct changes *changes = ctx;

	if (changes->at >= DOCS)
		return 0;
	buf_reset(&changes->doc);
	add_doc(changes->at, 3, &changes->doc);
	*ret = (struct tree_splice_change){(uint64_t)changes->at, 1, buf_bytes(&changes->doc)};
	changes->at += 5;
	return 1;
}

static int change(struct store *store, const struct tree_root *root, bool by_rank, struct error *e)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct changes changes = {0};
	struct tree_root made = {.count = 77};
	int code;

	if (store_writer_begin(store, &writer, e) < 0)
		return e->code;
	code = by_rank ? tree_splice(writer, root, NULL, next_splice, &changes, &made, e)
		       : tree_edit(writer, root, NULL, next_edit, &changes, &made, e);
	if (code < 0)
		assert_int_equal(made.count, 77);
	buf_release(&changes.key);
	buf_release(&changes.doc);
	return code;
}

static int edit(struct store *store, const struct tree_root *root, struct error *e)
{
	return change(store, root, false, e);
}

static int splice(struct store *store, const struct tree_root *root, struct error *e)
{
	return change(store, root, true, e);
}

static int read_json(struct store *store, const struct tree_root *root, struct error *e)
{
	OWNED(tree_json_free) struct tree_json *json = tree_json_new(store, EJSON_RELAXED, 0);
	uint8_t room[5000];
	uint64_t size;
	size_t len;

	if (tree_json_size(json, root, &size, e) < 0)
		return e->code;
	for (uint64_t at = 0; at < size; at += len)
		if (tree_json_read(json, root, at, room, sizeof(room), 2, &len, e) < 0)
			return e->code;
	return 0;
}

static int read_names(struct store *store, const struct tree_root *root, struct error *e)
{
	OWNED(buf_release) struct buf name = {0};
	struct tree_names *names = tree_names_new(store, root);
	int code = 0;

	for (uint64_t i = 0; i < DOCS && code >= 0; i += 3) {
		struct bytes doc;

		buf_reset(&name);
		code = tree_names_at(names, i, &name, &doc, e);
	}
	tree_names_free(names);
	return code < 0 ? code : 0;
}

static void nobody_reads_on_over_damage(void **state)
{
	static reader *const readers[] = {walk,		walk_alone, seek_keys, seek_ranks,
					  seek_offsets, read_bytes, diff_old,  diff_new,
					  edit,		splice,	    read_json, read_names};
	struct store *store = tree_model_store();
	const struct tree_root good = build(store, TREE_KEYED);

	(void)state;
	for (int how = 0; how < HOW_COUNT; how++) {
		struct tree_root bad = damage(store, &good, (enum how)how);

		for (size_t i = 0; i < COUNT_OF(readers); i++) {
			struct error e = {0};
			int code;

			ASSERT_OK(readers[i](store, &good, &e));
			code = readers[i](store, &bad, &e);
			/* Bytes are given as they are; JSON is as long as the leaf's own facts say. */
			if ((readers[i] == read_bytes && how == LEAF_IS_NO_BSON) ||
			    (readers[i] == read_json && how == LEAF_IS_SHORTER))
				continue;
			if (code != ERR_CORRUPT || e.text[0] == '\0')
				fail_msg("damage %d, reader %zu: %d %s", how, i, code, e.text);
		}
	}
	store_close(store);
}

/* Number `rank`, when it is read. */
static int32_t id_of(struct bytes doc)
{
	struct bson_field field;
	struct error e = {0};

	assert_int_equal(bson_find(doc, "_id", &field, &e), 1);
	return (int32_t)get_le32(field.value.at);
}

static void what_is_sound_around_damage_can_be_read(void **state UNUSED)
{
	OWNED(store_close) struct store *store = tree_model_store();
	struct tree_root good = build(store, TREE_KEYED);

	for (enum how how = 0; how < HOW_COUNT; how++) {
		struct tree_root root = damage(store, &good, how);
		OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, &root);
		uint64_t lost = 0, read = 0, part;
		struct error e = {0};
		struct bytes doc;
		int found;

		while ((found = tree_cursor_next(cursor, &doc, &e)) != 0) {
			if (found == 1) {
				assert_int_equal(id_of(doc), read + lost);
				read++;
				continue;
			}
			tree_cursor_pass(cursor, &part);
			assert_true(part > 0);
			lost += part;
		}
		assert_int_equal(read + lost, root.count);
		if (how == NODE_IS_MISSING || how == NODE_IS_OTHERWISE)
			assert_int_equal(read, 0);
		else
			assert_in_range(lost, 1, DOCS / 4);
	}
	{
		OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, &good);
		struct error e = {0};
		struct bytes doc;
		uint64_t lost;

		/* As when a disk failed once. */
		assert_int_equal(tree_cursor_seek_rank(cursor, 7, &e), 1);
		tree_cursor_pass(cursor, &lost);
		assert_int_equal(lost, 0);
		assert_int_equal(tree_cursor_next(cursor, &doc, &e), 1);
		assert_int_equal(id_of(doc), 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_reads_on_over_damage),
		cmocka_unit_test(what_is_sound_around_damage_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
