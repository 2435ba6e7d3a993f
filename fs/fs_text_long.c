#include "fs/fs_text_long.h"

#include <pthread.h>

#include "base/ejson_reader.h"
#include "fs/fs_doc.h"

/* Whoever reads on needs the document, which has to be decoded each time, less often. */
#define AHEAD MIB

struct fs_text_long {
	struct fs_texts *texts;
	struct fs_text_source source;
	struct ejson_reader *reader;
	/* Under the lock of `texts`: in the ring once it kept something. */
	struct fs_text_long *prev, *next;
	size_t kept;
};

struct fs_texts {
	pthread_mutex_t lock;
	struct fs_text_long ring; /* its head; the one that was read last comes first */
	size_t kept;
	pthread_cond_t released; /* less is held */
	uint64_t held;		 /* bytes of documents */
};

struct fs_texts *fs_texts_new(void)
{
	struct fs_texts *texts = xcalloc(1, sizeof(*texts));

	pthread_mutex_init(&texts->lock, NULL);
	pthread_cond_init(&texts->released, NULL);
	texts->ring.prev = texts->ring.next = &texts->ring;
	return texts;
}

void fs_texts_free(struct fs_texts *texts)
{
	if (texts == NULL)
		return;
	pthread_cond_destroy(&texts->released);
	pthread_mutex_destroy(&texts->lock);
	free(texts);
}

struct fs_text_long *fs_text_long_new(struct fs_texts *texts, const struct fs_text_source *source)
{
	struct fs_text_long *text = xcalloc(1, sizeof(*text));

	text->texts = texts;
	text->source = *source;
	text->reader = ejson_reader_new(EJSON_PRETTY);
	return text;
}

/* Under lock: it keeps nothing, as far as the sum knows. */
static void take_out(struct fs_text_long *text)
{
	if (text->next == NULL)
		return;
	text->prev->next = text->next;
	text->next->prev = text->prev;
	text->prev = text->next = NULL;
	text->texts->kept -= text->kept;
	text->kept = 0;
}

void fs_text_long_free(struct fs_text_long *text)
{
	if (text == NULL)
		return;
	pthread_mutex_lock(&text->texts->lock);
	take_out(text);
	pthread_mutex_unlock(&text->texts->lock);
	ejson_reader_free(text->reader);
	free(text);
}

/* Under lock: it was read, and is the last one that has to rest. */
static void put_first(struct fs_text_long *text)
{
	struct fs_text_long *head = &text->texts->ring;

	take_out(text);
	text->kept = ejson_reader_kept(text->reader);
	text->texts->kept += text->kept;
	text->prev = head;
	text->next = head->next;
	text->next->prev = head->next = text;
}

/* Who was not read for the longest time rests, `text` does not. Under lock. */
static void rest(struct fs_text_long *text, bool all)
{
	struct fs_texts *texts = text->texts;
	struct fs_text_long *at, *before;

	for (at = texts->ring.prev; texts->kept > FS_TEXTS_KEPT_MAX && at != &texts->ring;
	     at = before) {
		before = at->prev;
		if (at == text || !ejson_reader_rest(at->reader, all))
			continue;
		texts->kept -= at->kept;
		at->kept = ejson_reader_kept(at->reader);
		texts->kept += at->kept;
	}
}

/* After a read of `text`. Whoever is read just now comes here, too. */
static void make_room(struct fs_text_long *text)
{
	pthread_mutex_lock(&text->texts->lock);
	put_first(text);
	rest(text, false);
	rest(text, true);
	pthread_mutex_unlock(&text->texts->lock);
}

/* Wait until so much may be held. */
static void begin_holding(struct fs_texts *texts, uint64_t len)
{
	pthread_mutex_lock(&texts->lock);
	while (texts->held > 0 && texts->held + len > FS_TEXTS_HELD_MAX)
		pthread_cond_wait(&texts->released, &texts->lock);
	texts->held += len;
	pthread_mutex_unlock(&texts->lock);
}

static void end_holding(struct fs_texts *texts, uint64_t len)
{
	pthread_mutex_lock(&texts->lock);
	texts->held -= len;
	pthread_cond_broadcast(&texts->released);
	pthread_mutex_unlock(&texts->lock);
}

/* With the document in memory. */
static int read_held(struct fs_text_long *text, uint64_t offset, void *ret, size_t len,
		     size_t *ret_len, struct error *e)
{
	const struct fs_text_source *source = &text->source;
	struct tree_piece held = {.bytes = source->doc};
	int rc = 1;

	if (source->moment != NULL)
		rc = fs_doc_hold(moment_store(source->moment), source->root, source->rank, &held,
				 e);
	if (rc <= 0)
		return rc < 0 ? rc
			      : error_set(e, ERR_CORRUPT, "a collection is shorter than its count");
	rc = ejson_reader_read(text->reader, held.bytes, offset, ret, len, ret_len, e);
	if (rc == 0 && offset > 0)
		ejson_reader_go_on(text->reader, held.bytes, AHEAD);
	chunk_release(held.chunk);
	return rc;
}

int fs_text_long_read(struct fs_text_long *text, uint64_t offset, void *ret, size_t len,
		      size_t *ret_len, struct error *e)
{
	int rc = 0;

	if (!ejson_reader_read_kept(text->reader, offset, ret, len, ret_len)) {
		begin_holding(text->texts, text->source.len);
		rc = read_held(text, offset, ret, len, ret_len, e);
		end_holding(text->texts, text->source.len);
	}
	make_room(text);
	return rc;
}

size_t fs_texts_kept(struct fs_texts *texts)
{
	size_t kept;

	pthread_mutex_lock(&texts->lock);
	kept = texts->kept;
	pthread_mutex_unlock(&texts->lock);
	return kept;
}
