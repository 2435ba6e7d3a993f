#include "tools/repair_there.h"

#include "oplog/stream.h"
#include "store/backend/backend.h"
#include "store/snapshot/snapshots.h"
#include "store/store_stream.h"

static int count_snapshots(struct store *store, struct store *from, uint64_t *ret, struct error *e)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	struct backend *files = store_stream_files(store);
	size_t skipped;

	if (snapshots_read(from, &list, &skipped, e) < 0)
		return e->code;
	for (size_t i = 0; i < list.count; i++) {
		char name[SNAPSHOTS_FILE_LEN];
		uint64_t size;
		int found;

		snapshots_file(&list.at[i].id, name);
		found = files->ops->size(files, name, &size, e);
		if (found < 0)
			return found;
		*ret += found == 0;
	}
	return 0;
}

static int compare_oplogs(struct store *store, struct store *from, bool *ret, struct error *e)
{
	OWNED(stream_close) struct stream *here = NULL;
	OWNED(stream_close) struct stream *there = NULL;
	size_t skipped;

	if (stream_open(store, &here, &skipped, e) < 0 ||
	    stream_open(from, &there, &skipped, e) < 0)
		return e->code;
	for (size_t i = 0; i < stream_range_count(there); i++) {
		const struct stream_range *theirs = stream_range(there, i);
		const struct stream_range *ours = stream_range_at(here, theirs->first.ts);

		if (ours == NULL || ours->last.ts < theirs->last.ts)
			*ret = true;
	}
	return 0;
}

int repair_there(struct store *store, struct store *from, struct repair_there *ret, struct error *e)
{
	*ret = (struct repair_there){0};
	return count_snapshots(store, from, &ret->snapshots, e) < 0 ||
			       compare_oplogs(store, from, &ret->oplog, e) < 0
		       ? e->code
		       : 0;
}
