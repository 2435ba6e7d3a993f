#include "query/command_cursor.h"
#include "base/bson_build.h"

#include "query/document_size.h"
#include "query/gaps.h"
#include "query/query_error.h"
#include "query/scan.h"
#include "store/snapshot/catalog_secret.h"

#define BATCH_BYTES (16 * MIB) /* of one reply, all that goes before the documents included */

struct bytes query_cursor_ns(const struct query_cursor *cursor)
{
	return buf_bytes(&cursor->c.ns);
}

int64_t query_cursor_first(const struct query_cursor *cursor)
{
	return cursor->first;
}

bool query_cursor_is_tailable(const struct query_cursor *cursor)
{
	return cursor->is_tailable;
}

bool query_cursor_is_missing(const struct query_cursor *cursor)
{
	return cursor->is_find && cursor->is_empty && !cursor->is_tailable;
}

/* mongod puts the command before what goes wrong while documents are drawn; our own troubles are told as they are. */
static int name_command(const struct query_cursor *cursor, struct error *e)
{
	if (e->server == 0)
		return e->code;
	if (cursor->is_begun)
		return query_error_cause(e, "Executor error during getMore");
	if (cursor->is_find)
		return query_error_cause(e, "Executor error during find command");
	return query_error_cause(e, "PlanExecutor error during aggregation");
}

/* 1 and the next document, 0 the end. */
static int draw(struct query_cursor *cursor, struct bytes *ret, struct error *e)
{
	struct stage_doc doc;
	int more;

	if (cursor->has_ahead) {
		cursor->has_ahead = false;
		*ret = cursor->ahead;
		return 1;
	}
	if (cursor->is_at_end)
		return 0;
	more = stage_next(cursor->stage, &doc, e);
	if (more > 0 && cursor->c.q.keeps_gaps)
		doc.doc = gaps_strip(doc.doc, &cursor->stripped);
	if (more > 0 && document_size_check(doc.doc, e) < 0)
		more = e->code;
	if (more > 0 && expr_check_nesting(doc.doc, e) < 0)
		more = e->code;
	if (more < 0)
		return name_command(cursor, e);
	if (more == 0)
		cursor->is_at_end = true;
	else
		*ret = doc.doc;
	return more;
}

static void add(struct buf *ret, int64_t index, struct bytes doc)
{
	struct value v = value_document(doc);

	value_write_at(ret, (size_t)index, &v);
}

void query_cursor_set_room(struct query_cursor *cursor, size_t room)
{
	cursor->room = room;
}

int query_cursor_batch(struct query_cursor *cursor, int64_t most, struct buf *ret,
		       int64_t *ret_count, bool *ret_done, struct error *e)
{
	/* What a cursor of a single batch leaves out, nobody can ask for. */
	size_t room = cursor->room == 0 || cursor->is_single ? BATCH_BYTES
							     : MIN_OF(cursor->room, BATCH_BYTES);
	int64_t count = 0;
	int more = 1;

	if (most == 0) { /* nothing was asked for: whether there is anything is not looked at */
		cursor->is_begun = true;
		*ret_count = 0;
		*ret_done = cursor->is_single;
		return 0;
	}
	while (count < most && cursor->left != 0) {
		struct bytes doc;

		more = draw(cursor, &doc, e);
		if (more < 0)
			return more;
		if (more == 0)
			break;
		if (count > 0 && ret->len + doc.len > room) {
			cursor->has_ahead = true;
			cursor->ahead = doc;
			break;
		}
		add(ret, count, doc);
		count++;
		if (cursor->left > 0)
			cursor->left--;
	}
	*ret_count = count;
	*ret_done = more == 0 || cursor->left == 0 || cursor->is_empty || cursor->is_single ||
		    (cursor->is_point && count > 0 && !cursor->has_ahead);
	if (cursor->is_tailable && !cursor->is_empty)
		*ret_done = false;
	cursor->is_begun = true;
	return 0;
}

int query_cursor_array(struct query_cursor *cursor, int64_t most, struct buf *ret, bool *ret_done,
		       struct error *e)
{
	size_t begin;
	int64_t count;

	buf_reset(ret);
	begin = bson_build_begin(ret);
	if (query_cursor_batch(cursor, most, ret, &count, ret_done, e) < 0)
		return e->code;
	bson_build_end(ret, begin);
	return 0;
}

size_t query_cursor_memory(const struct query_cursor *cursor)
{
	return sizeof(*cursor) + arena_held(cursor->c.q.constants) + stage_memory(cursor->stage);
}

void query_cursor_free(struct query_cursor *cursor)
{
	if (cursor == NULL)
		return;
	stage_free(cursor->stage);
	buf_release(&cursor->stripped);
	command_end(&cursor->c);
	free(cursor);
}

/* What holds credentials and the server's own notes is read only by who asked for it. */
bool query_is_hidden(struct bytes db, struct bytes coll, bool with_users)
{
	return !with_users && catalog_secret_is(db, coll);
}
