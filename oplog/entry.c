#include "oplog/entry.h"

#include <inttypes.h>

#define VERSION 2

static const char *const op_names[] = {
	[ENTRY_INSERT] = "i",
	[ENTRY_UPDATE] = "u",
	[ENTRY_DELETE] = "d",
	[ENTRY_COMMAND] = "c",
	[ENTRY_NOOP] = "n",
	[ENTRY_GLOBAL_INDEX_INSERT] = "xi",
	[ENTRY_GLOBAL_INDEX_DELETE] = "xd",
	[ENTRY_CONTAINER_INSERT] = "ci",
	[ENTRY_CONTAINER_DELETE] = "cd",
	[ENTRY_CONTAINER_UPDATE] = "cu",
	[ENTRY_MULTIKEY] = "km",
	[ENTRY_UNKNOWN] = "?",
};

const char *entry_op_name(enum entry_op op)
{
	return op_names[op];
}

enum known {
	FIELD_OP,
	FIELD_NS,
	FIELD_UI,
	FIELD_O,
	FIELD_O2,
	FIELD_TS,
	FIELD_T,
	FIELD_V,
	FIELD_B,
	FIELD_WALL,
	FIELD_LSID,
	FIELD_TXN_NUMBER,
	FIELD_STMT_ID,
	FIELD_PREV,
	FIELD_MULTI_OP_TYPE,
	FIELD_FROM_MIGRATE,
	FIELD_RETRY_IMAGE,
	FIELD_TENANT,
	FIELD_IGNORED,
};

/* Fields by length of the name and name; those that change nothing here are ignored. */
static const struct {
	const char *name;
	uint8_t len;
	uint8_t id;
} known_fields[] = {
#define KNOWN(name, id)                                                                            \
	{                                                                                          \
		name, sizeof(name) - 1, id                                                         \
	}
	KNOWN("op", FIELD_OP),
	KNOWN("ns", FIELD_NS),
	KNOWN("ui", FIELD_UI),
	KNOWN("o", FIELD_O),
	KNOWN("o2", FIELD_O2),
	KNOWN("ts", FIELD_TS),
	KNOWN("t", FIELD_T),
	KNOWN("v", FIELD_V),
	KNOWN("wall", FIELD_WALL),
	KNOWN("b", FIELD_B),
	KNOWN("lsid", FIELD_LSID),
	KNOWN("txnNumber", FIELD_TXN_NUMBER),
	KNOWN("stmtId", FIELD_STMT_ID),
	KNOWN("prevOpTime", FIELD_PREV),
	KNOWN("multiOpType", FIELD_MULTI_OP_TYPE),
	KNOWN("fromMigrate", FIELD_FROM_MIGRATE),
	KNOWN("needsRetryImage", FIELD_RETRY_IMAGE),
	KNOWN("tid", FIELD_TENANT),
	KNOWN("h", FIELD_IGNORED),
	KNOWN("_id", FIELD_IGNORED),
	KNOWN("rid", FIELD_IGNORED),
	KNOWN("preImageOpTime", FIELD_IGNORED),
	KNOWN("postImageOpTime", FIELD_IGNORED),
	KNOWN("txnRetryCounter", FIELD_IGNORED),
	KNOWN("destinedRecipient", FIELD_IGNORED),
	KNOWN("donorOpTime", FIELD_IGNORED),
	KNOWN("donorApplyOpsIndex", FIELD_IGNORED),
	KNOWN("fromTenantMigration", FIELD_IGNORED),
	KNOWN("checkExistenceForDiffInsert", FIELD_IGNORED),
	KNOWN("versionContext", FIELD_IGNORED),
	KNOWN("isTimeseries", FIELD_IGNORED),
	KNOWN("container", FIELD_IGNORED),
#undef KNOWN
};

/* What is seen of an entry while its fields are read. */
struct reading {
	struct entry *entry;
	bool has_ts, has_ns, has_v;
	struct error *e;
};

static int wrong_type(const struct bson_field *field, const char *expected, struct error *e)
{
	return error_set(e, ERR_CORRUPT, "field %.*s has type 0x%02x, expected %s",
			 (int)MIN_OF(field->name.len, (size_t)40), (const char *)field->name.at,
			 field->type, expected);
}

