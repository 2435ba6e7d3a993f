#include "oplog/stream_keep.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/condemned.h"

static bool meets(struct bytes spans, uint64_t first, uint64_t last)
{
	const struct stream_span *span = (const struct stream_span *)(const void *)spans.at;

	for (size_t i = 0; i < spans.len / sizeof(*span); i++)
		if (first <= span[i].last && last >= span[i].first)
			return true;
	return false;
}

/* Who has the entry on either side of a link relies on what it proves. */
static bool holds_link(struct bytes spans, const struct segment *link)
{
	const struct stream_span *span = (const struct stream_span *)(const void *)spans.at;

	for (size_t i = 0; i < spans.len / sizeof(*span); i++)
		if (link->prev.at.ts >= span[i].first && link->next.at.ts <= span[i].last)
			return true;
	return false;
}

static int segment_is_wanted(struct store *store, const char *name, const struct chunk_id *id,
			     struct bytes spans, struct error *e)
{
	struct backend *files = store_stream_files(store);
	struct segment s;
	uint64_t size;
	int found = files->ops->size(files, name, &size, e);

	if (found == 1)
		found = stream_file_read(store, name, id, size, &s, e);
	if (found == 1)
		return s.entries > 0 ? meets(spans, s.first.ts, s.last.ts) : holds_link(spans, &s);
	return found == ERR_CORRUPT || found == ERR_UNSUPPORTED ? 0 : found;
}

/* The journal, and the file that says what became of it: one goes with the other. */
static int journal_is_wanted(struct store *store, const char *name, uint64_t number,
			     struct bytes spans, struct error *e)
{
	OWNED(free) char *folder = xprintf("%s/%s", store_path(store), name);
	OWNED(free) char *path = NULL;
	OWNED(journal_release) struct journal *journal = NULL;
	int code;

	*strrchr(folder, '/') = '\0';
	path = journal_path(folder, number);
	code = journal_open(path, store_keys(store), &journal, e);
	if (code < 0)
		return code == ERR_CORRUPT || code == ERR_UNSUPPORTED || e->sys == ENOENT ? 0
											  : code;
	if (journal->info.entries == 0 ||
	    !meets(spans, journal->info.first.ts, journal->info.last.ts))
		return 0;
	/* A repair took what was sound of a damaged one, and let it go for that. */
	code = journal_check(journal, e);
	return code == 0 ? 1 : code == ERR_CORRUPT ? 0 : code;
}

static int is_wanted(struct store *store, const char *name, struct bytes spans, struct error *e)
{
	struct stream_file file = stream_file_parse(name);

	switch (file.kind) {
	case STREAM_FILE_SEGMENT:
		return segment_is_wanted(store, name, &file.id, spans, e);
	case STREAM_FILE_JOURNAL:
	case STREAM_FILE_SEALED:
		return journal_is_wanted(store, name, file.number, spans, e);
	default:
		return 0;
	}
}

static int take_off_list(struct store *store, struct bytes spans, struct error *e)
{
	OWNED(condemned_release) struct condemned list = {0};
	size_t kept = 0, before;

	if (condemned_read(store, &list, e) < 0)
		return e->code;
	before = list.file_count;
	for (size_t i = 0; i < before; i++) {
		struct condemned_file file = list.files[i];
		int wanted = is_wanted(store, file.name, spans, e);

		if (wanted < 0)
			return wanted;
		list.files[i].name = NULL;
		if (wanted)
			free(file.name);
		else
			list.files[kept++] = file;
	}
	list.file_count = kept;
	return kept < before ? condemned_write(store, &list, e) : 0;
}

static int is_there(struct store *store, const char *stream, const struct piece *piece,
		    struct error *e)
{
	struct backend *files = store_stream_files(store);
	OWNED(free) char *name = NULL;
	uint64_t size;

	if (piece->journal != NULL)
		return access(piece->journal->path, F_OK) == 0;
	name = stream_file_segment(stream, &piece->segment.id);
	return files->ops->size(files, name, &size, e);
}

int stream_keep(struct store *store, const char *stream, const struct piece *pieces, size_t count,
		struct bytes spans, struct error *e)
{
	if (take_off_list(store, spans, e) < 0)
		return e->code;
	for (size_t i = 0; i < count; i++) {
		const struct segment *s = &pieces[i].segment;
		int there;

		if (!meets(spans, s->first.ts, s->last.ts))
			continue;
		there = is_there(store, stream, &pieces[i], e);
		if (there < 0)
			return there;
		if (there == 0) {
			error_set(e, ERR_BUSY,
				  "a prune took a part of the stored oplog away meanwhile");
			return error_hint(e, "try again");
		}
	}
	return 0;
}
