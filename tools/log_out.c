#include "tools/log_out.h"

#include <inttypes.h>
#include <time.h>

#include "base/ejson.h"
#include "tools/id_text.h"
#include "tools/size.h"
#include "tools/term.h"

#define SESSION_SHOWN 4 /* bytes of the session's UUID */
#define UUID_LEN 16
#define UUID_TEXT_LEN 40

int log_out_ops(const char *text, unsigned *ret, struct error *e)
{
	static const char letters[] = "iudcn";

	*ret = 0;
	for (const char *at = text; *at != '\0'; at++) {
		const char *letter = strchr(letters, *at);

		if (letter == NULL || (at[1] != ',' && at[1] != '\0')) {
			error_set(e, ERR_INVALID, "--op takes letters with commas, not \"%s\"",
				  text);
			return error_hint(e, "i insert, u update, d delete, c command, n noop: "
					     "--op d,c");
		}
		*ret |= 1u << (letter - letters);
		at += at[1] == ',';
	}
	return *ret != 0 ? 0 : error_set(e, ERR_INVALID, "--op names no operation");
}

unsigned log_out_op(const struct entry *op)
{
	switch (op->op) {
	case ENTRY_INSERT:
		return LOG_OUT_INSERT;
	case ENTRY_UPDATE:
		return LOG_OUT_UPDATE;
	case ENTRY_DELETE:
		return LOG_OUT_DELETE;
	case ENTRY_COMMAND:
		return LOG_OUT_COMMAND;
	default:
		return LOG_OUT_NOOP;
	}
}

void log_out_release(struct log_out *out)
{
	buf_release(&out->line);
}

int log_out_put(struct log_out *out, struct error *e)
{
	OWNED(buf_release) struct buf escaped = {0};
	struct bytes text;

	buf_add_u8(&out->line, '\n');
	text = buf_bytes(&out->line);
	if (term_is_tty(out->to)) {
		term_escape_message(buf_text(&out->line), &escaped);
		text = buf_bytes(&escaped);
	}
	if (fwrite(text.at, 1, text.len, out->to) != text.len)
		return error_sys(e, "standard output could not be written");
	buf_reset(&out->line);
	return 0;
}

void log_out_ns(const struct log_op *op, struct buf *ret)
{
	const struct command *command = op->command;

	if (command != NULL && command->kind == COMMAND_RENAME) {
		buf_add_bytes(ret, command->from);
	} else if (command != NULL && command->coll.len > 0) {
		buf_add_bytes(ret, op->op->db);
		buf_add_u8(ret, '.');
		buf_add_bytes(ret, command->coll);
	} else if (command != NULL && command->kind == COMMAND_DROP_DATABASE) {
		buf_add_bytes(ret, op->op->db);
	} else {
		buf_add_bytes(ret, op->op->ns);
	}
}

/* Servers from 4.2 on log it. */
bool log_out_dropped(const struct log_op *op, uint64_t *ret)
{
	const struct entry *entry = op->op;
	struct error ignored = {0};
	struct bson_field field;

	*ret = 0;
	if (entry->o2.len == 0 || bson_find(entry->o2, "numRecords", &field, &ignored) <= 0)
		return false;
	if (field.type == BSON_KIND_INT32)
		*ret = get_le32(field.value.at);
	else if (field.type == BSON_KIND_INT64)
		*ret = get_le64(field.value.at);
	else
		return false;
	return true;
}

void log_out_documents(uint64_t count, struct buf *ret)
{
	char text[SIZE_TEXT_LEN];

	size_count_text(count, text);
	buf_printf(ret, " (%s document%s)", text, count == 1 ? "" : "s");
}

static void add_dropped(const struct log_op *op, struct buf *ret)
{
	uint64_t count;

	if (log_out_dropped(op, &count))
		log_out_documents(count, ret);
}

bool log_out_expires(const struct command *command)
{
	OWNED(buf_release) struct buf spec = {0};
	struct error ignored = {0};
	struct bson_field field;
	bool found = false;

	for (size_t i = 0; !found && command_index_spec(command, i, &spec, &ignored) > 0; i++) {
		found = bson_find(buf_bytes(&spec), "expireAfterSeconds", &field, &ignored) > 0;
		buf_reset(&spec);
	}
	return found;
}

/* " (TTL 3600 s)" of an index that removes documents; whatever number the client sent. */
static void add_ttl(struct bytes spec, struct buf *ret)
{
	struct error ignored = {0};
	struct bson_field field;

	if (bson_find(spec, "expireAfterSeconds", &field, &ignored) <= 0)
		return;
	if (field.type == BSON_KIND_INT32) {
		buf_printf(ret, " (TTL %d s)", (int)(int32_t)get_le32(field.value.at));
	} else if (field.type == BSON_KIND_INT64) {
		buf_printf(ret, " (TTL %" PRId64 " s)", (int64_t)get_le64(field.value.at));
	} else if (field.type == BSON_KIND_DOUBLE) {
		buf_printf(ret, " (TTL %.15g s)", get_le_double(field.value.at));
	} else {
		buf_add_str(ret, " (TTL)");
	}
}

