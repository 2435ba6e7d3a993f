#include "oplog/stream_check.h"

#include <errno.h>
#include <inttypes.h>

#include "oplog/stream_internal.h"
#include "oplog/stream_note.h"
#include "store/condemned.h"
#include "store/snapshot/closure.h"

struct check {
	struct store *store;
	const struct check_options *options;
	check_problem problem;
	void *ctx;
	struct stream_check_result result;
	/* That memory or files were out, or a segment or journal is a newer program's, is no damage: it ends the check. */
	struct error lack;
	struct condemned condemned;
};

static void report(struct check *check, const char *file, const struct error *e)
{
	bool named = strstr(e->text, file) != NULL; /* also by its whole path */
	enum stream_file_kind kind = stream_file_parse(file).kind;
	OWNED(free) char *text = NULL;
	struct chunk_id id;

	/* Others have their hash in their name, what a journal says of itself a checksum: a newer version is one indeed. */
	if (error_is_no_damage(e) || (e->code == ERR_UNSUPPORTED &&
				      (kind == STREAM_FILE_SEGMENT || kind == STREAM_FILE_JOURNAL ||
				       stream_note_parse_name(file, &id)))) {
		check->lack = *e;
		if (!named)
			(void)error_wrap(&check->lack, "%s", file);
		return;
	}
	text = xprintf("%s%s%s", named ? "" : file, named ? "" : ": ", e->text);
	check->result.problems++;
	check->problem(check->ctx, text);
}

static int still_wanted(const struct check *check, uint64_t done, uint64_t total, struct error *e)
{
	const struct progress *p = check->options->progress;

	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	if (p != NULL && p->report != NULL && check->options->read_data)
		p->report(p->ctx, "reading the oplog", done, total);
	return 0;
}

static bool is_entry(const struct check *check, struct bytes doc, const struct entry_optime *at,
		     const struct entry_optime *expected, const struct chunk_id *hash)
{
	struct chunk_id id = store_id_of(check->store, doc);

	return at->ts == expected->ts && at->term == expected->term && chunk_id_equal(&id, hash);
}

/* Every entry: in order, the first and the last those that the segment names. */
static int read_entries(const struct check *check, const struct segment *s, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(check->store, &s->root);
	struct progress_pace pace = {0};
	struct entry_optime at = {0};
	uint64_t count = 0, last = 0, bytes = 0;
	struct bytes doc;
	int found;

	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		if (stream_optime(doc, &at, e) < 0)
			return e->code;
		if (at.ts <= last ||
		    (count == 0 && !is_entry(check, doc, &at, &s->first, &s->first_hash)) ||
		    (count + 1 == s->entries &&
		     !is_entry(check, doc, &at, &s->last, &s->last_hash)))
			return error_set(e, ERR_CORRUPT,
					 "entry %" PRIu32 ".%" PRIu32
					 " is not expected at place %" PRIu64,
					 entry_seconds(at.ts), entry_increment(at.ts), count);
		last = at.ts;
		bytes += doc.len;
		count++;
		if (progress_is_due(&pace, doc.len) && still_wanted(check, bytes, s->bytes, e) < 0)
			return e->code;
	}
	if (found == 0 && count != s->entries)
		return error_set(e, ERR_CORRUPT, "%" PRIu64 " entries, expected %" PRIu64, count,
				 s->entries);
	return found;
}

static int check_segment(const struct check *check, const struct segment *s, struct error *e)
{
	int there = closure_has_tree(check->store, &s->root, e);

	if (there == 1)
		there = closure_has_tree(check->store, &s->postings, e);
	if (there == 0)
		return error_set(e, ERR_CORRUPT, "chunks that it needs are in no pack");
	if (there == 1 && check->options->read_data)
		return read_entries(check, s, e);
	return there < 0 ? there : 0;
}

static int check_journal(struct check *check, const char *file, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/%s", store_path(check->store), file);
	OWNED(journal_release) struct journal *journal = NULL;
	struct error why;
	int code = journal_open(path, store_keys(check->store), &journal, &why);

	if (code == 0 && (check->options->read_data || journal->damaged != 0))
		code = journal_check(journal, &why);
	if (code < 0 && (why.code != ERR_IO || why.sys != ENOENT))
		report(check, file, &why);
	else if (code == 0)
		check->result.entries += journal->info.entries;
	return still_wanted(check, 0, 0, e);
}

