/* The files of a stream: their names, and reading a segment's. Prefix: stream_file_ */
#include <inttypes.h>

#include "oplog/stream_internal.h"

#define SEGMENT_SUFFIX ".segment"
#define SEALED_SUFFIX ".sealed"

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

int stream_file_read(struct store *store, const char *file, const struct chunk_id *id,
		     uint64_t size, struct segment *ret, struct error *e)
{
	struct backend *files = store_stream_files(store);
	OWNED(buf_release) struct buf content = {0};
	int found;

	if (size > STREAM_FILE_MAX)
		return error_set(e, ERR_CORRUPT, "%s: no segment has %" PRIu64 " bytes", file,
				 size);
	if (buf_reserve(&content, size, STREAM_FILE_MAX, e) < 0)
		return error_wrap(e, "%s", file);
	found = files->ops->get(files, file, 0, content.at, size, e);
	if (found != 1)
		return found;
	content.len = size;
	return segment_decode(id, buf_bytes(&content), store_keys(store), ret, e) < 0
		       ? error_wrap(e, "%s", file)
		       : 1;
}