/* " a_1, b_1": the names of the indexes that a command makes. */
static void add_indexes(const struct command *command, struct buf *ret)
{
	OWNED(buf_release) struct buf spec = {0};
	struct error ignored = {0};

	for (size_t i = 0; command_index_spec(command, i, &spec, &ignored) > 0; i++) {
		struct bson_field name;
		struct bytes text;

		if (bson_find(buf_bytes(&spec), "name", &name, &ignored) > 0 &&
		    name.type == BSON_KIND_STRING && bson_text(name.value, &text, &ignored) == 0) {
			buf_add_str(ret, i > 0 ? ", " : " ");
			term_escape(text, ret);
			add_ttl(buf_bytes(&spec), ret);
		}
		buf_reset(&spec);
	}
}

void log_out_command(const struct log_op *op, struct buf *ret)
{
	const struct command *command = op->command;
	struct error ignored = {0};
	struct bson_field first;

	if (command == NULL) {
		if (entry_command(op->op, &first, &ignored) > 0)
			term_escape(first.name, ret);
		return;
	}
	term_escape(command->name, ret);
	switch (command->kind) {
	case COMMAND_RENAME:
		buf_add_str(ret, " to ");
		term_escape(command->to, ret);
		if (command->drop_target != NULL || command->drop_any_target) {
			buf_add_str(ret, ", which is dropped");
			add_dropped(op, ret);
		}
		break;
	case COMMAND_DROP:
		add_dropped(op, ret);
		break;
	case COMMAND_CREATE_INDEXES:
	case COMMAND_COMMIT_INDEX_BUILD:
	case COMMAND_START_INDEX_BUILD:
		add_indexes(command, ret);
		break;
	case COMMAND_DROP_INDEXES:
		buf_add_u8(ret, ' ');
		term_escape(command->all_indexes ? bytes_str("*") : command->index_name, ret);
		break;
	default:
		break;
	}
}

struct bytes log_out_lsid(const struct entry *op)
{
	struct error ignored = {0};
	struct bson_field id;

	if (op->lsid.len == 0 || bson_find(op->lsid, "id", &id, &ignored) <= 0 ||
	    id.type != BSON_KIND_BINARY || id.value.len != 5 + UUID_LEN)
		return bytes_of(NULL, 0);
	return bytes_of(id.value.at + 5, UUID_LEN);
}

void log_out_session_id(const struct entry *op, struct buf *ret)
{
	struct bytes lsid = log_out_lsid(op);

	for (size_t i = 0; i < MIN_OF(lsid.len, SESSION_SHOWN); i++)
		buf_printf(ret, "%02x", lsid.at[i]);
}

/* "3f2a91bc:14"; nothing when it has none. */
static void add_session(const struct entry *op, struct buf *ret)
{
	log_out_session_id(op, ret);
	if (ret->len > 0 && op->has_txn_number)
		buf_printf(ret, ":%" PRId64, op->txn_number);
}

void log_out_json_uuid(struct json_out *j, const char *key, const uint8_t *u)
{
	char text[UUID_TEXT_LEN];

	if (u == NULL) {
		json_out_null(j, key);
		return;
	}
	snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%04x%08x", get_be32(u),
		 get_be32(u + 4) >> 16, get_be32(u + 4) & 0xffff, get_be32(u + 8) >> 16,
		 get_be32(u + 8) & 0xffff, get_be32(u + 12));
	json_out_str(j, key, text);
}

/* "2026-11-21T09:41:07.123Z". */
static void json_wall(struct json_out *j, const struct log_op *op)
{
	time_t seconds = (time_t)(op->wall / 1000);
	char text[80], whole[40];
	struct tm utc;

	if (!op->has_wall || op->wall < 0 || gmtime_r(&seconds, &utc) == NULL ||
	    strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
		json_out_null(j, "wall");
		return;
	}
	snprintf(text, sizeof(text), "%s.%03dZ", whole, (int)(op->wall % 1000));
	json_out_str(j, "wall", text);
}

void log_out_json_head(struct json_out *j, const struct log_op *op)
{
	OWNED(buf_release) struct buf ns = {0}; /* and other texts */

	json_out_optime(j, "optime", entry_seconds(op->ts), entry_increment(op->ts));
	json_out_time(j, "time", entry_seconds(op->ts));
	json_wall(j, op);
	json_out_str(j, "op", entry_op_name(op->op->op));
	log_out_ns(op, &ns);
	json_out_name(j, "ns", buf_bytes(&ns));
	log_out_json_uuid(j, "uuid", op->op->ui);
	log_out_json_uuid(j, "lsid", log_out_lsid(op->op).at);
	buf_reset(&ns);
	if (op->op->has_txn_number)
		buf_printf(&ns, "%" PRId64, op->op->txn_number);
	else
		buf_add_str(&ns, "null");
	json_out_raw(j, "txnNumber", buf_bytes(&ns));
	json_out_bool(j, "transaction", op->transaction);
}

