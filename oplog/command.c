#include "oplog/command.h"

#include "base/bson_build.h"

static const struct {
	const char *name;
	uint8_t kind;
	uint8_t policy;
	const char *why; /* of what is refused */
} commands[] = {
	{"create", COMMAND_CREATE, COMMAND_APPLY, NULL},
	{"createIndexes", COMMAND_CREATE_INDEXES, COMMAND_APPLY, NULL},
	{"commitIndexBuild", COMMAND_COMMIT_INDEX_BUILD, COMMAND_APPLY, NULL},
	{"startIndexBuild", COMMAND_START_INDEX_BUILD, COMMAND_SKIP, NULL},
	{"abortIndexBuild", COMMAND_ABORT_INDEX_BUILD, COMMAND_SKIP, NULL},
	{"dropIndexes", COMMAND_DROP_INDEXES, COMMAND_APPLY, NULL},
	{"dropIndex", COMMAND_DROP_INDEXES, COMMAND_APPLY, NULL},
	{"deleteIndexes", COMMAND_DROP_INDEXES, COMMAND_APPLY, NULL},
	{"deleteIndex", COMMAND_DROP_INDEXES, COMMAND_APPLY, NULL},
	{"drop", COMMAND_DROP, COMMAND_APPLY, NULL},
	{"dropDatabase", COMMAND_DROP_DATABASE, COMMAND_APPLY, NULL},
	{"renameCollection", COMMAND_RENAME, COMMAND_APPLY, NULL},
	{"collMod", COMMAND_COLL_MOD, COMMAND_APPLY, NULL},
	{"emptycapped", COMMAND_EMPTY_CAPPED, COMMAND_APPLY, NULL},
	{"upgradeDowngradeViewlessTimeseries", COMMAND_TURN_SERIES, COMMAND_APPLY, NULL},
	{"applyOps", COMMAND_APPLY_OPS, COMMAND_APPLY, NULL},
	{"commitTransaction", COMMAND_COMMIT_TRANSACTION, COMMAND_APPLY, NULL},
	{"abortTransaction", COMMAND_ABORT_TRANSACTION, COMMAND_APPLY, NULL},
	{"dbCheck", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"modifyCollectionShardingIndexCatalog", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"createDatabaseMetadata", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"dropDatabaseMetadata", COMMAND_OTHER, COMMAND_SKIP, NULL},
	/* What a shard has in memory about its part of the cluster (type_oplog_catalog_metadata.idl, 8.3 on). */
	{"invalidateCollectionMetadata", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"invalidateAllCollectionMetadata", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"invalidateAllDatabaseMetadata", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"updateCollectionMetadata", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"setAllowChunkOperations", COMMAND_OTHER, COMMAND_SKIP, NULL},
	/* Counts and sizes of collections, which are no documents (init_replicated_fast_count_oplog_entry.idl). */
	{"initReplicatedFastCount", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"setMultikeyMetadata", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"dropIdent", COMMAND_OTHER, COMMAND_SKIP, NULL},
	{"convertToCapped", COMMAND_OTHER, COMMAND_REFUSE, "no server logs it or survives it"},
	{"cloneCollectionAsCapped", COMMAND_OTHER, COMMAND_REFUSE, "no server logs it"},
	{"importCollection", COMMAND_OTHER, COMMAND_REFUSE, "its data files are not in the log"},
	{"createGlobalIndex", COMMAND_OTHER, COMMAND_REFUSE, "global indexes are not kept"},
	{"dropGlobalIndex", COMMAND_OTHER, COMMAND_REFUSE, "global indexes are not kept"},
	{"truncateRange", COMMAND_OTHER, COMMAND_REFUSE, "record numbers are not kept"},
};

static size_t find_command(struct bytes name)
{
	size_t i = 0;

	while (i < COUNT_OF(commands) && !bytes_equal(name, bytes_str(commands[i].name)))
		i++;
	return i;
}

enum command_policy command_policy(struct bytes name, enum command_kind *ret)
{
	size_t i = find_command(name);

	*ret = i < COUNT_OF(commands) ? commands[i].kind : 0;
	return i < COUNT_OF(commands) ? commands[i].policy : COMMAND_REFUSE;
}

static int wrong(const struct bson_field *field, const char *expected, struct error *e)
{
	return error_set(e, ERR_CORRUPT, "%.*s has type 0x%02x, expected %s",
			 (int)MIN_OF(field->name.len, (size_t)60), (const char *)field->name.at,
			 field->type, expected);
}

static int text_of(const struct bson_field *field, struct bytes *ret, struct error *e)
{
	if (field->type != BSON_KIND_STRING)
		return wrong(field, "a string", e);
	return bson_text(field->value, ret, e);
}

