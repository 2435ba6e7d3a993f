/* The deployment's users and roles. Prefix: handle_ */
#include <stdio.h>

#include "query/value.h"
#include "wire/filter.h"
#include "wire/handlers.h"
#include "wire/idl.h"
#include "wire/query_call.h"

/* ---- which documents of admin.system.users or system.roles are meant */

static void add_pair(struct buf *b, const char *field, struct bytes name, struct bytes db)
{
	struct value v = value_string(name);

	value_write(b, bytes_str(field), &v);
	bson_build_string(b, "db", db);
}

/* One of "name" and {user: "name", db: "db"}: its conditions appended to a document that is being built. False: it is none. */
static bool add_who(struct call *call, const char *field, const struct bson_field *who,
		    struct buf *b)
{
	struct bson_field name, db;
	struct bytes of = call->db;

	if (who->type == BSON_KIND_STRING) {
		add_pair(b, field, value_of_field(who).data, of);
		return true;
	}
	if (who->type != BSON_KIND_DOCUMENT || !fields_find(who->value, bytes_str(field), &name) ||
	    name.type != BSON_KIND_STRING)
		return false;
	if (fields_find(who->value, bytes_str("db"), &db) && db.type == BSON_KIND_STRING)
		of = value_of_field(&db).data;
	add_pair(b, field, value_of_field(&name).data, of);
	return true;
}

/* What mongod says of a name that is none. */
static int not_who(const char *field, const struct bson_field *who, struct error *e)
{
	const char *type = strcmp(field, "user") == 0 ? "UserName" : "RoleName";
	struct fields fields = fields_of(who->value);
	struct bson_field f;

	/* Of a role it does not look into the document first. */
	while (type[0] == 'U' && who->type == BSON_KIND_DOCUMENT && fields_next(&fields, &f))
		if (!call_is_field(&f, field) && !call_is_field(&f, "db"))
			return query_error(e, QUERY_BAD_VALUE,
					   "%s contains an unknown field named: '%.*s", type,
					   (int)MIN_OF(f.name.len, (size_t)200),
					   (const char *)f.name.at);
	return query_error(e, QUERY_BAD_VALUE, "%s must be either a string or an object", type);
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
		if (!add_who(call, field, &who, b))
			return not_who(field, &who, e);
		bson_build_end(b, doc);
	}
	bson_build_end(b, array);
	if (count == 0)
		return query_error(e, QUERY_BAD_VALUE, "$and/$or/$nor must be a nonempty array");
	return 0;
}

