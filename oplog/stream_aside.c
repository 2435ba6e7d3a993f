/* Taking in what segments have that overlap with others: see stream_internal.h. Prefix: stream_add_ */
#include "oplog/stream_add.h"
#include "oplog/stream_internal.h"

static int add_one(struct stream_add *add, struct store *store, const struct segment *s,
		   struct error *e)
{
	const struct piece piece = {.segment = *s};
	OWNED(piece_cursor_free) struct piece_cursor *cursor = piece_cursor_new(store, &piece);
	char hex[CHUNK_ID_HEX + 1];
	struct bytes doc;
	int found;

	chunk_id_hex(&s->id, hex);
	if (stream_add_slice(add, hex, e) < 0)
		return e->code;
	if (s->prev.known)
		stream_add_after(add, &s->prev);
	while ((found = piece_cursor_next(cursor, &doc, e)) == 1)
		if (stream_add_entry(add, doc, e) < 0)
			return e->code;
	return found;
}

int stream_add_aside(struct store_writer *writer, struct error *e)
{
	struct store *store = store_writer_store(writer);
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	struct stream_added added;

	if (stream_open_without(store, 0, &stream, e) < 0)
		return e->code;
	if (stream->aside_count == 0)
		return 0;
	if (stream_add_begin_without(writer, 0, &add, e) < 0)
		return e->code;
	for (size_t i = 0; i < stream->aside_count; i++)
		if (add_one(add, store, &stream->aside[i], e) < 0)
			return e->code;
	return stream_add_finish(add, &added, e) < 0 ? e->code : 0;
}
