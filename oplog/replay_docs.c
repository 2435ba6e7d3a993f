#include "oplog/replay_docs.h"

#include "base/bson_build.h"
#include "base/collation.h"
#include "base/key.h"
#include "oplog/replay_op.h"
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_prefix.h"

#define MEMORY_DEFAULT (48 * MIB)
/* What a collection may hold at a time besides: a window of operations, a sort of keys. */
#define WORK_SHARE 3
/* Bytes of operations on one collection from which looking for its prefix is worth it. */
#define PREFIX_LOOK_FROM (64 * KIB)
/* Bytes of operations from which the writer hurries. */
#define MUCH (8 * MIB)
/* Bytes of operations that are looked at for a sample. */
#define SAMPLE_FROM (4 * MIB)

/* What is known of a collection since its first operation. */
struct docs_slot {
	bool known;
	enum replay_op_order order; /* of operations on text; REPLAY_OP_KEYED: of all */
	struct collation *collation;
	uint64_t bytes;	   /* of payloads */
	uint64_t inserted; /* of documents */
};

struct replay_docs {
	char *tmp_dir;
	size_t memory;
	struct extsort *sort;
	uint64_t count, bytes;
	struct docs_slot *slots; /* by number */
	size_t slot_count;
	struct buf key, sort_key, payload;
};

struct replay_docs *replay_docs_new(const char *tmp_dir, size_t memory)
{
	struct replay_docs *docs = xcalloc(1, sizeof(*docs));

	docs->tmp_dir = xstrdup(tmp_dir);
	docs->memory = memory != 0 ? memory : MEMORY_DEFAULT;
	docs->sort = extsort_new(tmp_dir, docs->memory);
	return docs;
}

void replay_docs_free(struct replay_docs *docs)
{
	if (docs == NULL)
		return;
	for (size_t i = 0; i < docs->slot_count; i++)
		collation_close(docs->slots[i].collation);
	free(docs->slots);
	extsort_free(docs->sort);
	buf_release(&docs->key);
	buf_release(&docs->sort_key);
	buf_release(&docs->payload);
	free(docs->tmp_dir);
	free(docs);
}

uint64_t replay_docs_count(const struct replay_docs *docs)
{
	return docs->count;
}

/* ------------------------------------------------------------------ collecting */

static struct bytes options_of(const struct replay_slot *slot)
{
	return slot->entry.options.len > 0 ? buf_bytes(&slot->entry.options) : bson_build_empty();
}

static int is_natural(const struct replay_slot *slot, bool *ret, struct error *e)
{
	if (catalog_is_natural(catalog_entry_coll(&slot->entry), options_of(slot), ret, e) < 0)
		return e->code;
	*ret = *ret || slot->entry.root.kind == TREE_RANKED;
	return 0;
}

static int docs_slot_of(struct replay_docs *docs, const struct replay_slot *slot,
			struct docs_slot **ret, struct error *e)
{
	struct docs_slot *known;
	bool natural;
	int found;

	if (slot->number >= docs->slot_count) {
		size_t count = MAX_OF(2 * docs->slot_count, (size_t)slot->number + 16);

		docs->slots = xrealloc(docs->slots, count * sizeof(*docs->slots));
		memset(docs->slots + docs->slot_count, 0,
		       (count - docs->slot_count) * sizeof(*docs->slots));
		docs->slot_count = count;
	}
	known = *ret = &docs->slots[slot->number];
	if (known->known)
		return 0;
	if (is_natural(slot, &natural, e) < 0)
		return e->code;
	known->order = natural ? REPLAY_OP_NATURAL : REPLAY_OP_KEYED;
	if (!natural) {
		found = collation_of_options(options_of(slot), &known->collation, e);
		if (found < 0)
			return found;
		if (found == 1)
			known->order = REPLAY_OP_COLLATED;
	}
	known->known = true;
	return 0;
}

