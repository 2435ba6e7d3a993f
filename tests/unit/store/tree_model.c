#include "tests/unit/store/tree_model.h"
#include "tests/harness/test_store.h"

#include "base/key.h"
#include "store/tree/tree_split.h"

struct store *tree_model_store(void)
{
	struct error e = {0};
	struct store_params params;
	struct store *store = NULL;
	const char *dir = harness_path(harness_tmpdir(), "store");

	ASSERT_OK(store_params_default(&params, &e));
	memset(params.seed, 7, sizeof(params.seed));
	params.leaf_target = 4096;
	ASSERT_OK(test_store_init(dir, &params, &e));
	ASSERT_OK(test_store_open(dir, NULL, &store, &e));
	return store;
}

void tree_model_docs_release(struct model_docs *docs)
{
	for (size_t i = 0; i < docs->count; i++)
		buf_release(&docs->doc[i].key);
	free(docs->doc);
	buf_release(&docs->bytes);
	*docs = (struct model_docs){0};
}

void tree_model_add(struct model_docs *docs, struct bytes doc)
{
	struct error e = {0};
	size_t i = docs->count++;

	docs->doc = xrealloc(docs->doc, docs->count * sizeof(docs->doc[0]));
	docs->doc[i].at = docs->bytes.len;
	docs->doc[i].len = doc.len;
	docs->doc[i].key = (struct buf){0};
	buf_add_bytes(&docs->bytes, doc);
	ASSERT_OK(key_of_document(doc, &docs->doc[i].key, &e));
}

struct bytes tree_model_doc(const struct model_docs *docs, size_t i)
{
	return bytes_of(docs->bytes.at + docs->doc[i].at, docs->doc[i].len);
}

static int by_key(const void *a, const void *b, void *ctx)
{
	const struct model_docs *docs = ctx;
	const __typeof__(docs->doc[0]) *x = a, *y = b;
	int order = bytes_compare(buf_bytes(&x->key), buf_bytes(&y->key));

	if (order != 0)
		return order;
	return bytes_compare(bytes_of(docs->bytes.at + x->at, x->len),
			     bytes_of(docs->bytes.at + y->at, y->len));
}

void tree_model_sort(struct model_docs *docs)
{
	if (docs->count > 1)
		qsort_r(docs->doc, docs->count, sizeof(docs->doc[0]), by_key, docs);
}

struct tree_root tree_model_build(struct store *store, enum tree_kind kind,
				  const struct model_docs *docs)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(tree_builder_free) struct tree_builder *builder = NULL;
	const struct tree_build_options options = {.kind = kind};
	struct tree_root root;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	builder = tree_builder_new(writer, &options);
	for (size_t i = 0; i < docs->count; i++)
		ASSERT_OK(tree_builder_add(builder, buf_bytes(&docs->doc[i].key),
					   tree_model_doc(docs, i), &e));
	ASSERT_OK(tree_builder_finish(builder, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	return root;
}

/* Every node below: bounds of DESIGN 5. Returns the height. */
static void check_node(struct store *store, const struct tree_root *root, bool is_root,
		       bool is_last)
{
	struct chunk *chunk = NULL;
	struct tree_node node;
	struct error e = {0};

	ASSERT_OK(store_get(store, &root->id, &chunk, &e));
	if (root->height == 0) {
		const size_t max = tree_split_leaf_max(store_params(store));

		assert_true(chunk->plain.len == root->bytes);
		assert_true(root->bytes <= max || root->count == 1);
		chunk_release(chunk);
		return;
	}
	ASSERT_OK(tree_node_parse(chunk->plain, root, &node, &e));
	assert_true(node.n >= 2 || (is_last && !is_root));
	for (uint32_t i = 0; i < node.n; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		check_node(store, &child, false, is_last && i + 1 == node.n);
	}
	tree_node_release(&node);
	chunk_release(chunk);
}

void tree_model_check(struct store *store, const struct tree_root *root,
		      const struct model_docs *docs)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, root);
	struct error e = {0};
	struct bytes doc;
	uint64_t offset = 0;

	assert_int_equal(root->count, docs->count);
	for (size_t i = 0; i < docs->count; i++) {
		assert_int_equal(tree_cursor_rank(cursor), i);
		assert_int_equal(tree_cursor_offset(cursor), offset);
		assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 1);
		ASSERT_BYTES(doc, tree_model_doc(docs, i));
		offset += doc.len;
	}
	assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 0);
	assert_int_equal(root->bytes, offset);
	if (root->count > 0)
		check_node(store, root, true, true);
}
