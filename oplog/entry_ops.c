/* The operations inside applyOps: see entry.h. */
#include "oplog/entry.h"

/* Go into the applyOps of a command `entry`, whose first field is `list`. */
static int descend(struct entry_ops *ops, const struct entry *entry, const struct bson_field *list,
		   struct error *e)
{
	struct bson_field field;
	bool upsert = true;
	int got;

	if (list->type != BSON_KIND_ARRAY) {
		error_set(e, ERR_CORRUPT, "applyOps has type 0x%02x, expected an array",
			  list->type);
		return entry_wrap(entry, e);
	}
	if (ops->depth == ENTRY_MAX_NESTING) {
		error_set(e, ERR_LIMIT, "applyOps nests more than %d deep", ENTRY_MAX_NESTING);
		return entry_wrap(entry, e);
	}
	if ((got = bson_find(entry->o, "alwaysUpsert", &field, e)) < 0)
		return entry_wrap(entry, e);
	if (got > 0 && field.type == BSON_KIND_BOOL)
		upsert = field.value.at[0] != 0;
	ops->level[ops->depth].outer = *entry;
	ops->level[ops->depth].fields = bson_fields(list->value);
	ops->level[ops->depth].upsert = upsert && !entry->has_txn_number;
	ops->depth++;
	return 0;
}

void entry_ops_begin(struct entry_ops *ops, const struct entry *entry)
{
	ops->depth = 0;
	ops->entry = entry;
}

/* 1: `entry` is an applyOps, and iteration goes on inside; 0: an operation of its own. */
static int enter(struct entry_ops *ops, const struct entry *entry, struct error *e)
{
	struct bson_field name;
	int got;

	if (entry->op != ENTRY_COMMAND)
		return 0;
	if ((got = entry_command(entry, &name, e)) <= 0)
		return got;
	if (!bytes_equal(name.name, bytes_str("applyOps")))
		return 0;
	got = descend(ops, entry, &name, e);
	return got < 0 ? got : 1;
}

/* The next operation of the innermost applyOps: 1, 0 at its end. */
static int next_inner(struct entry_ops *ops, struct entry *ret, struct error *e)
{
	const struct entry *outer = &ops->level[ops->depth - 1].outer;
	struct bson_field field;
	int got = bson_fields_next(&ops->level[ops->depth - 1].fields, &field, e);

	if (got == 0)
		return 0;
	if (got > 0 && field.type != BSON_KIND_DOCUMENT)
		got = error_set(e, ERR_CORRUPT,
				"operation in applyOps has type 0x%02x, expected a document",
				field.type);
	if (got < 0)
		return entry_wrap(outer, e);
	if ((got = entry_parse_inner(field.value, outer, ret, e)) < 0)
		return got;
	if (ret->op == ENTRY_UPDATE && ops->level[ops->depth - 1].upsert)
		ret->upsert = true;
	return 1;
}

int entry_ops_next(struct entry_ops *ops, struct entry *ret, struct error *e)
{
	struct entry entry;
	int got;

	if (ops->entry != NULL) {
		const struct entry *only = ops->entry;

		ops->entry = NULL;
		if ((got = enter(ops, only, e)) < 0)
			return got;
		if (got == 0) {
			*ret = *only;
			return 1;
		}
	}
	while (ops->depth > 0) {
		if ((got = next_inner(ops, &entry, e)) < 0)
			return got;
		if (got == 0) {
			ops->depth--;
			continue;
		}
		if ((got = enter(ops, &entry, e)) < 0)
			return got;
		if (got == 0) {
			*ret = entry;
			return 1;
		}
	}
	return 0;
}
