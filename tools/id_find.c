#include "tools/id_find.h"

#include "base/bson_check.h"
#include "base/collation.h"
#include "base/ejson.h"
#include "base/key.h"
#include "base/metadata_json.h"
#include "store/tree/tree_cursor.h"

#define OID_HEX 24 /* digits */

static bool is_oid(const char *text, size_t len)
{
	return len == OID_HEX && strspn(text, "0123456789abcdefABCDEF") >= OID_HEX;
}

/* {"_id": <json>} as BSON, when `json` is exactly one value. */
static int parse_json(const char *json, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct bson_fields fields;
	struct bson_field field;

	buf_printf(&text, "{\"_id\":%s\n}", json);
	buf_reset(ret);
	if (metadata_json_parse_strict(buf_bytes(&text), BSON_MAX_LEN, ret, e) < 0)
		return e->code;
	fields = bson_fields(buf_bytes(ret));
	if (bson_fields_next(&fields, &field, e) <= 0 || bson_fields_next(&fields, &field, e) != 0)
		return error_set(e, ERR_INVALID, "it is more than one value");
	return 0;
}

/* What mongosh and other shells print, and what it is here. */
static const char *const shells[][2] = {
	{"ObjectId(", "$oid"},
	{"UUID(", "$uuid"},
	{"ISODate(", "$date"},
	{"new Date(", "$date"},
	{"Long(", "$numberLong"},
	{"NumberLong(", "$numberLong"},
	{"Int32(", "$numberInt"},
	{"NumberInt(", "$numberInt"},
	{"Decimal128(", "$numberDecimal"},
	{"NumberDecimal(", "$numberDecimal"},
};

/* Is it `call` with one word in it, in quotes or not? */
static bool is_call(const char *typed, const char *call, struct bytes *ret_word)
{
	const char *word;
	size_t len;

	if (strncmp(typed, call, strlen(call)) != 0)
		return false;
	word = typed + strlen(call);
	word += strspn(word, "\"'");
	len = strcspn(word, "\"')");
	*ret_word = bytes_of(word, len);
	return len > 0 && strspn(word + len, "\"'") + 1 == strlen(word + len) &&
	       word[strlen(word) - 1] == ')';
}

static bool is_uuid(const char *typed)
{
	return strlen(typed) == 36 && strspn(typed, "0123456789abcdefABCDEF-") == 36 &&
	       typed[8] == '-' && typed[13] == '-' && typed[18] == '-' && typed[23] == '-';
}

static int hint(const char *typed, struct error *e)
{
	struct bytes word;

	for (size_t i = 0; i < COUNT_OF(shells); i++)
		if (is_call(typed, shells[i][0], &word))
			return error_hint(e, "in extended JSON that is '{\"%s\":\"%.*s\"}'",
					  shells[i][1], (int)word.len, (const char *)word.at);
	if (is_uuid(typed))
		return error_hint(e, "a UUID is '{\"$uuid\":\"%s\"}', a string '\"%s\"'", typed,
				  typed);
	if (strpbrk(typed, "\"'{") == NULL)
		return error_hint(e, "a string needs its quotes, and these the shell's: '\"%s\"'",
				  typed);
	return error_hint(e,
			  "for example: 5, '\"abc\"', '{\"$oid\":\"507f1f77bcf86cd799439011\"}'");
}

int id_find_parse(const char *typed, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf json = {0};
	struct error why = {0};

	/* First: some ObjectIds are all digits, or have one e, and would be read as numbers. */
	if (is_oid(typed, strlen(typed))) {
		buf_printf(&json, "{\"$oid\":\"%s\"}", typed);
		return parse_json(buf_text(&json), ret, e);
	}
	if (parse_json(typed, ret, &why) == 0)
		return 0;
	error_set(e, ERR_INVALID, "the _id %s is not one value in extended JSON", typed);
	return hint(typed, e);
}

/* What a scan or look-up works on. */
struct search {
	struct tree_cursor *cursor;
	struct collation *collation; /* or NULL: simple keys */
	struct bytes key;
	int (*take)(void *ctx, struct bytes doc, struct error *e);
	void *ctx;
	struct buf scratch;
};

