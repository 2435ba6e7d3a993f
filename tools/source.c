#include "tools/source.h"

#include <errno.h>
#include <sys/stat.h>

#include "tools/input_stream.h"
#include "tools/source_archive.h"
#include "tools/source_docs.h"
#include "tools/source_folder.h"
#include "tools/source_scan.h"

#define PEEK_LEN 4

/* What the first bytes of a file say. */
enum content { CONTENT_OTHER, CONTENT_ARCHIVE, CONTENT_UTF16 };

/* Look at the first bytes of the file, after gunzip when it is gzip'd. */
static int look(const char *path, enum content *ret, struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = NULL;
	uint8_t first[PEEK_LEN] = {0};
	size_t have = 0;
	int r = input_stream_open(path, INPUT_STREAM_AUTO, &in, e);

	if (r < 0)
		return r;
	while (have < sizeof(first)) {
		int64_t got = input_stream_read(in, first + have, sizeof(first) - have, e);

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	*ret = CONTENT_OTHER;
	if (get_le32(first) == SOURCE_ARCHIVE_MAGIC)
		*ret = CONTENT_ARCHIVE;
	else if (first[0] == 0xff && first[1] == 0xfe)
		*ret = CONTENT_UTF16;
	return 0;
}

static int read_archive(struct source_job *job, const char *path, struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = NULL;
	int r;

	if (job->options->db != NULL)
		return error_set(
			e, ERR_INVALID,
			"--db is for a lone .bson or the folder of one database, an archive "
			"names its own");
	r = input_stream_open(path, INPUT_STREAM_AUTO, &in, e);
	return r < 0 ? r : source_archive_read(job, in, e);
}

static int COLD not_a_dump(const char *path, struct error *e)
{
	error_set(
		e, ERR_INVALID,
		"%s: expected a mongodump folder, archive or .bson file, found a file that is none",
		path);
	return error_hint(e, "name the folder that mongodump wrote, mostly called dump");
}

/* A file that may be an archive or a data file. */
static int read_file(struct source_job *job, const char *path, struct error *e)
{
	enum content content = CONTENT_OTHER;
	int r = look(path, &content, e);

	/* What is called .bson.gz and is damaged is that: reading it names the place. */
	if (r == ERR_CORRUPT && source_scan_is_data(path))
		*e = (struct error){0};
	else if (r < 0)
		return r;
	if (content == CONTENT_ARCHIVE)
		return read_archive(job, path, e);
	if (source_scan_is_data(path))
		return source_folder_read_file(job, path, e);
	if (content == CONTENT_UTF16)
		return read_archive(job, path, e); /* which says what is wrong */
	return not_a_dump(path, e);
}

int source_read(const char *path, bool archive, const struct source_options *options,
		const struct source_sink *sink, struct source_info *ret_info, struct error *e)
{
	struct source_job job = {.options = options, .sink = sink, .info = ret_info};
	struct stat st;

	*ret_info = (struct source_info){0};
	if (archive || strcmp(path, "-") == 0)
		return read_archive(&job, path, e);
	if (stat(path, &st) != 0)
		return error_sys(e, "%s", path);
	if (S_ISDIR(st.st_mode))
		return source_folder_read(&job, path, e);
	if (S_ISREG(st.st_mode))
		return read_file(&job, path, e);
	return read_archive(&job, path, e); /* a pipe or device can't be looked at first */
}
