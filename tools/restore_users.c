#include "tools/restore_users.h"

#include <stdio.h>
#include <string.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "store/tree/tree_cursor.h"
#include "tools/live_reply.h"
#include "tools/restore_accounts.h"

#define BATCH_BYTES (1 * MIB)

/* Where the server takes them from, both in admin; as mongorestore names them. */
#define TEMP_USERS "tempusers"
#define TEMP_ROLES "temproles"

/* Users or roles: where the server has them. */
struct kind {
	const char *coll, *ns, *temp;
};

static const struct kind users = {"system.users", "admin.system.users", TEMP_USERS};
static const struct kind roles = {"system.roles", "admin.system.roles", TEMP_ROLES};

struct job {
	struct moment *moment;
	struct restore_target *target;
	mongoc_client_t *client;
	const struct ns_filter *filter;
	enum restore_mode mode;
	struct restore_notes *notes;
	struct restore_users_result *result;
	const char *
		db; /* whose are meant, and beside whose collections they lie; NULL: admin, those of all */
	struct buf batch; /* elements of an array */
	unsigned count;
	/* What walk() is for, and what it counted. */
	const struct kind *kind;
	uint64_t wanted, same, other;
};

/* Were all of them refused for being there already? */
static bool are_there(const struct bson_field *errors)
{
	struct bson_fields fields = bson_fields(errors->value);
	struct bson_field one;
	struct error ignored;
	int more;

	while ((more = bson_fields_next(&fields, &one, &ignored)) > 0)
		if (one.type != BSON_KIND_DOCUMENT ||
		    restore_target_code(one.value) != RESTORE_TARGET_DUPLICATE)
			return false;
	return more == 0;
}

static int run(struct job *job, struct buf *command, size_t begin, bool may_be_there,
	       struct error *e)
{
	OWNED(buf_release) struct buf reply = {0};
	const char *what = "users and roles";
	struct bson_field errors;
	int code;

	bson_build_end(command, begin);
	code = restore_target_run(job->target, job->client, "admin", buf_bytes(command), &reply,
				  NULL, e);
	if (code == 1 && bson_find(buf_bytes(&reply), "writeErrors", &errors, e) > 0 &&
	    !(may_be_there && are_there(&errors)))
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

/* Insert the batch; with `may_be_there` only what is not there. */
static int flush(struct job *job, bool may_be_there, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command), array;

	if (job->count == 0)
		return 0;
	bson_build_string(&command, "insert", bytes_str(job->kind->temp));
	array = bson_build_open_array(&command, "documents");
	buf_add_bytes(&command, buf_bytes(&job->batch));
	bson_build_end(&command, array);
	bson_build_bool(&command, "ordered", !may_be_there);
	restore_target_majority(&command);
	buf_reset(&job->batch);
	job->count = 0;
	return run(job, &command, begin, may_be_there, e);
}

static int add(struct job *job, struct bytes doc, bool may_be_there, struct error *e)
{
	char number[24];

	snprintf(number, sizeof(number), "%u", job->count++);
	bson_build_value(&job->batch, number, BSON_KIND_DOCUMENT, doc);
	return job->batch.len > BATCH_BYTES ? flush(job, may_be_there, e) : 0;
}

/*
 * Is it of a database that is restored? What lies beside one database's collections is taken for that only, as the server does it:
 * who can write the files of shop is not to make users of admin.
 */
static int is_wanted(struct job *job, struct bytes doc, struct error *e)
{
	OWNED(free) char *db = NULL;
	struct bson_field field;
	struct bytes text;
	int found;

	if (job->db == NULL && !ns_filter_is_partial(job->filter))
		return 1;
	found = bson_find(doc, "db", &field, e);
	if (found <= 0 || field.type != BSON_KIND_STRING)
		return MIN_OF(found, 0);
	if (bson_text(field.value, &text, e) < 0)
		return e->code;
	if (job->db != NULL)
		return bytes_equal(text, bytes_str(job->db));
	db = xstrndup((const char *)text.at, text.len);
	return ns_filter_takes(job->filter, db, "*", 1);
}

/* Where the moment has them: 1, 0 it has none. */
static int find_stored(struct job *job, struct catalog_entry *ret, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};

	if (job->db == NULL)
		buf_add_str(&ns, job->kind->ns);
	else
		buf_printf(&ns, "%s." RESTORE_ACCOUNTS_BESIDE "%s", job->db, job->kind->coll);
	return moment_find(job->moment, buf_bytes(&ns), NULL, ret, e);
}

