#include "query/batch.h"

#include "query/fields.h"
#include "query/plan.h"

#define BATCH_BYTES (4 * MIB) /* internalDocumentSourceCursorBatchSizeBytes */

struct batch {
	struct stage stage;
	uint64_t left; /* that may still be drawn */
	bool is_limited, at_end;
	struct arena *arena; /* holds the documents */
	struct stage_doc *docs;
	size_t count, next, cap;
};

static void batch_close(struct stage *stage)
{
	struct batch *b = (struct batch *)stage;

	arena_free(b->arena);
	free(b->docs);
}

static void keep(struct batch *b, const struct stage_doc *doc)
{
	if (b->count == b->cap) {
		b->cap = b->cap * 2 + 64;
		b->docs = xrealloc(b->docs, b->cap * sizeof(*b->docs));
	}
	b->docs[b->count++] = (struct stage_doc){
		.doc = arena_copy(b->arena, doc->doc),
		.sort_key = arena_copy(b->arena, doc->sort_key),
		.near = arena_copy(b->arena, doc->near),
		.record_id = doc->record_id,
	};
}

static int load(struct batch *b, struct error *e)
{
	struct stage_doc doc;
	size_t bytes = 0;
	int more = 1;

	arena_reset(b->arena);
	b->count = b->next = 0;
	while (bytes < BATCH_BYTES && !(b->is_limited && b->left == 0)) {
		more = stage_next(b->stage.source, &doc, e);
		if (more <= 0)
			break;
		keep(b, &doc);
		bytes += doc.doc.len;
		b->left -= b->is_limited;
	}
	b->at_end = more == 0 || (b->is_limited && b->left == 0);
	return more < 0 ? more : 0;
}

static int batch_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct batch *b = (struct batch *)stage;

	if (b->next == b->count && !b->at_end && load(b, e) < 0)
		return e->code;
	if (b->next == b->count)
		return 0;
	*ret = b->docs[b->next++];
	return 1;
}

static size_t batch_memory(const struct stage *stage)
{
	const struct batch *b = (const struct batch *)stage;

	return sizeof(*b) + arena_held(b->arena) + b->cap * sizeof(*b->docs);
}

static const struct stage_kind batch_kind = {
	.name = "$cursor", .next = batch_next, .close = batch_close, .memory = batch_memory};

struct stage *batch_open(struct query_context *q, uint64_t most, struct stage *source)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->stage = (struct stage){.kind = &batch_kind, .source = source, .q = q};
	b->is_limited = most > 0;
	b->at_end = most == BATCH_NOTHING;
	b->left = most;
	b->arena = arena_new();
	return &b->stage;
}

/* Stages that give one document for each: a $limit behind them goes before them, as in mongod. */
static bool is_one_to_one(struct bytes name, const struct value *operand)
{
	static const char *const names[] = {"$project", "$addFields",	"$set",	       "$unset",
					    "$lookup",	"$replaceRoot", "$replaceWith"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (bytes_equal(name, bytes_str(names[i])))
			return true;
	/* One that only sets values is an $addFields. */
	return bytes_is(name, "$fill") && operand->type == BSON_KIND_DOCUMENT &&
	       !plan_fill_sorts(operand);
}

uint64_t batch_most(struct bytes pipeline)
{
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;
	uint64_t skipped = 0, end = 0;

	while (fields_next(&fields, &element)) {
		struct fields inner = fields_of(element.value);
		struct value operand;
		int64_t number;
		bool is_limit;

		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &stage))
			break;
		operand = value_of_field(&stage);
		if (is_one_to_one(stage.name, &operand))
			continue;
		if (!value_is_number(&operand) || !value_as_int64(&operand, &number) || number < 0)
			break;
		is_limit = bytes_equal(stage.name, bytes_str("$limit"));
		if (!is_limit && !bytes_equal(stage.name, bytes_str("$skip")))
			break;
		if (!is_limit)
			skipped += (uint64_t)number;
		else if (number > 0 && (end == 0 || skipped + (uint64_t)number < end))
			end = skipped + (uint64_t)number;
		if (end > 0 && skipped >= end)
			return BATCH_NOTHING;
	}
	return end;
}