/* A number of any type that is whole. */
static int whole_number(const struct bson_field *field, int64_t *ret, struct error *e)
{
	double number;

	if (field->type == BSON_KIND_INT32) {
		*ret = (int32_t)get_le32(field->value.at);
		return 0;
	}
	if (field->type == BSON_KIND_INT64) {
		*ret = (int64_t)get_le64(field->value.at);
		return 0;
	}
	if (field->type != BSON_KIND_DOUBLE)
		return wrong_type(field, "a number", e);
	number = get_le_double(field->value.at);
	if (!(number > -9e15 && number < 9e15) || number != (double)(int64_t)number)
		return wrong_type(field, "a whole number", e);
	*ret = (int64_t)number;
	return 0;
}

/* A bool, or a number that stands for one. */
static int truth(const struct bson_field *field, bool *ret, struct error *e)
{
	int64_t number = 0;

	if (field->type == BSON_KIND_BOOL) {
		*ret = field->value.at[0] != 0;
		return 0;
	}
	if (field->type == BSON_KIND_NULL || whole_number(field, &number, e) < 0)
		return wrong_type(field, "a bool", e);
	*ret = number != 0;
	return 0;
}

static int text_of(const struct bson_field *field, struct bytes *ret, struct error *e)
{
	if (field->type != BSON_KIND_STRING)
		return wrong_type(field, "a string", e);
	return bson_text(field->value, ret, e);
}

static int document_of(const struct bson_field *field, struct bytes *ret, struct error *e)
{
	if (field->type != BSON_KIND_DOCUMENT)
		return wrong_type(field, "a document", e);
	*ret = field->value;
	return 0;
}

static int timestamp_of(const struct bson_field *field, uint64_t *ret, struct error *e)
{
	if (field->type != BSON_KIND_TIMESTAMP)
		return wrong_type(field, "a timestamp", e);
	*ret = get_le64(field->value.at);
	return 0;
}

static int uuid_of(const struct bson_field *field, const uint8_t **ret, struct error *e)
{
	if (field->type != BSON_KIND_BINARY || field->value.len != 5 + 16 ||
	    field->value.at[4] != 4)
		return wrong_type(field, "a UUID (binary 4 of 16 bytes)", e);
	*ret = field->value.at + 5;
	return 0;
}

static int optime_of(const struct bson_field *field, struct entry_optime *ret, struct error *e)
{
	struct entry_optime at = {.term = -1};
	struct bson_field part;
	int got;

	if (field->type != BSON_KIND_DOCUMENT)
		return wrong_type(field, "an optime", e);
	if ((got = bson_find(field->value, "ts", &part, e)) < 0)
		return got;
	if (got == 0)
		return wrong_type(field, "an optime with ts", e);
	if ((got = timestamp_of(&part, &at.ts, e)) < 0 ||
	    (got = bson_find(field->value, "t", &part, e)) < 0)
		return got;
	if (got > 0 && (got = whole_number(&part, &at.term, e)) < 0)
		return got;
	*ret = at;
	return 0;
}

static int read_version(const struct bson_field *field, struct reading *reading)
{
	int64_t version;

	if (whole_number(field, &version, reading->e) < 0)
		return ERR_CORRUPT;
	reading->has_v = true;
	if (version != VERSION)
		return error_set(reading->e, ERR_UNSUPPORTED,
				 "field v (its version) is %" PRId64 ", expected %d", version,
				 VERSION);
	return 0;
}

/* The fields about session and transaction. */
static int read_session(enum known id, const struct bson_field *field, struct reading *reading)
{
	struct entry *entry = reading->entry;
	struct error *e = reading->e;

	switch (id) {
	case FIELD_LSID:
		return document_of(field, &entry->lsid, e);
	case FIELD_TXN_NUMBER:
		entry->has_txn_number = true;
		return whole_number(field, &entry->txn_number, e);
	case FIELD_STMT_ID:
		entry->stmt_id = *field;
		return 0;
	case FIELD_PREV:
		entry->has_prev = true;
		return optime_of(field, &entry->prev, e);
	case FIELD_MULTI_OP_TYPE:
		return whole_number(field, &entry->multi_op_type, e);
	case FIELD_RETRY_IMAGE:
		return text_of(field, &entry->retry_image, e);
	case FIELD_TENANT:
		return error_set(e, ERR_UNSUPPORTED, "entry of a tenant (field tid)");
	default:
		return 0;
	}
}