static int key_of(struct search *s, struct bytes doc, struct error *e)
{
	buf_reset(&s->scratch);
	if (s->collation != NULL)
		return collation_key_of_document(s->collation, doc, &s->scratch, e);
	return key_of_document(doc, &s->scratch, e);
}

/* Take the documents from the cursor on; with `run` only as long as they match. */
static int64_t take_matching(struct search *s, bool run, struct error *e)
{
	struct bytes doc;
	int64_t count = 0;
	int more;

	while ((more = tree_cursor_next(s->cursor, &doc, e)) > 0) {
		int found = key_of(s, doc, e);

		if (found < 0)
			return found;
		if (found == 0 || !bytes_equal(buf_bytes(&s->scratch), s->key)) {
			if (run)
				break;
			continue;
		}
		if (s->take(s->ctx, doc, e) < 0)
			return e->code;
		count++;
	}
	/* In a damaged leaf behind it another one with this _id could be, which no server has. */
	return more < 0 && !(run && count > 0 && error_is_harm(e)) ? more : count;
}

/* By the simple key: a seek, or a scan where the tree has no keys. */
static int64_t find_simple(struct search *s, const struct catalog_entry *entry, struct error *e)
{
	int found;

	if (entry->root.kind != TREE_KEYED)
		return take_matching(s, false, e);
	found = tree_cursor_seek_key(s->cursor, s->key, e);
	if (found <= 0)
		return found;
	return take_matching(s, true, e);
}

int64_t id_find(struct store *store, const struct catalog_entry *entry, struct bytes id,
		int (*take)(void *ctx, struct bytes doc, struct error *e), void *ctx,
		struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, &entry->root);
	OWNED(collation_close) struct collation *collation = NULL;
	OWNED(buf_release) struct buf key = {0};
	struct search s = {.cursor = cursor, .take = take, .ctx = ctx};
	int64_t count;

	if (key_of_document(id, &key, e) < 0)
		return e->code;
	s.key = buf_bytes(&key);
	count = find_simple(&s, entry, e);
	if (count == 0 && collation_of_options(buf_bytes(&entry->options), &collation, e) > 0) {
		buf_reset(&key);
		s.collation = collation;
		if (collation_key_of_document(collation, id, &key, e) < 0 ||
		    tree_cursor_seek_rank(cursor, 0, e) < 0) {
			buf_release(&s.scratch);
			return e->code;
		}
		s.key = buf_bytes(&key);
		count = take_matching(&s, false, e);
	}
	buf_release(&s.scratch);
	return count;
}

static int take_nothing(void *ctx, struct bytes doc, struct error *e)
{
	(void)ctx;
	(void)doc;
	(void)e;
	return 0;
}

int id_find_suggest(struct store *store, const struct catalog_entry *entry, struct bytes id,
		    struct buf *ret_typed, struct error *e)
{
	OWNED(buf_release) struct buf other = {0};
	struct error ignored = {0};
	struct bson_field field;
	struct bytes text;

	if (entry->root.kind != TREE_KEYED || bson_find(id, "_id", &field, e) <= 0)
		return 0;
	buf_reset(ret_typed);
	if (field.type == BSON_KIND_STRING) {
		if (bson_text(field.value, &text, &ignored) < 0)
			return 0;
		if (is_oid((const char *)text.at, text.len))
			buf_printf(ret_typed, "{\"$oid\":\"%.*s\"}", (int)text.len,
				   (const char *)text.at);
		else
			buf_printf(ret_typed, "%.*s", (int)text.len, (const char *)text.at);
	} else {
		if (ejson_write_value(field.type, field.value, EJSON_RELAXED, &other, &ignored) < 0)
			return 0;
		if (field.type == BSON_KIND_OBJECT_ID && other.len == OID_HEX + 11)
			buf_printf(ret_typed, "\"%.*s\"", OID_HEX, (const char *)other.at + 9);
		else if (field.type == BSON_KIND_INT32 || field.type == BSON_KIND_INT64)
			buf_printf(ret_typed, "\"%s\"", buf_text(&other));
		else
			return 0;
	}
	buf_reset(&other);
	if (parse_json(buf_text(ret_typed), &other, &ignored) < 0)
		return 0;
	return id_find(store, entry, buf_bytes(&other), take_nothing, NULL, e) > 0;
}
