/* The deployment's users and roles. Prefix: handle_ */
#include <stdio.h>

#include "query/value.h"
#include "wire/auth_name.h"
#include "wire/filter.h"
#include "wire/handlers.h"
#include "wire/query_call.h"

/* ---- which documents of admin.system.users or system.roles are meant */

static void add_pair(struct buf *b, const char *field, struct bytes name, struct bytes db)
{
	struct value v = value_string(name);

	value_write(b, bytes_str(field), &v);
	bson_build_string(b, "db", db);
}

/* One of "name" and {user: "name", db: "db"}: its conditions appended to a document that is being built. */
static int add_who(struct call *call, const char *field, const struct bson_field *who,
		   struct buf *b, struct error *e)
{
	bool is_user = strcmp(field, "user") == 0;
	struct bytes name, db;

	if (who->type == BSON_KIND_STRING) {
		add_pair(b, field, value_of_field(who).data, call->db);
		return 0;
	}
	if (who->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_BAD_VALUE, "%s must be either a string or an object",
				   is_user ? "UserName" : "RoleName");
	if (auth_name_parse(who->value, is_user, &name, &db, e) < 0)
		return e->code;
	add_pair(b, field, name, db);
	return 0;
}

/* {$or: [...]} of an array of them. */
static int add_several(struct call *call, const char *field, struct buf *b, struct error *e)
{
	struct fields fields = fields_of(call->first.value);
	size_t array = bson_build_open_array(b, "$or"), count = 0;
	struct bson_field who;
	char index[24];

	while (fields_next(&fields, &who)) {
		size_t doc;

		snprintf(index, sizeof(index), "%zu", count++);
		doc = bson_build_open(b, index);
		if (add_who(call, field, &who, b, e) < 0)
			return e->code;
		bson_build_end(b, doc);
	}
	bson_build_end(b, array);
	return 0;
}

/* usersInfo: {forAllDBs: true} */
static bool is_for_all(const struct call *call)
{
	struct value v = {.type = VALUE_MISSING};

	if (strcmp(call->command->name, "usersInfo") == 0 && call->first.type == BSON_KIND_DOCUMENT)
		v = value_get(call->first.value, bytes_str("forAllDBs"));
	return value_is_true(&v);
}

/* The query of the whole command. */
static int build_query(struct call *call, const char *field, struct buf *ret, struct error *e)
{
	size_t doc = bson_build_begin(ret);
	struct value v = value_of_field(&call->first);

	if (call->first.type == BSON_KIND_ARRAY) {
		if (add_several(call, field, ret, e) < 0)
			return e->code;
	} else if (value_is_number(&v) && value_round_int64(&v) == 1) {
		bson_build_string(ret, "db", call->db);
	} else if (!is_for_all(call) && add_who(call, field, &call->first, ret, e) < 0) {
		return e->code;
	}
	bson_build_end(ret, doc);
	return 0;
}

static void build_find(const char *coll, struct bytes query, struct buf *ret)
{
	size_t doc = bson_build_begin(ret);

	bson_build_string(ret, "find", bytes_str(coll));
	bson_build_value(ret, "filter", BSON_KIND_DOCUMENT, query);
	bson_build_string(ret, "$db", bytes_str("admin"));
	bson_build_end(ret, doc);
}

/* ---- their form in the reply */

/* Names of the mechanisms that a user has credentials for. */
static void add_mechanisms(struct bytes user, struct buf *b)
{
	struct bson_field credentials, f;
	size_t array = bson_build_open_array(b, "mechanisms"), count = 0;
	char index[24];

	if (fields_find(user, bytes_str("credentials"), &credentials)) {
		struct fields fields = fields_of(credentials.value);

		while (fields_next(&fields, &f)) {
			snprintf(index, sizeof(index), "%zu", count++);
			bson_build_string(b, index, f.name);
		}
	}
	bson_build_end(b, array);
}

