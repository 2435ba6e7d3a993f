#include "fs/fs_file.h"

#include <stdatomic.h>

#include "base/ejson_pieces.h"
#include "fs/fs_doc.h"
#include "fs/fs_oplog.h"
#include "fs/fs_text_long.h"

/* The kernel has a few requests of one reader under way, and they arrive in any order. */
#define NEAR (8 * MIB)
#define AHEAD_MAX 96 /* leaves; about 3 MiB */
#define AHEAD_MIN 4

/* A document's text that is longer is rendered as it is read: it can be gigabytes, and thousands of files may be open. */
#define TEXT_MAX (64 * KIB)

struct fs_file {
	struct moment *moment;
	struct tree_root root; /* of a collection's .bson or .json, or of the one that it lies in */
	uint64_t begin, end;   /* of a .bson: the part of the collection's */
	struct tree_json *json; /* of a .json, borrowed from the mount */
	struct fs_oplog *oplog; /* of a file of oplog/ */
	bool is_text;
	struct buf text;	     /* of all others, fixed at open */
	struct fs_text_long *pretty; /* of a document with a long one */
	struct buf doc;		     /* the document, where no tree has it */
	_Atomic uint64_t expected;   /* where a sequential reader goes on */
	_Atomic unsigned in_a_row;   /* sequential requests */
	struct fs_turns *turns;	     /* NULL: it has no large documents */
	struct fs_turn turn;
};

/* A document's .json: its text when that is short, else *source tells where `doc` will be. */
static int open_pretty(struct fs_file *file, struct fs_texts *texts, struct bytes doc,
		       const struct fs_text_source *source, struct error *e)
{
	OWNED(ejson_pieces_free) struct ejson_pieces *pieces = NULL;
	struct bytes piece;
	int rc = 0;

	pieces = ejson_pieces_new(doc, EJSON_PRETTY);
	while (file->text.len <= TEXT_MAX && (rc = ejson_pieces_next(pieces, &piece, e)) == 1)
		buf_add_bytes(&file->text, piece);
	if (rc < 0)
		return rc;
	file->is_text = rc == 0;
	if (file->is_text) {
		buf_release(&file->doc);
	} else {
		buf_release(&file->text);
		file->pretty = fs_text_long_new(texts, source);
	}
	return 1;
}

/* The same of a document that a tree has. */
static int open_pretty_of_tree(struct fs_file *file, struct fs_texts *texts,
			       const struct fs_node *node, struct error *e)
{
	struct fs_text_source source = {.rank = node->inode.rank};
	struct tree_piece doc;
	int rc = fs_doc_hold(moment_store(node->moment), &node->entry.root, source.rank, &doc, e);

	if (rc != 1)
		return rc;
	file->root = node->entry.root;
	source.root = &file->root;
	source.moment = node->moment;
	source.len = doc.bytes.len;
	rc = open_pretty(file, texts, doc.bytes, &source, e);
	chunk_release(doc.chunk);
	return rc;
}

/* A file of a document, which the tree has unless it is damaged. */
static int open_document(struct fs_file *file, struct fs_texts *texts, const struct fs_node *node,
			 struct error *e)
{
	uint64_t len = 0;
	int rc;

	if (node->inode.kind == FS_KIND_DOC_JSON)
		rc = open_pretty_of_tree(file, texts, node, e);
	else
		rc = fs_doc_place(moment_store(node->moment), &node->entry.root, node->inode.rank,
				  &file->begin, &len, e);
	file->end = file->begin + len;
	return rc == 0 ? error_set(e, ERR_CORRUPT, "a collection is shorter than its count") : rc;
}

/* A document's .json where no tree has it. */
static int open_keyed(struct fs_file *file, struct fs_texts *texts, const struct fs_node *node,
		      struct error *e)
{
	struct fs_text_source source = {0};

	buf_add_bytes(&file->doc, buf_bytes(&node->doc));
	source.doc = buf_bytes(&file->doc);
	return open_pretty(file, texts, source.doc, &source, e);
}

/* What is made when it is asked for, or a file of oplog/. */
static int open_other(struct fs_file *file, struct fs *fs, const struct fs_node *node,
		      struct error *e)
{
	if (fs_inode_is_fixed(node->inode, FS_FIXED_OPLOG_BSON))
		return fs_oplog_open(fs, false, &file->oplog, e);
	if (fs_inode_is_fixed(node->inode, FS_FIXED_OPLOG_JSON))
		return fs_oplog_open(fs, true, &file->oplog, e);
	file->is_text = true;
	return fs_node_text(fs, node, &file->text, e);
}

/* Bytes of a document that a read needs. */
static uint64_t document_bytes(const struct fs_file *file, const struct fs_node *node)
{
	const struct tree_root *root = &node->entry.root;

	if (file->is_text || file->oplog != NULL || root->count == 0)
		return 0;
	return node->inode.kind == FS_KIND_DOC_BSON ? file->end - file->begin
						    : root->bytes / root->count;
}

