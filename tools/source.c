#include "tools/source.h"

#include <errno.h>
#include <sys/stat.h>

#include "tools/input_stream.h"
#include "tools/source_archive.h"
#include "tools/source_docs.h"
#include "tools/source_folder.h"
#include "tools/source_kind.h"
#include "tools/source_scan.h"

/* Is it an archive, and else, what is it? By the first bytes of the file, after gunzip when it is gzip'd. */
static int look(const char *path, bool *ret_archive, struct source_kind *ret_kind, struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = NULL;
	uint8_t first[SOURCE_KIND_LEN] = {0};
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
	*ret_archive = get_le32(first) == SOURCE_ARCHIVE_MAGIC;
	*ret_kind = source_kind_of(bytes_of(first, have));
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

static int COLD not_a_dump(const char *path, const struct source_kind *kind, struct error *e)
{
	error_set(e, ERR_INVALID,
		  "%s: expected a mongodump folder, archive or .bson file, found %s", path,
		  kind->what);
	return error_hint(e, "%s",
			  kind->hint != NULL
				  ? kind->hint
				  : "name the folder that mongodump wrote, mostly called dump");
}

/* A file that may be an archive or a data file. */
static int read_file(struct source_job *job, const char *path, struct error *e)
{
	struct source_kind kind = source_kind_of(bytes_of("", 0));
	bool archive = false;
	int r = look(path, &archive, &kind, e);

	/* What is called .bson.gz and is damaged is that: reading it names the place. */
	if (r == ERR_CORRUPT && source_scan_is_data(path))
		*e = (struct error){0};
	else if (r < 0)
		return r;
	if (archive)
		return read_archive(job, path, e);
	if (source_scan_is_data(path))
		return source_folder_read_file(job, path, e);
	return not_a_dump(path, &kind, e);
}

int source_read(const char *path, bool archive, const struct source_options *options,
		const struct source_sink *sink, struct source_info *ret_info, struct error *e)
{
	struct source_job job = {.options = options, .sink = sink, .info = ret_info};
	struct stat st;

	*ret_info = (struct source_info){0};
	if (strcmp(path, "-") == 0)
		return read_archive(&job, path, e);
	if (stat(path, &st) != 0)
		return error_sys(e, "%s", path);
	if (archive && S_ISDIR(st.st_mode)) {
		error_set(e, ERR_INVALID, "%s: expected an archive, found a folder", path);
		return error_hint(e, "leave out --archive");
	}
	if (archive)
		return read_archive(&job, path, e);
	if (S_ISDIR(st.st_mode))
		return source_folder_read(&job, path, e);
	if (S_ISREG(st.st_mode))
		return read_file(&job, path, e);
	return read_archive(&job, path, e); /* a pipe or device can't be looked at first */
}

int source_read_archive(struct input_stream *in, const struct source_options *options,
			const struct source_sink *sink, struct source_info *ret_info,
			struct error *e)
{
	struct source_job job = {.options = options, .sink = sink, .info = ret_info};

	*ret_info = (struct source_info){0};
	return source_archive_read(&job, in, e);
}
