#include "oplog/segment_builder.h"

#include <assert.h>

#include "oplog/postings.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_node.h"

/* As for collections (tools/ingest_build.c): below this a shared prefix costs more than it saves. */
#define PREFIX_FROM (1 * MIB)
#define PREFIX_LEN (160 * KIB)

struct segment_builder {
	struct store_writer *writer;
	struct tree_root like; /* empty: none, or it was looked at */
	struct writer_prefix *prefix;
	struct segment segment; /* in the making */
	struct tree_builder *tree;
	struct postings_builder *postings;
	struct buf
		held; /* entries, until there are enough of them for a prefix; then `tree` is made */
};

struct segment_builder *segment_builder_new(struct store_writer *writer,
					    const struct tree_root *like)
{
	struct segment_builder *b = xcalloc(1, sizeof(*b));

	b->writer = writer;
	if (like != NULL)
		b->like = *like;
	return b;
}

void segment_builder_free(struct segment_builder *b)
{
	if (b == NULL)
		return;
	tree_builder_free(b->tree);
	postings_builder_free(b->postings);
	writer_prefix_free(b->prefix);
	buf_release(&b->held);
	free(b);
}

uint64_t segment_builder_entries(const struct segment_builder *b)
{
	return b->segment.entries;
}

bool segment_builder_is_full(const struct segment_builder *b, size_t len)
{
	return b->segment.entries > 0 && (b->segment.entries >= SEGMENT_MAX_ENTRIES ||
					  b->segment.bytes + len > SEGMENT_MAX_BYTES);
}

/* The prefix of the first leaf of an earlier segment: 1, or 0 when it has none. */
static int old_prefix(struct segment_builder *b, struct error *e)
{
	struct store *store = store_writer_store(b->writer);
	struct tree_root at = b->like;

	b->like = (struct tree_root){0};
	if (at.count == 0)
		return 0;
	while (at.height > 0) {
		OWNED(chunk_release) struct chunk *chunk = NULL;
		struct tree_node node;

		if (store_get(store, &at.id, &chunk, e) < 0 ||
		    tree_node_parse(chunk->plain, &at, &node, e) < 0)
			return e->code;
		at = tree_node_child_root(&node, 0);
		tree_node_release(&node);
	}
	return store_writer_prefix_of(b->writer, &at.id, &b->prefix, e);
}

/* Some of the entries that are held, from all over. */
static int sample(const struct segment_builder *b, struct buf *ret, struct error *e)
{
	size_t at = 0;

	while (at < b->held.len) {
		int64_t len =
			bson_next(bytes_of(b->held.at + at, b->held.len - at), ENTRY_MAX_LEN, e);

		if (len < 0)
			return (int)len;
		if (ret->len * (uint64_t)b->held.len <= at * (uint64_t)PREFIX_LEN &&
		    (size_t)len <= PREFIX_LEN / 4)
			buf_add(ret, b->held.at + at, (size_t)len);
		at += (size_t)len;
	}
	return 0;
}

/* Make the tree, of what is held at first. */
static int begin_tree(struct segment_builder *b, struct error *e)
{
	struct tree_build_options options = {.kind = TREE_RANKED};
	OWNED(buf_release) struct buf text = {0};

	if (b->prefix == NULL && b->held.len >= PREFIX_FROM) {
		if (sample(b, &text, e) < 0)
			return e->code;
		if (text.len >= PREFIX_LEN / 4 &&
		    store_writer_prefix(b->writer, buf_bytes(&text), &b->prefix, e) < 0)
			return e->code;
	}
	options.prefix = b->prefix;
	b->tree = tree_builder_new(b->writer, &options);
	for (size_t at = 0; at < b->held.len;) {
		int64_t len =
			bson_next(bytes_of(b->held.at + at, b->held.len - at), ENTRY_MAX_LEN, e);

		if (len < 0 || tree_builder_add(b->tree, bytes_of(NULL, 0),
						bytes_of(b->held.at + at, (size_t)len), e) < 0)
			return e->code;
		at += (size_t)len;
	}
	buf_release(&b->held);
	return 0;
}

int segment_builder_add(struct segment_builder *b, struct bytes doc, const struct entry_optime *at,
			const struct entry *entry, struct error *e)
{
	struct error ignored;

	if (b->segment.entries == 0) {
		b->segment = (struct segment){
			.first = *at,
			.first_hash = store_id_of(store_writer_store(b->writer), doc)};
		b->postings = postings_builder_new();
		if (b->prefix == NULL)
			(void)!old_prefix(b, &ignored); /* without it the leaves are larger */
	}
	postings_builder_add(b->postings, (uint32_t)b->segment.entries, entry);
	b->segment.entries++;
	b->segment.bytes += doc.len;
	if (b->tree == NULL && b->prefix != NULL && begin_tree(b, e) < 0)
		return e->code;
	if (b->tree != NULL)
		return tree_builder_add(b->tree, bytes_of(NULL, 0), doc, e);
	buf_add_bytes(&b->held, doc);
	return b->held.len >= PREFIX_FROM ? begin_tree(b, e) : 0;
}

int segment_builder_finish(struct segment_builder *b, struct segment *ret, struct error *e)
{
	assert(b->segment.entries > 0);
	if ((b->tree == NULL && begin_tree(b, e) < 0) ||
	    tree_builder_finish(b->tree, &b->segment.root, e) < 0 ||
	    postings_builder_finish(b->postings, b->writer, &b->segment.postings, e) < 0)
		return e->code;
	tree_builder_free(TAKE(b->tree));
	postings_builder_free(TAKE(b->postings));
	*ret = b->segment;
	b->segment = (struct segment){0};
	return 0;
}