/* Might the collation call this value equal to another one? */
static bool has_text(uint8_t type)
{
	return type == BSON_KIND_STRING || type == BSON_KIND_SYMBOL || type == BSON_KIND_DOCUMENT ||
	       type == BSON_KIND_ARRAY;
}

/* A number of the options; 0 when there is none, or it is not positive. */
static int option_number(struct bytes options, const char *name, uint64_t *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(options, name, &field, e);
	uint64_t bits;
	double real;

	*ret = 0;
	if (found <= 0)
		return found;
	if (field.type == BSON_KIND_INT32 && (int32_t)get_le32(field.value.at) > 0)
		*ret = get_le32(field.value.at);
	if (field.type == BSON_KIND_INT64 && (int64_t)get_le64(field.value.at) > 0)
		*ret = get_le64(field.value.at);
	if (field.type == BSON_KIND_DOUBLE) {
		bits = get_le64(field.value.at);
		memcpy(&real, &bits, sizeof(real));
		if (real >= 1)
			*ret = real < 9e18 ? (uint64_t)real : INT64_MAX;
	}
	return 0;
}

/* What 4.2 and 4.4 take for a size of 0, which they let a create have. */
#define CAPPED_SIZE_DEFAULT 4096

static int limits_of(const struct replay_slot *slot, struct replay_op *op, struct error *e)
{
	struct bytes options = options_of(slot);

	if (catalog_is_capped(options, &op->evicts, e) < 0)
		return e->code;
	if (!op->evicts)
		return 0;
	if (option_number(options, "size", &op->size, e) < 0)
		return e->code;
	if (op->size == 0)
		op->size = CAPPED_SIZE_DEFAULT;
	return option_number(options, "max", &op->max, e);
}

/* The key that it is sorted by, into docs->sort_key, and the payload. */
static int encode(struct replay_docs *docs, const struct docs_slot *known, uint32_t number,
		  struct replay_op *op, const struct bson_field *id, struct error *e)
{
	OWNED(buf_release) struct buf collated = {0};
	enum replay_op_order order = known->order;
	struct bytes sorted = op->key;

	if (order == REPLAY_OP_COLLATED && !has_text(id->type))
		order = REPLAY_OP_KEYED;
	if (order == REPLAY_OP_NATURAL)
		sorted = bytes_of(NULL, 0);
	if (order == REPLAY_OP_COLLATED) {
		if (collation_key(known->collation, id->type, id->value, &collated, e) < 0)
			return e->code;
		sorted = buf_bytes(&collated);
	}
	buf_reset(&docs->sort_key);
	buf_reset(&docs->payload);
	replay_op_sort_key(number, order, sorted, op->sequence, &docs->sort_key);
	replay_op_encode(op, order, &docs->payload);
	return 0;
}

int replay_docs_add(struct replay_docs *docs, struct replay_slot *slot, const struct entry *entry,
		    const struct replay_docs_rules *rules, struct error *e)
{
	struct replay_op op = {.kind = entry->op,
			       .upsert = entry->op == ENTRY_UPDATE && entry->upsert,
			       .fuzzy = rules->fuzzy,
			       .logged = !entry_is_of_user(entry),
			       .major = (uint8_t)rules->major,
			       .ts = rules->ts,
			       .sequence = rules->sequence};
	struct docs_slot *known;
	struct bson_field id;

	if (docs_slot_of(docs, slot, &known, e) < 0)
		return entry_wrap(entry, e);
	if (entry_id(entry, &id, e) < 0)
		return e->code;
	buf_reset(&docs->key);
	if (key_of_value(id.type, id.value, &docs->key, e) < 0)
		return entry_wrap(entry, e);
	op.key = buf_bytes(&docs->key);
	if (op.upsert)
		op.id = id;
	if (op.kind != ENTRY_DELETE)
		op.o = entry->o;
	if (known->order == REPLAY_OP_NATURAL && rules->evicts && op.kind != ENTRY_DELETE &&
	    limits_of(slot, &op, e) < 0)
		return entry_wrap(entry, e);
	if (encode(docs, known, slot->number, &op, &id, e) < 0)
		return entry_wrap(entry, e);
	if (extsort_add(docs->sort, buf_bytes(&docs->sort_key), buf_bytes(&docs->payload), e) < 0)
		return e->code;
	known->bytes += docs->payload.len;
	known->inserted += op.kind == ENTRY_INSERT ? op.o.len : 0;
	docs->bytes += docs->payload.len;
	docs->count++;
	slot->has_ops = true;
	slot->changed = MAX_OF(slot->changed, rules->ts);
	return 0;
}