/* `take` is called for each user (or role) of the moment that is wanted. */
static int walk(struct job *job, int (*take)(struct job *job, struct bytes doc, struct error *e),
		struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	struct bytes doc;
	int more;

	catalog_entry_init(&entry);
	job->wanted = job->same = job->other = 0;
	more = find_stored(job, &entry, e);
	if (more <= 0)
		return more;
	if (moment_resolve(job->moment, &entry, e) < 0)
		return e->code;
	cursor = tree_cursor_new(moment_store(job->moment), &entry.root);
	while ((more = tree_cursor_next(cursor, &doc, e)) > 0) {
		int wanted = is_wanted(job, doc, e);

		if (wanted < 0 || (wanted > 0 && take(job, doc, e) < 0))
			return e->code;
		job->wanted += wanted > 0;
	}
	return more;
}

/* ---- what is there */

/* But for the order of their fields and the id of a user that was made anew. */
static bool are_same(struct bytes a, struct bytes b)
{
	struct bson_fields fields = bson_fields(a);
	struct bson_field field, other;
	struct error ignored;
	int more;

	while ((more = bson_fields_next(&fields, &field, &ignored)) > 0) {
		OWNED(free) char *name = xstrndup((const char *)field.name.at, field.name.len);

		if (strcmp(name, "userId") == 0)
			continue;
		if (bson_find(b, name, &other, &ignored) <= 0 || other.type != field.type ||
		    !bytes_equal(other.value, field.value))
			return false;
	}
	return more == 0;
}

/* The document of the target with the _id of `doc`: 1; 0 there is none; ERR_REFUSED. */
static int find(struct job *job, struct bytes doc, struct buf *ret_reply, struct bytes *ret,
		struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command), filter;
	struct bson_field id, field;
	struct bson_fields fields;
	struct bytes batch;
	int code = bson_find(doc, "_id", &id, e);

	if (code <= 0)
		return code;
	bson_build_string(&command, "find", bytes_str(job->kind->coll));
	filter = bson_build_open(&command, "filter");
	bson_build_value(&command, "_id", id.type, id.value);
	bson_build_end(&command, filter);
	bson_build_bool(&command, "singleBatch", true);
	bson_build_end(&command, begin);
	code = restore_target_run(job->target, job->client, "admin", buf_bytes(&command), ret_reply,
				  NULL, e);
	if (code == 0)
		return restore_target_refused(buf_bytes(ret_reply), job->kind->ns, e);
	if (code > 0)
		code = restore_target_batch(buf_bytes(ret_reply), &batch, e);
	if (code < 0)
		return code;
	fields = bson_fields(batch);
	code = bson_fields_next(&fields, &field, e);
	if (code > 0)
		*ret = field.value;
	return code;
}

static int count_one(struct job *job, struct bytes doc, struct error *e)
{
	OWNED(buf_release) struct buf reply = {0};
	struct bytes there;
	int found = find(job, doc, &reply, &there, e);

	if (found < 0)
		return found;
	if (found > 0 && are_same(doc, there) && are_same(there, doc))
		job->same++;
	else if (found > 0)
		job->other++;
	return 0;
}

static int tell_one(struct job *job, struct bytes doc, struct error *e)
{
	uint64_t same = job->same, other = job->other;

	if (count_one(job, doc, e) < 0)
		return e->code;
	if (job->same == same)
		restore_notes_document(job->notes,
				       job->other > other ? RESTORE_NOTE_ID : RESTORE_NOTE_MISSING,
				       job->kind->ns, doc, bytes_of(NULL, 0));
	return 0;
}

/* Those that are there, and not in `temp` yet: with them in it nobody is dropped. */
static int add_others(struct job *job, struct error *e)
{
	mongoc_collection_t *coll =
		mongoc_client_get_collection(job->client, "admin", job->kind->coll);
	bson_t all = BSON_INITIALIZER;
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(coll, &all, NULL, NULL);
	const bson_t *doc;
	bson_error_t why;
	int code = 0;

	while (code >= 0 && live_reply_next(cursor, &doc)) {
		struct bytes other = bytes_of(bson_get_data(doc), doc->len);

		code = job->db == NULL ? 1 : is_wanted(job, other, e);
		if (code > 0)
			code = add(job, other, true, e);
	}
	if (code >= 0 && live_reply_error(cursor, &why))
		code = restore_target_error(job->target, &why, job->kind->ns, e);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(coll);
	bson_destroy(&all);
	return code < 0 ? code : flush(job, true, e);
}

