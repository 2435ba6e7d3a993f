#include "fs/fs_tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "fs/fs_inode.h"
#include "fs/fs_name.h"

#define OPEN_MAX_COUNT 64 /* moments kept open */
#define SKIPPED_RETRY_SECONDS 2

/* A snapshot that is shown. */
struct shown {
	uint32_t slot;
	const struct snapshot *snapshot; /* in the list */
	struct buf name;		 /* of its folder */
	struct moment *moment;		 /* NULL until it is needed; under `opening` */
	uint64_t used;			 /* when last asked for, by `clock`; under `opening` */
};

/* A slot that was given away in this mount. */
struct given {
	uint32_t slot;
	struct chunk_id id;
};

struct fs_tree {
	struct store *store;

	pthread_rwlock_t lock; /* of the list and what is made from it */
	struct snapshot_list list;
	struct shown *shown;	/* ordered by slot, list.count */
	struct shown **by_name; /* ordered by name */
	const struct shown *latest;
	size_t skipped;

	pthread_mutex_t opening; /* of moment and used in `shown`, and what follows */
	uint64_t clock;
	struct shown *open[OPEN_MAX_COUNT]; /* those that have their moment */
	size_t open_count;

	pthread_mutex_t reading; /* only one thread reads the list anew; of `given` */
	struct given *given;	 /* ordered by slot */
	size_t given_count;

	_Atomic uint64_t stamp;	    /* of the list; written under `reading` */
	_Atomic bool retry;	    /* some manifests were left out: look again soon */
	_Atomic uint64_t read_at;   /* monotonic seconds; when the list was read */
	_Atomic uint64_t looked_at; /* when its stamp was last looked at */
};

/* Index of the first given slot that is >= slot. */
static size_t given_from(const struct fs_tree *tree, uint32_t slot)
{
	size_t low = 0;
	size_t high = tree->given_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tree->given[middle].slot < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The slot of a snapshot: its own from before, or the next free one from where its id points. */
static uint32_t slot_of(struct fs_tree *tree, const struct chunk_id *id)
{
	uint32_t slot = get_be32(id->at) % FS_INODE_POINTS;
	size_t at;

	for (;; slot = (slot + 1) % FS_INODE_POINTS) {
		at = given_from(tree, slot);
		if (at == tree->given_count || tree->given[at].slot != slot)
			break;
		if (chunk_id_equal(&tree->given[at].id, id))
			return slot;
	}
	tree->given = xrealloc(tree->given, (tree->given_count + 1) * sizeof(*tree->given));
	memmove(tree->given + at + 1, tree->given + at,
		(tree->given_count - at) * sizeof(*tree->given));
	tree->given[at] = (struct given){.slot = slot, .id = *id};
	tree->given_count++;
	return slot;
}

static int compare_slots(const void *a, const void *b)
{
	uint32_t left = ((const struct shown *)a)->slot;
	uint32_t right = ((const struct shown *)b)->slot;

	return left < right ? -1 : left > right;
}

static int compare_names(const void *a, const void *b)
{
	const struct shown *const *left = a;
	const struct shown *const *right = b;

	return bytes_compare(buf_bytes(&(*left)->name), buf_bytes(&(*right)->name));
}

static int compare_ids(const void *a, const void *b)
{
	const struct shown *left = a;
	const struct shown *right = b;

	return memcmp(left->snapshot->id.at, right->snapshot->id.at, CHUNK_ID_LEN);
}

/*
 * What `list` is shown as, ordered by slot. Slots are given in the order of ids, so that those
 * that clash get the same ones in each mount.
 */
static struct shown *make_shown(struct fs_tree *tree, const struct snapshot_list *list)
{
	struct shown *shown = xcalloc(MAX_OF(list->count, (size_t)1), sizeof(*shown));

	for (size_t i = 0; i < list->count; i++)
		shown[i].snapshot = &list->at[i];
	qsort(shown, list->count, sizeof(*shown), compare_ids);
	for (size_t i = 0; i < list->count; i++) {
		shown[i].slot = slot_of(tree, &shown[i].snapshot->id);
		fs_name_snapshot(shown[i].snapshot->name, &shown[i].name);
	}
	qsort(shown, list->count, sizeof(*shown), compare_slots);
	return shown;
}

/* Under any lock: what is shown in `slot`, or NULL. */
static struct shown *find_slot(const struct fs_tree *tree, uint32_t slot)
{
	struct shown key = {.slot = slot};

	if (tree->list.count == 0)
		return NULL;
	return bsearch(&key, tree->shown, tree->list.count, sizeof(key), compare_slots);
}

/* Free a list and what is shown of it. */
static void drop_shown(struct shown *shown, struct shown **by_name, struct snapshot_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		moment_release(shown[i].moment);
		buf_release(&shown[i].name);
	}
	free(shown);
	free(by_name);
	snapshots_release(list);
}

