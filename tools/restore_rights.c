#include "tools/restore_rights.h"

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/buckets.h"
#include "tools/live_denied.h"
#include "tools/restore_spec.h"
#include "tools/term.h"

#define ACTIONS_MAX 9

struct wanted {
	const char *at[ACTIONS_MAX];
	size_t count;
	bool insert_creates; /* who may insert may make it, too */
	bool update_waits; /* what was written is only waited for: an update that changes nothing does that, too */
};

static void want(struct wanted *wanted, const char *action, bool when)
{
	if (when)
		wanted->at[wanted->count++] = action;
}

/* 0 or an error. */
static int want_all(struct wanted *wanted, const struct restore_plan_item *item,
		    const struct restore_options *how, bool waits, struct error *e)
{
	/* Buckets are made and dropped with their series. */
	bool anew = !item->is_buckets &&
		    (item->action == RESTORE_CREATE || item->action == RESTORE_RECREATE);
	bool writes = item->entry.type == CATALOG_COLLECTION && item->documents > 0;
	bool fills =
		!item->is_buckets && item->action != RESTORE_MERGE && item->action != RESTORE_LEAVE;
	bool has_indexes = item->indexes.len > 0 || item->ttl.len > 0, capped;

	if (catalog_is_capped(buf_bytes(&item->entry.options), &capped, e) < 0)
		return e->code;
	want(wanted, "dropCollection", anew && item->action == RESTORE_RECREATE);
	want(wanted, "createCollection", anew);
	want(wanted, "convertToCapped", anew && capped);
	want(wanted, "insert", writes);
	want(wanted, "bypassDocumentValidation", writes && item->bypasses);
	want(wanted, "update",
	     writes && item->action == RESTORE_MERGE && restore_mode_replaces(how->mode));
	/* That documents expire is said last, by restore_create_expire(). */
	want(wanted, "collMod", item->expire.len > 0 && fills);
	want(wanted, "createIndex", has_indexes && fills);
	/* What was written is waited for, and read back. */
	want(wanted, "find",
	     (writes && waits) || (item->entry.type == CATALOG_COLLECTION && !how->no_verify));
	wanted->insert_creates = item->entry.type != CATALOG_VIEW;
	wanted->update_waits = how->no_verify;
	return 0;
}

static bool is_text(struct bytes doc, const char *name, const char *text)
{
	struct error ignored = {0};
	struct bson_field field;
	struct bytes value;

	return bson_find(doc, name, &field, &ignored) > 0 && field.type == BSON_KIND_STRING &&
	       bson_text(field.value, &value, &ignored) >= 0 && bytes_equal(value, bytes_str(text));
}

/* {db, collection}, of which "" is any, {system_buckets}, or {anyResource: true}; {cluster: true} where no database is meant. */
static bool covers(struct bytes resource, const char *db, const char *coll)
{
	struct error ignored = {0};
	struct bson_field field;
	struct bytes series;
	const char *name;
	bool in_db;

	if (bson_find(resource, "anyResource", &field, &ignored) > 0 ||
	    (*db == '\0' && bson_find(resource, "cluster", &field, &ignored) > 0))
		return true;
	in_db = is_text(resource, "db", "") || is_text(resource, "db", db);
	if (!buckets_is(bytes_str(coll), &series))
		return in_db && (is_text(resource, "collection", "") ||
				 is_text(resource, "collection", coll));
	/* Of buckets any collection does not mean any; and that any database is meant need not be said. */
	if (bson_find(resource, "system_buckets", &field, &ignored) <= 0)
		return in_db && is_text(resource, "collection", coll);
	name = (const char *)series.at;
	return (in_db || bson_find(resource, "db", &field, &ignored) == 0) &&
	       (is_text(resource, "system_buckets", "") ||
		is_text(resource, "system_buckets", name));
}

static void take_one(struct wanted *wanted, struct bytes action)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (bytes_equal(action, bytes_str(wanted->at[i])))
			wanted->at[i--] = wanted->at[--wanted->count];
}

static void take_action(struct wanted *wanted, struct bytes action)
{
	if (bytes_equal(action, bytes_str("anyAction")))
		wanted->count = 0;
	if (wanted->insert_creates && bytes_equal(action, bytes_str("insert")))
		take_one(wanted, bytes_str("createCollection"));
	if (wanted->update_waits && bytes_equal(action, bytes_str("update")))
		take_one(wanted, bytes_str("find"));
	take_one(wanted, action);
}

/* Take out of `wanted` what one privilege gives. */
static int take_given(struct bytes privilege, const char *db, const char *coll,
		      struct wanted *wanted, struct error *e)
{
	struct bson_field resource, actions, action;
	struct bson_fields fields;
	struct bytes name;
	int more = bson_find(privilege, "resource", &resource, e);

	if (more > 0)
		more = bson_find(privilege, "actions", &actions, e);
	if (more <= 0 || resource.type != BSON_KIND_DOCUMENT || actions.type != BSON_KIND_ARRAY ||
	    !covers(resource.value, db, coll))
		return MIN_OF(more, 0);
	fields = bson_fields(actions.value);
	while ((more = bson_fields_next(&fields, &action, e)) > 0)
		if (action.type == BSON_KIND_STRING && bson_text(action.value, &name, e) >= 0)
			take_action(wanted, name);
	return more;
}

static int take_all_given(struct bytes privileges, const char *db, const char *coll,
			  struct wanted *wanted, struct error *e)
{
	struct bson_fields fields = bson_fields(privileges);
	struct bson_field field;
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0)
		if (field.type == BSON_KIND_DOCUMENT &&
		    take_given(field.value, db, coll, wanted, e) < 0)
			return e->code;
	return more;
}

