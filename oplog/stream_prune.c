#include "oplog/stream_prune.h"

#include <errno.h>

#include "oplog/journal.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_note.h"
#include "store/condemned.h"

int stream_prune_mark(void *ctx, struct mark *mark, const char *name, uint64_t size,
		      struct error *e)
{
	struct stream_file file = stream_file_parse(name);
	struct segment segment;
	int found;

	if (file.kind != STREAM_FILE_SEGMENT)
		return 0;
	found = stream_file_read(ctx, name, &file.id, size, &segment, e);
	if (found < 1)
		return found;
	if (mark_tree(mark, &segment.root, e) < 0 || mark_tree(mark, &segment.postings, e) < 0)
		return e->code;
	return 0;
}

struct sealed {
	uint64_t number;
	char *file;
	uint64_t size;
};

struct listing {
	struct store *store;
	uint64_t keep_from;
	struct buf segments; /* of struct chunk_id: all that are there */
	struct buf sealed;   /* of struct sealed */
	struct buf old;	     /* names of files to let go, each with a NUL */
	struct condemned condemned;
};

static void listing_release(struct listing *listing)
{
	const struct sealed *one = (const struct sealed *)(const void *)listing->sealed.at;

	for (size_t i = 0; i < listing->sealed.len / sizeof(*one); i++)
		free(one[i].file);
	buf_release(&listing->segments);
	buf_release(&listing->sealed);
	buf_release(&listing->old);
	condemned_release(&listing->condemned);
}
DEFINE_OWNED_STRUCT(struct listing, listing_release);

static void let_go(struct listing *listing, const char *name)
{
	buf_add(&listing->old, name, strlen(name) + 1);
}

/* A repair let a damaged one go, which has no segments to stand for all of it: it goes, whatever the retention. */
static int look_at_journal(struct listing *listing, const char *name, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/%s", store_path(listing->store), name);
	OWNED(journal_release) struct journal *journal = NULL;
	int code;

	if (condemned_find_file(&listing->condemned, name) == NULL)
		return 0;
	code = journal_open(path, store_keys(listing->store), &journal, e);
	if (code == 0)
		code = journal_check(journal, e);
	if (code == ERR_CORRUPT)
		let_go(listing, name);
	return code == ERR_CORRUPT || (code < 0 && e->sys == ENOENT) ? 0 : code;
}

static int look_at(void *ctx, const char *name, uint64_t size, struct error *e)
{
	struct listing *listing = ctx;
	struct stream_file file = stream_file_parse(name);
	struct sealed sealed = {.number = file.number, .size = size};
	struct segment segment;
	uint64_t last;
	int found;

	if (file.kind == STREAM_FILE_JOURNAL)
		return look_at_journal(listing, name, e);
	if (file.kind == STREAM_FILE_SEALED) {
		sealed.file = xstrdup(name);
		buf_add(&listing->sealed, &sealed, sizeof(sealed));
	}
	if (file.kind != STREAM_FILE_SEGMENT)
		return 0;
	found = stream_file_read(listing->store, name, &file.id, size, &segment, e);
	if (found < 1)
		return found;
	buf_add(&listing->segments, &segment.id, sizeof(segment.id));
	last = segment.entries > 0 ? segment.last.ts : segment.prev.at.ts;
	if (last < listing->keep_from)
		let_go(listing, name);
	return 0;
}

static bool has_segment(const struct listing *listing, const struct chunk_id *id)
{
	const struct chunk_id *all = (const struct chunk_id *)(const void *)listing->segments.at;

	for (size_t i = 0; i < listing->segments.len / sizeof(*all); i++)
		if (chunk_id_equal(&all[i], id))
			return true;
	return false;
}

/* 1 when every segment is there that the file names; 0 when not, or when it is damaged, or another or a shorter journal's. */
static int names_what_is_there(struct listing *listing, const struct sealed *sealed,
			       struct error *e)
{
	OWNED(buf_release) struct buf ids = {0};
	const struct chunk_id *id;
	int got = stream_file_read_sealed(listing->store, sealed->file, sealed->size, &ids, e);

	if (got != 1)
		return got == ERR_CORRUPT || got == ERR_UNSUPPORTED ? 0 : got;
	id = (const struct chunk_id *)(const void *)ids.at;
	for (size_t i = 0; i < ids.len / sizeof(*id); i++)
		if (!has_segment(listing, &id[i]))
			return 0;
	return stream_file_sealed_is_true(listing->store, sealed->file, &ids, e);
}

