#include "tools/restore_state.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/chunk_id.h"
#include "base/file.h"
#include "tools/term.h"

#define FILE_MAX (64 * MIB)
#define HEADER "yester restore 1\n"

struct restore_state {
	const struct store *store; /* borrowed */
	pthread_mutex_t mutex;
	char *path;
	int fd;
	char **lines; /* of the earlier run, sorted */
	size_t count;
	bool used; /* something is in it */
};

static char *folder_of(struct store *store)
{
	return xprintf("%s/../restore", store_tmp(store));
}

static char *path_of(struct store *store, struct bytes what)
{
	OWNED(free) char *folder = folder_of(store);
	char hex[CHUNK_ID_HEX + 1];
	struct chunk_id id = store_id_of(store, what);

	chunk_id_hex(&id, hex);
	return xprintf("%s/%s", folder, hex);
}

bool restore_state_is_there(struct store *store, struct bytes what)
{
	OWNED(free) char *path = path_of(store, what);

	return access(path, F_OK) == 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whole lines only. */
static void read_lines(struct restore_state *state, char *text)
{
	char *end;

	if (strncmp(text, HEADER, strlen(HEADER)) != 0)
		return;
	for (text += strlen(HEADER); (end = strchr(text, '\n')) != NULL; text = end + 1) {
		*end = '\0';
		if ((state->count & (state->count - 1)) == 0)
			state->lines = xrealloc(state->lines,
						(state->count * 2 + 1) * sizeof(*state->lines));
		state->lines[state->count++] = xstrdup(text);
	}
	if (state->count > 1)
		qsort(state->lines, state->count, sizeof(*state->lines), compare);
}

static int append(struct restore_state *state, const char *text, struct error *e)
{
	int code;

	pthread_mutex_lock(&state->mutex);
	code = file_write(state->fd, state->path, bytes_str(text), e);
	state->used |= strcmp(text, HEADER) != 0;
	if (code >= 0 && fdatasync(state->fd) != 0)
		code = error_sys(e, "fdatasync %s", state->path);
	pthread_mutex_unlock(&state->mutex);
	return code;
}

int restore_state_open(struct store *store, struct bytes what, bool resume,
		       struct restore_state **ret, struct error *e)
{
	OWNED(restore_state_close) struct restore_state *state = xcalloc(1, sizeof(*state));
	OWNED(free) char *folder = folder_of(store);
	OWNED(buf_release) struct buf text = {0};

	state->fd = -1;
	state->store = store;
	pthread_mutex_init(&state->mutex, NULL);
	state->path = path_of(store, what);
	if (file_make_dirs(folder, e) < 0)
		return e->code;
	if (resume && file_read(state->path, FILE_MAX, &text, e) < 0)
		return e->code;
	buf_text(&text);
	if (text.len > 0)
		read_lines(state, (char *)text.at);
	state->fd = open(
		state->path,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (state->count > 0 ? 0 : O_TRUNC), 0600);
	if (state->fd < 0)
		return error_sys(e, "open %s", state->path);
	/* What was cut off ends here. */
	if (append(state, state->count > 0 ? "\n" : HEADER, e) < 0)
		return e->code;
	*ret = TAKE(state);
	return 0;
}

void restore_state_close(struct restore_state *state)
{
	if (state == NULL)
		return;
	if (state->fd >= 0) {
		close(state->fd);
		if (!state->used)
			unlink(state->path);
	}
	for (size_t i = 0; i < state->count; i++)
		free(state->lines[i]);
	free(state->lines);
	free(state->path);
	pthread_mutex_destroy(&state->mutex);
	free(state);
}

static void write_line(const struct restore_state *state, const char *what, uint64_t unit,
		       const char *ns, struct buf *ret)
{
	struct chunk_id id = store_id_of(state->store, bytes_str(ns));
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(&id, hex);
	buf_printf(ret, "%s %llu ", what, (unsigned long long)unit);
	if (store_params(state->store)->encrypted)
		buf_add_str(ret, hex);
	else
		term_escape(bytes_str(ns), ret);
	buf_add_str(ret,
		    "\\."); /* not made by term_escape(): a line that was cut off is no other one */
}

static bool has(const struct restore_state *state, const char *what, uint64_t unit, const char *ns)
{
	OWNED(buf_release) struct buf line = {0};
	const char *text;

	if (state->count == 0)
		return false;
	write_line(state, what, unit, ns, &line);
	text = buf_text(&line);
	return bsearch(&text, state->lines, state->count, sizeof(*state->lines), compare) != NULL;
}

static int put(struct restore_state *state, const char *what, uint64_t unit, const char *ns,
	       struct error *e)
{
	OWNED(buf_release) struct buf line = {0};

	write_line(state, what, unit, ns, &line);
	buf_add_u8(&line, '\n');
	return append(state, buf_text(&line), e);
}

bool restore_state_was_begun(const struct restore_state *state, const char *ns)
{
	return has(state, "begun", 0, ns);
}

bool restore_state_has_unit(const struct restore_state *state, const char *ns, uint64_t unit)
{
	return has(state, "unit", unit, ns);
}

int restore_state_begin(struct restore_state *state, const char *ns, struct error *e)
{
	return put(state, "begun", 0, ns, e);
}

int restore_state_unit(struct restore_state *state, const char *ns, uint64_t unit, struct error *e)
{
	return put(state, "unit", unit, ns, e);
}

void restore_state_end(struct restore_state *state)
{
	unlink(state->path);
}