static int read_field(enum known id, const struct bson_field *field, struct reading *reading)
{
	struct entry *entry = reading->entry;
	struct error *e = reading->e;

	switch (id) {
	case FIELD_OP:
		return text_of(field, &entry->op_text, e);
	case FIELD_NS:
		reading->has_ns = true;
		return text_of(field, &entry->ns, e);
	case FIELD_UI:
		return uuid_of(field, &entry->ui, e);
	case FIELD_O:
		return document_of(field, &entry->o, e);
	case FIELD_O2:
		return document_of(field, &entry->o2, e);
	case FIELD_TS:
		reading->has_ts = true;
		return timestamp_of(field, &entry->at.ts, e);
	case FIELD_T:
		return whole_number(field, &entry->at.term, e);
	case FIELD_V:
		return read_version(field, reading);
	case FIELD_B:
		return truth(field, &entry->upsert, e);
	case FIELD_WALL:
		if (field->type != BSON_KIND_DATE)
			return wrong_type(field, "a date", e);
		entry->has_wall = true;
		entry->wall = (int64_t)get_le64(field->value.at);
		return 0;
	case FIELD_FROM_MIGRATE:
		return truth(field, &entry->from_migrate, e);
	default:
		return read_session(id, field, reading);
	}
}

static int read_fields(struct bytes doc, struct reading *reading)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	int got;

	while ((got = bson_fields_next(&fields, &field, reading->e)) > 0) {
		size_t i = 0;

		while (i < COUNT_OF(known_fields) &&
		       (known_fields[i].len != field.name.len ||
			known_fields[i].name[0] != (char)field.name.at[0] ||
			memcmp(known_fields[i].name, field.name.at, field.name.len) != 0))
			i++;
		if (i < COUNT_OF(known_fields)) {
			got = read_field(known_fields[i].id, &field, reading);
			if (got < 0)
				return got;
		} else if (reading->entry->unknown++ == 0) {
			reading->entry->unknown_name = field.name;
		}
	}
	return got;
}

static int unknown_op(const struct entry *entry, struct error *e)
{
	return error_set(e, ERR_UNSUPPORTED, "unknown operation '%.*s'",
			 (int)MIN_OF(entry->op_text.len, (size_t)20),
			 (const char *)entry->op_text.at);
}

int entry_hint_before(struct error *e)
{
	return error_hint(e, "moments before this entry can be reached; a newer full snapshot "
			     "starts again behind it");
}

int entry_refuse(const struct entry *entry, struct error *e)
{
	unknown_op(entry, e);
	entry_hint_before(e);
	return entry_wrap(entry, e);
}

/* 1: an operation that is known; 0: one that is not, on a collection. */
static int set_op(struct entry *entry, struct error *e)
{
	struct bytes op = entry->op_text;

	for (unsigned i = ENTRY_INSERT; i < ENTRY_UNKNOWN; i++) {
		if (bytes_equal(op, bytes_str(op_names[i]))) {
			entry->op = (enum entry_op)i;
			return 1;
		}
	}
	if (op.at == NULL)
		return error_set(e, ERR_CORRUPT, "field op is missing");
	if (entry->db.len == 0 || entry->coll.len == 0 || entry->coll.at[0] == '$')
		return unknown_op(entry, e);
	entry->op = ENTRY_UNKNOWN;
	return 0;
}

static void split_ns(struct entry *entry)
{
	const uint8_t *dot = entry->ns.len == 0 ? NULL : memchr(entry->ns.at, '.', entry->ns.len);

	entry->db = entry->ns;
	entry->coll = bytes_of(NULL, 0);
	if (dot == NULL)
		return;
	entry->db.len = (size_t)(dot - entry->ns.at);
	entry->coll = bytes_of(dot + 1, entry->ns.len - entry->db.len - 1);
}

/* What each operation needs. */
static int check(const struct entry *entry, struct error *e)
{
	bool crud =
		entry->op == ENTRY_INSERT || entry->op == ENTRY_UPDATE || entry->op == ENTRY_DELETE;

	if (entry->o.at == NULL)
		return error_set(e, ERR_CORRUPT, "field o is missing");
	/* A command's is DB.$cmd, but for some about one collection (op_observer_impl.cpp, sharding's index catalog). */
	if ((crud || entry->op == ENTRY_COMMAND) && (entry->db.len == 0 || entry->coll.len == 0))
		return error_set(e, ERR_CORRUPT, "field ns is no namespace");
	if (entry->op == ENTRY_UPDATE && entry->o2.at == NULL)
		return error_set(e, ERR_CORRUPT, "field o2 of an update is missing");
	return 0;
}

