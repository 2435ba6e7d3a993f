#include "tools/log_names.h"

#include "base/buckets.h"
#include "base/ns.h"
#include "tools/cmd.h"
#include "tools/term.h"

#define UUID_LEN 16

void log_names_init(struct log_names *names, const char *word)
{
	*names = (struct log_names){0};
	if (word == NULL)
		return;
	if (strchr(word, '\\') == NULL || !term_unescape(bytes_str(word), &names->word)) {
		buf_reset(&names->word);
		buf_add_str(&names->word, word);
	}
	names->collection = cmd_is_ns(word);
}

void log_names_release(struct log_names *names)
{
	buf_release(&names->word);
	buf_release(&names->uuids);
}

bool log_names_has(const struct log_names *names, const uint8_t *uuid)
{
	if (uuid == NULL)
		return false;
	for (size_t at = 0; at < names->uuids.len; at += UUID_LEN)
		if (memcmp(names->uuids.at + at, uuid, UUID_LEN) == 0)
			return true;
	return false;
}

bool log_names_add(struct log_names *names, const uint8_t uuid[16])
{
	if (log_names_has(names, uuid))
		return false;
	buf_add(&names->uuids, uuid, UUID_LEN);
	names->filter.uuids = (const uint8_t(*)[16])(const void *)names->uuids.at;
	names->filter.uuid_count = names->uuids.len / UUID_LEN;
	names->filter.has_key &= names->filter.uuid_count == 1;
	return true;
}

void log_names_only(struct log_names *names, struct bytes key)
{
	names->filter.has_key = names->filter.uuid_count == 1;
	names->filter.key_hash = stream_key_hash(key);
}

/* Buckets of a time series that has no view have its UUID (oplog/replay_viewless.h), and its name in the log. */
static int learn_series(struct log_names *names, struct moment *moment,
			const struct catalog_entry *buckets, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry series = {0};
	OWNED(buf_release) struct buf ns = {0};
	struct bytes name;
	int found;

	if (buckets->has_uuid || !buckets_is(catalog_entry_coll(buckets), &name))
		return 0;
	buf_add(&ns, buckets->ns, buckets->db_len + 1);
	buf_add_bytes(&ns, name);
	catalog_entry_init(&series);
	found = moment_find(moment, buf_bytes(&ns), NULL, &series, e);
	if (found > 0 && series.type == CATALOG_TIMESERIES && series.has_uuid)
		log_names_add(names, series.uuid);
	return found;
}

int log_names_learn(struct log_names *names, struct moment *moment, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	int found;

	catalog_entry_init(&entry);
	found = moment_find(moment, buf_bytes(&names->word), NULL, &entry, e);
	if (found > 0 && entry.has_uuid)
		log_names_add(names, entry.uuid);
	if (found > 0 && learn_series(names, moment, &entry, e) < 0)
		return e->code;
	return found;
}

/* Is it "DB.COLL", put together from two parts? */
static bool is_named(const struct log_names *names, struct bytes db, struct bytes coll)
{
	struct bytes word = buf_bytes(&names->word);

	return word.len == db.len + 1 + coll.len && ns_in_db(word, db) &&
	       bytes_equal(bytes_of(word.at + db.len + 1, coll.len), coll);
}

static bool is_in_database(const struct log_names *names, struct bytes ns)
{
	return ns_in_db(ns, buf_bytes(&names->word));
}

/* A command that makes a collection of that name tells its UUID. */
static bool makes_it(const struct log_names *names, const struct command *command)
{
	if (command->kind == COMMAND_CREATE)
		return is_named(names, command->entry->db, command->coll);
	return command->kind == COMMAND_RENAME && bytes_equal(command->to, buf_bytes(&names->word));
}

static int take_command(void *ctx, const struct log_op *op, struct error *e UNUSED)
{
	struct log_names *names = ctx;

	if (op->command != NULL && op->op->ui != NULL && makes_it(names, op->command))
		log_names_add(names, op->op->ui);
	return 0;
}

static int pass_gap(void *ctx UNUSED, const struct stream_range *before UNUSED,
		    const struct stream_range *after UNUSED, struct error *e UNUSED)
{
	return 0;
}

/* It is told when it is met again. */
static int pass_lost(void *ctx UNUSED, uint64_t ts UNUSED, const struct error *why UNUSED,
		     struct error *e UNUSED)
{
	return 0;
}

int log_names_read(struct log_names *names, struct stream *stream, uint64_t from, uint64_t to,
		   struct error *e)
{
	static const uint8_t nobody[1][UUID_LEN];
	const struct stream_filter commands = {.uuids = nobody, .uuid_count = 1};
	const struct log_sink sink = {names, take_command, pass_gap, pass_lost};
	const struct log_read_options read = {
		.stream = stream, .from = from, .to = to, .filter = &commands};

	return names->collection && from <= to ? log_read(&read, &sink, e) : 0;
}

static bool command_is_about(const struct log_names *names, const struct command *command)
{
	struct bytes word = buf_bytes(&names->word), db = command->entry->db;

	if (log_names_has(names, command->entry->ui) || log_names_has(names, command->drop_target))
		return true;
	if (command->kind == COMMAND_RENAME)
		return bytes_equal(command->from, word) || bytes_equal(command->to, word);
	if (command->kind == COMMAND_DROP_DATABASE)
		return ns_in_db(word, db);
	return command->coll.len > 0 && is_named(names, db, command->coll);
}

static bool database_match(const struct log_names *names, const struct log_op *op)
{
	if (op->command != NULL && op->command->kind == COMMAND_RENAME)
		return is_in_database(names, op->command->from) ||
		       is_in_database(names, op->command->to);
	return bytes_equal(op->op->db, buf_bytes(&names->word));
}

bool log_names_match(struct log_names *names, const struct log_op *op, bool *ret_learned)
{
	bool named;

	if (names->word.len == 0)
		return true;
	if (!names->collection)
		return database_match(names, op);
	if (op->op->op == ENTRY_COMMAND) {
		if (op->command == NULL)
			return log_names_has(names, op->op->ui);
		if (op->op->ui != NULL && makes_it(names, op->command) &&
		    log_names_add(names, op->op->ui))
			*ret_learned = true;
		return command_is_about(names, op->command);
	}
	named = bytes_equal(op->op->ns, buf_bytes(&names->word));
	if (named && op->op->ui != NULL && log_names_add(names, op->op->ui))
		*ret_learned = true;
	return named || log_names_has(names, op->op->ui);
}

const struct stream_filter *log_names_filter(struct log_names *names)
{
	return names->collection && names->known ? &names->filter : NULL;
}