static void build_document(struct buf *b, struct bytes from, bool credentials, bool is_user)
{
	struct fields fields = fields_of(from);
	size_t doc = bson_build_begin(b);
	struct bson_field f;

	while (fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		if (bytes_equal(f.name, bytes_str("credentials")) && !credentials)
			continue;
		value_write(b, f.name, &v);
	}
	if (is_user)
		add_mechanisms(from, b);
	bson_build_end(b, doc);
}

/* Append one document, if the command's filter lets it pass. */
static int add_one(struct call *call, struct bytes from, bool is_user, struct filter *filter,
		   size_t *count, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	char index[24];
	int passes;

	build_document(&doc, from, call_flag(call, "showCredentials"), is_user);
	passes = filter_test(filter, buf_bytes(&doc), e);
	if (passes <= 0)
		return passes;
	snprintf(index, sizeof(index), "%zu", (*count)++);
	bson_build_value(call->reply, index, BSON_KIND_DOCUMENT, buf_bytes(&doc));
	return 0;
}

/* Append the documents that the query finds to the array that is being built. */
static int add_found(struct call *call, const char *coll, struct bytes query, bool is_user,
		     struct filter *filter, size_t *count, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	OWNED(buf_release) struct buf cmd = {0};
	OWNED(buf_release) struct buf batch = {0};
	bool done = false;
	struct bson_field f;

	build_find(coll, query, &cmd);
	if (query_call_begin(call, buf_bytes(&cmd), &q, e) < 0)
		return e->code;
	q.request.db = bytes_str("admin");
	if (query_find(&q.request, &cursor, e) < 0)
		return e->code;
	while (!done) {
		struct fields fields;

		if (query_cursor_array(cursor, QUERY_BATCH_ALL, &batch, &done, e) < 0)
			return e->code;
		fields = fields_of(buf_bytes(&batch));
		while (fields_next(&fields, &f))
			if (add_one(call, f.value, is_user, filter, count, e) < 0)
				return e->code;
	}
	return 0;
}

/* An empty list of names, which nobody is in. */
static bool names_nobody(const struct call *call)
{
	return call->first.type == BSON_KIND_ARRAY && value_count(call->first.value) == 0;
}

/* Privileges and restrictions are told of those that are named, one by one. */
static int check_details(const struct call *call, bool details, struct error *e)
{
	struct bson_field f;
	struct value v = value_of_field(&call->first);

	if (!details)
		return names_nobody(call) ? query_error(e, QUERY_BAD_VALUE,
							"$and/$or/$nor must be a nonempty array")
					  : 0;
	if (call_field(call, "filter", &f) || value_is_number(&v) || is_for_all(call))
		return query_error(
			e, QUERY_ILLEGAL_OPERATION,
			"Privilege or restriction details require exact-match usersInfo queries");
	return 0;
}

int handle_users_info(struct call *call, struct error *e)
{
	OWNED(filter_free) struct filter *filter = NULL;
	bool details = call_flag(call, "showPrivileges") ||
		       call_flag(call, "showAuthenticationRestrictions");
	struct bson_field f;
	OWNED(buf_release) struct buf query = {0};
	size_t array, count = 0;

	if (build_query(call, "user", &query, e) < 0 || check_details(call, details, e) < 0)
		return e->code;
	if (call_field(call, "filter", &f) && filter_new(f.value, MATCH_AGGREGATE, &filter, e) < 0)
		return e->code;
	array = bson_build_open_array(call->reply, "users");
	if (call->service->options.with_users && !names_nobody(call) &&
	    add_found(call, "system.users", buf_bytes(&query), true, filter, &count, e) < 0)
		return e->code;
	bson_build_end(call->reply, array);
	return 0;
}

/* The roles that every mongod has; those behind the empty name only in admin. */
static const char *const builtin[] = {"dbAdmin",
				      "dbOwner",
				      "enableSharding",
				      "read",
				      "readWrite",
				      "userAdmin",
				      "",
				      "backup",
				      "clusterAdmin",
				      "clusterManager",
				      "clusterMonitor",
				      "dbAdminAnyDatabase",
				      "hostManager",
				      "readAnyDatabase",
				      "readWriteAnyDatabase",
				      "restore",
				      "root",
				      "userAdminAnyDatabase"};

