#include "store/snapshot/snapshots.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/siphash.h"
#include "store/snapshot/closure.h"
#include "store/store_internal.h"

#define MANIFEST_MAX (1 * MIB)
#define FOLDER "snapshots/"
#define OWN_DIGITS 8 /* of its id, where several have one name */
#define STAMP_KEPT_MS 1000

void snapshots_release(struct snapshot_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		snapshot_release(&list->at[i]);
	free(list->at);
	*list = (struct snapshot_list){0};
}

/* True, and the id, when a name is a manifest's; others (rsync's temporary ones) are ignored. */
static bool parse_name(const char *name, struct chunk_id *ret)
{
	const size_t folder = strlen(FOLDER);

	return strncmp(name, FOLDER, folder) == 0 && chunk_id_parse(bytes_str(name + folder), ret);
}

struct reading {
	struct store *store;
	struct buf found; /* of struct snapshot */
	size_t *skipped;
	struct closure_look look;
	bool again; /* what was read for the same before need not be read, and is kept */
};

int snapshots_read_one(struct store *store, const char *name, uint64_t size, struct snapshot *ret,
		       struct error *e)
{
	OWNED(buf_release) struct buf content = {0};
	struct chunk_id id;
	int found;

	if (!parse_name(name, &id))
		return 0;

	if (size > MANIFEST_MAX)
		return error_set(e, ERR_CORRUPT, "%s: no manifest has %llu bytes", name,
				 (unsigned long long)size);
	if (buf_reserve(&content, size, MANIFEST_MAX, e) < 0)
		return error_wrap(e, "%s", name);
	found = store->backend->ops->get(store->backend, name, 0, content.at, size, e);
	if (found != 1)
		return found;
	content.len = size;
	if (snapshot_decode(&id, buf_bytes(&content), store->keys, ret, e) < 0)
		return error_wrap(e, "%s", name);
	return 1;
}

static int list_one(void *ctx, const char *name, uint64_t size UNUSED, struct error *e UNUSED)
{
	struct chunk_id id;

	if (parse_name(name, &id))
		buf_add(ctx, &id, sizeof(id));
	return 0;
}

void snapshots_file(const struct chunk_id *id, char ret[SNAPSHOTS_FILE_LEN])
{
	memcpy(ret, FOLDER, sizeof(FOLDER) - 1);
	chunk_id_hex(id, ret + sizeof(FOLDER) - 1);
}

/* 1, 0 (gone), an error. */
static int get_one(const struct reading *reading, const struct chunk_id *id, struct snapshot *ret,
		   struct error *e)
{
	struct store *store = reading->store;
	char name[SNAPSHOTS_FILE_LEN];
	uint64_t size;
	int found;

	if (reading->again && manifests_kept_find(store->manifests, id, ret))
		return 1;
	snapshots_file(id, name);
	found = store->backend->ops->size(store->backend, name, &size, e);
	if (found == 1)
		found = snapshots_read_one(store, name, size, ret, e);
	if (found == 1 && reading->again)
		manifests_kept_add(store->manifests, ret);
	return found;
}

static int read_one(struct reading *reading, const struct chunk_id *id, struct error *e)
{
	struct snapshot snapshot;
	int found = get_one(reading, id, &snapshot, e);

	if (found == 0)
		return 0; /* forgotten since it was listed */
	if (found == 1) {
		found = closure_look_at(reading->store, &snapshot, &reading->look, e);
		if (found == 1) {
			buf_add(&reading->found, &snapshot, sizeof(snapshot));
			return 0;
		}
		snapshot_release(&snapshot);
	}
	if (reading->skipped != NULL &&
	    (found == 0 || e->code == ERR_CORRUPT || e->code == ERR_UNSUPPORTED)) {
		++*reading->skipped;
		return 0;
	}
	return found < 0 ? found : 0;
}

/* All names first: one look at the packs is then enough for all of them. */
static int read_all(struct reading *reading, struct error *e)
{
	OWNED(buf_release) struct buf names = {0};
	const struct backend *backend = reading->store->backend;
	int code = backend->ops->names(reading->store->backend, "snapshots", list_one, &names, e);
	size_t count = names.len / sizeof(struct chunk_id);

	if (reading->again)
		manifests_kept_trim(reading->store->manifests, count);
	for (size_t i = 0; code == 0 && i < count; i++)
		code = read_one(reading, (const struct chunk_id *)(const void *)names.at + i, e);
	if (code == 0)
		code = closure_look_end(reading->store, &reading->look, e);
	closure_look_release(&reading->look);
	return code;
}

static int by_time(const void *a, const void *b)
{
	const struct snapshot *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->optime.increment != y->optime.increment)
		return x->optime.increment < y->optime.increment ? -1 : 1;
	if (x->created_us != y->created_us)
		return x->created_us < y->created_us ? -1 : 1;
	return memcmp(x->id.at, y->id.at, CHUNK_ID_LEN);
}

char *snapshots_own_name(const struct snapshot *snapshot, const char *name)
{
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(&snapshot->id, hex);
	return xprintf("%.*s-%.*s", (int)(SNAPSHOT_NAME_MAX - 1 - OWN_DIGITS), name, OWN_DIGITS,
		       hex);
}

bool snapshots_is_called(const struct snapshot *snapshot, const char *name)
{
	OWNED(free) char *own = snapshots_own_name(snapshot, name);

	return strcmp(snapshot->name, name) == 0 || strcmp(snapshot->name, own) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct snapshot *const *)a)->name,
		      (*(const struct snapshot *const *)b)->name);
}