/* Are all entries of the journal of before keep_from? Then it does not matter where they are. */
static bool is_too_old(const struct listing *listing, const char *journal_name)
{
	OWNED(free) char *path = xprintf("%s/%s", store_path(listing->store), journal_name);
	OWNED(journal_release) struct journal *journal = NULL;
	struct error ignored;

	return journal_open(path, store_keys(listing->store), &journal, &ignored) == 0 &&
	       journal->damaged == 0 && journal->info.last.ts < listing->keep_from;
}

static int look_at_sealed(struct listing *listing, const struct sealed *sealed, struct error *e)
{
	size_t folder = (size_t)(strrchr(sealed->file, '/') - sealed->file);
	OWNED(free) char *parent = xstrndup(sealed->file, folder);
	OWNED(free) char *journal = journal_path(parent, sealed->number);
	int there = names_what_is_there(listing, sealed, e);

	if (there == 0 && is_too_old(listing, journal))
		there = 1;
	if (there != 1)
		return there;
	/* The journal first: alone it would be read again, the other is nothing without it. */
	let_go(listing, journal);
	let_go(listing, sealed->file);
	return 0;
}

static int let_note_go(void *ctx, const char *name, struct error *e UNUSED)
{
	let_go(ctx, name);
	return 0;
}

int stream_prune_old(struct store *store, uint64_t keep_from,
		     int (*each)(void *ctx, const char *name, struct error *e), void *ctx,
		     struct error *e)
{
	OWNED(listing_release) struct listing listing = {.store = store, .keep_from = keep_from};
	struct backend *files = store_stream_files(store);
	const struct sealed *sealed;

	if (condemned_read(store, &listing.condemned, e) < 0 ||
	    files->ops->list(files, "oplog", look_at, &listing, e) < 0)
		return e->code;
	sealed = (const struct sealed *)(const void *)listing.sealed.at;
	for (size_t i = 0; i < listing.sealed.len / sizeof(*sealed); i++)
		if (look_at_sealed(&listing, &sealed[i], e) < 0)
			return e->code;
	if (stream_notes_spare(store, let_note_go, &listing, e) < 0)
		return e->code;
	for (size_t at = 0; at < listing.old.len;) {
		const char *name = (const char *)listing.old.at + at;

		if (each(ctx, name, e) < 0)
			return e->code;
		at += strlen(name) + 1;
	}
	return 0;
}

/* ---- what was let go, when its time has come */

/* 1: each segment that the journal became is there, or is let go, too. */
static int has_become(struct store *store, const struct condemned *list, const char *sealed,
		      const char *stream, struct error *e)
{
	struct backend *files = store_stream_files(store);
	OWNED(buf_release) struct buf ids = {0};
	const struct chunk_id *id;
	uint64_t size;
	int found = files->ops->size(files, sealed, &size, e);

	if (found == 1)
		found = stream_file_read_sealed(store, sealed, size, &ids, e);
	if (found != 1)
		return found == ERR_CORRUPT || found == ERR_UNSUPPORTED ? 0 : found;
	id = (const struct chunk_id *)(const void *)ids.at;
	for (size_t i = 0; i < ids.len / sizeof(*id) && found == 1; i++) {
		OWNED(free) char *segment = stream_file_segment(stream, &id[i]);

		if (condemned_find_file(list, segment) == NULL)
			found = files->ops->size(files, segment, &size, e);
	}
	return found == 1 ? stream_file_sealed_is_true(store, sealed, &ids, e) : found;
}

/* 1: the journal is sound, and has entries that nobody else has. */
static int is_last(struct store *store, const char *stream, uint64_t number, struct error *e)
{
	OWNED(free) char *folder = xprintf("%s/" STREAM_FOLDER "%s", store_path(store), stream);
	OWNED(free) char *path = journal_path(folder, number);
	OWNED(journal_release) struct journal *journal = NULL;
	int code = journal_open(path, store_keys(store), &journal, e);

	if (code == 0)
		code = journal_check(journal, e);
	/* A repair took what is sound of a damaged one. */
	if (code < 0)
		return code == ERR_CORRUPT || e->sys == ENOENT ? 0 : code;
	if (journal->info.entries == 0)
		return 0;
	code = stream_file_others_have(store, journal, e);
	return code < 0 ? code : code == 0;
}

int stream_prune_keeps(void *ctx, const struct condemned *list, const char *name, struct error *e)
{
	struct stream_file file = stream_file_parse(name);
	OWNED(free) char *stream = NULL;
	OWNED(free) char *sealed = NULL;
	int gone;

	if (file.kind != STREAM_FILE_JOURNAL && file.kind != STREAM_FILE_SEALED)
		return 0;
	stream = xstrndup((const char *)file.stream.at, file.stream.len);
	sealed = stream_file_sealed(stream, file.number);
	gone = has_become(ctx, list, sealed, stream, e);
	return gone != 0 ? MIN_OF(gone, 0) : is_last(ctx, stream, file.number, e);
}
