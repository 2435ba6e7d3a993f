/* The files of a stream: their names, and reading a segment's. Prefix: stream_file_ */
#include <inttypes.h>
#include <stdio.h>

#include "base/crc64.h"
#include "oplog/journal.h"
#include "oplog/stream_internal.h"

#define SEGMENT_SUFFIX ".segment"
#define SEALED_SUFFIX ".sealed"
#define SEALED_MAGIC "YSLD 1 " /* and the checksum of all that follows its line, in hex */
#define SEALED_HEAD_LEN (sizeof(SEALED_MAGIC) - 1 + 16 + 1)
#define SEALED_LINE_LEN (CHUNK_ID_HEX + 1)

bool stream_file_is_name(struct bytes name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	if (name.len == 0 || name.len > STREAM_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] == '\0' || strchr(allowed, name.at[i]) == NULL)
			return false;
	return true;
}

/* "<number>.sealed": as a journal's name, but for the end. */
static bool parse_sealed(const char *name, uint64_t *ret)
{
	OWNED(free) char *journal = NULL;

	if (strlen(name) != JOURNAL_NUMBER_LEN + strlen(SEALED_SUFFIX) ||
	    strcmp(name + JOURNAL_NUMBER_LEN, SEALED_SUFFIX) != 0)
		return false;
	journal = xprintf("%.*s" JOURNAL_SUFFIX, JOURNAL_NUMBER_LEN, name);
	return journal_parse_name(journal, ret);
}

struct stream_file stream_file_parse(const char *file)
{
	const size_t folder = strlen(STREAM_FOLDER);
	struct stream_file parsed = {.kind = STREAM_FILE_OTHER};
	const char *name, *slash, *dot;

	if (strncmp(file, STREAM_FOLDER, folder) != 0)
		return parsed;
	slash = strchr(file + folder, '/');
	dot = slash == NULL ? NULL : strchr(slash, '.');
	if (dot == NULL)
		return parsed;
	name = slash + 1;
	parsed.stream = bytes_of(file + folder, (size_t)(slash - file) - folder);
	if (!stream_file_is_name(parsed.stream))
		return parsed;
	if (strcmp(dot, SEGMENT_SUFFIX) == 0 &&
	    chunk_id_parse(bytes_of(name, (size_t)(dot - name)), &parsed.id))
		parsed.kind = STREAM_FILE_SEGMENT;
	else if (journal_parse_name(name, &parsed.number))
		parsed.kind = STREAM_FILE_JOURNAL;
	else if (parse_sealed(name, &parsed.number))
		parsed.kind = STREAM_FILE_SEALED;
	return parsed;
}

bool stream_file_stream(const char *file, struct bytes *ret)
{
	struct stream_file parsed = stream_file_parse(file);

	*ret = parsed.stream;
	return parsed.kind != STREAM_FILE_OTHER;
}

void stream_file_new_name(const struct store *store, char ret[STREAM_NAME_LEN])
{
	const struct store_params *params = store_params(store);
	struct chunk_id id = store_id_of(store, bytes_of(params->id, sizeof(params->id)));
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(&id, hex);
	memcpy(ret, hex, STREAM_NAME_LEN);
}

char *stream_file_segment(const char *stream, const struct chunk_id *id)
{
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(id, hex);
	return xprintf(STREAM_FOLDER "%s/%s" SEGMENT_SUFFIX, stream, hex);
}

char *stream_file_sealed(const char *stream, uint64_t number)
{
	return xprintf(STREAM_FOLDER "%s/%0*" PRIu64 SEALED_SUFFIX, stream, JOURNAL_NUMBER_LEN,
		       number);
}

/* All of a file of `size` bytes into *ret, which is empty: 1, 0 it is gone. `kind`: what is no longer than STREAM_FILE_MAX. */
static int read_whole(struct store *store, const char *file, const char *kind, uint64_t size,
		      struct buf *ret, struct error *e)
{
	struct backend *files = store_stream_files(store);
	int found;

	if (size > STREAM_FILE_MAX)
		return error_set(e, ERR_CORRUPT, "%s: no %s has %" PRIu64 " bytes", file, kind,
				 size);
	if (buf_reserve(ret, size, STREAM_FILE_MAX, e) < 0)
		return error_wrap(e, "%s", file);
	found = files->ops->get(files, file, 0, ret->at, size, e);
	if (found == 1)
		ret->len = size;
	return found;
}

