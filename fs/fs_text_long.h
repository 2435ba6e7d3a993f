/*
 * fs_text_long.h - the text of a document that is too long to be kept while its file is open.
 *
 * It is rendered as it is read (base/ejson_reader.h), from the document, which is held during each
 * read only. What readers keep to go on quickly is bounded for all of a mount's open files together: those that were not
 * read for the longest time rest. So is what is held at once: others wait.
 *
 * Threads: any. Prefix: fs_text_long_, fs_texts_
 */
#ifndef FS_FS_TEXT_LONG_H
#define FS_FS_TEXT_LONG_H

#include "oplog/moment.h"

struct fs_texts;     /* opaque; all of a mount */
struct fs_text_long; /* opaque; of an open file */

#define FS_TEXTS_KEPT_MAX (32 * MIB) /* but for what one reader keeps */
#define FS_TEXTS_HELD_MAX (32 * MIB) /* of documents, but for one */

struct fs_texts *fs_texts_new(void);
/* None may be open any more. NULL is fine. */
void fs_texts_free(struct fs_texts *texts);
DEFINE_OWNED(struct fs_texts *, fs_texts_free);

/* Where the document is: number `rank` of a tree, whose moment is borrowed, or else in `doc`, borrowed. */
struct fs_text_source {
	struct moment *moment; /* NULL: in `doc` */
	const struct tree_root *root;
	uint64_t rank;
	struct bytes doc;
	uint64_t len; /* its bytes, when it is in a tree */
};

/* `texts` must outlive it; of *source only what it points to. */
struct fs_text_long *fs_text_long_new(struct fs_texts *texts, const struct fs_text_source *source);
void fs_text_long_free(struct fs_text_long *text);
DEFINE_OWNED(struct fs_text_long *, fs_text_long_free);

/* As ejson_reader_read(), EJSON_PRETTY; errors also of the store. */
MUST_CHECK int fs_text_long_read(struct fs_text_long *text, uint64_t offset, void *ret, size_t len,
				 size_t *ret_len, struct error *e);

/* Bytes that all readers of a mount keep together. */
size_t fs_texts_kept(struct fs_texts *texts);

#endif
