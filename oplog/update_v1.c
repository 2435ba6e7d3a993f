/*
 * Modifiers, $v:1: { $v: 1, $set: {path: value..}, $unset: {path: any..} }
 *
 * A server makes one tree of all paths and walks tree and document together; it visits the
 * children of a node in the order of their names, which decides where new fields go
 * (update_object_node.cpp, update_array_node.cpp, path_support.cpp).
 */
#include "oplog/update_paths.h"

#define FEW_SLOTS 8
#define LINEAR_GROUPS 8	    /* up to so many a name is looked for one by one */
#define MAX_PADDING 1500000 /* elements: kMaxPaddingAllowed */
#define CODE_BACKFILL 34

/* The paths `lo` up to `hi`, below one node: they are the same up to `from`. */
struct span {
	uint32_t lo, hi, from;
};

/* Find the children of a node: the first path of each knows its name and where it ends. */
static uint32_t begin_node(struct update_paths *paths, struct span span)
{
	uint32_t count = 0;

	for (uint32_t i = span.lo; i < span.hi; count++) {
		struct update_path *first = &paths->at[i];
		struct bytes name = update_paths_name(first->path, span.from);

		while (++i < span.hi &&
		       bytes_equal(update_paths_name(paths->at[i].path, span.from), name))
			;
		first->len = (uint32_t)name.len;
		first->next = i;
		first->done = false;
	}
	return count;
}

static struct bytes child_name(const struct update_path *first, uint32_t from)
{
	return bytes_of(first->path.at + from, first->len);
}

/* The child is the end of a path, not a node. */
static bool is_end(const struct update_path *first, uint32_t from)
{
	return from + first->len == first->path.len;
}

static struct span below(const struct update_paths *paths, uint32_t first, uint32_t from)
{
	const struct update_path *path = &paths->at[first];

	return (struct span){first, path->next, from + path->len + 1};
}

static bool any_set(const struct update_paths *paths, uint32_t lo, uint32_t hi)
{
	for (uint32_t i = lo; i < hi; i++)
		if (paths->at[i].set)
			return true;
	return false;
}

/* The child of that name that no field has had yet. */
static struct update_path *find_child(struct update_paths *paths, struct span span, uint32_t count,
				      int major, struct bytes name)
{
	uint32_t from = span.lo, to = span.hi;

	if (count <= LINEAR_GROUPS) {
		for (uint32_t i = from; i < to; i = paths->at[i].next)
			if (bytes_equal(child_name(&paths->at[i], span.from), name))
				return paths->at[i].done ? NULL : &paths->at[i];
		return NULL;
	}
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		struct bytes other = update_paths_name(paths->at[middle].path, span.from);

		if (update_paths_compare(other, name, major) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == span.hi || paths->at[from].done ||
	    !bytes_equal(update_paths_name(paths->at[from].path, span.from), name))
		return NULL;
	return &paths->at[from];
}

/* What is below a child that the document lacks, as nested documents; nothing when nothing is set. */
static int create(struct update_out *out, struct update_paths *paths, uint32_t first, uint32_t from,
		  struct bytes name)
{
	struct update_path saved = paths->at[first];
	struct span span = below(paths, first, from);
	size_t begin;
	int got;

	if (is_end(&saved, from))
		return saved.set ? update_out_field(out, saved.type, name, saved.value) : 0;
	if (!any_set(paths, span.lo, span.hi))
		return 0;
	if ((got = update_out_name(out, BSON_KIND_DOCUMENT, name)) < 0 ||
	    (got = update_out_open(out, &begin)) < 0)
		return got;
	begin_node(paths, span);
	for (uint32_t i = span.lo; i < span.hi;) {
		uint32_t next = paths->at[i].next;

		got = create(out, paths, i, span.from, child_name(&paths->at[i], span.from));
		if (got < 0)
			return got;
		i = next;
	}
	paths->at[first] = saved;
	return update_out_close(out, begin);
}

static int walk_document(struct update_out *out, struct update_paths *paths, struct span span,
			 struct bytes doc);
static int walk_array(struct update_out *out, struct update_paths *paths, struct span span,
		      struct bytes array);

