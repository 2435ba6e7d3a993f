#include "oplog/stream_note.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "base/clock.h"
#include "oplog/stream_internal.h"
#include "store/crypt/seal.h"

#define SUFFIX ".letgo"
#define NOTE_VERSION 1
#define SPANS_MAX 1000 /* of one file: far below STREAM_FILE_MAX */
static const uint8_t magic[4] = {'Y', 'L', 'G', 'O'};

void stream_notes_release(struct stream_notes *notes)
{
	buf_release(&notes->spans);
	notes->before = 0;
}

size_t stream_notes_count(const struct stream_notes *notes)
{
	return notes->spans.len / sizeof(struct stream_note_span);
}

const struct stream_note_span *stream_notes_span(const struct stream_notes *notes, size_t i)
{
	return (const struct stream_note_span *)(const void *)notes->spans.at + i;
}

void stream_notes_add(struct stream_notes *notes, uint64_t first, uint64_t last)
{
	struct stream_note_span span = {first, last};
	OWNED(buf_release) struct buf all = {0};
	size_t count = stream_notes_count(notes), i = 0;

	if (first >= last)
		return;
	for (; i < count && stream_notes_span(notes, i)->last < first; i++)
		buf_add(&all, stream_notes_span(notes, i), sizeof(span));
	for (; i < count && stream_notes_span(notes, i)->first <= last; i++) {
		span.first = MIN_OF(span.first, stream_notes_span(notes, i)->first);
		span.last = MAX_OF(span.last, stream_notes_span(notes, i)->last);
	}
	buf_add(&all, &span, sizeof(span));
	for (; i < count; i++)
		buf_add(&all, stream_notes_span(notes, i), sizeof(span));
	buf_release(&notes->spans);
	notes->spans = all;
	all = (struct buf){0};
}

void stream_notes_join(struct stream_notes *all, const struct stream_notes *more)
{
	for (size_t i = 0; i < stream_notes_count(more); i++)
		stream_notes_add(all, stream_notes_span(more, i)->first,
				 stream_notes_span(more, i)->last);
	all->before = MAX_OF(all->before, more->before);
}

bool stream_notes_cover(const struct stream_notes *notes, const struct stream_notes *less)
{
	size_t at = 0;

	if (notes->before < less->before)
		return false;
	for (size_t i = 0; i < stream_notes_count(less); i++) {
		const struct stream_note_span *span = stream_notes_span(less, i);

		while (at < stream_notes_count(notes) &&
		       stream_notes_span(notes, at)->last < span->last)
			at++;
		if (at == stream_notes_count(notes) ||
		    stream_notes_span(notes, at)->first > span->first)
			return false;
	}
	return true;
}

bool stream_note_parse_name(const char *file, struct chunk_id *ret)
{
	const char *name = strrchr(file, '/');
	const size_t folder = strlen(STREAM_FOLDER);

	return name != NULL && strncmp(file, STREAM_FOLDER, folder) == 0 && name > file + folder &&
	       stream_file_is_name(bytes_of(file + folder, (size_t)(name - file) - folder)) &&
	       strlen(name + 1) == CHUNK_ID_HEX + strlen(SUFFIX) &&
	       strcmp(name + 1 + CHUNK_ID_HEX, SUFFIX) == 0 &&
	       chunk_id_parse(bytes_of(name + 1, CHUNK_ID_HEX), ret);
}

/* ---- the content */

static int get_ts(struct bytes doc, const char *name, uint64_t *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, name, &field, e);

	if (found < 0)
		return found;
	if (found == 0 || field.type != BSON_KIND_TIMESTAMP)
		return error_set(e, ERR_CORRUPT, "it has no timestamp \"%s\"", name);
	*ret = get_le64(field.value.at);
	return 0;
}