/* The query of the whole command. */
static int build_query(struct call *call, const char *field, struct buf *ret, struct error *e)
{
	struct bson_field f;
	size_t doc = bson_build_begin(ret);
	struct value v = value_of_field(&call->first);

	if (call->first.type == BSON_KIND_ARRAY) {
		if (add_several(call, field, ret, e) < 0)
			return e->code;
	} else if (value_is_number(&v) && value_to_double(&v) == 1) {
		bson_build_string(ret, "db", call->db);
	} else if (!(call->first.type == BSON_KIND_DOCUMENT &&
		     fields_find(call->first.value, bytes_str("forAllDBs"), &f)) &&
		   !add_who(call, field, &call->first, ret)) {
		return not_who(field, &call->first, e);
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

static void add_document(struct buf *b, const char *index, struct bytes from, bool credentials,
			 bool is_user)
{
	struct fields fields = fields_of(from);
	size_t doc = bson_build_open(b, index);
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

/* Append the documents that the query finds to the array that is being built. */
static int add_found(struct call *call, const char *coll, struct bytes query, bool is_user,
		     size_t *count, struct error *e)
{
	OWNED(query_call_end) struct query_call q = {0};
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	OWNED(buf_release) struct buf cmd = {0};
	OWNED(buf_release) struct buf batch = {0};
	bool credentials = call_flag(call, "showCredentials"), done = false;
	struct bson_field f;
	int64_t got;
	size_t doc;

	build_find(coll, query, &cmd);
	if (query_call_begin(call, buf_bytes(&cmd), &q, e) < 0)
		return e->code;
	q.request.db = bytes_str("admin");
	if (query_find(&q.request, &cursor, e) < 0)
		return e->code;
	while (!done) {
		struct fields fields;
		char index[24];

		buf_reset(&batch);
		doc = bson_build_begin(&batch);
		if (query_cursor_batch(cursor, QUERY_BATCH_ALL, &batch, &got, &done, e) < 0)
			return e->code;
		bson_build_end(&batch, doc);
		fields = fields_of(buf_bytes(&batch));
		while (fields_next(&fields, &f)) {
			snprintf(index, sizeof(index), "%zu", (*count)++);
			add_document(call->reply, index, f.value, credentials, is_user);
		}
	}
	return 0;
}

int handle_users_info(struct call *call, struct error *e)
{
	static const struct idl_field fields[] = {
		{"showPrivileges", IDL_FLAG, false},
		{"showCredentials", IDL_FLAG, false},
		{"showAuthenticationRestrictions", IDL_FLAG, false},
		{"showCustomData", IDL_FLAG, false},
		{"filter", IDL_OBJECT, false},
	};
	OWNED(buf_release) struct buf query = {0};
	size_t array, count = 0;

	if (idl_check(call->cmd, "usersInfo", true, fields, COUNT_OF(fields), e) < 0 ||
	    build_query(call, "user", &query, e) < 0)
		return e->code;
	array = bson_build_open_array(call->reply, "users");
	if (call->service->options.with_users &&
	    add_found(call, "system.users", buf_bytes(&query), true, &count, e) < 0)
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

static void add_builtin(struct call *call, size_t *count)
{
	bool admin = bytes_equal(call->db, bytes_str("admin"));
	struct bytes only = bytes_of(NULL, 0);
	struct buf *b = call->reply;
	char index[24];

	if (call->first.type == BSON_KIND_STRING)
		only = value_of_field(&call->first).data;
	else if (!call_flag(call, "showBuiltinRoles"))
		return;
	for (size_t i = 0; i < COUNT_OF(builtin) && (admin || builtin[i][0] != '\0'); i++) {
		size_t doc;

		if (builtin[i][0] == '\0' ||
		    (only.at != NULL && !bytes_equal(only, bytes_str(builtin[i]))))
			continue;
		snprintf(index, sizeof(index), "%zu", (*count)++);
		doc = bson_build_open(b, index);
		if (only.at != NULL)
			bson_build_string(b, "db", call->db);
		bson_build_string(b, "role", bytes_str(builtin[i]));
		if (only.at == NULL) {
			bson_build_string(b, "db", call->db);
			bson_build_bool(b, "isBuiltin", true);
		}
		bson_build_end(b, bson_build_open_array(b, "roles"));
		bson_build_end(b, bson_build_open_array(b, "inheritedRoles"));
		if (only.at != NULL)
			bson_build_bool(b, "isBuiltin", true);
		bson_build_end(b, doc);
	}
}

int handle_roles_info(struct call *call, struct error *e)
{
	static const struct idl_field fields[] = {
		{"showPrivileges", IDL_ANY, false},
		{"showAuthenticationRestrictions", IDL_FLAG, false},
		{"showBuiltinRoles", IDL_FLAG, false},
	};
	OWNED(buf_release) struct buf query = {0};
	size_t array, count = 0;

	if (idl_check(call->cmd, "rolesInfo", true, fields, COUNT_OF(fields), e) < 0 ||
	    build_query(call, "role", &query, e) < 0)
		return e->code;
	array = bson_build_open_array(call->reply, "roles");
	if (call->service->options.with_users &&
	    add_found(call, "system.roles", buf_bytes(&query), false, &count, e) < 0)
		return e->code;
	add_builtin(call, &count);
	bson_build_end(call->reply, array);
	return 0;
}