/* A value that has a path below: a scalar in the way stays, and what is below is left out. */
static int descend(struct update_out *out, struct update_paths *paths, uint32_t first,
		   uint32_t from, const struct bson_field *field, struct bytes name)
{
	struct update_path saved = paths->at[first];
	struct span span = below(paths, first, from);
	int got = update_out_name(out, field->type, name);

	if (got < 0)
		return got;
	if (field->type == BSON_KIND_DOCUMENT)
		got = walk_document(out, paths, span, field->value);
	else if (field->type == BSON_KIND_ARRAY)
		got = walk_array(out, paths, span, field->value);
	else
		got = update_out_put(out, field->value.at, field->value.len);
	paths->at[first] = saved;
	return got;
}

static int walk_document(struct update_out *out, struct update_paths *paths, struct span span,
			 struct bytes doc)
{
	struct bson_fields fields = bson_fields(doc);
	struct update_out_run run = {doc.at + 4};
	uint32_t count = begin_node(paths, span), left = count;
	struct bson_field field;
	size_t begin;
	int got = update_out_open(out, &begin);

	while (got == 0 && left > 0 && (got = bson_fields_next(&fields, &field, out->e)) > 0) {
		struct update_path *child = find_child(paths, span, count, out->major, field.name);

		got = 0;
		if (child == NULL)
			continue;
		left--;
		child->done = true;
		got = update_out_flush(out, &run, update_out_begin(&field), update_out_end(&field));
		if (got == 0 && !is_end(child, span.from))
			got = descend(out, paths, (uint32_t)(child - paths->at), span.from, &field,
				      field.name);
		else if (got == 0 && child->set)
			got = update_out_field(out, child->type, field.name, child->value);
	}
	if (got == 0)
		got = update_out_flush(out, &run, doc.at + doc.len - 1, NULL);
	for (uint32_t i = span.lo; got == 0 && left > 0 && i < span.hi;) {
		struct update_path *child = &paths->at[i];
		uint32_t next = child->next;

		if (!child->done)
			got = create(out, paths, i, span.from, child_name(child, span.from));
		i = next;
	}
	return got < 0 ? got : update_out_close(out, begin);
}

/* A child whose name is an index of the array. */
struct slot {
	uint32_t index;
	uint32_t first; /* its first path; also its place in the order of visits */
	bool made;	/* an element is made for it behind the array's end */
};