/* ------------------------------------------------------------------ applying */

static void stop_slot(struct replay_slot *slot, uint64_t ts, const struct error *e)
{
	free(slot->stopped);
	slot->stopped = xstrdup(e->text);
	slot->stopped_at = ts;
}

/*
 * The prefix of the collection's leaves: that of its older version; or, for one that grew from little, one
 * made of what is inserted. 1, 0: it is better without.
 */
static int choose_prefix(struct replay_slot_work *work, const struct docs_slot *known,
			 struct writer_prefix **ret, struct error *e)
{
	OWNED(buf_release) struct buf sample = {0};
	int found;

	if (known->bytes < PREFIX_LOOK_FROM)
		return 0;
	found = tree_prefix_of(work->writer, &work->root, ret, e);
	if (found != 0 || known->inserted < TREE_PREFIX_FROM)
		return found;
	if (replay_ops_sample(work->ops, SAMPLE_FROM, TREE_PREFIX_LEN, &sample, e) < 0)
		return e->code;
	return tree_prefix_make(work->writer, buf_bytes(&sample), ret, e);
}

static int run_slot(struct replay_slot_work *work, const struct docs_slot *known, struct error *e)
{
	if (known->order == REPLAY_OP_NATURAL)
		return replay_natural_run(work, e);
	if (work->ops->order == REPLAY_OP_COLLATED && replay_collated_run(work, e) < 0)
		return e->code;
	return replay_keyed_run(work, e);
}

/* All operations of one collection; the stream stands at the first one, then behind the last one. */
static int apply_slot(struct replay_docs *docs, struct replay_slot *slot, struct replay_ops *ops,
		      struct store_writer *writer, struct error *e)
{
	const struct docs_slot *known = &docs->slots[slot->number];
	OWNED(writer_prefix_free) struct writer_prefix *prefix = NULL;
	struct replay_slot_work work = {.ops = ops,
					.slot = slot,
					.root = slot->entry.root,
					.writer = writer,
					.tmp_dir = docs->tmp_dir,
					.memory =
						MIN_OF(docs->memory, MEMORY_DEFAULT) / WORK_SHARE};
	int code = choose_prefix(&work, known, &prefix, e);

	work.prefix = prefix;
	if (code >= 0)
		code = run_slot(&work, known, e);
	if (code >= 0) {
		slot->entry.root = work.root;
		/* What came in between would have to be told from the log. */
		buf_reset(&slot->entry.order);
	} else if (work.doc.stopped) {
		stop_slot(slot, work.doc.stopped_at, e);
		code = 0;
	} else if (code == ERR_INVALID && work.made != NULL) {
		/* Two _id that the collation tells apart have one key: a symbol and a string. */
		stop_slot(slot, slot->changed, e);
		code = 0;
	}
	replay_doc_release(&work.doc);
	extsort_free(work.made);
	return code < 0 ? code : replay_ops_skip(ops, slot->number, e);
}

/* An empty tree is of the kind that the collection's options ask for. */
static int settle_empty(struct replay_slot *slot, struct error *e)
{
	bool natural;

	if (slot->entry.root.count > 0)
		return 0;
	if (is_natural(slot, &natural, e) < 0)
		return error_wrap(e, "%s", slot->entry.ns);
	slot->entry.root = (struct tree_root){.kind = natural ? TREE_RANKED : TREE_KEYED};
	return 0;
}

