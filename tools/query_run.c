#include "tools/query_run.h"

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "base/metadata_json.h"
#include "query/command.h"

#define BATCH 1000 /* documents */

int query_run_parse(const char *typed, struct buf *ret, struct error *e)
{
	if (metadata_json_parse_strict(bytes_str(typed), BSON_MAX_LEN, ret, e) == 0 &&
	    bson_check(buf_bytes(ret), BSON_CHECK_FULL, e) == 0)
		return 0;
	e->code = ERR_INVALID;
	error_wrap(e, "--query %s", typed);
	return error_hint(e,
			  "a filter is a document in extended JSON: --query '{\"total\": {\"$gt\": "
			  "100}}'");
}

/* {name: collection, field: filter} of the entry's database. The users are the owner's of the store: he may read them. */
static struct query_request request_of(struct moment *moment, const struct catalog_entry *entry,
				       const char *name, const char *field, struct bytes filter,
				       struct buf *cmd)
{
	size_t begin = bson_build_begin(cmd);

	bson_build_string(cmd, name, catalog_entry_coll(entry));
	bson_build_value(cmd, field, BSON_KIND_DOCUMENT, filter);
	bson_build_end(cmd, begin);
	return (struct query_request){.moment = moment,
				      .db = bytes_of(entry->ns, entry->db_len),
				      .cmd = buf_bytes(cmd),
				      .with_users = true};
}

static int take_batch(struct bytes batch, int (*take)(void *, struct bytes, struct error *),
		      void *ctx, struct error *e)
{
	struct bson_fields fields = bson_fields(batch);
	struct bson_field field;
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0)
		if (take(ctx, field.value, e) < 0)
			return e->code;
	return more;
}

int query_run_find(struct moment *moment, const struct catalog_entry *entry, struct bytes filter,
		   int (*take)(void *ctx, struct bytes doc, struct error *e), void *ctx,
		   struct error *e)
{
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;
	OWNED(buf_release) struct buf cmd = {0};
	OWNED(buf_release) struct buf batch = {0};
	struct query_request request = request_of(moment, entry, "find", "filter", filter, &cmd);
	bool done = false;

	if (query_find(&request, &cursor, e) < 0)
		return e->code;
	while (!done) {
		if (query_cursor_array(cursor, BATCH, &batch, &done, e) < 0 ||
		    take_batch(buf_bytes(&batch), take, ctx, e) < 0)
			return e->code;
	}
	return 0;
}

int query_run_count(struct moment *moment, const struct catalog_entry *entry, struct bytes filter,
		    uint64_t *ret, struct error *e)
{
	OWNED(buf_release) struct buf cmd = {0};
	struct query_request request = request_of(moment, entry, "count", "query", filter, &cmd);
	int64_t count = 0;

	if (query_count(&request, &count, e) < 0)
		return e->code;
	*ret = (uint64_t)count;
	return 0;
}
