#include "oplog/stream_repair.h"

#include "oplog/stream_internal.h"
#include "oplog/stream_note.h"
#include "store/store_writer.h"

/* Nothing is lost with one that is damaged: the journal is beside it, or a prune took all that it named. */
static int look_at_sealed(struct store *store, const char *name, uint64_t size, struct error *e)
{
	struct backend *files = store_stream_files(store);
	OWNED(buf_release) struct buf ids = {0};
	struct error removed;
	int found = stream_file_read_sealed(store, name, size, &ids, e);

	if (found == 1) {
		found = stream_file_sealed_is_true(store, name, &ids, e);
		/* It is another journal's, or that of another copy: of this one it does not say all. */
		if (found == 0)
			found = ERR_CORRUPT;
	}
	if (found == ERR_CORRUPT && files->ops->remove(files, name, &removed) < 0) {
		*e = removed;
		return e->code;
	}
	return found < 0 ? found : 0;
}

static int look_at_note(struct store *store, const char *name, uint64_t size, struct error *e)
{
	OWNED(stream_notes_release) struct stream_notes notes = {0};
	int found = stream_note_read(store, name, size, &notes, e);

	return found < 0 ? found : 0;
}

int stream_repair_roots(void *ctx, struct repair *repair, const char *name, uint64_t size,
			struct error *e)
{
	OWNED(free) char *entries = xprintf("entries of %s", name);
	OWNED(free) char *postings = xprintf("postings of %s", name);
	struct stream_file file = stream_file_parse(name);
	struct segment segment;
	int found, lost, more;

	if (file.kind == STREAM_FILE_SEALED)
		return look_at_sealed(ctx, name, size, e);
	if (stream_note_parse_name(name, &file.id))
		return look_at_note(ctx, name, size, e);
	if (file.kind != STREAM_FILE_SEGMENT)
		return 0;
	found = stream_file_read(ctx, name, &file.id, size, &segment, e);
	if (found < 1)
		return found;
	lost = repair_tree(repair, &segment.root, entries, e);
	if (lost < 0)
		return lost;
	more = repair_tree(repair, &segment.postings, postings, e);
	return more < 0 ? more : lost + more;
}

/* What could not be told of one while its segments were damaged, or gone: the copy gave them since. */
static int look_again(void *ctx, const char *name, uint64_t size, struct error *e)
{
	int code = 0;

	if (stream_file_parse(name).kind == STREAM_FILE_SEALED)
		code = look_at_sealed(ctx, name, size, e);
	return code == ERR_CORRUPT ? 0 : code;
}

int stream_repair_overlaps(struct store *store, struct error *e)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct backend *files = store_stream_files(store);

	if (files->ops->list(files, "oplog", look_again, store, e) < 0)
		return e->code;
	return store_writer_begin(store, &writer, e) < 0 ? e->code : stream_add_aside(writer, e);
}
