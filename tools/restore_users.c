#include "tools/restore_users.h"

#include <stdio.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "store/tree/tree_cursor.h"

#define TEMP_USERS "tempusers" /* the role "restore" may read these two */
#define TEMP_ROLES "temproles"
#define BATCH_BYTES (1 * MIB)

struct job {
	struct moment *moment;
	struct restore_target *target;
	mongoc_client_t *client;
	const struct ns_filter *filter;
	struct buf batch; /* elements of an array */
	unsigned count;
};

static int run(struct job *job, struct buf *command, size_t begin, const char *what,
	       struct error *e)
{
	OWNED(buf_release) struct buf reply = {0};
	struct bson_field errors;
	int code;

	bson_build_end(command, begin);
	code = restore_target_run(job->target, job->client, "admin", buf_bytes(command), &reply,
				  NULL, e);
	if (code == 1 && bson_find(buf_bytes(&reply), "writeErrors", &errors, e) > 0)
		return error_set(e, ERR_REMOTE, "%s: the server does not take them", what);
	return code == 0 ? restore_target_refused(buf_bytes(&reply), what, e) : MIN_OF(code, 0);
}

static int drop(struct job *job, const char *coll, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf reply = {0};
	size_t begin = bson_build_begin(&command);
	int code;

	bson_build_string(&command, "drop", bytes_str(coll));
	bson_build_end(&command, begin);
	code = restore_target_run(job->target, job->client, "admin", buf_bytes(&command), &reply,
				  NULL, e);
	if (code == 0 && restore_target_code(buf_bytes(&reply)) != RESTORE_TARGET_NO_NAMESPACE)
		return restore_target_refused(buf_bytes(&reply), coll, e);
	return MIN_OF(code, 0);
}

static int flush(struct job *job, const char *coll, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command), array;
	const char *what = "users and roles";

	if (job->count == 0)
		return 0;
	bson_build_string(&command, "insert", bytes_str(coll));
	array = bson_build_open_array(&command, "documents");
	buf_add_bytes(&command, buf_bytes(&job->batch));
	bson_build_end(&command, array);
	restore_target_majority(&command);
	buf_reset(&job->batch);
	job->count = 0;
	return run(job, &command, begin, what, e);
}

/* Is it of a database that is restored? */
static int is_wanted(struct job *job, struct bytes doc, struct error *e)
{
	OWNED(free) char *db = NULL;
	struct bson_field field;
	struct bytes text;
	int found;

	if (!ns_filter_is_partial(job->filter))
		return 1;
	found = bson_find(doc, "db", &field, e);
	if (found <= 0 || field.type != BSON_KIND_STRING)
		return MIN_OF(found, 0);
	if (bson_text(field.value, &text, e) < 0)
		return e->code;
	db = xstrndup((const char *)text.at, text.len);
	return ns_filter_takes(job->filter, db, "*", 1);
}

/* 1: there are some, now in `temp`. */
static int fill(struct job *job, const char *ns, const char *temp, uint64_t *ret_count,
		struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct bytes doc;
	char number[24];
	int more;

	catalog_entry_init(&entry);
	if (drop(job, temp, e) < 0)
		return e->code;
	more = moment_find(job->moment, bytes_str(ns), NULL, &entry, e);
	if (more <= 0)
		return more;
	if (moment_resolve(job->moment, &entry, e) < 0)
		return e->code;
	cursor = tree_cursor_new(moment_store(job->moment), &entry.root);
	while ((more = tree_cursor_next(cursor, &doc, e)) > 0) {
		int wanted = is_wanted(job, doc, e);

		if (wanted < 0)
			return wanted;
		if (wanted == 0)
			continue;
		snprintf(number, sizeof(number), "%u", job->count++);
		bson_build_value(&job->batch, number, BSON_KIND_DOCUMENT, doc);
		++*ret_count;
		if (job->batch.len > BATCH_BYTES && flush(job, temp, e) < 0)
			return e->code;
	}
	if (more < 0 || flush(job, temp, e) < 0)
		return e->code;
	return *ret_count > 0;
}

static int merge(struct job *job, bool users, bool roles, bool drop_others, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command);

	bson_build_int32(&command, "_mergeAuthzCollections", 1);
	bson_build_string(&command, "tempUsersCollection",
			  bytes_str(users ? "admin." TEMP_USERS : ""));
	bson_build_string(&command, "tempRolesCollection",
			  bytes_str(roles ? "admin." TEMP_ROLES : ""));
	bson_build_string(&command, "db", bytes_str(""));
	bson_build_bool(&command, "drop", drop_others && !ns_filter_is_partial(job->filter));
	restore_target_majority(&command);
	return run(job, &command, begin, "users and roles", e);
}

static int restore(struct job *job, bool drop_others, struct restore_users_result *ret,
		   struct error *e)
{
	int users = fill(job, "admin.system.users", TEMP_USERS, &ret->users, e);
	int roles = users < 0 ? users : fill(job, "admin.system.roles", TEMP_ROLES, &ret->roles, e);
	struct error ignored = {0};
	int code = roles < 0		? roles
		   : users + roles == 0 ? 0
					: merge(job, users > 0, roles > 0, drop_others, e);

	if (drop(job, TEMP_USERS, code < 0 ? &ignored : e) < 0 && code >= 0)
		code = e->code;
	if (drop(job, TEMP_ROLES, code < 0 ? &ignored : e) < 0 && code >= 0)
		code = e->code;
	return code;
}

int restore_users_run(struct moment *moment, struct restore_target *target,
		      const struct ns_filter *filter, bool drop_others,
		      struct restore_users_result *ret, struct error *e)
{
	struct job job = {.moment = moment, .target = target, .filter = filter};
	int code;

	*ret = (struct restore_users_result){0};
	job.client = restore_target_take(target);
	code = restore(&job, drop_others, ret, e);
	restore_target_give(target, job.client);
	buf_release(&job.batch);
	return code;
}
