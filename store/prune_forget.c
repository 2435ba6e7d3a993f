#include <stdio.h>

#include "base/file.h"
#include "store/condemned.h"
#include "store/pack/pack_reader.h"
#include "store/prune.h"
#include "store/prune_delete.h"
#include "store/snapshot/snapshots.h"
#include "store/store_internal.h"

int store_prune_lock(struct store *store, int *ret_fd, struct error *e)
{
	return store_lock_alone(store, STORE_LOCK_PRUNE, "another prune or forget runs now", ret_fd,
				e);
}

/* Damaged packs by name, too: those whose directory can't be read are in no index, and would not be found again. */
static bool add_packs(struct condemned *list, const struct prune_forget *what)
{
	size_t files = list->file_count;
	bool any = false;

	for (size_t i = 0; i < what->pack_count; i++) {
		const struct condemned sorted = {.files = list->files, .file_count = files};
		char name[PACK_NAME_LEN + 1];

		pack_reader_name(&what->packs[i], name);
		if (condemned_find_file(&sorted, name) != NULL)
			continue;
		condemned_add_file(list, name, what->now_us);
		condemned_add_pack(list, &what->packs[i], what->now_us);
		any = true;
	}
	return any;
}

/* What an earlier retention let go and this one does not: moments that it promises need it. */
static bool drop_others(struct condemned *list, const struct prune_forget *what)
{
	size_t kept = 0, before = list->file_count;

	for (size_t i = 0; i < before; i++) {
		bool stays = strncmp(list->files[i].name, "oplog/", 6) != 0;

		for (size_t k = 0; k < what->file_count && !stays; k++)
			stays = strcmp(list->files[i].name, what->files[k]) == 0;
		if (stays)
			list->files[kept++] = list->files[i];
		else
			free(list->files[i].name);
	}
	list->file_count = kept;
	return kept < before;
}

static int condemn(struct store *store, const struct prune_forget *what, struct error *e)
{
	OWNED(condemned_release) struct condemned list = {0};
	OWNED(free) bool *known = xcalloc(what->file_count + 1, sizeof(*known));
	bool any;

	if (condemned_read(store, &list, e) < 0)
		return e->code;
	any = what->only_these && drop_others(&list, what);
	if (what->let_go > list.let_go) {
		list.let_go = what->let_go;
		any = true;
	}
	for (size_t i = 0; i < what->file_count; i++)
		known[i] = condemned_find_file(&list, what->files[i]) != NULL;
	any = add_packs(&list, what) || any;
	for (size_t i = 0; i < what->file_count; i++) {
		if (known[i])
			continue;
		condemned_add_file(&list, what->files[i], what->now_us);
		any = true;
	}
	return any ? condemned_write(store, &list, e) : 0;
}

static int forget_locked(struct store *store, const struct prune_forget *what, struct error *e)
{
	OWNED(free) char *folder = xprintf("%s/snapshots", store->path);
	OWNED(prune_delete_free) struct prune_delete *d = prune_delete_new(store->backend);
	char name[SNAPSHOTS_FILE_LEN];

	if (what->note != NULL &&
	    store->backend->ops->put(store->backend, what->note, what->note_content, e) < 0)
		return e->code;
	if (condemn(store, what, e) < 0)
		return e->code;
	for (size_t i = 0; i < what->snapshot_count; i++) {
		snapshots_file(&what->snapshots[i], name);
		prune_delete_add(d, name);
	}
	for (size_t i = 0; i < what->lost_count; i++)
		prune_delete_add(d, what->lost[i]);
	if (prune_delete_run(d, e) < 0)
		return e->code;
	/* Else a power cut brings them back. */
	if (what->lost_count > 0)
		return store->backend->ops->sync(store->backend, e);
	return what->snapshot_count > 0 ? file_sync_dir(folder, e) : 0;
}

int prune_forget(struct store *store, const struct prune_forget *what, struct error *e)
{
	OWNED(fd_close) int lock = -1;
	int code;

	if (what->file_count + what->pack_count > 0 && condemned_check_clock(what->now_us, e) < 0)
		return e->code;
	if (store_prune_lock(store, &lock, e) < 0)
		return e->code;
	if (file_lock(lock, "config", STORE_LOCK_COMMIT, FILE_LOCK_EXCLUSIVE, true, e) < 0)
		return error_wrap(e, "%s", store->path);
	code = forget_locked(store, what, e);
	file_unlock(lock, STORE_LOCK_COMMIT);
	return code;
}
