#include "tools/live_list.h"

#include <stdlib.h>

#include "base/bson_check.h"
#include "base/buckets.h"
#include "tools/live_reply.h"

#define CODE_NO_NAMESPACE 26
#define CODE_IS_A_VIEW 166
#define LIST_TRIES 100 /* of a database whose collections are renamed meanwhile */

static const uint8_t empty[] = {5, 0, 0, 0, 0};

static void forget_behind(struct live_list *list, size_t first)
{
	while (list->count > first) {
		struct live_list_entry *entry = &list->at[--list->count];

		free(entry->db);
		free(entry->coll);
		buf_release(&entry->options);
		buf_release(&entry->indexes);
		buf_release(&entry->building);
	}
}

void live_list_release(struct live_list *list)
{
	forget_behind(list, 0);
	free(list->at);
	*list = (struct live_list){0};
}

/* Call `each` with what a command lists. 1; 0 the server said no. */
static int list(struct live *live, const char *db, const bson_t *command,
		int (*each)(void *ctx, const bson_t *doc, struct error *e), void *ctx,
		struct error *e)
{
	bson_t options = BSON_INITIALIZER, reply;
	mongoc_cursor_t *cursor;
	const bson_t *doc;
	bson_error_t why;
	int code = live_command(live, db, command, &reply, e);
	bson_iter_t at;

	if (code == 0) {
		OWNED(free) char *said = live_said(&reply);
		int64_t number =
			bson_iter_init_find(&at, &reply, "code") ? bson_iter_as_int64(&at) : 0;

		/* The collection is gone, and maybe a view has its name. */
		if (number != CODE_NO_NAMESPACE && number != CODE_IS_A_VIEW)
			code = error_set(e, ERR_REMOTE, "%s, database %s: %s", live->member, db,
					 said);
		bson_destroy(&reply);
	}
	if (code != 1)
		return code;
	BSON_APPEND_INT32(&options, "serverId", (int32_t)live->server);
	cursor = mongoc_cursor_new_from_command_reply_with_opts(live->client, &reply, &options);
	while (code >= 0 && live_reply_next(cursor, &doc)) {
		code = bson_check(bytes_of(bson_get_data(doc), doc->len), BSON_CHECK_STRUCTURE, e);
		code = code < 0 ? error_wrap(e, "what %s lists of database %s", live->member, db)
				: each(ctx, doc, e);
	}
	if (code >= 0 && live_reply_error(cursor, &why))
		code = live_error(live, &why, "listing collections", e);
	mongoc_cursor_destroy(cursor);
	bson_destroy(&options);
	return code < 0 ? code : 1;
}

static bool find(const bson_t *doc, const char *path, bson_iter_t *ret)
{
	bson_iter_t at;

	return bson_iter_init(&at, doc) && bson_iter_find_descendant(&at, path, ret);
}

