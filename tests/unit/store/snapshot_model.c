#include "tests/unit/store/snapshot_model.h"

#include "store/snapshot/commit.h"

static struct tree_root collection(struct store *store, int32_t number, int32_t count)
{
	struct model_docs docs = {0};
	struct tree_root root;

	for (int32_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf doc = {0};
		size_t at = harness_doc_open(&doc);

		harness_doc_int32(&doc, "_id", i);
		harness_doc_int32(&doc, "version", number);
		harness_doc_close(&doc, at);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	root = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_docs_release(&docs);
	return root;
}

static void add_entry(struct model_docs *docs, const char *ns, const struct tree_root *root)
{
	OWNED(buf_release) struct buf doc = {0};
	struct catalog_entry entry = {.ns = (char *)(uintptr_t)ns,
				      .ns_len = strlen(ns),
				      .db_len = (size_t)(strchr(ns, '.') - ns),
				      .root = *root};
	struct error e = {0};

	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	tree_model_add(docs, buf_bytes(&doc));
}

struct tree_root snapshot_model_catalog(struct store *store, const char *const *names, size_t count)
{
	const struct tree_root empty = {0};
	struct model_docs docs = {0};
	struct tree_root root;

	for (size_t i = 0; i < count; i++)
		add_entry(&docs, names[i], &empty);
	tree_model_sort(&docs);
	root = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_docs_release(&docs);
	return root;
}

void snapshot_model_make(struct store *store, const char *name, uint64_t time, int32_t number,
			 struct snapshot *ret)
{
	struct tree_root orders = collection(store, number, 3000);
	struct tree_root users = collection(store, number, 5);
	struct model_docs docs = {0};

	*ret = (struct snapshot){0};
	add_entry(&docs, "shop.orders", &orders);
	add_entry(&docs, "shop.users", &users);
	ret->catalog = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_docs_release(&docs);
	ret->name = name == NULL ? NULL : xstrdup(name);
	ret->time = time;
	ret->created_us = (uint64_t)number;
	ret->source = xstrdup("dump");
	ret->tool = xstrdup("test");
	ret->collections = 2;
	ret->documents = orders.count + users.count;
	ret->bytes = orders.bytes + users.bytes;
}

int snapshot_model_try(struct store *store, const char *name, uint64_t time, int32_t number,
		       struct snapshot *ret, char **ret_name, struct error *e)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release) struct snapshot snapshot;

	snapshot_model_make(store, name, time, number, &snapshot);
	if (store_writer_begin(store, &writer, e) < 0 || commit_snapshot(writer, &snapshot, e) < 0)
		return e->code;
	if (ret_name != NULL)
		*ret_name = xstrdup(snapshot.name);
	if (ret != NULL) {
		*ret = snapshot;
		snapshot = (struct snapshot){0};
	}
	return 0;
}

void snapshot_model_commit(struct store *store, const char *name, uint64_t time, int32_t number,
			   struct snapshot *ret)
{
	struct error e = {0};

	ASSERT_OK(snapshot_model_try(store, name, time, number, ret, NULL, &e));
}