static int decode_spans(struct bytes array, struct stream_notes *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(array);
	struct bson_field field;
	uint64_t end = 0;
	int found;

	while ((found = bson_fields_next(&fields, &field, e)) == 1) {
		struct stream_note_span span;

		if (field.type != BSON_KIND_DOCUMENT)
			return error_set(e, ERR_CORRUPT, "a span that is no document");
		if (get_ts(field.value, "first", &span.first, e) < 0 ||
		    get_ts(field.value, "last", &span.last, e) < 0)
			return e->code;
		if (span.first <= end || span.last <= span.first)
			return error_set(e, ERR_CORRUPT, "spans that are not in the order of time");
		end = span.last;
		buf_add(&ret->spans, &span, sizeof(span));
	}
	return found;
}

int stream_note_decode(const struct chunk_id *id, struct bytes from, const struct store_keys *keys,
		       struct stream_notes *ret, struct error *e)
{
	OWNED(stream_notes_release) struct stream_notes notes = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct chunk_id hash = chunk_id_of(from);
	struct bson_field spans;

	if (!chunk_id_equal(&hash, id))
		return error_set(e, ERR_CORRUPT, "its bytes do not have the hash in its name");
	if (from.len < SEAL_FILE_HEADER_LEN || memcmp(from.at, magic, sizeof(magic)) != 0)
		return error_set(e, ERR_CORRUPT,
				 "it does not begin like a note of what was let go");
	if (from.at[4] != NOTE_VERSION)
		return error_set(e, ERR_UNSUPPORTED, "version %u, this program knows %u",
				 from.at[4], NOTE_VERSION);
	if (seal_file_open(keys, from, &doc, e) < 0 ||
	    bson_check(buf_bytes(&doc), BSON_CHECK_STRUCTURE, e) < 0 ||
	    get_ts(buf_bytes(&doc), "before", &notes.before, e) < 0)
		return e->code;
	if (bson_find(buf_bytes(&doc), "letGo", &spans, e) != 1 || spans.type != BSON_KIND_ARRAY)
		return error_set(e, ERR_CORRUPT, "it does not say what was let go");
	if (decode_spans(spans.value, &notes, e) < 0)
		return e->code;
	*ret = notes;
	notes = (struct stream_notes){0};
	return 0;
}

int stream_note_read(struct store *store, const char *file, uint64_t size, struct stream_notes *ret,
		     struct error *e)
{
	struct backend *files = store_stream_files(store);
	OWNED(buf_release) struct buf content = {0};
	struct chunk_id id;
	int found;

	if (!stream_note_parse_name(file, &id) || size > STREAM_FILE_MAX)
		return error_set(e, ERR_CORRUPT, "%s: no note has %" PRIu64 " bytes", file, size);
	if (buf_reserve(&content, size, STREAM_FILE_MAX, e) < 0)
		return error_wrap(e, "%s", file);
	found = files->ops->get(files, file, 0, content.at, size, e);
	if (found != 1)
		return found;
	content.len = size;
	return stream_note_decode(&id, buf_bytes(&content), store_keys(store), ret, e) < 0
		       ? error_wrap(e, "%s", file)
		       : 1;
}

char *stream_note_make(const struct store *store, const char *stream,
		       const struct stream_notes *notes, const char *by, struct buf *ret)
{
	OWNED(buf_release) struct buf doc = {0};
	size_t begin = bson_build_begin(&doc), array, count = stream_notes_count(notes), number = 0;
	char hex[CHUNK_ID_HEX + 1], name[24];
	struct chunk_id id;

	bson_build_timestamp(&doc, "before", entry_seconds(notes->before),
			     entry_increment(notes->before));
	array = bson_build_open_array(&doc, "letGo");
	for (size_t i = count > SPANS_MAX ? count - SPANS_MAX : 0; i < count; i++) {
		const struct stream_note_span *span = stream_notes_span(notes, i);
		size_t one;

		snprintf(name, sizeof(name), "%zu", number++);
		one = bson_build_open(&doc, name);
		bson_build_timestamp(&doc, "first", entry_seconds(span->first),
				     entry_increment(span->first));
		bson_build_timestamp(&doc, "last", entry_seconds(span->last),
				     entry_increment(span->last));
		bson_build_end(&doc, one);
	}
	bson_build_end(&doc, array);
	bson_build_string(&doc, "by", bytes_str(by));
	bson_build_int64(&doc, "created", (int64_t)clock_wall_us());
	bson_build_end(&doc, begin);
	seal_file(store_keys(store), magic, NOTE_VERSION, buf_bytes(&doc), ret);
	id = chunk_id_of(buf_bytes(ret));
	chunk_id_hex(&id, hex);
	return xprintf(STREAM_FOLDER "%s/%s" SUFFIX, stream, hex);
}

