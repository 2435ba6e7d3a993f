/*
 * Small files that are read whole: the list of a prune, the users of the server, what verbs leave for `yester status`, the state
 * of a restore, what says which segments a journal became,
 * what a retention let go. The first byte chooses which; they lie in a store of this process, in memory where there is /dev/shm.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "oplog/stream_internal.h"
#include "oplog/stream_note.h"
#include "store/condemned.h"
#include "tests/fuzz/fuzz.h"
#include "tools/restore_state.h"
#include "tools/status.h"
#include "tools/status_file.h"
#include "wire/users.h"

static char root[64];
static struct store *store;

static void leave(void)
{
	struct error e;

	store_close(store);
	(void)!file_remove_tree(root, &e);
}

static void begin(void)
{
	const struct store_params params = {.leaf_target = 65536};
	const struct store_options options = {.threads = 1};
	char path[80];
	struct error e = {0};

	snprintf(root, sizeof(root), "%s/yester-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_REQUIRE(mkdtemp(root) != NULL);
	snprintf(path, sizeof(path), "%s/store", root);
	if (store_init(path, &params, &e) < 0 || store_open(path, &options, &store, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
	snprintf(path, sizeof(path), "%s/store/prune", root);
	FUZZ_REQUIRE(mkdir(path, 0700) == 0);
	atexit(leave);
}

static void write_file(const char *path, struct bytes content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_REQUIRE(fd >= 0 && write(fd, content.at, content.len) == (ssize_t)content.len);
	close(fd);
}

/* With a hash that fits: else nothing is read. */
static void try_condemned(struct bytes in)
{
	OWNED(condemned_release) struct condemned list = {0};
	struct chunk_id hash = chunk_id_of(in);
	char hex[CHUNK_ID_HEX + 1], path[200];
	struct error e = {0};

	chunk_id_hex(&hash, hex);
	snprintf(path, sizeof(path), "%s/store/prune/%020d-%s.condemned", root, 7, hex);
	write_file(path, in);
	if (condemned_read(store, &list, &e) < 0)
		FUZZ_REQUIRE(e.code == ERR_UNSUPPORTED);
	/* What is in a list is removed one day: it has to be a file of the store. */
	for (size_t i = 0; i < list.file_count; i++) {
		const char *name = list.files[i].name, *end = name + strlen(name);

		FUZZ_REQUIRE(name[0] != '/' && strstr(name, "/../") == NULL &&
			     strncmp(name, "../", 3) != 0);
		FUZZ_REQUIRE(end - name < 3 || strcmp(end - 3, "/..") != 0);
	}
	unlink(path);
}

static void try_users(struct bytes in)
{
	OWNED(users_free) struct users *users = NULL;
	OWNED(users_free) struct users *again = NULL;
	char path[80];
	struct error e = {0};

	snprintf(path, sizeof(path), "%s/users", root);
	write_file(path, in);
	if (users_read(path, &users, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_INVALID || e.code == ERR_LIMIT);
		return;
	}
	FUZZ_REQUIRE(users_write(users, path, &e) >= 0 && users_read(path, &again, &e) >= 0);
	FUZZ_REQUIRE(users_count(again) == users_count(users));
}

static void try_status(struct bytes in)
{
	static const char *const names[] = {"tail.json", "verify.json", "drill.json",
					    "replicate.json"};
	OWNED(status_release) struct status status = {0};
	OWNED(buf_release) struct buf text = {0};
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		FUZZ_REQUIRE(status_file_put(store, names[i], in, &e) >= 0);
	FUZZ_REQUIRE(status_gather(store, &status, &e) >= 0);
	status_metrics(&status, &text);
}

static void try_restore_state(struct bytes in)
{
	struct restore_state *state = NULL;
	struct error e = {0};
	char hex[CHUNK_ID_HEX + 1], path[4096];
	struct chunk_id id = store_id_of(store, bytes_str("what"));

	/* Made, so that the folder is there. */
	FUZZ_REQUIRE(restore_state_open(store, bytes_str("what"), false, &state, &e) >= 0);
	restore_state_close(state);
	chunk_id_hex(&id, hex);
	snprintf(path, sizeof(path), "%s/../restore/%s", store_tmp(store), hex);
	write_file(path, in);
	if (restore_state_open(store, bytes_str("what"), true, &state, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_LIMIT);
		return;
	}
	(void)!restore_state_was_begun(state, "a.b");
	(void)!restore_state_has_unit(state, "a.b", 3);
	restore_state_end(state);
	restore_state_close(state);
}

/* What can be read is said again in the same words, unless it is an older program's. */
static void try_sealed(struct bytes in)
{
	OWNED(buf_release) struct buf ids = {0};
	OWNED(buf_release) struct buf again = {0};
	struct error e = {0};

	if (stream_file_decode_sealed(in, &ids, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_CORRUPT || e.code == ERR_UNSUPPORTED);
		FUZZ_REQUIRE(ids.len == 0);
		return;
	}
	FUZZ_REQUIRE(ids.len % CHUNK_ID_LEN == 0);
	stream_file_encode_sealed(buf_bytes(&ids), &again);
	FUZZ_REQUIRE(in.len % (CHUNK_ID_HEX + 1) == 0 || bytes_equal(buf_bytes(&again), in));
}

/* With a hash that fits; what can be read is in order, and is said again. */
static void try_note(struct bytes in)
{
	OWNED(stream_notes_release) struct stream_notes notes = {0};
	OWNED(stream_notes_release) struct stream_notes again = {0};
	OWNED(buf_release) struct buf content = {0};
	OWNED(free) char *name = NULL;
	struct chunk_id id = chunk_id_of(in);
	struct error e = {0};

	if (stream_note_decode(&id, in, NULL, &notes, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_CORRUPT || e.code == ERR_UNSUPPORTED);
		return;
	}
	name = stream_note_make(store, "s", &notes, "fuzz", &content);
	FUZZ_REQUIRE(stream_note_parse_name(name, &id) &&
		     stream_note_decode(&id, buf_bytes(&content), NULL, &again, &e) == 0);
	FUZZ_REQUIRE(stream_notes_cover(&notes, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(struct bytes in) = {try_condemned,	    try_users,	try_status,
							 try_restore_state, try_sealed, try_note};

	if (store == NULL)
		begin();
	if (size > 0)
		kinds[data[0] % COUNT_OF(kinds)](bytes_of(data + 1, size - 1));
	return 0;
}