static int parse(struct bytes doc, struct reading *reading)
{
	struct entry *entry = reading->entry;
	int got = read_fields(doc, reading);

	split_ns(entry);
	/* The operation first: it is in the text of whatever is wrong. */
	if (got < 0 || (got = set_op(entry, reading->e)) < 0)
		return got;
	if (!reading->has_ts && !entry->inner)
		return error_set(reading->e, ERR_CORRUPT, "field ts is missing");
	if (!reading->has_v && !entry->inner)
		return error_set(reading->e, ERR_UNSUPPORTED,
				 "field v (its version) is missing, expected %d", VERSION);
	if (!reading->has_ns && entry->ns.at == NULL)
		return error_set(reading->e, ERR_CORRUPT, "field ns is missing");
	return got == 0 ? 0 : check(entry, reading->e);
}

/* For the text of an error: what comes behind the field that was wrong was not read. */
static void find_place(struct bytes doc, struct entry *entry)
{
	struct error ignored = {0};
	struct bson_field field;

	if (entry->at.ts == 0 && bson_find(doc, "ts", &field, &ignored) > 0)
		(void)!timestamp_of(&field, &entry->at.ts, &ignored);
	if (entry->op == 0 && entry->op_text.at == NULL &&
	    bson_find(doc, "op", &field, &ignored) > 0)
		(void)!text_of(&field, &entry->op_text, &ignored);
	if (entry->ns.at == NULL && bson_find(doc, "ns", &field, &ignored) > 0)
		(void)!text_of(&field, &entry->ns, &ignored);
	if (entry->op == 0 && entry->op_text.at != NULL) {
		split_ns(entry);
		(void)!set_op(entry, &ignored);
	}
}

int entry_parse(struct bytes doc, struct entry *ret, struct error *e)
{
	struct entry entry = {.raw = doc, .at.term = -1};
	struct reading reading = {.entry = &entry, .e = e};
	int got = parse(doc, &reading);

	if (got < 0) {
		find_place(doc, &entry);
		return entry_wrap(&entry, e);
	}
	*ret = entry;
	return 0;
}

int entry_parse_inner(struct bytes doc, const struct entry *outer, struct entry *ret,
		      struct error *e)
{
	struct entry entry = *outer;
	struct reading reading = {.entry = &entry, .e = e};
	int got;

	entry.raw = doc;
	entry.op = 0;
	entry.op_text = bytes_of(NULL, 0);
	entry.o = bytes_of(NULL, 0);
	entry.inner = true;
	if ((got = parse(doc, &reading)) < 0)
		return entry_wrap(&entry, e);
	*ret = entry;
	return 0;
}

int entry_wrap(const struct entry *entry, struct error *e)
{
	const char *op = entry->op == 0 ? "?" : op_names[entry->op];

	return error_wrap(e, "oplog entry %" PRIu32 ".%" PRIu32 " (%s %.*s)",
			  entry_seconds(entry->at.ts), entry_increment(entry->at.ts), op,
			  (int)MIN_OF(entry->ns.len, (size_t)300),
			  entry->ns.at == NULL ? "" : (const char *)entry->ns.at);
}

int entry_id(const struct entry *entry, struct bson_field *ret, struct error *e)
{
	struct bytes key = entry->op == ENTRY_UPDATE ? entry->o2 : entry->o;
	int got = bson_find(key, "_id", ret, e);

	if (got == 0)
		error_set(e, ERR_CORRUPT, "no _id in %s", entry->op == ENTRY_UPDATE ? "o2" : "o");
	return got > 0 ? 1 : entry_wrap(entry, e);
}

int entry_stmt_id(const struct entry *entry, size_t rank, int32_t *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(entry->stmt_id.value);
	struct bson_field field = entry->stmt_id;
	int64_t number;
	int got = 1;

	if (field.type == 0)
		return 0;
	if (field.type == BSON_KIND_ARRAY) {
		for (size_t i = 0; got > 0 && i <= rank; i++)
			got = bson_fields_next(&fields, &field, e);
		if (got <= 0)
			return got;
	} else if (rank > 0) {
		return 0;
	}
	if ((got = whole_number(&field, &number, e)) < 0)
		return got;
	*ret = (int32_t)number;
	return 1;
}