static int refuse(const struct restore_plan_item *item, const struct wanted *wanted,
		  struct error *e)
{
	OWNED(buf_release) struct buf shown = {0};
	OWNED(buf_release) struct buf lacks = {0};

	for (size_t i = 0; i < wanted->count; i++)
		buf_printf(&lacks, "%s%s", i == 0 ? "" : ", ", wanted->at[i]);
	error_set(e, ERR_REFUSED, "the user has no right to %s in %s", buf_text(&lacks),
		  term_escaped(bytes_str(item->ns), &shown));
	return error_hint(e, LIVE_DENIED_WRITING);
}

/*
 * A server without --auth takes a user's name and lets anybody do anything: it answers what this one has no right to ask. 1 or 0.
 */
static int is_enforced(struct restore_target *target, mongoc_client_t *client,
		       struct bytes privileges, struct error *e)
{
	struct wanted wanted = {.at = {"getCmdLineOpts"}, .count = 1};
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf reply = {0};
	size_t begin = bson_build_begin(&command);
	int code;

	bson_build_int32(&command, "getCmdLineOpts", 1);
	bson_build_end(&command, begin);
	if (take_all_given(privileges, "", "", &wanted, e) < 0)
		return e->code;
	if (wanted.count == 0) /* it may ask that: nothing to learn from */
		return 1;
	code = restore_target_run(target, client, "admin", buf_bytes(&command), &reply, NULL, e);
	return code < 0 ? code : code == 0;
}

static int check_items(struct bytes privileges, const struct restore_plan *plan,
		       const struct restore_options *how, bool waits,
		       const struct restore_plan_item **ret, struct wanted *ret_lacks,
		       struct error *e)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct restore_plan_item *item = &plan->at[i];
		struct wanted wanted = {.count = 0};

		if (strncmp(item->coll, "system.", 7) == 0 && !item->is_buckets)
			continue;
		if (want_all(&wanted, item, how, waits, e) < 0 ||
		    take_all_given(privileges, item->db, item->coll, &wanted, e) < 0)
			return e->code;
		if (wanted.count == 0)
			continue;
		*ret = item;
		*ret_lacks = wanted;
		return 0;
	}
	return 1;
}

/* A collection with a UUID of ours is made by applyOps: a right of its own from 5.0 on, which not each 5.0 gives the role restore. */
static bool lacks_apply(const struct restore_target *target, const struct restore_plan *plan,
			struct bytes privileges)
{
	struct wanted wanted = {.at = {"applyOps"}, .count = 1};
	struct error ignored = {0};
	bool makes = false;

	for (size_t i = 0; i < plan->count; i++) {
		const struct restore_plan_item *item = &plan->at[i];

		makes |= item->entry.type == CATALOG_COLLECTION && item->entry.has_uuid &&
			 (item->action == RESTORE_CREATE || item->action == RESTORE_RECREATE);
	}
	return makes && restore_target_is(target, 5, 0) &&
	       take_all_given(privileges, "", "", &wanted, &ignored) >= 0 && wanted.count > 0;
}

static int refuse_apply(struct error *e)
{
	error_set(e, ERR_REFUSED, "the user has no right to applyOps, which --preserveUUID needs");
	return error_hint(e, "a role with the action applyOps on the cluster; or without "
			     "--preserveUUID");
}

/* What {connectionStatus: 1, showPrivileges: true} tells. 1; 0 nobody has to say who he is, or it is not told. */
static int find_privileges(struct bytes reply, struct bytes *ret, struct error *e)
{
	struct bson_field info, users, given;
	int found = bson_find(reply, "authInfo", &info, e);

	if (found > 0)
		found = bson_find(info.value, "authenticatedUsers", &users, e);
	if (found > 0)
		found = bson_find(info.value, "authenticatedUserPrivileges", &given, e);
	if (found <= 0 || users.value.len == BSON_MIN_LEN || given.type != BSON_KIND_ARRAY)
		return MIN_OF(found, 0);
	*ret = given.value;
	return 1;
}

static int check(struct restore_target *target, mongoc_client_t *client,
		 const struct restore_plan *plan, const struct restore_options *how,
		 struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	OWNED(buf_release) struct buf reply = {0};
	const struct restore_plan_item *item = NULL;
	size_t begin = bson_build_begin(&command);
	struct bytes privileges;
	struct wanted lacks = {.count = 0};
	bool no_apply;
	int code;

	bson_build_int32(&command, "connectionStatus", 1);
	bson_build_bool(&command, "showPrivileges", true);
	bson_build_end(&command, begin);
	code = restore_target_run(target, client, "admin", buf_bytes(&command), &reply, NULL, e);
	if (code == 1)
		code = find_privileges(buf_bytes(&reply), &privileges, e);
	if (code <= 0)
		return code;
	no_apply = how->preserve_uuid && lacks_apply(target, plan, privileges);
	code = check_items(privileges, plan, how, target->is_replica_set, &item, &lacks, e);
	if (code < 0 || (code > 0 && !no_apply))
		return MIN_OF(code, 0);
	code = is_enforced(target, client, privileges, e);
	if (code <= 0)
		return code;
	return item != NULL ? refuse(item, &lacks, e) : refuse_apply(e);
}

int restore_rights_check(struct restore_target *target, const struct restore_plan *plan,
			 const struct restore_options *how, struct error *e)
{
	mongoc_client_t *client = restore_target_take(target);
	int code = check(target, client, plan, how, e);

	restore_target_give(target, client);
	return code;
}
