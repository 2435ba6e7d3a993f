/*
 * Opening a moment. Its names are made at once, its documents when they are asked for: the first
 * collections each by itself, then all together. Prefix: timeline_
 */
#include "oplog/moment_lazy.h"
#include "oplog/timeline_visit.h"

#define EAGER_ENTRIES 500 /* up to so many are replayed at once: each may rewrite a leaf */
#define ONES_MAX 2	  /* collections that are replayed alone */

/* A collection that was replayed alone. */
struct one {
	uint8_t uuid[16];
	struct moment *moment; /* of its entry alone */
};

struct lazy {
	struct timeline *timeline;
	struct timeline_point point;
	const struct progress *progress;
	pthread_mutex_t making; /* taken before `lock`, by who replays: for long */
	pthread_mutex_t lock;	/* over all below; short */
	struct one ones[ONES_MAX];
	size_t count;
	struct moment *all;
};

static void lazy_free(void *ctx)
{
	struct lazy *lazy = ctx;

	if (lazy == NULL)
		return;
	for (size_t i = 0; i < lazy->count; i++)
		moment_release(lazy->ones[i].moment);
	moment_release(lazy->all);
	pthread_mutex_destroy(&lazy->making);
	pthread_mutex_destroy(&lazy->lock);
	free(lazy);
}

int timeline_open_visited(const struct timeline_point *point,
			  const struct timeline_visited *visited, struct moment **ret,
			  struct error *e)
{
	struct snapshot shown = visited->snapshot; /* its texts are borrowed */

	shown.name = (char *)(uintptr_t)point->name;
	shown.tag = NULL;
	shown.time = entry_seconds(point->ts);
	return moment_open(visited->cache, &shown, ret, e);
}

static int visit(struct lazy *lazy, const struct visit_want *want, bool only_cached,
		 struct moment **ret, struct error *e)
{
	OWNED(timeline_visited_release) struct timeline_visited visited = {0};
	int found = timeline_visit(lazy->timeline, &lazy->point, want, only_cached, lazy->progress,
				   &visited, e);

	if (found == 1)
		found = timeline_open_visited(&lazy->point, &visited, ret, e) < 0 ? e->code : 1;
	return found;
}

/* The moment that knows the documents of a collection already, or NULL. It stays for as long as `lazy`. */
static struct moment *known(struct lazy *lazy, const struct catalog_entry *entry)
{
	struct moment *moment;

	pthread_mutex_lock(&lazy->lock);
	moment = lazy->all;
	for (size_t i = 0; i < lazy->count; i++)
		if (entry->has_uuid &&
		    memcmp(lazy->ones[i].uuid, entry->uuid, sizeof(entry->uuid)) == 0)
			moment = lazy->ones[i].moment;
	pthread_mutex_unlock(&lazy->lock);
	return moment;
}

/* Replay the collection, or all of them, while `making` is held. */
static int make(struct lazy *lazy, const struct catalog_entry *entry, struct moment **ret,
		struct error *e)
{
	const struct visit_want want[] = {{.kind = VISIT_ONE, .only = entry}, {.kind = VISIT_ALL}};
	bool all = !entry->has_uuid || lazy->count == ONES_MAX;

	if (visit(lazy, &want[all], false, ret, e) < 0)
		return e->code;
	pthread_mutex_lock(&lazy->lock);
	if (all) {
		lazy->all = *ret;
	} else {
		memcpy(lazy->ones[lazy->count].uuid, entry->uuid, sizeof(entry->uuid));
		lazy->ones[lazy->count++].moment = *ret;
	}
	pthread_mutex_unlock(&lazy->lock);
	return 0;
}

/* The moment that knows the documents of a collection, from now on. */
static int make_known(struct lazy *lazy, const struct catalog_entry *entry, struct moment **ret,
		      struct error *e)
{
	int code = 0;

	*ret = known(lazy, entry);
	if (*ret != NULL)
		return 0;
	pthread_mutex_lock(&lazy->making);
	*ret = known(lazy, entry);
	if (*ret == NULL)
		code = make(lazy, entry, ret, e);
	pthread_mutex_unlock(&lazy->making);
	return code;
}

