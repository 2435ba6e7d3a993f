#include "wire/call.h"

#include "query/command.h"
#include "query/value.h"

bool call_field(const struct call *call, const char *name, struct bson_field *ret)
{
	return fields_find(call->cmd, bytes_str(name), ret) && ret->type != BSON_KIND_NULL &&
	       ret->type != BSON_KIND_UNDEFINED;
}

bool call_flag(const struct call *call, const char *name)
{
	struct bson_field f;
	struct value v;

	if (!call_field(call, name, &f))
		return false;
	v = value_of_field(&f);
	return value_is_true(&v);
}

int64_t call_number(const struct call *call, const char *name, int64_t otherwise)
{
	struct bson_field f;
	struct value v;

	if (!call_field(call, name, &f))
		return otherwise;
	v = value_of_field(&f);
	return value_is_number(&v) ? value_round_int64(&v) : otherwise;
}

int call_place(struct call *call, struct error *e)
{
	struct moments *moments = call->service->moments;
	struct bytes when = {0};
	int split = 0, code;

	if (call->is_placed)
		return 0;
	call->real_db = call->db;
	if (memchr(call->db.at, '@', call->db.len) != NULL)
		split = moments_split(moments, call->db, &call->real_db, &when, e);
	if (split < 0)
		return split;
	if (split > 0 && call->concern.has_at)
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "the name of the database says its moment already: %.*s",
				   (int)call->db.len, (const char *)call->db.at);
	code = split > 0	      ? moments_named(moments, when, &call->at, e)
	       : call->concern.has_at ? moments_timed(moments, call->concern.at, &call->at, e)
				      : moments_default(moments, &call->at, e);
	call->is_placed = code >= 0;
	return code;
}

int call_ns(struct call *call, int wrong_type, struct buf *ret_ns, struct bytes *ret_coll,
	    struct error *e)
{
	struct value first = value_of_field(&call->first);
	struct bytes coll;

	if (value_is_uuid(&first))
		return query_error(e, wrong_type, QUERY_NO_UUID_HERE);
	if (call->first.type != BSON_KIND_STRING)
		return query_error(e, wrong_type, "collection name has invalid type %s",
				   value_type_name(call->first.type));
	coll = first.data;
	buf_add_bytes(ret_ns, call->db);
	buf_add_u8(ret_ns, '.');
	buf_add_bytes(ret_ns, coll);
	if (coll.len > 0 && memchr(coll.at, 0, coll.len) != NULL)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "namespaces cannot have embedded null characters");
	if (coll.len > 0 && coll.at[0] == '.')
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Collection names cannot start with '.': %.*s",
				   (int)MIN_OF(coll.len, (size_t)300), (const char *)coll.at);
	if (coll.len == 0)
		return query_error(e, QUERY_INVALID_NAMESPACE, "Invalid namespace specified '%s'",
				   buf_text(ret_ns));
	client_op_ns(call->client, buf_bytes(ret_ns));
	*ret_coll = coll;
	return 0;
}

int call_entry(struct call *call, struct bytes coll, struct catalog_entry *ret, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};

	if (call_place(call, e) < 0)
		return e->code;
	if (query_is_hidden(call->real_db, coll, call->service->options.with_users))
		return 0;
	buf_add_bytes(&ns, call->real_db);
	buf_add_u8(&ns, '.');
	buf_add_bytes(&ns, coll);
	return moment_find(call->at.moment, buf_bytes(&ns), NULL, ret, e);
}

int call_is_view(struct bytes ns, struct error *e)
{
	return query_error(e, QUERY_NOT_SUPPORTED_ON_VIEW,
			   "Namespace %.*s is a view, not a collection", (int)ns.len,
			   (const char *)ns.at);
}

int call_bare_error(struct call *call, struct error *e, const char *text)
{
	call->is_bare = true;
	return query_error(e, QUERY_UNKNOWN_ERROR, "%s", text);
}

/* Of a write with several documents mongod shows their number (snipForLogging): where they are then. */
static const char *shortened_field(const struct call *call)
{
	static const char *const writes[][2] = {
		{"insert", "documents"}, {"update", "updates"}, {"delete", "deletes"}};

	for (size_t i = 0; i < COUNT_OF(writes); i++)
		if (strcmp(call->command->name, writes[i][0]) == 0)
			return writes[i][1];
	return NULL;
}

/* The command as it is shown: without what is secret. */
static void shown_command(const struct call *call, struct buf *ret)
{
	const char *list = shortened_field(call);
	struct fields fields = fields_of(call->cmd);
	struct bson_field f;
	size_t doc = bson_build_begin(ret), count;

	while (fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		if (list != NULL && f.type == BSON_KIND_ARRAY && call_is_field(&f, list) &&
		    (count = value_count(f.value)) > 1)
			v = value_int32((int32_t)count);

		if ((call->command->flags & COMMAND_SECRET) && call_is_field(&f, "pwd"))
			v = value_string(bytes_str("xxx"));
		value_write(ret, f.name, &v);
	}
	bson_build_end(ret, doc);
}

int call_refuse(struct call *call, struct error *e)
{
	OWNED(buf_release) struct buf shown = {0};

	shown_command(call, &shown);
	buf_reset(&call->refusal);
	buf_printf(&call->refusal, "not authorized on %.*s to execute command ", (int)call->db.len,
		   (const char *)call->db.at);
	value_text_bson(buf_bytes(&shown), false, &call->refusal);
	return query_error(e, QUERY_UNAUTHORIZED, "not authorized");
}

void call_add_number(struct call *call, const char *name, int64_t value)
{
	if (value >= INT32_MIN && value <= INT32_MAX)
		bson_build_int32(call->reply, name, (int32_t)value);
	else
		bson_build_int64(call->reply, name, value);
}
