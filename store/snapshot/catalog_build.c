#include "store/snapshot/catalog_build.h"

#include "base/bson_build.h"
#include "base/key.h"
#include "store/tree/tree_build.h"

struct catalog_build {
	struct tree_builder *catalog, *changes;
	struct buf doc, key;
	uint64_t collections, documents, bytes;
};

struct catalog_build *catalog_build_new(struct store_writer *writer, const struct snapshot *parent)
{
	struct catalog_build *build = xcalloc(1, sizeof(*build));
	struct tree_build_options options = {.kind = TREE_KEYED};

	options.old = parent != NULL ? &parent->catalog : NULL;
	build->catalog = tree_builder_new(writer, &options);
	options.old = parent != NULL ? &parent->changes : NULL;
	build->changes = tree_builder_new(writer, &options);
	return build;
}

void catalog_build_free(struct catalog_build *build)
{
	if (build == NULL)
		return;
	tree_builder_free(build->catalog);
	tree_builder_free(build->changes);
	buf_release(&build->doc);
	buf_release(&build->key);
	free(build);
}

static int add_document(struct catalog_build *build, struct tree_builder *builder, struct error *e)
{
	buf_reset(&build->key);
	if (key_of_document(buf_bytes(&build->doc), &build->key, e) < 0)
		return e->code;
	return tree_builder_add(builder, buf_bytes(&build->key), buf_bytes(&build->doc), e);
}

int catalog_build_add(struct catalog_build *build, const struct catalog_entry *entry,
		      uint64_t changed, const struct catalog_stop *stop, struct error *e)
{
	size_t begin;

	buf_reset(&build->doc);
	if (catalog_entry_encode(entry, &build->doc, e) < 0 ||
	    add_document(build, build->catalog, e) < 0)
		return e->code;
	buf_reset(&build->doc);
	begin = bson_build_begin(&build->doc);
	bson_build_string(&build->doc, "_id", bytes_of(entry->ns, entry->ns_len));
	bson_build_int64(&build->doc, "changed", (int64_t)changed);
	if (stop != NULL) {
		bson_build_int64(&build->doc, "stopped", (int64_t)stop->ts);
		bson_build_string(&build->doc, "why", bytes_str(stop->why));
	}
	bson_build_end(&build->doc, begin);
	build->collections += entry->type == CATALOG_COLLECTION;
	build->documents += entry->root.count;
	build->bytes += entry->root.bytes;
	return add_document(build, build->changes, e);
}

int catalog_build_finish(struct catalog_build *build, struct snapshot *snapshot, struct error *e)
{
	if (tree_builder_finish(build->catalog, &snapshot->catalog, e) < 0 ||
	    tree_builder_finish(build->changes, &snapshot->changes, e) < 0)
		return e->code;
	snapshot->collections = build->collections;
	snapshot->documents = build->documents;
	snapshot->bytes = build->bytes;
	return 0;
}