/* Under `reading`: put a new list in place of the old one; open moments that are in both stay. */
static int take_list(struct fs_tree *tree, struct snapshot_list *list, size_t skipped,
		     struct error *e)
{
	struct shown *shown = make_shown(tree, list);
	struct shown **by_name = xcalloc(MAX_OF(list->count, (size_t)1), sizeof(struct shown *));
	struct snapshot_list old_list;
	struct shown *old_shown;
	struct shown **old_by_name;
	size_t latest = 0;
	int found = snapshots_find(list, "latest-snapshot", &latest, e);

	if (found < 0) {
		drop_shown(shown, by_name, list);
		return found;
	}
	for (size_t i = 0; i < list->count; i++)
		by_name[i] = &shown[i];
	qsort(by_name, list->count, sizeof(struct shown *), compare_names);

	pthread_rwlock_wrlock(&tree->lock);
	tree->open_count = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct shown *old = find_slot(tree, shown[i].slot);

		if (old == NULL || old->moment == NULL)
			continue;
		shown[i].moment = TAKE(old->moment);
		shown[i].used = old->used;
		tree->open[tree->open_count++] = &shown[i];
	}
	old_list = tree->list;
	old_shown = tree->shown;
	old_by_name = tree->by_name;
	tree->list = *list;
	tree->shown = shown;
	tree->by_name = by_name;
	tree->skipped = skipped;
	tree->latest = NULL;
	for (size_t i = 0; found == 1 && i < list->count; i++)
		if (shown[i].snapshot == &list->at[latest])
			tree->latest = &shown[i];
	drop_shown(old_shown, old_by_name, &old_list);
	pthread_rwlock_unlock(&tree->lock);
	return 0;
}

/* Checkpoints only make replays short: nobody made them to look at. */
static void leave_out_checkpoints(struct snapshot_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].checkpoint)
			snapshot_release(&list->at[i]);
		else
			list->at[kept++] = list->at[i];
	}
	list->count = kept;
}

/* Under `reading`. */
static int read_list(struct fs_tree *tree, struct error *e)
{
	struct snapshot_list list = {0};
	uint64_t stamp;
	size_t skipped = 0;
	int rc;

	/* The stamp is taken first: what comes while the list is read changes the next one. */
	rc = snapshots_stamp(tree->store, &stamp, e);
	if (rc < 0)
		return rc;
	rc = snapshots_read(tree->store, &list, &skipped, e);
	if (rc < 0)
		return rc;
	leave_out_checkpoints(&list);
	rc = take_list(tree, &list, skipped, e);
	if (rc < 0)
		return rc;
	atomic_store(&tree->read_at, clock_tick_ms() / 1000);
	atomic_store(&tree->stamp, stamp);
	atomic_store(&tree->retry, skipped > 0);
	return 0;
}

/* Has the list changed, or could one that was left out be whole by now? */
static int is_old(struct fs_tree *tree, struct error *e)
{
	uint64_t stamp;
	int rc;

	atomic_store(&tree->looked_at, clock_tick_ms() / 1000);
	rc = snapshots_stamp(tree->store, &stamp, e);
	if (rc < 0)
		return rc;
	if (stamp != atomic_load(&tree->stamp))
		return 1;
	return atomic_load(&tree->retry) &&
	       clock_tick_ms() / 1000 - atomic_load(&tree->read_at) >= SKIPPED_RETRY_SECONDS;
}

int fs_tree_new(struct store *store, struct fs_tree **ret, struct error *e)
{
	OWNED(fs_tree_free) struct fs_tree *tree = xcalloc(1, sizeof(*tree));
	int rc;

	tree->store = store;
	pthread_rwlock_init(&tree->lock, NULL);
	pthread_mutex_init(&tree->opening, NULL);
	pthread_mutex_init(&tree->reading, NULL);
	rc = read_list(tree, e);
	if (rc < 0)
		return rc;
	*ret = TAKE(tree);
	return 0;
}

void fs_tree_free(struct fs_tree *tree)
{
	if (tree == NULL)
		return;
	drop_shown(tree->shown, tree->by_name, &tree->list);
	free(tree->given);
	pthread_mutex_destroy(&tree->reading);
	pthread_mutex_destroy(&tree->opening);
	pthread_rwlock_destroy(&tree->lock);
	free(tree);
}

bool fs_tree_is_due(struct fs_tree *tree)
{
	return clock_tick_ms() / 1000 != atomic_load(&tree->looked_at);
}

int fs_tree_refresh(struct fs_tree *tree, struct error *e)
{
	int rc = is_old(tree, e);

	if (rc <= 0)
		return rc;
	pthread_mutex_lock(&tree->reading);
	rc = is_old(tree, e); /* another thread may have read it meanwhile */
	if (rc > 0)
		rc = read_list(tree, e) < 0 ? e->code : 1;
	pthread_mutex_unlock(&tree->reading);
	return rc;
}

/* Under lock and `opening`: close the moment that was not used for the longest time. */
static void close_oldest(struct fs_tree *tree)
{
	size_t oldest = 0;

	for (size_t i = 1; i < tree->open_count; i++)
		if (tree->open[i]->used < tree->open[oldest]->used)
			oldest = i;
	moment_release(TAKE(tree->open[oldest]->moment));
	tree->open[oldest] = tree->open[--tree->open_count];
}