/* The field of that name is the same in both, or in none. */
static bool same_part(struct bytes a, struct bytes b, const char *name)
{
	struct bson_field x, y;
	struct error ignored = {0};
	int has_x = bson_find(a, name, &x, &ignored), has_y = bson_find(b, name, &y, &ignored);

	if (has_x != has_y || has_x < 0)
		return false;
	return has_x == 0 || (x.type == y.type && bytes_equal(x.value, y.value));
}

bool entry_same_session(const struct entry *a, const struct entry *b)
{
	static const char *const parts[] = {"id", "uid", "txnNumber", "txnUUID"};

	if (a->lsid.len == 0 || b->lsid.len == 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (!same_part(a->lsid, b->lsid, parts[i]))
			return false;
	return true;
}

int entry_command(const struct entry *entry, struct bson_field *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(entry->o);
	int got = bson_fields_next(&fields, ret, e);

	return got < 0 ? entry_wrap(entry, e) : got;
}

/* What the fields of o say about a chain. */
struct parts {
	bool partial, prepare;
	struct entry_unit_info info;
};

static int read_parts(const struct entry *entry, struct parts *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(entry->o);
	struct bson_field field;
	int got, bad = 0;

	while (bad == 0 && (got = bson_fields_next(&fields, &field, e)) > 0) {
		if (bytes_equal(field.name, bytes_str("partialTxn"))) {
			bad = truth(&field, &ret->partial, e);
		} else if (bytes_equal(field.name, bytes_str("prepare"))) {
			bad = truth(&field, &ret->prepare, e);
		} else if (bytes_equal(field.name, bytes_str("count"))) {
			ret->info.has_count = true;
			bad = whole_number(&field, &ret->info.count, e);
		} else if (bytes_equal(field.name, bytes_str("commitTimestamp"))) {
			bad = timestamp_of(&field, &ret->info.commit_ts, e);
		}
	}
	return bad < 0 ? bad : got;
}

static enum entry_unit unit_of_apply_ops(const struct entry *entry, const struct parts *parts)
{
	bool linked = entry->has_prev && entry->multi_op_type != 1;
	bool session = entry->lsid.len > 0 && entry->has_txn_number;
	bool goes_on = entry->prev.ts != 0;

	/* Chains of large batched writes (6.1 on) have no session. */
	if (!linked || (!session && !goes_on && !parts->partial))
		return ENTRY_UNIT_APPLY_OPS;
	if (parts->partial)
		return ENTRY_UNIT_PARTIAL;
	if (parts->prepare)
		return ENTRY_UNIT_PREPARE;
	return goes_on ? ENTRY_UNIT_END : ENTRY_UNIT_WHOLE;
}

int entry_unit(const struct entry *entry, struct entry_unit_info *ret, struct error *e)
{
	struct parts parts = {0};
	struct bson_field name;
	int got;

	*ret = (struct entry_unit_info){.unit = ENTRY_UNIT_ALONE};
	if (entry->op != ENTRY_COMMAND)
		return 0;
	if ((got = entry_command(entry, &name, e)) <= 0)
		return got;
	if (bytes_equal(name.name, bytes_str("applyOps")))
		parts.info.unit = ENTRY_UNIT_APPLY_OPS;
	else if (bytes_equal(name.name, bytes_str("commitTransaction")))
		parts.info.unit = ENTRY_UNIT_COMMIT;
	else if (bytes_equal(name.name, bytes_str("abortTransaction")))
		parts.info.unit = ENTRY_UNIT_ABORT;
	else
		return 0;
	/* Junk in o of what is no part of a chain is not looked at. */
	if (parts.info.unit == ENTRY_UNIT_APPLY_OPS && !entry->has_prev) {
		ret->unit = ENTRY_UNIT_APPLY_OPS;
		return 0;
	}
	if ((got = read_parts(entry, &parts, e)) < 0)
		return entry_wrap(entry, e);
	if (parts.info.unit == ENTRY_UNIT_APPLY_OPS)
		parts.info.unit = unit_of_apply_ops(entry, &parts);
	if (parts.info.unit == ENTRY_UNIT_COMMIT && parts.info.commit_ts == 0) {
		error_set(e, ERR_CORRUPT, "commitTransaction without a commitTimestamp");
		return entry_wrap(entry, e);
	}
	*ret = parts.info;
	return 0;
}
