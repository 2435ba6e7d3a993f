#include "tools/restore_there.h"

#include <stdlib.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "tools/live_reply.h"
#include "tools/restore_spec.h"

struct entry {
	char *name, *type;
	struct buf options;
	bool has_uuid;
	uint8_t uuid[16];
};

struct database {
	char *name;
	struct entry *at;
	size_t count;
};

struct restore_there {
	struct restore_target *target;
	mongoc_client_t *client;
	struct database *at;
	size_t count;
	bool listed; /* all databases */
};

struct restore_there *restore_there_new(struct restore_target *target)
{
	struct restore_there *there = xcalloc(1, sizeof(*there));

	there->target = target;
	there->client = restore_target_take(target);
	return there;
}

void restore_there_free(struct restore_there *there)
{
	if (there == NULL)
		return;
	for (size_t d = 0; d < there->count; d++) {
		struct database *database = &there->at[d];

		for (size_t i = 0; i < database->count; i++) {
			free(database->at[i].name);
			free(database->at[i].type);
			buf_release(&database->at[i].options);
		}
		free(database->at);
		free(database->name);
	}
	free(there->at);
	restore_target_give(there->target, there->client);
	free(there);
}

static void add_uuid(struct entry *entry, const bson_t *doc)
{
	bson_iter_t at, uuid;
	const uint8_t *data;
	bson_subtype_t kind;
	uint32_t len;

	if (!bson_iter_init(&at, doc) || !bson_iter_find_descendant(&at, "info.uuid", &uuid) ||
	    !BSON_ITER_HOLDS_BINARY(&uuid))
		return;
	bson_iter_binary(&uuid, &kind, &len, &data);
	entry->has_uuid = len == sizeof(entry->uuid);
	if (entry->has_uuid)
		memcpy(entry->uuid, data, sizeof(entry->uuid));
}

static void add(struct database *database, const bson_t *doc)
{
	struct entry *entry;
	bson_iter_t at;

	if (!bson_iter_init_find(&at, doc, "name") || !BSON_ITER_HOLDS_UTF8(&at))
		return;
	database->at = xrealloc(database->at, (database->count + 1) * sizeof(*database->at));
	entry = &database->at[database->count++];
	*entry = (struct entry){.name = xstrdup(bson_iter_utf8(&at, NULL))};
	entry->type = xstrdup(bson_iter_init_find(&at, doc, "type") && BSON_ITER_HOLDS_UTF8(&at)
				      ? bson_iter_utf8(&at, NULL)
				      : "collection");
	add_uuid(entry, doc);
	if (bson_iter_init_find(&at, doc, "options") && BSON_ITER_HOLDS_DOCUMENT(&at)) {
		const uint8_t *data;
		uint32_t len;

		bson_iter_document(&at, &len, &data);
		buf_add(&entry->options, data, len);
	} else {
		buf_add(&entry->options, "\5\0\0\0", 5);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int list(struct restore_there *there, struct database *database, struct error *e)
{
	mongoc_database_t *handle = mongoc_client_get_database(there->client, database->name);
	mongoc_cursor_t *cursor = mongoc_database_find_collections_with_opts(handle, NULL);
	bson_error_t why;
	const bson_t *doc;
	int code = 0;

	while (live_reply_next(cursor, &doc))
		add(database, doc);
	if (live_reply_error(cursor, &why))
		code = restore_target_error(there->target, &why, "listing collections", e);
	mongoc_cursor_destroy(cursor);
	mongoc_database_destroy(handle);
	if (database->count > 1)
		qsort(database->at, database->count, sizeof(*database->at), by_name);
	return code;
}

static int database_of(struct restore_there *there, const char *db, struct database **ret,
		       struct error *e)
{
	for (size_t i = 0; i < there->count; i++)
		if (strcmp(there->at[i].name, db) == 0) {
			*ret = &there->at[i];
			return 0;
		}
	there->at = xrealloc(there->at, (there->count + 1) * sizeof(*there->at));
	*ret = &there->at[there->count++];
	**ret = (struct database){.name = xstrdup(db)};
	return list(there, *ret, e);
}

int restore_there_find(struct restore_there *there, const char *db, const char *coll,
		       const char **ret_type, struct bytes *ret_options, struct error *e)
{
	struct database *database = NULL;
	struct entry key = {.name = (char *)(uintptr_t)coll};
	const struct entry *found;

	if (database_of(there, db, &database, e) < 0)
		return e->code;
	found = database->count == 0 ? NULL
				     : bsearch(&key, database->at, database->count,
					       sizeof(*database->at), by_name);
	if (found == NULL)
		return 0;
	*ret_type = found->type;
	*ret_options = buf_bytes(&found->options);
	return 1;
}

static int list_all(struct restore_there *there, struct error *e)
{
	bson_error_t why;
	char **names;
	int code = 0;

	if (there->listed)
		return 0;
	names = mongoc_client_get_database_names_with_opts(there->client, NULL, &why);
	if (names == NULL)
		return restore_target_error(there->target, &why, "listing databases", e);
	for (char **name = names; *name != NULL && code >= 0; name++) {
		struct database *unused;

		code = database_of(there, *name, &unused, e);
	}
	bson_strfreev(names);
	there->listed = code >= 0;
	return code;
}

int restore_there_uuid(struct restore_there *there, const uint8_t *uuid, const char **ret_db,
		       const char **ret_coll, struct error *e)
{
	if (list_all(there, e) < 0)
		return e->code;
	for (size_t d = 0; d < there->count; d++) {
		const struct database *database = &there->at[d];

		for (size_t i = 0; i < database->count; i++) {
			const struct entry *entry = &database->at[i];

			if (!entry->has_uuid || memcmp(entry->uuid, uuid, sizeof(entry->uuid)) != 0)
				continue;
			*ret_db = database->name;
			*ret_coll = entry->name;
			return 1;
		}
	}
	return 0;
}

int restore_there_has_data(struct restore_there *there, const char *db, const char *coll,
			   struct error *e)
{
	mongoc_collection_t *collection = mongoc_client_get_collection(there->client, db, coll);
	bson_t *options = BCON_NEW("limit", BCON_INT64(1), "singleBatch", BCON_BOOL(true),
				   "projection", "{", "_id", BCON_INT32(1), "}");
	bson_t filter = BSON_INITIALIZER;
	mongoc_cursor_t *cursor =
		mongoc_collection_find_with_opts(collection, &filter, options, NULL);
	bson_error_t why;
	const bson_t *doc;
	int code = live_reply_next(cursor, &doc);

	if (live_reply_error(cursor, &why))
		code = restore_target_error(there->target, &why, coll, e);
	mongoc_cursor_destroy(cursor);
	bson_destroy(&filter);
	bson_destroy(options);
	mongoc_collection_destroy(collection);
	return code;
}

/* A server lists all of a collection's 64 at once. */
int restore_there_indexes(struct restore_there *there, const char *db, const char *coll,
			  struct buf *ret_ttl, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf reply = {0};
	OWNED(buf_release) struct buf on_id = {0};
	struct bytes batch;
	size_t begin = bson_build_begin(&command);
	int code;

	bson_build_string(&command, "listIndexes", bytes_str(coll));
	bson_build_end(&command, begin);
	code = restore_target_run(there->target, there->client, db, buf_bytes(&command), &reply,
				  NULL, e);
	if (code == 1)
		code = restore_target_batch(buf_bytes(&reply), &batch, e);
	if (code == 1)
		code = restore_spec_indexes(bson_build_empty(), batch, false, &on_id, ret, ret_ttl,
					    e) < 0
			       ? e->code
			       : 1;
	return code;
}
