#include "tests/unit/store/store_model.h"
#include "tests/harness/test_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "store/writer_encode.h"

const char *store_model_init(void)
{
	struct error e = {0};
	struct store_params params;
	const char *dir = harness_path(harness_tmpdir(), "store");

	ASSERT_OK(store_params_default(&params, &e));
	memset(params.seed, 7, sizeof(params.seed));
	params.leaf_target = 4096;
	ASSERT_OK(test_store_init(dir, &params, &e));
	return dir;
}

struct store *store_model_open(const char *dir)
{
	struct error e = {0};
	struct store *store = NULL;

	ASSERT_OK(test_store_open(dir, NULL, &store, &e));
	return store;
}

void store_model_leaf(struct buf *ret, int32_t first, size_t count, size_t each,
		      struct harness_rng *rng)
{
	static const char *const words[] = {"shipped", "pending", "returned", "Ulm",
					    "Wien",    "Bern",	  "invoice",  "parcel"};

	for (size_t i = 0; i < count; i++) {
		size_t doc = harness_doc_open(ret), start = ret->len;

		harness_doc_int32(ret, "_id", first + (int32_t)i);
		for (unsigned k = 0; ret->len - start < each; k++) {
			char name[16];

			snprintf(name, sizeof(name), "field%u", k);
			harness_doc_string(ret, name, words[harness_rng_below(rng, 8)]);
			harness_doc_int64(ret, "n", (int64_t)harness_rng_u64(rng));
		}
		harness_doc_close(ret, doc);
	}
}

struct chunk_id store_model_put(struct store_writer *writer, enum chunk_kind kind,
				struct bytes plain, const struct chunk_id *hint,
				const struct writer_prefix *prefix)
{
	struct store_put put = {.kind = kind, .prefix = prefix, .has_hint = hint != NULL};
	struct error e = {0};

	if (hint != NULL)
		put.hint = *hint;
	buf_add_bytes(&put.plain, plain);
	ASSERT_OK(store_writer_put(writer, &put, &e));
	buf_release(&put.plain);
	return put.id;
}

struct chunk_id store_model_put_alone(struct store *store, enum chunk_kind kind, struct bytes plain,
				      const struct chunk_id *hint,
				      const struct writer_prefix *prefix)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct error e = {0};
	struct chunk_id id;

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	id = store_model_put(writer, kind, plain, hint, prefix);
	ASSERT_OK(store_writer_flush(writer, &e));
	return id;
}

struct chunk_place store_model_place(struct store *store, const struct chunk_id *id)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct error e = {0};

	assert_true(ASSERT_OK(chunk_index_get(store->index, id, places, &e)) >= 1);
	return places[0];
}

unsigned store_model_reads(struct store *store, const struct chunk_id *id)
{
	struct chunk_id at = *id;
	struct error e = {0};
	unsigned reads = 1;

	for (;; reads++) {
		struct chunk_place place = store_model_place(store, &at);

		if (place.codec != CODEC_ZSTD_PREFIX)
			return reads;
		assert_true(reads < 10);
		assert_int_equal(ASSERT_OK(writer_encode_base_of(store, &place, &at, &e)), 1);
	}
}

static void collect(const char *dir, struct model_files *ret)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		OWNED(free) char *path = xprintf("%s/%s", dir, entry->d_name);
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			collect(path, ret);
		} else {
			ret->path = xrealloc(ret->path, (ret->count + 1) * sizeof(*ret->path));
			ret->path[ret->count++] = TAKE(path);
		}
	}
	closedir(stream);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void store_model_files(const char *dir, struct model_files *ret)
{
	*ret = (struct model_files){0};
	collect(dir, ret);
	if (ret->count > 1)
		qsort(ret->path, ret->count, sizeof(*ret->path), by_text);
}

void store_model_files_release(struct model_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->path[i]);
	free(files->path);
	*files = (struct model_files){0};
}

const char *store_model_copy(const char *dir)
{
	const char *to = harness_path(harness_tmpdir(), "copy");
	struct model_files files;
	struct error e = {0};

	store_model_files(dir, &files);
	for (size_t i = 0; i < files.count; i++) {
		OWNED(free) char *path = xprintf("%s%s", to, files.path[i] + strlen(dir));
		OWNED(free) char *parent = xstrdup(path);
		OWNED(buf_release) struct buf content = {0};

		*strrchr(parent, '/') = '\0';
		ASSERT_OK(file_make_dirs(parent, &e));
		store_model_read_file(files.path[i], &content);
		store_model_write_file(path, buf_bytes(&content));
	}
	store_model_files_release(&files);
	return to;
}

void store_model_read_file(const char *path, struct buf *ret)
{
	struct error e = {0};

	assert_int_equal(ASSERT_OK(file_read(path, 1024 * MIB, ret, &e)), 1);
}

void store_model_write_file(const char *path, struct bytes content)
{
	OWNED(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct error e = {0};

	assert_true(fd >= 0);
	ASSERT_OK(file_write(fd, path, content, &e));
}

void store_model_flip(const char *path, uint64_t offset, uint8_t bits)
{
	OWNED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
	byte ^= bits;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)offset), 1);
}

int store_model_wait(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int store_model_in_child(int (*run)(void *ctx), void *ctx)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

		/* cmocka's handlers would hide a crash. */
		for (size_t i = 0; i < COUNT_OF(fatal); i++)
			signal(fatal[i], SIG_DFL);
		alarm(120);
		_exit(run(ctx));
	}
	return store_model_wait(child);
}