static bool is_builtin(struct bytes role, bool in_admin)
{
	for (size_t i = 0; i < COUNT_OF(builtin) && (in_admin || builtin[i][0] != '\0'); i++)
		if (builtin[i][0] != '\0' && bytes_equal(role, bytes_str(builtin[i])))
			return true;
	return false;
}

/* One of them; who is asked for by name comes in another order of fields. */
static void add_role(struct buf *b, struct bytes role, struct bytes db, bool named, size_t *count)
{
	char index[24];
	size_t doc;

	snprintf(index, sizeof(index), "%zu", (*count)++);
	doc = bson_build_open(b, index);
	if (named)
		bson_build_string(b, "db", db);
	bson_build_string(b, "role", role);
	if (!named) {
		bson_build_string(b, "db", db);
		bson_build_bool(b, "isBuiltin", true);
	}
	bson_build_end(b, bson_build_open_array(b, "roles"));
	bson_build_end(b, bson_build_open_array(b, "inheritedRoles"));
	if (named)
		bson_build_bool(b, "isBuiltin", true);
	bson_build_end(b, doc);
}

/* The one that "name" or {role: "name", db: "db"} means, if it is one of them. */
static void add_named(struct call *call, const struct bson_field *who, size_t *count)
{
	struct bytes role = value_of_field(who).data, db = call->db;
	struct error ignored;

	if (who->type == BSON_KIND_DOCUMENT &&
	    auth_name_parse(who->value, false, &role, &db, &ignored) < 0)
		return;
	if (is_builtin(role, bytes_equal(db, bytes_str("admin"))))
		add_role(call->reply, role, db, true, count);
}

static void add_builtin(struct call *call, size_t *count)
{
	bool admin = bytes_equal(call->db, bytes_str("admin"));
	struct value first = value_of_field(&call->first);
	struct bson_field who;

	if (call->first.type == BSON_KIND_ARRAY) {
		struct fields fields = fields_of(call->first.value);

		while (fields_next(&fields, &who))
			add_named(call, &who, count);
		return;
	}
	if (!value_is_number(&first)) {
		add_named(call, &call->first, count);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(builtin) && call_flag(call, "showBuiltinRoles"); i++)
		if (is_builtin(bytes_str(builtin[i]), admin))
			add_role(call->reply, bytes_str(builtin[i]), call->db, false, count);
}

/* showPrivileges: a bool, or "asUserFragment", which is of roles that are named. */
static int check_privileges(const struct call *call, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct value first = value_of_field(&call->first), v;
	struct bson_field f;

	if (!fields_find(call->cmd, bytes_str("showPrivileges"), &f))
		return 0;
	v = value_of_field(&f);
	if (f.type == BSON_KIND_BOOL || value_is_number(&v))
		return 0;
	if (f.type != BSON_KIND_STRING || !bytes_equal(v.data, bytes_str("asUserFragment"))) {
		value_text_element(f.name, &v, &text);
		return query_error(e, QUERY_BAD_VALUE,
				   "Failed to parse 'showPrivileges'. 'showPrivileges' should "
				   "either be a boolean or the string 'asUserFragment', given: %s",
				   buf_text(&text));
	}
	if (value_is_number(&first))
		return query_error(e, QUERY_ILLEGAL_OPERATION,
				   "Cannot get user fragment for all roles in a database");
	return 0;
}

int handle_roles_info(struct call *call, struct error *e)
{
	OWNED(buf_release) struct buf query = {0};
	size_t array, count = 0;

	if (build_query(call, "role", &query, e) < 0 || check_privileges(call, e) < 0)
		return e->code;
	array = bson_build_open_array(call->reply, "roles");
	if (call->service->options.with_users && !names_nobody(call) &&
	    add_found(call, "system.roles", buf_bytes(&query), false, NULL, &count, e) < 0)
		return e->code;
	add_builtin(call, &count);
	bson_build_end(call->reply, array);
	return 0;
}