static bool read_uuid(const bson_t *doc, uint8_t ret[16])
{
	const uint8_t *bytes;
	bson_subtype_t type;
	bson_iter_t at;
	uint32_t len;

	if (!find(doc, "info.uuid", &at) || !BSON_ITER_HOLDS_BINARY(&at))
		return false;
	bson_iter_binary(&at, &type, &len, &bytes);
	if (len == 16)
		memcpy(ret, bytes, 16);
	return len == 16;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* As mongodump's shouldSkipSystemNamespace() and shouldSkipCollection(). */
static bool is_wanted(const char *db, const char *coll)
{
	if (strchr(coll, '$') != NULL)
		return false;
	if (strcmp(db, "admin") == 0)
		return strcmp(coll, "system.keys") != 0;
	return !begins(coll, "system.") || strcmp(coll, "system.js") == 0 ||
	       buckets_is(bytes_str(coll), NULL);
}

int live_list_check_series(const char *db, const char *coll, bool has_uuid, struct error *e)
{
	if (!has_uuid)
		return 0;
	error_set(
		e, ERR_REFUSED,
		"%s.%s is a time series without a view, which MongoDB makes from 8.3 on: it can't "
		"be read from a running server yet",
		db, coll);
	return error_hint(e, "mongodump 100.16 or later reads it, and 'yester ingest' takes that");
}

struct collections {
	struct live *live;
	const struct ns_filter *filter;
	const char *db;
	struct live_list *list;
};

static int add_collection(void *ctx, const bson_t *doc, struct error *e)
{
	struct collections *c = ctx;
	struct live_list_entry entry = {0};
	const char *type = "collection";
	const uint8_t *options = empty;
	uint32_t len = sizeof(empty), name_len;
	bson_iter_t at;
	const char *name;

	if (!find(doc, "name", &at) || !BSON_ITER_HOLDS_UTF8(&at))
		return error_set(e, ERR_CORRUPT, "%s lists a collection without a name",
				 c->live->member);
	name = bson_iter_utf8(&at, &name_len);
	if (!is_wanted(c->db, name) || !ns_filter_takes(c->filter, c->db, name, name_len))
		return 0;
	if (find(doc, "type", &at) && BSON_ITER_HOLDS_UTF8(&at))
		type = bson_iter_utf8(&at, NULL);
	if (find(doc, "options", &at) && BSON_ITER_HOLDS_DOCUMENT(&at))
		bson_iter_document(&at, &len, &options);
	entry.is_series = strcmp(type, "timeseries") == 0;
	entry.has_uuid = read_uuid(doc, entry.uuid);
	if (entry.is_series && live_list_check_series(c->db, name, entry.has_uuid, e) < 0)
		return e->code;
	entry.db = xstrdup(c->db);
	entry.coll = xstrndup(name, name_len);
	entry.is_view = strcmp(type, "view") == 0;
	buf_add(&entry.options, options, len);
	c->list->at = xrealloc(c->list->at, (c->list->count + 1) * sizeof(entry));
	c->list->at[c->list->count++] = entry;
	return 0;
}

struct indexes {
	bson_t array;
	bson_t building; /* from the first one on that is not ready */
	uint32_t count;
};

static void note_order(struct indexes *indexes, const bson_t *doc, const char *path, bool ready)
{
	bson_iter_t at;

	if (find(doc, path, &at) && BSON_ITER_HOLDS_UTF8(&at))
		BSON_APPEND_BOOL(&indexes->building, bson_iter_utf8(&at, NULL), ready);
}

static int add_index(void *ctx, const bson_t *doc, struct error *e)
{
	struct indexes *indexes = ctx;
	bson_iter_t at;
	char text[16];
	const char *key;

	/* {buildUUID, spec}: it is not there before the oplog says so, but it has its place. */
	if (bson_iter_init_find(&at, doc, "buildUUID")) {
		note_order(indexes, doc, "spec.name", false);
		return 0;
	}
	if (!bson_iter_init_find(&at, doc, "name") || !BSON_ITER_HOLDS_UTF8(&at) ||
	    !bson_iter_init_find(&at, doc, "key") || !BSON_ITER_HOLDS_DOCUMENT(&at))
		return error_set(e, ERR_CORRUPT, "an index without a name or a key is listed");
	if (!bson_empty(&indexes->building))
		note_order(indexes, doc, "name", true);
	bson_uint32_to_string(indexes->count++, &key, text, sizeof(text));
	BSON_APPEND_DOCUMENT(&indexes->array, key, doc);
	return 0;
}

static int ask_for_indexes(struct live *live, struct live_list_entry *entry, bool by_uuid,
			   struct error *e)
{
	struct indexes indexes = {.array = BSON_INITIALIZER, .building = BSON_INITIALIZER};
	bson_t *command = bson_new();
	int code;

	if (by_uuid)
		BSON_APPEND_BINARY(command, "listIndexes", BSON_SUBTYPE_UUID, entry->uuid,
				   sizeof(entry->uuid));
	else
		BSON_APPEND_UTF8(command, "listIndexes", entry->coll);
	/* Of a time series those that are not ready are left out then (5.0.4, 6.0.27). */
	BSON_APPEND_BOOL(command, "includeBuildUUIDs", true);
	code = list(live, entry->db, command, add_index, &indexes, e);
	bson_destroy(command);
	buf_reset(&entry->indexes);
	buf_add(&entry->indexes, bson_get_data(&indexes.array), indexes.array.len);
	buf_reset(&entry->building);
	if (!bson_empty(&indexes.building))
		buf_add(&entry->building, bson_get_data(&indexes.building), indexes.building.len);
	bson_destroy(&indexes.array);
	bson_destroy(&indexes.building);
	return code;
}

/* Every collection has it, but for clustered ones. */
static bool lacks_id_index(const struct live_list_entry *entry)
{
	static const char name[] = "\2name\0\5\0\0\0_id_", clustered[] = "\3clusteredIndex";

	return memmem(entry->indexes.at, entry->indexes.len, name, sizeof(name)) == NULL &&
	       memmem(entry->options.at, entry->options.len, clustered, sizeof(clustered)) == NULL;
}

/*
 * From 5.0 on X is taken for a time series where there is a system.buckets.X, also where it is a collection (it was made just before the
 * series was to be, whose buckets were made already): by that name the buckets' indexes are listed, by UUID its own.
 */
static int read_indexes(struct live *live, struct live_list_entry *entry, struct error *e)
{
	int code;

	if (entry->is_view || buckets_is(bytes_str(entry->coll), NULL)) {
		buf_add(&entry->indexes, empty, sizeof(empty));
		return 0;
	}
	code = ask_for_indexes(live, entry, false, e);
	if (code == 1 && !entry->is_series && entry->has_uuid && lacks_id_index(entry))
		code = ask_for_indexes(live, entry, true, e);
	return code;
}

/* The collections of a database that were listed, by UUID. */
struct renames {
	const struct live_list_entry **at;
	size_t count;
	bool found;
};

static int by_uuid(const void *a, const void *b)
{
	const struct live_list_entry *const *x = a, *const *y = b;

	return memcmp((*x)->uuid, (*y)->uuid, sizeof((*x)->uuid));
}

static int look_for_rename(void *ctx, const bson_t *doc, struct error *e UNUSED)
{
	struct live_list_entry now = {0}, *wanted = &now, **was = NULL;
	struct renames *renames = ctx;
	bson_iter_t at;

	if (read_uuid(doc, now.uuid) && find(doc, "name", &at) && BSON_ITER_HOLDS_UTF8(&at))
		was = bsearch(&wanted, renames->at, renames->count, sizeof(*renames->at), by_uuid);
	renames->found |= was != NULL && strcmp((*was)->coll, bson_iter_utf8(&at, NULL)) != 0;
	return 0;
}

/*
 * Has one of the collections from `first` on another name by now? Then the indexes that were read by its name may be
 * another one's, or none. One that was dropped is dropped in the oplog, too.
 */
static int is_renamed(struct live *live, const char *db, const struct live_list *listed,
		      size_t first, struct error *e)
{
	OWNED(free)
	const struct live_list_entry **at = xcalloc(listed->count - first + 1, sizeof(*at));
	struct renames renames = {.at = at};
	bson_t *command;
	int code = 0;

	for (size_t i = first; i < listed->count; i++)
		if (listed->at[i].has_uuid)
			at[renames.count++] = &listed->at[i];
	if (renames.count == 0)
		return 0;
	qsort(at, renames.count, sizeof(*at), by_uuid);
	command = BCON_NEW("listCollections", BCON_INT32(1));
	code = list(live, db, command, look_for_rename, &renames, e);
	bson_destroy(command);
	return code < 0 ? code : renames.found;
}

static int compare(const void *a, const void *b)
{
	const struct live_list_entry *x = a, *y = b;
	int order = strcmp(x->db, y->db);

	return order != 0 ? order : strcmp(x->coll, y->coll);
}

/*
 * A name that is there twice from `first` on; NULL: none. A server that lists does not stand still: one may have been taken
 * over by a rename, or by a view, just then.
 */
static const char *find_twice(struct live_list *list, size_t first)
{
	if (list->count - first > 1)
		qsort(&list->at[first], list->count - first, sizeof(*list->at), compare);
	for (size_t i = first + 1; i < list->count; i++)
		if (compare(&list->at[i - 1], &list->at[i]) == 0)
			return list->at[i].coll;
	return NULL;
}

/* All of a database, behind what is in the list. 1; 0: names changed meanwhile. */
static int read_database_once(struct live *live, const char *db, const struct ns_filter *filter,
			      struct live_list *ret, struct error *e)
{
	struct collections c = {live, filter, db, ret};
	bson_t *command = BCON_NEW("listCollections", BCON_INT32(1));
	size_t first = ret->count;
	int code = list(live, db, command, add_collection, &c, e);

	bson_destroy(command);
	for (size_t i = first; code >= 0 && i < ret->count; i++)
		code = read_indexes(live, &ret->at[i], e);
	if (code >= 0)
		code = is_renamed(live, db, ret, first, e);
	return code < 0 ? code : code == 0 && find_twice(ret, first) == NULL;
}

static int COLD not_listed(const struct live *live, const char *db, const char *twice,
			   struct error *e)
{
	if (twice == NULL)
		return error_set(
			e, ERR_REMOTE,
			"%s: collections of database %s are renamed faster than they can be "
			"listed",
			live->member, db);
	error_set(e, ERR_REMOTE,
		  "%s lists %s.%s twice: there are a collection and a view of this name",
		  live->member, db, twice);
	return error_hint(e, "drop one of them, or leave them out: --nsExclude '%s.%s'", db, twice);
}

static int read_database(struct live *live, const char *db, const struct ns_filter *filter,
			 struct live_list *ret, struct error *e)
{
	size_t first = ret->count;
	int code = 0;

	for (int i = 0; i < LIST_TRIES && code == 0; i++) {
		forget_behind(ret, first);
		code = read_database_once(live, db, filter, ret, e);
	}
	if (code == 0)
		return not_listed(live, db, find_twice(ret, first), e);
	return MIN_OF(code, 0);
}

/* Servers make the buckets of a time series first. */
static void find_lone_buckets(struct live_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct live_list_entry *entry = &list->at[i], series = {.db = entry->db};
		const struct live_list_entry *found;
		struct bytes name;

		if (!buckets_is(bytes_str(entry->coll), &name))
			continue;
		series.coll = entry->coll + strlen(entry->coll) - name.len;
		found = bsearch(&series, list->at, list->count, sizeof(series), compare);
		entry->is_lone = found == NULL || !found->is_series;
	}
}

