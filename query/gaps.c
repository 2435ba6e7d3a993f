#include "query/gaps.h"

#include <string.h>

#include "base/bson_build.h"
#include "query/value.h"

static bool is_one_of(struct bytes name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(name, bytes_str(names[i])))
			return true;
	return false;
}

#define SETTER "$setField"
#define REMOVER "$unsetField"

static const uint8_t *find_word(struct bytes words, const char *word)
{
	return words.len == 0 ? NULL : memmem(words.at, words.len, word, strlen(word));
}

bool gaps_wanted_inside(struct bytes words)
{
	const uint8_t *first = find_word(words, SETTER);
	struct bytes rest;

	if (first == NULL)
		return false;
	first += strlen(SETTER);
	rest = bytes_of(first, (size_t)(words.at + words.len - first));
	return find_word(rest, SETTER) != NULL || find_word(words, REMOVER) != NULL;
}

static bool facet_wants(struct bytes facets)
{
	struct fields fields = fields_of(facets);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (field.type == BSON_KIND_ARRAY && gaps_wanted(field.value))
			return true;
	return false;
}

static const char *const removers[] = {"$project",     "$unset",       "$addFields", "$set",
				       "$replaceRoot", "$replaceWith", "$unwind",    "$fill"};

/* The pipeline of a stage that reads another collection; empty: it has none. */
static struct bytes inner_pipeline(const struct bson_field *stage)
{
	struct value pipeline = value_missing();

	if (stage->type == BSON_KIND_DOCUMENT &&
	    (bytes_equal(stage->name, bytes_str("$lookup")) ||
	     bytes_equal(stage->name, bytes_str("$unionWith"))))
		pipeline = value_get(stage->value, bytes_str("pipeline"));
	return pipeline.type == BSON_KIND_ARRAY ? pipeline.data : (struct bytes){0};
}

/* May the stage, or one in its pipeline, take a field away? */
static bool may_remove(const struct bson_field *stage)
{
	struct bytes pipeline = inner_pipeline(stage);
	struct fields fields = fields_of(pipeline);
	struct bson_field element, inside;

	while (pipeline.len > 0 && fields_next(&fields, &element)) {
		struct fields inner = fields_of(element.value);

		if (element.type == BSON_KIND_DOCUMENT && fields_next(&inner, &inside) &&
		    may_remove(&inside))
			return true;
	}
	return is_one_of(stage->name, removers, COUNT_OF(removers));
}

/* Is it wanted in what stands inside the stage? */
static bool inside_wants(const struct bson_field *stage, bool removes)
{
	struct bytes pipeline = inner_pipeline(stage);

	if (pipeline.len > 0)
		return gaps_wanted(pipeline);
	return bytes_equal(stage->name, bytes_str("$facet")) && stage->type == BSON_KIND_DOCUMENT &&
	       (removes || facet_wants(stage->value));
}

bool gaps_wanted(struct bytes pipeline)
{
	static const char *const setters[] = {"$addFields", "$set",	    "$fill",
					      "$lookup",    "$graphLookup", "$unwind"};
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;
	bool removes = false;

	if (gaps_wanted_inside(pipeline))
		return true;
	while (fields_next(&fields, &element)) {
		struct fields inner = fields_of(element.value);

		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &stage))
			continue;
		if (removes && (is_one_of(stage.name, setters, COUNT_OF(setters)) ||
				find_word(element.value, SETTER) != NULL))
			return true;
		removes |= may_remove(&stage);
		if (inside_wants(&stage, removes))
			return true;
	}
	return false;
}

void gaps_write(struct buf *b, struct bytes name)
{
	buf_add_u8(b, FIELDS_GAP);
	buf_add_bytes(b, name);
	buf_add_u8(b, 0);
}

static bool has_gap(struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next_all(&fields, &field)) {
		if (field.type == FIELDS_GAP)
			return true;
		if ((field.type == BSON_KIND_DOCUMENT || field.type == BSON_KIND_ARRAY) &&
		    has_gap(field.value))
			return true;
	}
	return false;
}

static void copy_without(struct buf *out, struct bytes doc)
{
	struct fields fields = fields_of(doc);
	size_t begin = bson_build_begin(out);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		const uint8_t *from = field.name.at - 1;
		bool is_inner = field.type == BSON_KIND_DOCUMENT || field.type == BSON_KIND_ARRAY;
		const uint8_t *end = field.value.at + (is_inner ? 0 : field.value.len);

		buf_add(out, from, (size_t)(end - from));
		if (is_inner)
			copy_without(out, field.value);
	}
	bson_build_end(out, begin);
}

struct bytes gaps_strip(struct bytes doc, struct buf *room)
{
	if (!has_gap(doc))
		return doc;
	buf_reset(room);
	copy_without(room, doc);
	return buf_bytes(room);
}