int stream_file_read(struct store *store, const char *file, const struct chunk_id *id,
		     uint64_t size, struct segment *ret, struct error *e)
{
	OWNED(buf_release) struct buf content = {0};
	int found = read_whole(store, file, "segment", size, &content, e);

	if (found != 1)
		return found;
	return segment_decode(id, buf_bytes(&content), store_keys(store), ret, e) < 0
		       ? error_wrap(e, "%s", file)
		       : 1;
}

void stream_file_encode_sealed(struct bytes ids, struct buf *ret)
{
	OWNED(buf_release) struct buf lines = {0};
	char hex[CHUNK_ID_HEX + 1];

	for (size_t at = 0; at < ids.len; at += CHUNK_ID_LEN) {
		struct chunk_id id;

		memcpy(id.at, ids.at + at, CHUNK_ID_LEN);
		chunk_id_hex(&id, hex);
		buf_printf(&lines, "%s\n", hex);
	}
	buf_printf(ret, SEALED_MAGIC "%016" PRIx64 "\n", crc64_update(0, buf_bytes(&lines)));
	buf_add_bytes(ret, buf_bytes(&lines));
}

/* 1: the lines are what the checksum in front of them says. 0: there is none, as older programs wrote it. */
static int check_sealed_head(struct bytes content, struct error *e)
{
	char expected[SEALED_HEAD_LEN + 1];
	struct bytes lines;

	/* Lines only have another length, whatever is wrong with the head. */
	if (content.len % SEALED_LINE_LEN == 0)
		return 0;
	if (content.len < SEALED_HEAD_LEN || memcmp(content.at, SEALED_MAGIC, 5) != 0)
		return error_set(e, ERR_CORRUPT, "it does not begin as such a file does");
	lines = bytes_of(content.at + SEALED_HEAD_LEN, content.len - SEALED_HEAD_LEN);
	snprintf(expected, sizeof(expected), SEALED_MAGIC "%016" PRIx64 "\n",
		 crc64_update(0, lines));
	/* Where all else is as in version 1 a bit of it has flipped. */
	if (content.at[5] >= '2' && content.at[5] <= '9' && content.at[6] == ' ' &&
	    memcmp(content.at + 7, expected + 7, SEALED_HEAD_LEN - 7) != 0)
		return error_set(e, ERR_UNSUPPORTED, "its version is not 1: a newer program's");
	if (memcmp(content.at, expected, SEALED_HEAD_LEN) != 0)
		return error_set(e, ERR_CORRUPT, "its checksum does not fit");
	return 1;
}

int stream_file_decode_sealed(struct bytes content, struct buf *ret_ids, struct error *e)
{
	OWNED(buf_release) struct buf ids = {0};
	int headed = check_sealed_head(content, e);
	struct chunk_id id;

	if (headed < 0)
		return headed;
	for (size_t at = headed == 1 ? SEALED_HEAD_LEN : 0; at < content.len;
	     at += SEALED_LINE_LEN) {
		if (content.len - at < SEALED_LINE_LEN || content.at[at + CHUNK_ID_HEX] != '\n' ||
		    !chunk_id_parse(bytes_of(content.at + at, CHUNK_ID_HEX), &id))
			return error_set(e, ERR_CORRUPT, "a line that is no id of a segment");
		buf_add(&ids, &id, sizeof(id));
	}
	buf_add_bytes(ret_ids, buf_bytes(&ids));
	return 0;
}

int stream_file_read_sealed(struct store *store, const char *file, uint64_t size,
			    struct buf *ret_ids, struct error *e)
{
	OWNED(buf_release) struct buf content = {0};
	int found;

	if (size == 0)
		return 0;
	found = read_whole(store, file, "file of its kind", size, &content, e);
	if (found != 1)
		return found;
	return stream_file_decode_sealed(buf_bytes(&content), ret_ids, e) < 0
		       ? error_wrap(e, "%s", file)
		       : 1;
}

/* Of a file that says nothing: that memory or files are out says nothing of it either. */
static int unknown(const struct error *why, struct error *e)
{
	if (!error_is_lack(why))
		return 0;
	*e = *why;
	return e->code;
}

