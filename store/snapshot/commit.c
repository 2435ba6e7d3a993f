#include "store/snapshot/commit.h"

#include <stdio.h>

#include "base/file.h"
#include "store/rescue.h"
#include "store/snapshot/closure.h"
#include "store/store_internal.h"

static bool taken(const struct snapshot_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (snapshots_is_called(&list->at[i], name))
			return true;
	return false;
}

int commit_check_name(const struct snapshot_list *list, const char *name, struct error *e)
{
	if (snapshot_check_name(name, e) < 0)
		return e->code;
	if (taken(list, name))
		return error_set(e, ERR_EXISTS, "there is a snapshot \"%s\" already", name);
	return 0;
}

static int choose_name(const struct snapshot_list *list, struct snapshot *snapshot, struct error *e)
{
	char time[SNAPSHOT_TIME_LEN + 1];

	if (snapshot->name != NULL)
		return commit_check_name(list, snapshot->name, e);
	snapshot_time_text(snapshot->time, time);
	snapshot->name = xstrdup(time);
	for (unsigned number = 2; taken(list, snapshot->name); number++) {
		free(snapshot->name);
		snapshot->name = xprintf("%s-%u", time, number);
	}
	return 0;
}

static const struct snapshot *find_parent(const struct snapshot_list *list,
					  const struct snapshot *snapshot)
{
	for (size_t i = 0; snapshot->has_parent && i < list->count; i++)
		if (chunk_id_equal(&list->at[i].id, &snapshot->parent))
			return &list->at[i];
	return NULL;
}

/* What a prune has condemned meanwhile is not relied on. */
static int rescue(struct store_writer *writer, const struct snapshot_list *list,
		  const struct snapshot *snapshot, struct error *e)
{
	int needed = rescue_begin(writer, e);

	if (needed <= 0)
		return needed;
	if (rescue_snapshot(writer, snapshot, find_parent(list, snapshot), e) < 0)
		return e->code;
	return store_writer_flush(writer, e);
}

static int commit_locked(struct store_writer *writer, struct snapshot *snapshot, struct error *e)
{
	struct store *store = store_writer_store(writer);
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(buf_release) struct buf content = {0};
	char file[SNAPSHOTS_FILE_LEN];
	size_t skipped;
	int written;

	if (snapshots_read_again(store, &list, &skipped, e) < 0 ||
	    choose_name(&list, snapshot, e) < 0 || rescue(writer, &list, snapshot, e) < 0 ||
	    snapshot_encode(snapshot, store->keys, &content, e) < 0)
		return e->code;
	snapshots_file(&snapshot->id, file);
	/* All its chunks were just put: it need not be walked to be shown. */
	if (closure_note_whole(store, &snapshot->id, e) < 0)
		return e->code;
	written = store->backend->ops->put(store->backend, file, buf_bytes(&content), e);
	return written < 0 ? written : 0;
}

int commit_snapshot(struct store_writer *writer, struct snapshot *snapshot, struct error *e)
{
	struct store *store = store_writer_store(writer);
	int code;

	if (store_writer_flush(writer, e) < 0)
		return e->code;
	if (file_lock(store->config_fd, "config", STORE_LOCK_COMMIT, FILE_LOCK_EXCLUSIVE, true, e) <
	    0)
		return error_wrap(e, "%s", store->path);
	code = commit_locked(writer, snapshot, e);
	file_unlock(store->config_fd, STORE_LOCK_COMMIT);
	return code;
}