/* Under lock: a reference to the open moment, or NULL. With `offer`, that one becomes it. */
static struct moment *hold_open(struct fs_tree *tree, struct shown *shown, struct moment *offer)
{
	struct moment *moment = NULL;

	pthread_mutex_lock(&tree->opening);
	if (shown->moment == NULL && offer != NULL) {
		if (tree->open_count == OPEN_MAX_COUNT)
			close_oldest(tree);
		shown->moment = moment_hold(offer);
		tree->open[tree->open_count++] = shown;
	}
	if (shown->moment != NULL) {
		moment = moment_hold(shown->moment);
		shown->used = ++tree->clock;
	}
	pthread_mutex_unlock(&tree->opening);
	return moment;
}

/* Under lock. */
static int hold_moment(struct fs_tree *tree, struct shown *shown, struct moment **ret,
		       struct error *e)
{
	OWNED(moment_release) struct moment *opened = NULL;
	struct moment *moment = hold_open(tree, shown, NULL);

	if (moment == NULL) {
		int rc = moment_open(tree->store, shown->snapshot, &opened, e);

		if (rc < 0)
			return error_wrap(e, "snapshot %s", shown->snapshot->name);
		moment = hold_open(tree, shown, opened);
	}
	*ret = moment;
	return 1;
}

int fs_tree_moment(struct fs_tree *tree, uint32_t slot, struct moment **ret, struct error *e)
{
	struct shown *shown;
	int rc;

	pthread_rwlock_rdlock(&tree->lock);
	shown = find_slot(tree, slot);
	rc = shown == NULL ? 0 : hold_moment(tree, shown, ret, e);
	pthread_rwlock_unlock(&tree->lock);
	return rc;
}

bool fs_tree_find(struct fs_tree *tree, struct bytes name, uint32_t *ret_slot)
{
	bool found = false;
	size_t low = 0;
	size_t high;

	pthread_rwlock_rdlock(&tree->lock);
	high = tree->list.count;
	while (low < high && !found) {
		size_t middle = low + (high - low) / 2;
		int order = bytes_compare(buf_bytes(&tree->by_name[middle]->name), name);

		if (order == 0) {
			*ret_slot = tree->by_name[middle]->slot;
			found = true;
		} else if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	pthread_rwlock_unlock(&tree->lock);
	return found;
}

bool fs_tree_name(struct fs_tree *tree, uint32_t slot, struct buf *ret)
{
	const struct shown *shown;
	bool found;

	pthread_rwlock_rdlock(&tree->lock);
	shown = find_slot(tree, slot);
	found = shown != NULL;
	if (found)
		buf_add_bytes(ret, buf_bytes(&shown->name));
	pthread_rwlock_unlock(&tree->lock);
	return found;
}

bool fs_tree_next(struct fs_tree *tree, uint32_t from, uint32_t *ret_slot, struct buf *ret_name)
{
	size_t low = 0;
	size_t high;
	bool found;

	pthread_rwlock_rdlock(&tree->lock);
	high = tree->list.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tree->shown[middle].slot < from)
			low = middle + 1;
		else
			high = middle;
	}
	found = low < tree->list.count;
	if (found) {
		*ret_slot = tree->shown[low].slot;
		buf_add_bytes(ret_name, buf_bytes(&tree->shown[low].name));
	}
	pthread_rwlock_unlock(&tree->lock);
	return found;
}

int fs_tree_each(struct fs_tree *tree, fs_tree_visit *each, void *ctx, struct error *e)
{
	int rc = 0;

	pthread_rwlock_rdlock(&tree->lock);
	for (size_t i = 0; i < tree->list.count && rc >= 0; i++)
		rc = each(ctx, &tree->list.at[i], e);
	pthread_rwlock_unlock(&tree->lock);
	return rc < 0 ? rc : 0;
}

void fs_tree_facts_get(struct fs_tree *tree, struct fs_tree_facts *ret)
{
	buf_reset(&ret->latest);
	buf_reset(&ret->oldest);
	pthread_rwlock_rdlock(&tree->lock);
	ret->count = tree->list.count;
	ret->skipped = tree->skipped;
	ret->changed = 0;
	ret->bytes = 0;
	ret->collections = 0;
	for (size_t i = 0; i < tree->list.count; i++)
		ret->changed = MAX_OF(ret->changed, tree->list.at[i].created_us / 1000000);
	if (tree->list.count > 0)
		fs_name_snapshot(tree->list.at[0].name, &ret->oldest);
	if (tree->latest != NULL) {
		buf_add_bytes(&ret->latest, buf_bytes(&tree->latest->name));
		ret->bytes = tree->latest->snapshot->bytes;
		ret->collections = tree->latest->snapshot->collections;
	}
	pthread_rwlock_unlock(&tree->lock);
}

void fs_tree_facts_release(struct fs_tree_facts *facts)
{
	buf_release(&facts->latest);
	buf_release(&facts->oldest);
}