int live_list_read(struct live *live, const struct ns_filter *filter, struct live_list *ret,
		   struct error *e)
{
	OWNED(live_list_release) struct live_list found = {0};
	bson_t *command = BCON_NEW("listDatabases", BCON_INT32(1), "nameOnly", BCON_BOOL(true));
	bson_iter_t at, inner;
	bson_t reply;
	int code = live_command(live, "admin", command, &reply, e);

	bson_destroy(command);
	if (code < 0)
		return code;
	if (code == 0 || !bson_iter_init_find(&at, &reply, "databases") ||
	    !bson_iter_recurse(&at, &inner))
		code = error_set(e, ERR_REMOTE,
				 "%s does not list its databases: is the role "
				 "\"backup\" granted?",
				 live->member);
	while (code >= 0 && bson_iter_next(&inner)) {
		bson_iter_t name;

		if (!bson_iter_recurse(&inner, &name) || !bson_iter_find(&name, "name") ||
		    !BSON_ITER_HOLDS_UTF8(&name))
			continue;
		if (strcmp(bson_iter_utf8(&name, NULL), "local") != 0 &&
		    strcmp(bson_iter_utf8(&name, NULL), "config") != 0)
			code = read_database(live, bson_iter_utf8(&name, NULL), filter, &found, e);
	}
	bson_destroy(&reply);
	if (code < 0)
		return code;
	if (found.count > 1)
		qsort(found.at, found.count, sizeof(*found.at), compare);
	find_lone_buckets(&found);
	*ret = found;
	found = (struct live_list){0};
	return 0;
}

struct search {
	const char *coll;
	const uint8_t *uuid;
	bool found;
};

static int look_at(void *ctx, const bson_t *doc, struct error *e UNUSED)
{
	struct search *search = ctx;
	uint8_t uuid[16];
	bson_iter_t name;

	if (read_uuid(doc, uuid) && memcmp(uuid, search->uuid, sizeof(uuid)) == 0 &&
	    bson_iter_init_find(&name, doc, "name") && BSON_ITER_HOLDS_UTF8(&name) &&
	    strcmp(bson_iter_utf8(&name, NULL), search->coll) == 0)
		search->found = true;
	return 0;
}

int live_list_has(struct live *live, const char *db, const char *coll, const uint8_t uuid[16],
		  struct error *e)
{
	struct search search = {.coll = coll, .uuid = uuid};
	bson_t *command = BCON_NEW("listCollections", BCON_INT32(1));
	int code = list(live, db, command, look_at, &search, e);

	bson_destroy(command);
	return code < 0 ? code : search.found;
}
