/*
 * query_driver STORE: answers commands without a socket, for tests of query/ alone.
 *
 * Standard input has commands as BSON documents one behind the other, each with its $db; for each the reply's document goes to
 * standard output. The moment is the newest snapshot. find and aggregate give their first batch; `getMore` goes on with the last cursor.
 */
#include <stdio.h>

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "query/command.h"
#include "query/query_error.h"
#include "store/snapshot/snapshots.h"

struct driver {
	struct moment *moment;
	struct query_cursor *cursor;
	struct buf cmd, reply;
};

static bool read_command(struct driver *d)
{
	uint8_t len[4];

	if (fread(len, 1, sizeof(len), stdin) != sizeof(len) || get_le32(len) < BSON_MIN_LEN)
		return false;
	buf_reset(&d->cmd);
	buf_add(&d->cmd, len, sizeof(len));
	return fread(buf_room(&d->cmd, get_le32(len) - 4), 1, get_le32(len) - 4, stdin) ==
		       get_le32(len) - 4 &&
	       (d->cmd.len = get_le32(len)) > 0;
}

static void add_id(struct driver *d, bool done)
{
	bson_build_int64(&d->reply, "id", done ? 0 : 1);
	bson_build_string(&d->reply, "ns", query_cursor_ns(d->cursor));
}

static int add_batch(struct driver *d, const char *field, int64_t most, struct error *e)
{
	size_t outer = bson_build_open(&d->reply, "cursor"), list;
	bool done, missing = query_cursor_is_missing(d->cursor);
	int64_t count;

	if (missing)
		add_id(d, true);
	list = bson_build_open_array(&d->reply, field);
	if (query_cursor_batch(d->cursor, most, &d->reply, &count, &done, e) < 0)
		return e->code;
	bson_build_end(&d->reply, list);
	if (!missing)
		add_id(d, done);
	bson_build_end(&d->reply, outer);
	return 0;
}

static int answer(struct driver *d, const struct query_request *request, struct bytes name,
		  struct error *e)
{
	int64_t count;

	if (bytes_equal(name, bytes_str("getMore")) && d->cursor != NULL)
		return add_batch(d, "nextBatch", QUERY_BATCH_ALL, e);
	if (bytes_equal(name, bytes_str("find")) || bytes_equal(name, bytes_str("aggregate"))) {
		query_cursor_free(TAKE(d->cursor));
		if ((bytes_equal(name, bytes_str("find")) ? query_find : query_aggregate)(
			    request, &d->cursor, e) < 0)
			return e->code;
		return add_batch(d, "firstBatch", query_cursor_first(d->cursor), e);
	}
	if (bytes_equal(name, bytes_str("count"))) {
		if (query_count(request, &count, e) < 0)
			return e->code;
		bson_build_int32(&d->reply, "n", (int32_t)count);
		return 0;
	}
	if (bytes_equal(name, bytes_str("distinct"))) {
		struct buf values = {0};
		int status = query_distinct(request, &values, e);

		if (status == 0)
			bson_build_value(&d->reply, "values", BSON_KIND_ARRAY, buf_bytes(&values));
		buf_release(&values);
		return status;
	}
	if (bytes_equal(name, bytes_str("explain")))
		return query_explain(request, &d->reply, e);
	return query_error(e, QUERY_COMMAND_NOT_FOUND, "no such command: '%.*s'", (int)name.len,
			   (const char *)name.at);
}

static void reply(struct driver *d)
{
	struct query_request request = {.moment = d->moment, .cmd = buf_bytes(&d->cmd)};
	struct value db = value_get(request.cmd, bytes_str("$db"));
	struct bson_fields fields = bson_fields(request.cmd);
	struct bson_field first = {0};
	struct error e = {0};
	OWNED(buf_release) struct buf text = {0};
	char code[QUERY_ERROR_NAME_MAX];
	size_t begin = bson_build_begin(&d->reply);
	int status = bson_check(request.cmd, BSON_CHECK_STRUCTURE, &e);

	if (status == 0)
		status = bson_fields_next(&fields, &first, &e);
	if (db.type == BSON_KIND_STRING)
		request.db = db.data;
	if (status >= 0)
		status = answer(d, &request, first.name, &e);
	if (status < 0) {
		buf_reset(&d->reply);
		begin = bson_build_begin(&d->reply);
		bson_build_double(&d->reply, "ok", 0);
		query_error_text(&e, &text);
		bson_build_string(&d->reply, "errmsg", buf_bytes(&text));
		bson_build_int32(&d->reply, "code", e.server == 0 ? QUERY_UNKNOWN_ERROR : e.server);
		query_error_name(e.server == 0 ? QUERY_UNKNOWN_ERROR : e.server, code);
		bson_build_string(&d->reply, "codeName", bytes_str(code));
	} else {
		bson_build_double(&d->reply, "ok", 1);
	}
	bson_build_end(&d->reply, begin);
}

int main(int argc, char **argv)
{
	OWNED(snapshots_release) struct snapshot_list snapshots = {0};
	struct driver d = {0};
	struct store *store = NULL;
	struct error e = {0};

	if (argc != 2 || store_open(argv[1], &(struct store_options){0}, &store, &e) < 0 ||
	    snapshots_read(store, &snapshots, NULL, &e) < 0 || snapshots.count == 0 ||
	    moment_open(store, &snapshots.at[snapshots.count - 1], &d.moment, &e) < 0) {
		fprintf(stderr, "query_driver: %s\n", argc != 2 ? "STORE is missing" : e.text);
		return 1;
	}
	while (read_command(&d)) {
		buf_reset(&d.reply);
		reply(&d);
		fwrite(d.reply.at, 1, d.reply.len, stdout);
		fflush(stdout);
	}
	query_cursor_free(d.cursor);
	moment_release(d.moment);
	store_close(store);
	buf_release(&d.cmd);
	buf_release(&d.reply);
	return 0;
}