static int resolve(void *ctx, const struct catalog_entry *entry, struct tree_root *ret_root,
		   uint64_t *ret_changed, struct error *e)
{
	struct lazy *lazy = ctx;
	OWNED(catalog_entry_release) struct catalog_entry made = {0};
	struct bytes ns = bytes_of(entry->ns, entry->ns_len);
	struct moment *moment;
	int found;

	if (make_known(lazy, entry, &moment, e) < 0)
		return e->code;
	found = moment_find(moment, ns, NULL, &made, e);
	if (found == 0)
		return error_set(e, ERR_CORRUPT, "%s is not in the replayed moment", entry->ns);
	if (found < 0 || moment_resolve(moment, &made, e) < 0 ||
	    moment_changed(moment, ns, ret_changed, e) < 0)
		return e->code;
	*ret_root = made.root;
	return 0;
}

static bool is_known(void *ctx, const struct catalog_entry *entry)
{
	return known(ctx, entry) != NULL;
}

/* Equal under a collation are documents with other keys: then the whole collection is needed. */
static int has_collation(const struct catalog_entry *entry, struct error *e)
{
	struct bson_field field;

	return bson_find(buf_bytes(&entry->options), "collation", &field, e);
}

static int document(void *ctx, const struct catalog_entry *entry, struct bytes key, struct buf *ret,
		    struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry made = {0};
	struct lazy *lazy = ctx;
	struct moment *moment = known(lazy, entry);
	int collated = has_collation(entry, e), found;

	if (collated < 0)
		return collated;
	if (moment == NULL && (collated || !entry->has_uuid) &&
	    make_known(lazy, entry, &moment, e) < 0)
		return e->code;
	if (moment == NULL)
		return timeline_visit_document(lazy->timeline, &lazy->point, entry, key,
					       lazy->progress, ret, e);
	found = moment_find(moment, bytes_of(entry->ns, entry->ns_len), NULL, &made, e);
	return found != 1 ? found : moment_document(moment, &made, key, ret, e);
}

int timeline_lazy_open(struct timeline *timeline, const struct timeline_point *point,
		       const struct progress *progress, struct moment **ret, struct error *e)
{
	const struct visit_want want = {.kind = VISIT_NAMES};
	OWNED(timeline_visited_release) struct timeline_visited names = {0};
	struct moment_source source = {resolve, is_known, document, lazy_free, NULL};
	struct lazy *lazy;

	if (timeline_visit(timeline, point, &want, false, progress, &names, e) < 0)
		return e->code;
	lazy = xcalloc(1, sizeof(*lazy));
	lazy->timeline = timeline;
	lazy->point = *point;
	lazy->progress = progress;
	pthread_mutex_init(&lazy->making, NULL);
	pthread_mutex_init(&lazy->lock, NULL);
	source.ctx = lazy;
	free(names.snapshot.name);
	names.snapshot.name = xstrdup(point->name);
	names.snapshot.time = entry_seconds(point->ts);
	return moment_open_lazy(names.cache, &names.snapshot, &source, ret, e);
}

static int open_all(struct timeline *timeline, const struct timeline_point *point, bool only_cached,
		    const struct progress *progress, struct moment **ret, struct error *e)
{
	const struct visit_want want = {.kind = VISIT_ALL};
	OWNED(timeline_visited_release) struct timeline_visited visited = {0};
	int found = timeline_visit(timeline, point, &want, only_cached, progress, &visited, e);

	if (found == 1)
		found = timeline_open_visited(point, &visited, ret, e) < 0 ? e->code : 1;
	return found;
}

static int open_snapshot(struct timeline *timeline, const struct timeline_point *point,
			 struct moment **ret, struct error *e)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(timeline);

	for (size_t i = 0; i < view->list.count; i++)
		if (chunk_id_equal(&view->list.at[i].id, &point->base))
			return moment_open(timeline->store, &view->list.at[i], ret, e);
	return error_set(e, ERR_NOT_FOUND, "snapshot %s is gone", point->name);
}

int timeline_moment(struct timeline *timeline, const struct timeline_point *point,
		    const struct progress *progress, struct moment **ret, struct error *e)
{
	uint64_t distance;
	int found;

	if (point->is_snapshot)
		return open_snapshot(timeline, point, ret, e);
	if (timeline_distance(timeline, point, &distance, e) < 0)
		return e->code;
	found = open_all(timeline, point, distance > EAGER_ENTRIES, progress, ret, e);
	if (found == 0)
		return timeline_lazy_open(timeline, point, progress, ret, e);
	return found < 0 ? found : 0;
}
