#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tools/input_stream.h"
#include "tools/source_archive.h"

#define HANDLES_MAX 4096

/* What a sink may rely on. */
struct watch {
	struct handle {
		bool open;
	} at[HANDLES_MAX];
	size_t count;
	size_t open;
};

static int watch_begin(void *ctx, const struct source_ns *ns, void **ret_handle, struct error *e)
{
	struct watch *watch = ctx;

	FUZZ_REQUIRE(ns->coll_len == strlen(ns->coll) && ns->coll_len > 0);
	FUZZ_REQUIRE(strchr(ns->db, '/') == NULL && strchr(ns->db, '.') == NULL);
	FUZZ_REQUIRE(bson_check(ns->options, BSON_CHECK_STRUCTURE, e) == 0);
	FUZZ_REQUIRE(bson_check(ns->indexes, BSON_CHECK_STRUCTURE, e) == 0);
	if (watch->count == HANDLES_MAX)
		return error_set(e, ERR_LIMIT, "enough");
	watch->at[watch->count].open = true;
	watch->open++;
	*ret_handle = &watch->at[watch->count++];
	return 0;
}

static int watch_docs(void *ctx, void *handle, struct bytes docs, uint64_t offset, struct error *e)
{
	const struct handle *at = handle;
	int64_t len;

	(void)ctx;
	(void)offset;
	FUZZ_REQUIRE(at->open && docs.len > 0);
	for (; docs.len > 0; docs = bytes_of(docs.at + len, docs.len - (size_t)len)) {
		len = bson_next(docs, SOURCE_DOCS_OPLOG_MAX, e);
		FUZZ_REQUIRE(len > 0);
		FUZZ_REQUIRE(bson_check(bytes_of(docs.at, (size_t)len), BSON_CHECK_FULL, e) == 0);
	}
	return 0;
}

static int watch_end(void *ctx, void *handle, struct error *e)
{
	struct watch *watch = ctx;
	struct handle *at = handle;

	(void)e;
	FUZZ_REQUIRE(at->open);
	at->open = false;
	watch->open--;
	return 0;
}

/* Read these bytes as an archive. */
static void try_archive(int fd)
{
	static const struct source_options options = {.objcheck = BSON_CHECK_FULL};
	OWNED(input_stream_close) struct input_stream *in = NULL;
	struct watch watch = {.count = 0};
	const struct source_sink sink = {
		.ctx = &watch,
		.begin = watch_begin,
		.docs = watch_docs,
		.end = watch_end,
	};
	struct source_info info = {.server_version = ""};
	struct source_job job = {.options = &options, .sink = &sink, .info = &info};
	struct error e = {0};
	int r;

	FUZZ_REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
	r = input_stream_from_fd(fd, "input", INPUT_STREAM_AUTO, &in, &e);
	if (r >= 0)
		r = source_archive_read(&job, in, &e);
	FUZZ_REQUIRE(r == 0 || (r == e.code && e.text[0] != '\0'));
	FUZZ_REQUIRE(r != ERR_IO && r != ERR_NOMEM);
	FUZZ_REQUIRE(r < 0 || watch.open == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(fd_close) int fd = memfd_create("archive", MFD_CLOEXEC);
	struct error e = {0};

	FUZZ_REQUIRE(fd >= 0);
	FUZZ_REQUIRE(file_write(fd, "archive", bytes_of(data, size), &e) == 0);
	try_archive(fd);
	return 0;
}