static void tell_apart(struct snapshot_list *list)
{
	OWNED(free) struct snapshot **sorted = xcalloc(list->count + 1, sizeof(struct snapshot *));
	size_t end;

	for (size_t i = 0; i < list->count; i++)
		sorted[i] = &list->at[i];
	if (list->count > 1)
		qsort(sorted, list->count, sizeof(struct snapshot *), by_name);
	for (size_t i = 0; i < list->count; i = end) {
		for (end = i + 1; end < list->count && by_name(&sorted[i], &sorted[end]) == 0;)
			end++;
		for (size_t k = i; k < end && end > i + 1; k++) {
			char *own = snapshots_own_name(sorted[k], sorted[k]->name);

			free(sorted[k]->name);
			sorted[k]->name = own;
		}
	}
}

static int read_list(struct store *store, bool again, struct snapshot_list *ret,
		     size_t *ret_skipped, struct error *e)
{
	struct reading reading = {.store = store, .skipped = ret_skipped, .again = again};
	struct snapshot_list list;
	int code;

	if (ret_skipped != NULL)
		*ret_skipped = 0;
	code = read_all(&reading, e);
	list = (struct snapshot_list){(struct snapshot *)(void *)reading.found.at,
				      reading.found.len / sizeof(struct snapshot)};
	if (code < 0) {
		snapshots_release(&list);
		return code;
	}
	if (list.count > 1)
		qsort(list.at, list.count, sizeof(*list.at), by_time);
	tell_apart(&list);
	*ret = list;
	return 0;
}

int snapshots_read(struct store *store, struct snapshot_list *ret, size_t *ret_skipped,
		   struct error *e)
{
	return read_list(store, false, ret, ret_skipped, e);
}

int snapshots_read_again(struct store *store, struct snapshot_list *ret, size_t *ret_skipped,
			 struct error *e)
{
	return read_list(store, true, ret, ret_skipped, e);
}

/* Order does not matter to a sum; that a name is in it does. */
static int add_stamp(void *ctx, const char *name, uint64_t size UNUSED, struct error *e UNUSED)
{
	static const uint8_t key[16] = "snapshots stamp";
	struct chunk_id id;

	if (parse_name(name, &id))
		*(uint64_t *)ctx += siphash24(key, bytes_of(id.at, CHUNK_ID_LEN)) | 1;
	return 0;
}

static uint64_t version_of(struct store *store)
{
	struct backend *files = store->backend;

	return files->ops->version == NULL ? 0 : files->ops->version(files, "snapshots");
}

/* Was the folder of this version looked at, and lately? There are file systems on which none ever changes. */
static bool stamp_is_kept(struct store *store, uint64_t version, uint64_t *ret_stamp)
{
	bool kept;

	pthread_mutex_lock(&store->stamp_lock);
	kept = version != 0 && version == store->stamp_version &&
	       clock_tick_ms() - store->stamp_ms < STAMP_KEPT_MS;
	if (kept)
		*ret_stamp = store->stamp;
	pthread_mutex_unlock(&store->stamp_lock);
	return kept;
}

int snapshots_stamp(struct store *store, uint64_t *ret_stamp, struct error *e)
{
	uint64_t version = version_of(store), stamp = 0;

	if (stamp_is_kept(store, version, ret_stamp))
		return 0;
	if (store->backend->ops->names(store->backend, "snapshots", add_stamp, &stamp, e) < 0)
		return e->code;
	pthread_mutex_lock(&store->stamp_lock);
	store->stamp = stamp;
	store->stamp_version = version;
	store->stamp_ms = clock_tick_ms();
	pthread_mutex_unlock(&store->stamp_lock);
	*ret_stamp = stamp;
	return 0;
}

/* 1, 0, or ERR_INVALID when several begin so. */
static int find_by_id(const struct snapshot_list *list, const char *prefix, size_t *ret,
		      struct error *e)
{
	size_t len = strlen(prefix), matches = 0;

	for (size_t i = 0; i < list->count; i++) {
		char hex[CHUNK_ID_HEX + 1];

		chunk_id_hex(&list->at[i].id, hex);
		if (len > CHUNK_ID_HEX || memcmp(hex, prefix, len) != 0)
			continue;
		matches++;
		*ret = i;
	}
	if (matches > 1)
		return error_set(e, ERR_INVALID, "%zu snapshots have an id that begins with \"%s\"",
				 matches, prefix);
	return matches == 1;
}

/* 0, or ERR_INVALID: several are called so, none of them is meant. */
static int find_several(const struct snapshot_list *list, const char *name, struct error *e)
{
	const struct snapshot *first = NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (!snapshots_is_called(&list->at[i], name))
			continue;
		if (first != NULL) {
			error_set(e, ERR_INVALID, "several snapshots have the name \"%s\"", name);
			return error_hint(e,
					  "two copies of the store came together: is \"%s\" or "
					  "\"%s\" meant?",
					  first->name, list->at[i].name);
		}
		first = &list->at[i];
	}
	return 0;
}

int snapshots_find(const struct snapshot_list *list, const char *when, size_t *ret, struct error *e)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->at[i].name, when) == 0) {
			*ret = i;
			return 1;
		}
	}
	if (strcmp(when, "latest") == 0 || strcmp(when, "latest-snapshot") == 0) {
		*ret = list->count - 1;
		return list->count > 0;
	}
	if (strncmp(when, "id:", 3) == 0 && when[3] != '\0')
		return find_by_id(list, when + 3, ret, e);
	return find_several(list, when, e);
}

void snapshot_time_text(uint64_t seconds, char ret[SNAPSHOT_TIME_LEN + 1])
{
	time_t at = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL || tm.tm_year > 9999 - 1900 || tm.tm_year < 0) {
		memcpy(ret, "9999-12-31T235959Z", SNAPSHOT_TIME_LEN + 1);
		return;
	}
	strftime(ret, SNAPSHOT_TIME_LEN + 1, "%Y-%m-%dT%H%M%SZ", &tm);
}
