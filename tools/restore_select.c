#include "tools/restore_select.h"

#include <stdlib.h>
#include <time.h>

#include "base/bson.h"
#include "base/collation.h"
#include "base/key.h"
#include "base/metadata_json.h"
#include "query/match/match.h"
#include "tools/id_find.h"

#define QUERY_MAX (16 * MIB)

struct restore_picker {
	const struct restore_select *select; /* or NULL */
	struct collation *collation;
	struct buf key, collated; /* of the _id that is looked for */
	struct buf scratch;
	struct query_context q; /* of a query */
	struct arena *values;	/* of one document */
	struct expr_frame frame;
	const struct match *match; /* NULL: an _id is looked for */
};

void restore_select_release(struct restore_select *select)
{
	buf_release(&select->id);
	buf_release(&select->query);
}

/* Is it a query? Before anything else is looked at. */
static int check_query(const struct restore_select *select, struct error *e)
{
	static const uint8_t nothing[] = {5, 0, 0, 0, 0};
	OWNED(restore_picker_free) struct restore_picker *picker = NULL;
	struct catalog_entry entry = {.ns = (char *)(uintptr_t) "a.b", .ns_len = 3, .db_len = 1};

	entry.options.at = (uint8_t *)(uintptr_t)nothing;
	entry.options.len = sizeof(nothing);
	return restore_picker_new(select, &entry, &picker, e);
}

int restore_select_read(const char *id, const char *query, struct restore_select *ret,
			struct error *e)
{
	struct error why = {0};

	if (id != NULL)
		return id_find_parse(id, &ret->id, e);
	if (metadata_json_parse_strict(bytes_str(query), QUERY_MAX, &ret->query, &why) < 0) {
		error_set(e, ERR_INVALID, "--query is not one document in extended JSON: %s",
			  why.text);
		return error_hint(e, "for example --query '{\"status\": \"paid\", \"total\": "
				     "{\"$gt\": 100}}'");
	}
	return check_query(ret, e);
}

int restore_select_ranks(const struct restore_select *select, struct store *store,
			 const struct catalog_entry *entry, uint64_t *ret_first,
			 uint64_t *ret_count, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf other = {0};
	struct bson_field collation;
	struct bytes doc;
	int found;

	*ret_first = 0;
	*ret_count = entry->root.count;
	if (select == NULL || select->id.len == 0 || entry->root.kind != TREE_KEYED)
		return 0;
	cursor = tree_cursor_new(store, &entry->root);
	if (key_of_document(buf_bytes(&select->id), &key, e) < 0)
		return e->code;
	found = bson_find(buf_bytes(&entry->options), "collation", &collation, e);
	if (found != 0) /* another text may be equal */
		return MIN_OF(found, 0);
	found = tree_cursor_seek_key(cursor, buf_bytes(&key), e);
	if (found < 0)
		return found;
	*ret_first = tree_cursor_rank(cursor);
	*ret_count = 0;
	while (found > 0 && (found = tree_cursor_next(cursor, &doc, e)) > 0) {
		buf_reset(&other);
		if (key_of_document(doc, &other, e) < 0)
			return e->code;
		if (!bytes_equal(buf_bytes(&key), buf_bytes(&other)))
			break;
		++*ret_count;
	}
	return MIN_OF(found, 0);
}

static int prepare_id(struct restore_picker *p, const struct catalog_entry *entry, struct error *e)
{
	struct bytes id = buf_bytes(&p->select->id);

	if (key_of_document(id, &p->key, e) < 0 ||
	    collation_of_options(buf_bytes(&entry->options), &p->collation, e) < 0)
		return e->code;
	if (p->collation != NULL &&
	    collation_key_of_document(p->collation, id, &p->collated, e) < 0)
		return e->code;
	return 0;
}

/* The query is parsed for each picker: its values live with it. */
static int prepare_query(struct restore_picker *p, const struct catalog_entry *entry,
			 struct error *e)
{
	struct expr_scope *scope;

	if (collation_of_options(buf_bytes(&entry->options), &p->collation, e) < 0)
		return e->code;
	p->values = arena_new();
	p->q = (struct query_context){
		.constants = arena_new(),
		.db = bytes_of(entry->ns, entry->db_len),
		.coll = catalog_entry_coll(entry),
		.collation = p->collation,
		.now = (int64_t)time(NULL) * 1000,
		.memory = QUERY_MEMORY_DEFAULT,
		.in_find = true,
	};
	scope = expr_scope_new(&p->q);
	if (match_parse(scope, buf_bytes(&p->select->query), MATCH_TOP, &p->match, e) < 0)
		return error_wrap(e, "--query");
	p->frame = expr_frame_new(&p->q, scope, p->values);
	return 0;
}

int restore_picker_new(const struct restore_select *select, const struct catalog_entry *entry,
		       struct restore_picker **ret, struct error *e)
{
	OWNED(restore_picker_free) struct restore_picker *p = xcalloc(1, sizeof(*p));

	p->select = select;
	if (select != NULL &&
	    (select->id.len > 0 ? prepare_id(p, entry, e) : prepare_query(p, entry, e)) < 0)
		return e->code;
	*ret = TAKE(p);
	return 0;
}

void restore_picker_free(struct restore_picker *p)
{
	if (p == NULL)
		return;
	collation_close(p->collation);
	arena_free(p->values);
	arena_free(p->q.constants);
	buf_release(&p->key);
	buf_release(&p->collated);
	buf_release(&p->scratch);
	free(p);
}

static int has_id(struct restore_picker *p, struct bytes doc, struct error *e)
{
	int found;

	buf_reset(&p->scratch);
	found = key_of_document(doc, &p->scratch, e);
	if (found <= 0)
		return found;
	if (bytes_equal(buf_bytes(&p->scratch), buf_bytes(&p->key)))
		return 1;
	if (p->collation == NULL)
		return 0;
	buf_reset(&p->scratch);
	if (collation_key_of_document(p->collation, doc, &p->scratch, e) < 0)
		return e->code;
	return bytes_equal(buf_bytes(&p->scratch), buf_bytes(&p->collated));
}

int restore_picker_takes(struct restore_picker *p, struct bytes doc, struct error *e)
{
	if (p->select == NULL)
		return 1;
	if (p->match == NULL)
		return has_id(p, doc, e);
	arena_reset(p->values);
	expr_frame_set(&p->frame, doc);
	return match_test(p->match, &p->frame, doc, NULL, e);
}