void log_out_text_head(struct log_out *out, const struct log_op *op)
{
	OWNED(buf_release) struct buf ns = {0};
	char when[TERM_TIME_LEN];

	log_out_ns(op, &ns);
	term_time(entry_seconds(op->ts), out->local, when);
	buf_printf(&out->line, "%s  %u.%u  %s  ", when, entry_seconds(op->ts),
		   entry_increment(op->ts), entry_op_name(op->op->op));
	term_escape(buf_bytes(&ns), &out->line);
}

void log_out_text_tail(struct log_out *out, const struct log_op *op)
{
	OWNED(buf_release) struct buf session = {0};

	add_session(op->op, &session);
	if (session.len > 0)
		buf_printf(&out->line, "  %s", buf_text(&session));
	if (op->transaction)
		buf_add_str(&out->line, "  transaction");
}

/* The _id of an insert, update or delete; false when it has none. */
static bool id_of(const struct entry *op, struct bson_field *ret)
{
	struct error ignored = {0};

	return (log_out_op(op) & (LOG_OUT_INSERT | LOG_OUT_UPDATE | LOG_OUT_DELETE)) != 0 &&
	       entry_id(op, ret, &ignored) > 0;
}

static int print_text(struct log_out *out, const struct log_op *op, struct error *e)
{
	struct bson_field id;

	log_out_text_head(out, op);
	buf_add_str(&out->line, "  ");
	if (op->op->op == ENTRY_COMMAND)
		log_out_command(op, &out->line);
	else if (id_of(op->op, &id) && id_text_value(&id, &out->line, e) < 0)
		return e->code;
	log_out_text_tail(out, op);
	if (!out->verbose || op->op->op == ENTRY_DELETE)
		return log_out_put(out, e);
	buf_add_str(&out->line, "\n    ");
	if (ejson_write(op->op->o, EJSON_RELAXED, &out->line, e) < 0)
		return e->code;
	return log_out_put(out, e);
}

static int fill_json(struct log_out *out, struct json_out *j, const struct log_op *op,
		     struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct bson_field id;

	log_out_json_head(j, op);
	if (op->op->op == ENTRY_COMMAND) {
		log_out_command(op, &text);
		json_out_bytes(j, "command", buf_bytes(&text));
		if (op->command != NULL && op->command->kind == COMMAND_RENAME)
			json_out_name(j, "to", op->command->to);
	} else if (id_of(op->op, &id)) {
		if (ejson_write_value(id.type, id.value, EJSON_RELAXED, &text, e) < 0)
			return e->code;
		json_out_raw(j, "_id", buf_bytes(&text));
	}
	if (!out->verbose)
		return 0;
	buf_reset(&text);
	if (ejson_write(op->op->o, EJSON_RELAXED, &text, e) < 0)
		return e->code;
	json_out_raw(j, "o", buf_bytes(&text));
	return 0;
}

int log_out_operation(struct log_out *out, const struct log_op *op, struct error *e)
{
	struct json_out j;

	if (!out->json)
		return print_text(out, op, e);
	json_out_begin_line(&j, out->to);
	if (fill_json(out, &j, op, e) < 0) {
		json_out_drop(&j);
		return e->code;
	}
	json_out_finish(&j);
	return 0;
}

int log_out_gap(struct log_out *out, const struct stream_range *before,
		const struct stream_range *after, struct error *e UNUSED)
{
	char from[TERM_TIME_LEN], to[TERM_TIME_LEN];
	struct json_out j;

	fflush(out->to);
	term_time(entry_seconds(before->last.ts), false, from);
	term_time(entry_seconds(after->first.ts), false, to);
	fprintf(stderr,
		"yester: log: warning: there is no oplog between %u.%u (%s) and %u.%u (%s)\n",
		entry_seconds(before->last.ts), entry_increment(before->last.ts), from,
		entry_seconds(after->first.ts), entry_increment(after->first.ts), to);
	if (!out->json)
		return 0;
	json_out_begin_line(&j, out->to);
	json_out_object(&j, "gap");
	json_out_optime(&j, "after", entry_seconds(before->last.ts),
			entry_increment(before->last.ts));
	json_out_optime(&j, "before", entry_seconds(after->first.ts),
			entry_increment(after->first.ts));
	json_out_end_object(&j);
	json_out_finish(&j);
	return 0;
}

int log_out_lost(struct log_out *out, uint64_t ts, const struct error *why, struct error *e UNUSED)
{
	OWNED(buf_release) struct buf text = {0};
	struct json_out j;

	fflush(out->to);
	term_escape_message(why->text, &text);
	fprintf(stderr, "yester: log: warning: the entry at %u.%u can't be told: %s\n",
		entry_seconds(ts), entry_increment(ts), buf_text(&text));
	if (!out->json)
		return 0;
	json_out_begin_line(&j, out->to);
	json_out_object(&j, "untold");
	json_out_optime(&j, "optime", entry_seconds(ts), entry_increment(ts));
	json_out_str(&j, "why", why->text);
	json_out_end_object(&j);
	json_out_finish(&j);
	return 0;
}