/* 1 and the segment of that id; 0 it is not there. */
static int find_segment(struct store *store, const char *stream, const struct chunk_id *id,
			struct segment *ret, struct error *e)
{
	struct backend *files = store_stream_files(store);
	OWNED(free) char *file = stream_file_segment(stream, id);
	uint64_t size;
	int found = files->ops->size(files, file, &size, e);

	return found == 1 ? stream_file_read(store, file, id, size, ret, e) : found;
}

/* Does the segment lie beside the journal's entries, with none of them? 0 also when it can't be read. */
static int is_beside(struct store *store, struct bytes stream, const struct chunk_id *id,
		     const struct journal_info *journal, struct error *e)
{
	OWNED(free) char *name = xstrndup((const char *)stream.at, stream.len);
	struct segment segment;
	struct error why;
	int found = find_segment(store, name, id, &segment, &why);

	if (found < 1)
		return found < 0 ? unknown(&why, e) : 0;
	/* One without entries proves what comes before or behind others. */
	return segment.entries > 0 &&
	       (segment.last.ts < journal->first.ts || segment.first.ts > journal->last.ts);
}

/* The journal that such a file is about. */
static int open_journal_of(struct store *store, const char *file, struct journal **ret,
			   struct error *e)
{
	struct stream_file parsed = stream_file_parse(file);
	OWNED(free)
	char *folder =
		xprintf("%s/%.*s", store_path(store), (int)(strrchr(file, '/') - file), file);
	OWNED(free) char *path = journal_path(folder, parsed.number);

	return journal_open_frames(path, store_keys(store), ret, e);
}

int stream_file_sealed_fits(struct store *store, const char *file, const struct buf *ids,
			    struct error *e)
{
	const struct chunk_id *id = (const struct chunk_id *)(const void *)ids->at;
	struct stream_file parsed = stream_file_parse(file);
	OWNED(journal_release) struct journal *journal = NULL;
	struct error why;

	if (open_journal_of(store, file, &journal, &why) < 0)
		return unknown(&why, e) < 0 ? e->code : 1;
	for (size_t i = 0; i < ids->len / sizeof(*id) && journal->damaged == 0; i++) {
		int beside = is_beside(store, parsed.stream, &id[i], &journal->info, e);

		if (beside != 0)
			return beside < 0 ? beside : 0;
	}
	return 1;
}

int stream_file_others_have(struct store *store, const struct journal *journal, struct error *e)
{
	OWNED(stream_close) struct stream *others = NULL;
	const struct stream_range *range;

	if (stream_open_without(store, journal->info.number, &others, e) < 0)
		return e->code;
	range = stream_range_at(others, journal->info.first.ts);
	return range != NULL && range->last.ts >= journal->info.last.ts;
}

int stream_file_sealed_has_all(struct store *store, const char *file, const struct buf *ids,
			       struct error *e)
{
	const struct chunk_id *id = (const struct chunk_id *)(const void *)ids->at;
	struct stream_file parsed = stream_file_parse(file);
	OWNED(free) char *name = xstrndup((const char *)parsed.stream.at, parsed.stream.len);
	OWNED(journal_release) struct journal *journal = NULL;
	uint64_t first = UINT64_MAX, last = 0;
	struct error why;
	int have;

	if (open_journal_of(store, file, &journal, &why) < 0)
		return unknown(&why, e) < 0 ? e->code : 1;
	if (journal->info.entries == 0)
		return 1;
	for (size_t i = 0; i < ids->len / sizeof(*id); i++) {
		struct segment segment;
		int found = find_segment(store, name, &id[i], &segment, &why);

		if (found < 1)
			return found < 0 && unknown(&why, e) < 0 ? e->code : 1;
		if (segment.entries == 0)
			continue;
		first = MIN_OF(first, segment.first.ts);
		last = MAX_OF(last, segment.last.ts);
	}
	if (first <= journal->info.first.ts && last >= journal->info.last.ts)
		return 1;
	/* What another journal had was left to that one. */
	have = stream_file_others_have(store, journal, &why);
	if (have < 0)
		return unknown(&why, e) < 0 ? e->code : 1;
	return have;
}

int stream_file_sealed_is_true(struct store *store, const char *file, const struct buf *ids,
			       struct error *e)
{
	int fits = stream_file_sealed_fits(store, file, ids, e);

	return fits == 1 ? stream_file_sealed_has_all(store, file, ids, e) : fits;
}