int fs_file_open(struct fs *fs, struct fs_node *node, struct fs_file **ret, struct error *e)
{
	OWNED(fs_file_close) struct fs_file *file = xcalloc(1, sizeof(*file));
	int rc = fs_node_load(fs, node, e);

	if (rc < 0)
		return rc;
	switch (node->inode.kind) {
	case FS_KIND_JSON:
		file->json = fs_json(fs, moment_store(node->moment));
		break;
	case FS_KIND_BSON:
		file->end = node->entry.root.bytes;
		break;
	case FS_KIND_DOC_JSON:
	case FS_KIND_DOC_BSON:
		rc = open_document(file, fs->texts, node, e);
		break;
	case FS_KIND_KEY_JSON:
		rc = open_keyed(file, fs->texts, node, e);
		break;
	case FS_KIND_KEY_BSON:
		buf_add_bytes(&file->text, buf_bytes(&node->doc));
		file->is_text = true;
		break;
	default:
		rc = open_other(file, fs, node, e);
	}
	if (rc < 0)
		return rc;
	if (!file->is_text && file->oplog == NULL) {
		file->moment = moment_hold(node->moment);
		file->root = node->entry.root;
	}
	if (document_bytes(file, node) >= FS_TURNS_FROM)
		file->turns = fs->turns;
	*ret = TAKE(file);
	return 0;
}

void fs_file_close(struct fs_file *file)
{
	if (file == NULL)
		return;
	if (file->turns != NULL)
		fs_turns_forget(file->turns, &file->turn);
	fs_text_long_free(file->pretty);
	moment_release(file->moment);
	fs_oplog_close(file->oplog);
	buf_release(&file->doc);
	buf_release(&file->text);
	free(file);
}

struct fs_turn *fs_file_turn(struct fs_file *file)
{
	return file->turns != NULL ? &file->turn : NULL;
}

/* How many leaves to decode ahead: more with each request that goes on where others ended. */
static unsigned ahead_of(struct fs_file *file, uint64_t offset, size_t len)
{
	uint64_t expected = atomic_load_explicit(&file->expected, memory_order_relaxed);
	bool is_near = offset <= expected + NEAR && expected <= offset + NEAR;
	unsigned in_a_row = 0;

	if (is_near && (expected != 0 || offset == 0))
		in_a_row = atomic_fetch_add_explicit(&file->in_a_row, 1, memory_order_relaxed) + 1;
	else
		atomic_store_explicit(&file->in_a_row, 0, memory_order_relaxed);
	if (!is_near || offset + len > expected)
		atomic_store_explicit(&file->expected, offset + len, memory_order_relaxed);
	/* The first request may be a look at the head of the file. */
	if (in_a_row < 2)
		return 0;
	return in_a_row > AHEAD_MAX / AHEAD_MIN ? AHEAD_MAX : in_a_row * AHEAD_MIN;
}

/* From a place in the file to one in the collection's .bson. */
static void clip(const struct fs_file *file, uint64_t *offset, size_t *len)
{
	uint64_t size = file->end - file->begin;

	*offset = MIN_OF(*offset, size);
	*len = (size_t)MIN_OF((uint64_t)*len, size - *offset);
	*offset += file->begin;
}

int fs_file_read(struct fs_file *file, uint64_t offset, void *ret, size_t len, size_t *ret_len,
		 struct error *e)
{
	if (file->is_text) {
		size_t from = (size_t)MIN_OF(offset, file->text.len);

		*ret_len = MIN_OF(len, file->text.len - from);
		if (*ret_len > 0)
			memcpy(ret, file->text.at + from, *ret_len);
		return 0;
	}
	if (file->oplog != NULL)
		return fs_oplog_read(file->oplog, offset, ret, len, ahead_of(file, offset, len),
				     ret_len, e);
	if (file->pretty != NULL)
		return fs_text_long_read(file->pretty, offset, ret, len, ret_len, e);
	if (file->json != NULL)
		return tree_json_read(file->json, &file->root, offset, ret, len,
				      ahead_of(file, offset, len), ret_len, e);
	clip(file, &offset, &len);
	return tree_read(moment_store(file->moment), &file->root, offset, ret, len,
			 ahead_of(file, offset, len), ret_len, e);
}

int fs_file_pieces(struct fs_file *file, uint64_t offset, size_t len, struct tree_piece *ret,
		   size_t max, size_t *ret_count, struct error *e)
{
	if (file->is_text || file->json != NULL || file->pretty != NULL || file->oplog != NULL)
		return 0;
	clip(file, &offset, &len);
	return tree_read_pieces(moment_store(file->moment), &file->root, offset, len,
				ahead_of(file, offset, len), ret, max, ret_count, e);
}