static bool is_uuid(const struct bson_field *field)
{
	return field->type == BSON_KIND_BINARY && field->value.len == 5 + 16 &&
	       field->value.at[4] == 4;
}

static bool is_true(const struct bson_field *field)
{
	return field->type == BSON_KIND_BOOL && field->value.at[0] != 0;
}

static bool named(const struct bson_field *field, const char *name)
{
	return bytes_equal(field->name, bytes_str(name));
}

/* One field of o behind the first; each command has its own. */
typedef int read_option(struct command *command, const struct bson_field *field, struct error *e);

static int read_create(struct command *command, const struct bson_field *field, struct error *e)
{
	if (named(field, "idIndex")) {
		if (field->type != BSON_KIND_DOCUMENT)
			return wrong(field, "a document", e);
		command->id_index = field->value;
	} else if (named(field, "clusteredIndex")) {
		command->clustered = field->type == BSON_KIND_DOCUMENT || is_true(field);
	}
	return 0;
}

static int read_build(struct command *command, const struct bson_field *field, struct error *e)
{
	if (named(field, "indexes")) {
		if (field->type != BSON_KIND_ARRAY)
			return wrong(field, "an array", e);
		command->indexes = field->value;
	} else if (named(field, "indexBuildUUID")) {
		if (!is_uuid(field))
			return wrong(field, "a UUID", e);
		command->build_uuid = field->value.at + 5;
	}
	return 0;
}

static int read_drop_indexes(struct command *command, const struct bson_field *field,
			     struct error *e)
{
	int got;

	if (!named(field, "index"))
		return 0;
	if (field->type == BSON_KIND_DOCUMENT) {
		command->index_key = field->value;
		return 0;
	}
	if ((got = text_of(field, &command->index_name, e)) < 0)
		return got;
	command->all_indexes = bytes_equal(command->index_name, bytes_str("*"));
	return 0;
}

static int read_rename(struct command *command, const struct bson_field *field, struct error *e)
{
	if (named(field, "to"))
		return text_of(field, &command->to, e);
	if (named(field, "stayTemp"))
		command->stay_temp = is_true(field);
	if (!named(field, "dropTarget") || field->type == BSON_KIND_NULL)
		return 0;
	if (is_uuid(field))
		command->drop_target = field->value.at + 5;
	else if (field->type == BSON_KIND_BOOL)
		command->drop_any_target = is_true(field);
	else
		return wrong(field, "a UUID or a bool", e);
	return 0;
}

static int read_options(struct command *command, read_option *read, struct error *e)
{
	struct bson_fields fields = bson_fields(command->entry->o);
	struct bson_field field;
	int got = bson_fields_next(&fields, &field, e);

	while (got > 0 && (got = bson_fields_next(&fields, &field, e)) > 0) {
		int bad = read(command, &field, e);

		if (bad < 0)
			return bad;
	}
	return got;
}

static bool same_db(struct bytes a, struct bytes b)
{
	const uint8_t *dot_a = memchr(a.at, '.', a.len), *dot_b = memchr(b.at, '.', b.len);

	return dot_a != NULL && dot_b != NULL && dot_a - a.at == dot_b - b.at &&
	       memcmp(a.at, b.at, (size_t)(dot_a - a.at)) == 0;
}

static int check_rename(struct command *command, struct error *e)
{
	command->from = command->coll;
	command->coll = bytes_of(NULL, 0);
	if (command->from.len == 0 || command->to.len == 0)
		return error_set(e, ERR_CORRUPT, "renameCollection without a source or a target");
	if (!same_db(command->from, command->to))
		return error_set(
			e, ERR_UNSUPPORTED, "renameCollection from %.*s to another database: %.*s",
			(int)MIN_OF(command->from.len, (size_t)255), (const char *)command->from.at,
			(int)MIN_OF(command->to.len, (size_t)255), (const char *)command->to.at);
	return 0;
}

/* The parts of a command that is applied, or remembered. */
static int read_parts(struct command *command, struct error *e)
{
	int got;

	switch (command->kind) {
	case COMMAND_CREATE:
		got = read_options(command, read_create, e);
		command->id_index_v1 = command->id_index.len == 0 && !command->clustered;
		return got;
	case COMMAND_COMMIT_INDEX_BUILD:
	case COMMAND_START_INDEX_BUILD:
	case COMMAND_ABORT_INDEX_BUILD:
		got = read_options(command, read_build, e);
		if (got == 0 && command->indexes.len == 0)
			return error_set(e, ERR_CORRUPT, "index build without its indexes");
		return got;
	case COMMAND_DROP_INDEXES:
		got = read_options(command, read_drop_indexes, e);
		if (got == 0 && command->index_name.len == 0 && command->index_key.len == 0)
			return error_set(e, ERR_CORRUPT, "dropIndexes without an index");
		return got;
	case COMMAND_RENAME:
		got = read_options(command, read_rename, e);
		return got < 0 ? got : check_rename(command, e);
	default:
		return 0;
	}
}