/* ---- what is done */

static int add_one(struct job *job, struct bytes doc, struct error *e)
{
	return add(job, doc, false, e);
}

/* Do those go that the moment does not have? */
static bool starts_anew(const struct job *job)
{
	return job->mode == RESTORE_MODE_DROP &&
	       (job->db != NULL || !ns_filter_is_partial(job->filter));
}

/* 1: there are some, now in kind->temp; or there were none, and so it is to be again. */
static int fill(struct job *job, const struct kind *kind, struct error *e)
{
	int there;

	job->kind = kind;
	if (drop(job, kind->temp, e) < 0 || walk(job, add_one, e) < 0 || flush(job, false, e) < 0)
		return e->code;
	there = job->wanted > 0 ? 1 : find_stored(job, NULL, e);
	return there < 0 ? there : job->wanted > 0 || (there > 0 && starts_anew(job));
}

static int merge(struct job *job, bool with_users, bool with_roles, bool replace, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command);

	bson_build_int32(&command, "_mergeAuthzCollections", 1);
	bson_build_string(&command, "tempUsersCollection",
			  bytes_str(with_users ? "admin." TEMP_USERS : ""));
	bson_build_string(&command, "tempRolesCollection",
			  bytes_str(with_roles ? "admin." TEMP_ROLES : ""));
	bson_build_string(&command, "db", bytes_str(job->db == NULL ? "" : job->db));
	bson_build_bool(&command, "drop", replace);
	restore_target_majority(&command);
	return run(job, &command, begin, false, e);
}

/*
 * The server replaces those that are there only with `drop`, which takes away all others, too (mergeAuthzCollections in
 * user_management_commands.cpp). So where others are to stay, they are given to it with the rest.
 */
static int merge_into(struct job *job, bool with_users, bool with_roles, struct error *e)
{
	bool alone = starts_anew(job);
	uint64_t other = 0;

	if (alone || !restore_mode_replaces(job->mode))
		return merge(job, with_users, with_roles, alone, e);
	for (size_t i = 0; i < 2; i++) {
		job->kind = i == 0 ? &users : &roles;
		if (walk(job, count_one, e) < 0)
			return e->code;
		other += job->other;
	}
	for (size_t i = 0; other > 0 && i < 2; i++) {
		job->kind = i == 0 ? &users : &roles;
		if ((i == 0 ? with_users : with_roles) && add_others(job, e) < 0)
			return e->code;
	}
	return merge(job, with_users, with_roles, other > 0, e);
}

/* How many are there now as they were; the others are told. */
static int take_result(struct job *job, const struct kind *kind, uint64_t *ret_count,
		       uint64_t *kept, struct error *e)
{
	job->kind = kind;
	if (walk(job, tell_one, e) < 0)
		return e->code;
	*kept += job->other;
	*ret_count += job->same;
	return 0;
}

/* Those of one place. */
static int restore(void *ctx, const char *db, struct error *e)
{
	struct job *job = ctx;
	struct restore_users_result *ret = job->result;
	int with_users, with_roles, code;
	struct error ignored = {0};

	job->db = db;
	with_users = fill(job, &users, e);
	with_roles = with_users < 0 ? with_users : fill(job, &roles, e);
	code = with_roles < 0		      ? with_roles
	       : with_users + with_roles == 0 ? 0
					      : merge_into(job, with_users > 0, with_roles > 0, e);
	if (drop(job, users.temp, code < 0 ? &ignored : e) < 0 && code >= 0)
		code = e->code;
	if (drop(job, roles.temp, code < 0 ? &ignored : e) < 0 && code >= 0)
		code = e->code;
	if (code < 0 || take_result(job, &users, &ret->users, &ret->kept, e) < 0)
		return e->code;
	return take_result(job, &roles, &ret->roles, &ret->kept, e);
}

int restore_users_run(struct moment *moment, struct restore_target *target,
		      const struct ns_filter *filter, enum restore_mode mode,
		      struct restore_notes *notes, struct restore_users_result *ret,
		      struct error *e)
{
	struct job job = {
		.moment = moment,
		.target = target,
		.filter = filter,
		.mode = mode,
		.notes = notes,
		.result = ret,
	};
	int code;

	*ret = (struct restore_users_result){0};
	job.client = restore_target_take(target);
	code = restore_accounts_each(moment, filter, restore, &job, e);
	restore_target_give(target, job.client);
	buf_release(&job.batch);
	return code;
}
