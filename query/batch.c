#include "query/batch.h"

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

static const struct stage_kind batch_kind = {
	.name = "$cursor", .next = batch_next, .close = batch_close};

struct stage *batch_open(struct query_context *q, uint64_t most, struct stage *source)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->stage = (struct stage){.kind = &batch_kind, .source = source, .q = q};
	b->is_limited = most > 0;
	b->left = most;
	b->arena = arena_new();
	return &b->stage;
}

uint64_t batch_most(struct bytes pipeline)
{
	struct bson_fields fields = bson_fields(pipeline);
	struct bson_field field;
	struct error ignored;
	uint64_t skipped = 0;

	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value stage = value_of_field(&field), limit, skip;
		int64_t number;

		if (stage.type != BSON_KIND_DOCUMENT)
			return 0;
		limit = value_get(stage.data, bytes_str("$limit"));
		skip = value_get(stage.data, bytes_str("$skip"));
		if (value_is_number(&limit) && value_as_int64(&limit, &number) && number > 0)
			return skipped + (uint64_t)number;
		if (!value_is_number(&skip) || !value_as_int64(&skip, &number) || number < 0)
			return 0;
		skipped += (uint64_t)number;
	}
	return 0;
}
