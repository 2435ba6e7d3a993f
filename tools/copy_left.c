#include "tools/copy_left.h"

#include "base/texts.h"
#include "oplog/stream_check.h"
#include "store/snapshot/closure.h"
#include "store/snapshot/snapshots.h"
#include "store/store_stream.h"

struct listing {
	struct store *store;
	struct buf *left;
	bool refreshed;
};

static void tell(struct buf *left, const char *name, const char *why)
{
	OWNED(free)
	char *text = strstr(why, name) != NULL ? xstrdup(why) : xprintf("%s: %s", name, why);

	texts_add(left, text);
}

static int list_manifest(void *ctx, const char *name, uint64_t size, struct error *e)
{
	struct listing *listing = ctx;
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	int found = snapshots_read_one(listing->store, name, size, &snapshot, e);

	if (found == 1)
		found = closure_is_whole(listing->store, &snapshot, &listing->refreshed, e);
	if (found == 0 && snapshot.name != NULL)
		found = error_set(e, ERR_CORRUPT, "snapshot %s: not all of it is here",
				  snapshot.name);
	if (found == ERR_UNSUPPORTED || (found < 0 && error_is_harm(e))) {
		tell(listing->left, name, e->text);
		return 0;
	}
	return found < 0 ? found : 0;
}

int copy_left_snapshots(struct store *store, struct buf *left, struct error *e)
{
	struct listing listing = {.store = store, .left = left};
	struct backend *files = store_stream_files(store);

	return files->ops->list(files, "snapshots", list_manifest, &listing, e);
}

static void add_problem(void *ctx, const char *text)
{
	texts_add(ctx, text);
}

int copy_left_oplog(struct store *store, struct buf *left, struct error *e)
{
	const struct check_options options = {0};
	struct stream_check_result result;
	int code = stream_check_run(store, &options, add_problem, left, &result, e);

	if (code == ERR_UNSUPPORTED) {
		tell(left, "oplog", e->text);
		return 0;
	}
	return code;
}