static int compare_index(const void *a_, const void *b_)
{
	const struct slot *a = a_, *b = b_;

	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

static int compare_first(const void *a, const void *b)
{
	uint32_t x = ((const struct slot *)a)->first, y = ((const struct slot *)b)->first;

	return x < y ? -1 : x > y;
}

/* The slots in the order of their indexes; names that are no number are left out. 1: an index twice. */
static int make_slots(const struct update_paths *paths, struct span span, struct slot *ret,
		      uint32_t *ret_count)
{
	uint32_t count = 0;
	bool sorted = true;

	for (uint32_t i = span.lo; i < span.hi; i = paths->at[i].next) {
		int64_t index = update_out_parse_index(child_name(&paths->at[i], span.from));

		if (index < 0)
			continue;
		ret[count] = (struct slot){.index = (uint32_t)index, .first = i};
		sorted = sorted && (count == 0 || ret[count - 1].index < ret[count].index);
		count++;
	}
	*ret_count = count;
	if (sorted)
		return 0;
	qsort(ret, count, sizeof(*ret), compare_index);
	for (uint32_t i = 1; i < count; i++)
		if (ret[i - 1].index == ret[i].index)
			return 1;
	return 0;
}

/*
 * Which of the slots behind the end of an array of `len` elements get an element of their own:
 * by the order of visits, for one that was made pads with nulls up to it, and a null in the way
 * keeps what is below it out.
 */
static int plan_slots(struct update_out *out, const struct update_paths *paths, struct span span,
		      struct slot *slots, uint32_t count, uint64_t len)
{
	qsort(slots, count, sizeof(*slots), compare_first);
	for (uint32_t i = 0; i < count; i++) {
		struct slot *slot = &slots[i];
		const struct update_path *first = &paths->at[slot->first];

		if (slot->index < len) {
			slot->made = is_end(first, span.from) && first->set;
			continue;
		}
		slot->made = any_set(paths, slot->first, first->next);
		if (!slot->made)
			continue;
		if (slot->index - len > MAX_PADDING)
			return update_out_reject(out, CODE_BACKFILL,
						 "can't backfill more than %d elements",
						 MAX_PADDING);
		len = (uint64_t)slot->index + 1;
	}
	qsort(slots, count, sizeof(*slots), compare_index);
	return 0;
}

/* Behind the end of the array. */
static int append_slots(struct update_out *out, struct update_paths *paths, struct span span,
			struct slot *slots, uint32_t count, struct update_out_index *index)
{
	int got = plan_slots(out, paths, span, slots, count, index->value);

	for (uint32_t i = 0; got == 0 && i < count; i++) {
		if (!slots[i].made)
			continue;
		if ((got = update_out_nulls(out, index, slots[i].index)) < 0)
			return got;
		got = create(out, paths, slots[i].first, span.from, update_out_index_name(index));
		update_out_index_next(index);
	}
	return got;
}

/* An element that the array has. */
static int change_element(struct update_out *out, struct update_paths *paths, struct span span,
			  uint32_t first, const struct bson_field *field,
			  const struct update_out_index *index)
{
	const struct update_path *path = &paths->at[first];
	struct bytes name = update_out_index_name(index);

	if (!is_end(path, span.from))
		return descend(out, paths, first, span.from, field, name);
	if (path->set)
		return update_out_field(out, path->type, name, path->value);
	return update_out_name(out, BSON_KIND_NULL, name);
}

static int walk_slots(struct update_out *out, struct update_paths *paths, struct span span,
		      struct slot *slots, uint32_t count, struct bytes array)
{
	struct bson_fields fields = bson_fields(array);
	struct update_out_run run = {array.at + 4};
	struct update_out_index index = update_out_index_of(0);
	struct bson_field field;
	uint32_t at = 0;
	size_t begin;
	int got = update_out_open(out, &begin);

	while (got == 0 && (got = bson_fields_next(&fields, &field, out->e)) > 0) {
		if (at < count && slots[at].index == index.value) {
			got = update_out_flush(out, &run, update_out_begin(&field),
					       update_out_end(&field));
			if (got == 0)
				got = change_element(out, paths, span, slots[at++].first, &field,
						     &index);
		} else {
			got = update_out_element(out, &run, &field, &index);
		}
		update_out_index_next(&index);
	}
	if (got == 0)
		got = update_out_flush(out, &run, array.at + array.len - 1, NULL);
	if (got == 0 && at < count)
		got = append_slots(out, paths, span, slots + at, count - at, &index);
	return got < 0 ? got : update_out_close(out, begin);
}

/* Two names for one index (1 and 01): each child sees what the one before has left. */
static int walk_one_by_one(struct update_out *out, struct update_paths *paths, struct span span,
			   struct bytes array)
{
	OWNED(buf_release) struct buf old = {0};
	OWNED(buf_release) struct buf new = {0};
	struct update_out step = *out;

	for (uint32_t i = span.lo; i < span.hi;) {
		uint32_t next = paths->at[i].next;
		int got;

		step.to = &new;
		step.limit = BSON_MAX_LEN;
		new.len = 0;
		got = walk_array(&step, paths, (struct span){i, next, span.from}, array);
		if (got < 0)
			return got;
		struct buf swap = old;
		old = new;
		new = swap;
		array = buf_bytes(&old);
		i = next;
	}
	return update_out_put(out, array.at, array.len);
}

static int walk_array(struct update_out *out, struct update_paths *paths, struct span span,
		      struct bytes array)
{
	uint32_t groups = begin_node(paths, span), count;
	OWNED(free) struct slot *many = NULL;
	struct slot few[FEW_SLOTS], *slots = few;

	if (groups > FEW_SLOTS) {
		slots = many = malloc(groups * sizeof(*many));
		if (many == NULL)
			return error_nomem(out->e, groups * sizeof(*many));
	}
	if (make_slots(paths, span, slots, &count) == 1)
		return walk_one_by_one(out, paths, span, array);
	if (count == 0)
		return update_out_put(out, array.at, array.len);
	return walk_slots(out, paths, span, slots, count, array);
}

int update_v1_apply(struct bytes doc, struct bytes o, struct update_out *out)
{
	OWNED(update_paths_release) struct update_paths paths;
	int got;

	update_paths_init(&paths);
	if ((got = update_paths_collect(o, out, &paths)) < 0)
		return got;
	return walk_document(out, &paths, (struct span){0, paths.count, 0}, doc);
}