static bool names_collection(enum command_kind kind)
{
	return kind != COMMAND_DROP_DATABASE && kind != COMMAND_APPLY_OPS &&
	       kind != COMMAND_COMMIT_TRANSACTION && kind != COMMAND_ABORT_TRANSACTION &&
	       kind != COMMAND_OTHER;
}

/* An import that was only tried changes nothing. */
static bool is_dry_run(const struct command *command)
{
	struct bson_field field;
	struct error ignored = {0};

	return bytes_equal(command->name, bytes_str("importCollection")) &&
	       bson_find(command->entry->o, "dryRun", &field, &ignored) > 0 && is_true(&field);
}

static int parse(struct command *command, const struct bson_field *first, size_t number,
		 struct error *e)
{
	int got;

	if (command->policy == COMMAND_REFUSE) {
		error_set(e, ERR_UNSUPPORTED, "command %s can't be replayed: %s",
			  commands[number].name, commands[number].why);
		return entry_hint_before(e);
	}
	if (names_collection(command->kind)) {
		if ((got = text_of(first, &command->coll, e)) < 0)
			return got;
		if (command->coll.len == 0)
			return error_set(e, ERR_CORRUPT, "%s names no collection",
					 commands[number].name);
	}
	return read_parts(command, e);
}

int command_parse(const struct entry *entry, struct command *ret, struct error *e)
{
	struct command command = {.entry = entry};
	struct bson_field first;
	size_t number;
	int got = entry_command(entry, &first, e);

	if (got < 0)
		return got;
	if (got == 0) {
		error_set(e, ERR_CORRUPT, "command without a name");
		return entry_wrap(entry, e);
	}
	number = find_command(first.name);
	if (number == COUNT_OF(commands)) {
		error_set(e, ERR_UNSUPPORTED, "unknown command '%.*s'",
			  (int)MIN_OF(first.name.len, (size_t)80), (const char *)first.name.at);
		entry_hint_before(e);
		return entry_wrap(entry, e);
	}
	command.kind = commands[number].kind;
	command.policy = commands[number].policy;
	command.name = first.name;
	if (is_dry_run(&command))
		command.policy = COMMAND_SKIP;
	if (parse(&command, &first, number, e) < 0)
		return entry_wrap(entry, e);
	*ret = command;
	return command.policy == COMMAND_APPLY;
}

/* Append o without its first field and those called `without` (may be NULL). */
static int rest_of(const struct command *command, const char *without, struct buf *ret,
		   struct error *e)
{
	struct bson_fields fields = bson_fields(command->entry->o);
	struct bson_field field;
	size_t start = ret->len, begin;
	int got;

	if ((got = buf_reserve(ret, command->entry->o.len, SIZE_MAX, e)) < 0)
		return got;
	begin = bson_build_begin(ret);
	got = bson_fields_next(&fields, &field, e);
	while (got > 0 && (got = bson_fields_next(&fields, &field, e)) > 0)
		if (without == NULL || !named(&field, without))
			buf_add_bytes(ret, bson_element(&field));
	if (got < 0) {
		ret->len = start;
		return entry_wrap(command->entry, e);
	}
	bson_build_end(ret, begin);
	return 0;
}

int command_create_options(const struct command *command, struct buf *ret, struct error *e)
{
	return rest_of(command, "idIndex", ret, e);
}

int command_index_spec(const struct command *command, size_t rank, struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(command->indexes);
	struct bson_field field;
	int got = 1;

	if (command->kind == COMMAND_CREATE_INDEXES) {
		if (rank > 0)
			return 0;
		got = rest_of(command, NULL, ret, e);
		return got < 0 ? got : 1;
	}
	if (command->indexes.len == 0)
		return 0;
	for (size_t i = 0; got > 0 && i <= rank; i++)
		got = bson_fields_next(&fields, &field, e);
	if (got > 0 && field.type != BSON_KIND_DOCUMENT)
		got = error_set(e, ERR_CORRUPT, "index spec has type 0x%02x, expected a document",
				field.type);
	if (got > 0)
		got = buf_reserve(ret, field.value.len, SIZE_MAX, e) < 0 ? ERR_NOMEM : 1;
	if (got < 0)
		return entry_wrap(command->entry, e);
	if (got > 0)
		buf_add_bytes(ret, field.value);
	return got;
}