/* ---- all of them */

struct one {
	struct stream_notes notes;
	char *name;
};

struct reading {
	struct store *store;
	struct buf all; /* of struct one */
};

static void reading_release(struct reading *reading)
{
	struct one *one = (struct one *)(void *)reading->all.at;

	for (size_t i = 0; i < reading->all.len / sizeof(*one); i++) {
		stream_notes_release(&one[i].notes);
		free(one[i].name);
	}
	buf_release(&reading->all);
}
DEFINE_OWNED_STRUCT(struct reading, reading_release);

static int read_one(void *ctx, const char *file, uint64_t size, struct error *e)
{
	struct reading *reading = ctx;
	struct one one = {0};
	struct chunk_id id;
	int found;

	if (!stream_note_parse_name(file, &id))
		return 0;
	found = stream_note_read(reading->store, file, size, &one.notes, e);
	if (found < 1)
		return found == ERR_CORRUPT || found == ERR_UNSUPPORTED || found == ERR_WRONG_KEY
			       ? 0
			       : found;
	one.name = xstrdup(file);
	buf_add(&reading->all, &one, sizeof(one));
	return 0;
}

static int read_all(struct reading *reading, struct error *e)
{
	struct backend *files = store_stream_files(reading->store);

	return files->ops->list(files, "oplog", read_one, reading, e);
}

int stream_notes_read(struct store *store, struct stream_notes *ret, struct error *e)
{
	OWNED(reading_release) struct reading reading = {.store = store};
	const struct one *one;

	if (read_all(&reading, e) < 0)
		return e->code;
	one = (const struct one *)(const void *)reading.all.at;
	*ret = (struct stream_notes){0};
	for (size_t i = 0; i < reading.all.len / sizeof(*one); i++)
		stream_notes_join(ret, &one[i].notes);
	return 0;
}

/* Two that say the same: one of them stays, in all copies of the store the same one. */
static bool is_spare(const struct one *all, size_t count, size_t i)
{
	for (size_t other = 0; other < count; other++)
		if (other != i && stream_notes_cover(&all[other].notes, &all[i].notes) &&
		    (!stream_notes_cover(&all[i].notes, &all[other].notes) ||
		     strcmp(all[other].name, all[i].name) < 0))
			return true;
	return false;
}

int stream_notes_spare(struct store *store,
		       int (*each)(void *ctx, const char *name, struct error *e), void *ctx,
		       struct error *e)
{
	OWNED(reading_release) struct reading reading = {.store = store};
	const struct one *all;
	size_t count;

	if (read_all(&reading, e) < 0)
		return e->code;
	all = (const struct one *)(const void *)reading.all.at;
	count = reading.all.len / sizeof(*all);
	for (size_t i = 0; i < count; i++)
		if (is_spare(all, count, i) && each(ctx, all[i].name, e) < 0)
			return e->code;
	return 0;
}

int stream_notes_copy(struct store *from, struct store *to, struct error *e)
{
	OWNED(stream_notes_release) struct stream_notes all = {0};
	OWNED(stream_notes_release) struct stream_notes known = {0};
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *name = NULL;
	struct backend *files = store_stream_files(to);

	if (stream_notes_read(from, &all, e) < 0 || stream_notes_read(to, &known, e) < 0)
		return e->code;
	if (all.before == 0 || stream_notes_cover(&known, &all))
		return 0;
	if (stream_open(to, &stream, NULL, e) < 0)
		return e->code;
	if (stream_name(stream)[0] == '\0')
		return 0;
	stream_notes_join(&all, &known);
	name = stream_note_make(to, stream_name(stream), &all, "copy", &content);
	return files->ops->put(files, name, buf_bytes(&content), e) < 0 ? e->code : 0;
}