/* That the segments it names are not all here is no damage: the journal is read then, or a prune took both. */
static int check_sealed(struct check *check, const char *file, uint64_t size, struct error *e)
{
	OWNED(buf_release) struct buf ids = {0};
	struct error why;
	int found = stream_file_read_sealed(check->store, file, size, &ids, &why);

	if (found == 1) {
		found = stream_file_sealed_fits(check->store, file, &ids, &why);
		if (found == 0)
			found = error_set(
				&why, ERR_CORRUPT,
				"it names segments that have nothing of its journal, as that "
				"of another one: 'yester repair' removes it");
		else if (found == 1)
			found = stream_file_sealed_has_all(check->store, file, &ids, &why);
		if (found == 0)
			found = error_set(&why, ERR_CORRUPT,
					  "its journal holds more than it says, as that of another "
					  "copy of the store: 'yester repair' removes it");
	}
	if (found < 0)
		report(check, file, &why);
	return still_wanted(check, 0, 0, e);
}

static int check_note(struct check *check, const char *file, uint64_t size, struct error *e)
{
	OWNED(stream_notes_release) struct stream_notes notes = {0};
	struct error why;

	/* Its bytes have the hash in its name: more can't be told without the key. */
	if (stream_note_read(check->store, file, size, &notes, &why) < 0 &&
	    why.code != ERR_WRONG_KEY)
		report(check, file, &why);
	return still_wanted(check, 0, 0, e);
}

static int check_file(void *ctx, const char *file, uint64_t size, struct error *e)
{
	struct check *check = ctx;
	struct segment segment = {0};
	struct stream_file parsed = stream_file_parse(file);
	struct error why;
	int found;

	/* A damaged one that a repair has emptied waits to be deleted. */
	if (parsed.kind == STREAM_FILE_JOURNAL)
		return condemned_find_file(&check->condemned, file) != NULL
			       ? 0
			       : check_journal(check, file, e);
	if (parsed.kind == STREAM_FILE_SEALED)
		return check_sealed(check, file, size, e);
	if (stream_note_parse_name(file, &parsed.id))
		return check_note(check, file, size, e);
	if (parsed.kind != STREAM_FILE_SEGMENT)
		return 0;
	found = stream_file_read(check->store, file, &parsed.id, size, &segment, &why);
	if (found == 0)
		return 0;
	if (found == 1)
		found = check_segment(check, &segment, &why);
	if (found < 0 && found != ERR_CANCELLED && segment.entries > 0)
		(void)error_wrap(&why, "entries %" PRIu32 ".%" PRIu32 " to %" PRIu32 ".%" PRIu32,
				 entry_seconds(segment.first.ts), entry_increment(segment.first.ts),
				 entry_seconds(segment.last.ts), entry_increment(segment.last.ts));
	if (found == ERR_CANCELLED) {
		*e = why;
		return found;
	}
	if (found == ERR_WRONG_KEY) {
		/* Its bytes have the hash in its name: more can't be told without the key. */
		check->result.segments++;
		check->result.sealed++;
	} else if (found < 0) {
		report(check, file, &why);
	} else {
		check->result.segments++;
		check->result.entries += segment.entries;
	}
	return still_wanted(check, 0, 0, e);
}

/* A journal lies beside the segments that it became until a prune takes it: each entry counts once. */
static uint64_t count_once(const struct stream *stream)
{
	uint64_t entries = 0;

	for (size_t i = 0; i < stream_segment_count(stream); i++)
		entries += stream_segment(stream, i)->entries;
	return entries;
}

int stream_check_run(struct store *store, const struct check_options *options,
		     check_problem problem, void *ctx, struct stream_check_result *ret,
		     struct error *e)
{
	struct check check = {.store = store, .options = options, .problem = problem, .ctx = ctx};
	struct backend *files = store_stream_files(store);
	OWNED(stream_close) struct stream *stream = NULL;
	struct error why;
	size_t aside;
	int code;

	if (condemned_read(store, &check.condemned, e) < 0)
		return e->code;
	code = files->ops->list(files, "oplog", check_file, &check, e);
	condemned_release(&check.condemned);
	if (code < 0)
		return code;
	/* What is sound by itself may still contradict the others. */
	if (check.result.problems == 0 && check.result.sealed == 0 && check.lack.code == 0) {
		/* What is left out of journals was told of each, or waits to be deleted. */
		aside = stream_open(store, &stream, NULL, &why) < 0
				? 0
				: stream->aside_count + stream->skipped;
		if (stream == NULL)
			report(&check, "oplog", &why);
		else if (aside > 0 &&
			 error_set(
				 &why, ERR_CORRUPT,
				 "%zu segments overlap with others, of another copy of the store: "
				 "repair, tail and ingest-oplog take in what they have more",
				 aside) < 0)
			report(&check, "oplog", &why);
		else
			check.result.entries = count_once(stream);
	}
	if (check.lack.code != 0) {
		*e = check.lack;
		return e->code;
	}
	*ret = check.result;
	return 0;
}