static int prepare_slots(struct replay_catalog *catalog, struct error *e)
{
	for (size_t i = 0; i < replay_catalog_count(catalog); i++) {
		struct replay_slot *slot = replay_catalog_slot(catalog, i);

		if (slot->dropped || slot->stopped != NULL)
			continue;
		/* What was emptied by a command has none of its base. */
		if (slot->cleared > 0)
			slot->entry.root = (struct tree_root){.kind = slot->entry.root.kind};
		if (settle_empty(slot, e) < 0)
			return e->code;
	}
	return 0;
}

int replay_docs_finish(struct replay_docs *docs, struct replay_catalog *catalog,
		       struct store_writer *writer, const struct progress *progress,
		       struct error *e)
{
	struct replay_ops ops = {.sort = docs->sort, .progress = progress, .total = docs->bytes};
	int code = prepare_slots(catalog, e);

	buf_release(&docs->payload); /* no more is added, and it may have 16 MiB */
	if (docs->bytes >= MUCH)
		store_writer_expect_much(writer);
	if (code == 0 && (code = extsort_finish(docs->sort, e)) == 0)
		code = replay_ops_next(&ops, e);
	while (code == 0 && ops.some) {
		struct replay_slot *slot = replay_catalog_slot(catalog, ops.slot);

		if (slot->dropped || slot->stopped != NULL)
			code = replay_ops_skip(&ops, slot->number, e);
		else
			code = apply_slot(docs, slot, &ops, writer, e);
	}
	replay_ops_release(&ops);
	return code;
}

/* ------------------------------------------------------------------ one document */

/* The document in the base, appended to *ret: 1, 0 there is none. */
static int base_document(const struct replay_slot *slot, struct bytes key, struct store *store,
			 struct buf *ret, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(store, &slot->entry.root);
	struct bytes doc;
	int found = slot->cleared > 0 ? 0 : tree_cursor_seek_key(cursor, key, e);

	if (found == 1)
		found = tree_cursor_next(cursor, &doc, e);
	if (found == 1)
		buf_add_bytes(ret, doc);
	return found;
}

static int apply_one(struct replay_ops *ops, const struct replay_slot *slot, struct bytes key,
		     struct replay_doc *doc, struct error *e)
{
	int code;

	while ((code = replay_ops_next(ops, e)) == 0 && ops->some) {
		struct replay_op op;

		if (ops->slot != slot->number || ops->sequence < slot->cleared ||
		    !bytes_equal(ops->key, key))
			continue;
		if (replay_ops_read(ops, &op, e) < 0 || replay_doc_apply(doc, &op, e) < 0)
			return e->code;
	}
	return code;
}

int replay_docs_one(struct replay_docs *docs, struct replay_slot *slot, struct bytes key,
		    struct store *store, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf base = {0};
	OWNED(replay_doc_release) struct replay_doc doc = {0};
	struct replay_ops ops = {.sort = docs->sort};
	struct docs_slot *known;
	int code;

	if (docs_slot_of(docs, slot, &known, e) < 0)
		return e->code;
	if (known->order != REPLAY_OP_KEYED)
		return error_set(e, ERR_INVALID,
				 "%s: one document alone can't be told in a collection of natural "
				 "order or with a collation",
				 slot->entry.ns);
	if (base_document(slot, key, store, &base, e) < 0 || extsort_finish(docs->sort, e) < 0)
		return e->code;
	doc.now = buf_bytes(&base);
	code = apply_one(&ops, slot, key, &doc, e);
	replay_ops_release(&ops);
	if (code < 0)
		return code;
	buf_add_bytes(ret, doc.now);
	return doc.now.len > 0;
}
