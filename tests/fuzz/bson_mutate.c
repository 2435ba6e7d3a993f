#include "tests/fuzz/bson_mutate.h"

#include <stdlib.h>

#include "base/bson_check.h"
#include "query/arena.h"
#include "tests/fuzz/bson_edge.h"

#define CHANGES_MAX 4	/* of one document, one after the other */
#define NODES_MAX 20000 /* of a document; one that has more is not changed */
#define DEEP_MAX 190	/* documents in each other, made at once */
#define WORD_MAX 40	/* bytes of a name that is kept */
#define RENAME_TRIES 10

/* A document as a tree. `value` is of one without children: the payload as it lies in BSON. */
struct node {
	uint8_t type;
	struct bytes name, value;
	struct node **kids;
	size_t count;
};

/* Where a node stands. */
struct place {
	struct node *parent;
	size_t at;
};

struct mutation {
	const struct bson_mutate_from *from;
	struct arena *arena;
	uint64_t random;
	struct place *places;
	size_t count;
};

static size_t below(struct mutation *m, size_t limit)
{
	return bson_edge_below(&m->random, limit);
}

static bool holds_fields(const struct node *node)
{
	return node->type == BSON_KIND_DOCUMENT || node->type == BSON_KIND_ARRAY;
}

/* ---- from and to BSON */

static void read_kids(struct mutation *m, struct bytes doc, struct node *ret)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field f;
	struct error e = {0};
	size_t count = 0;

	while (bson_fields_next(&fields, &f, &e) == 1)
		count++;
	ret->kids = arena_zeroed(m->arena, (count + 1) * sizeof(struct node *));
	fields = bson_fields(doc);
	while (bson_fields_next(&fields, &f, &e) == 1) {
		struct node *node = arena_zeroed(m->arena, sizeof(*node));

		*node = (struct node){.type = f.type, .name = f.name, .value = f.value};
		if (holds_fields(node))
			read_kids(m, f.value, node);
		ret->kids[ret->count++] = node;
	}
}

static struct node *read_tree(struct mutation *m, struct bytes doc)
{
	struct node *root = arena_zeroed(m->arena, sizeof(*root));

	root->type = BSON_KIND_DOCUMENT;
	read_kids(m, doc, root);
	return root;
}

static void write_tree(const struct node *node, struct buf *ret)
{
	size_t begin = ret->len;

	buf_add_le32(ret, 0);
	for (size_t i = 0; i < node->count; i++) {
		const struct node *kid = node->kids[i];

		buf_add_u8(ret, kid->type);
		if (node->type == BSON_KIND_ARRAY)
			buf_printf(ret, "%zu", i);
		else
			buf_add_bytes(ret, kid->name);
		buf_add_u8(ret, 0);
		if (holds_fields(kid))
			write_tree(kid, ret);
		else
			buf_add_bytes(ret, kid->value);
	}
	buf_add_u8(ret, 0);
	put_le32(ret->at + begin, (uint32_t)(ret->len - begin));
}

static size_t count_nodes(const struct node *node)
{
	size_t count = node->count;

	for (size_t i = 0; i < node->count; i++)
		count += count_nodes(node->kids[i]);
	return count;
}

static void add_places(struct mutation *m, struct node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		m->places[m->count++] = (struct place){node, i};
		add_places(m, node->kids[i]);
	}
}

static void find_places(struct mutation *m, struct node *root)
{
	m->places = arena_get(m->arena, (count_nodes(root) + 1) * sizeof(*m->places));
	m->count = 0;
	add_places(m, root);
}

static struct node *copy_of(struct mutation *m, const struct node *node)
{
	struct node *copy = arena_get(m->arena, sizeof(*copy));

	*copy = *node;
	copy->kids = arena_get(m->arena, (node->count + 1) * sizeof(*copy->kids));
	for (size_t i = 0; i < node->count; i++)
		copy->kids[i] = copy_of(m, node->kids[i]);
	return copy;
}

/* ---- new values */

static struct node *new_node(struct mutation *m, uint8_t type, const void *value, size_t len)
{
	struct node *node = arena_zeroed(m->arena, sizeof(*node));

	node->type = type;
	node->value = arena_copy(m->arena, bytes_of(value, len));
	return node;
}

static struct node *edge(struct mutation *m, uint8_t (*one)(uint64_t *, struct buf *))
{
	OWNED(buf_release) struct buf value = {0};
	uint8_t type = one(&m->random, &value);

	return new_node(m, type, value.at, value.len);
}

/* A document or array around `inside` (or nothing); takes it. */
static struct node *new_holder(struct mutation *m, uint8_t type, struct node *inside)
{
	struct node *node = new_node(m, type, "", 0);

	node->kids = arena_zeroed(m->arena, 2 * sizeof(*node->kids));
	if (inside != NULL)
		node->kids[node->count++] = inside;
	return node;
}

static struct bytes any_word(struct mutation *m)
{
	for (;;) {
		struct bytes word = m->from->words[below(m, BSON_MUTATE_WORDS)];

		if (word.len > 0)
			return word;
		if (m->from->word_count == 0)
			return bytes_str("$x");
	}
}

/* A random node of a document that was lent, with all below it. */
static struct node *lent(struct mutation *m)
{
	struct mutation of = {.arena = m->arena};
	struct node *root;
	size_t at;

	if (m->from->count == 0)
		return edge(m, bson_edge_other);
	root = read_tree(m, m->from->docs[below(m, m->from->count)]);
	find_places(&of, root);
	if (of.count == 0)
		return root;
	at = below(m, of.count);
	return of.places[at].parent->kids[of.places[at].at];
}

static struct node *deep(struct mutation *m)
{
	struct node *node = below(m, 2) ? edge(m, bson_edge_text) : edge(m, bson_edge_number);
	size_t depth = 1 + below(m, DEEP_MAX), kind = below(m, 3);
	struct bytes name = below(m, 2) ? any_word(m) : bytes_str("a");

	for (size_t i = 0; i < depth; i++) {
		node->name = name;
		node = new_holder(
			m, kind == 0 || (kind == 1 && i % 2) ? BSON_KIND_ARRAY : BSON_KIND_DOCUMENT,
			node);
	}
	return node;
}

static struct node *any_value(struct mutation *m)
{
	switch (below(m, 16)) {
	case 0 ... 3:
		return edge(m, bson_edge_number);
	case 4 ... 5:
		return edge(m, bson_edge_text);
	case 6 ... 7:
		return edge(m, bson_edge_other);
	case 8:
		return new_holder(m, below(m, 2) ? BSON_KIND_ARRAY : BSON_KIND_DOCUMENT, NULL);
	case 9:
		return below(m, 4) ? lent(m) : deep(m);
	case 10 ... 11:
		if (m->count > 0) {
			struct place p = m->places[below(m, m->count)];

			return copy_of(m, p.parent->kids[p.at]);
		}
		return edge(m, bson_edge_number);
	default:
		return lent(m);
	}
}

/* ---- changes */

static void insert(struct mutation *m, struct node *parent, size_t at, struct node *node)
{
	struct node **kids = arena_get(m->arena, (parent->count + 1) * sizeof(*kids));

	memcpy(kids, parent->kids, at * sizeof(*kids));
	kids[at] = node;
	memcpy(kids + at + 1, parent->kids + at, (parent->count - at) * sizeof(*kids));
	parent->kids = kids;
	parent->count++;
}

static void remove_at(struct node *parent, size_t at)
{
	memmove(parent->kids + at, parent->kids + at + 1,
		(parent->count - at - 1) * sizeof(*parent->kids));
	parent->count--;
}

static struct bytes other_name(struct mutation *m, struct bytes name)
{
	struct place p;

	if (name.len > 0 && name.at[0] == '$' && below(m, 8) > 0)
		return any_word(m);
	for (int i = 0; i < RENAME_TRIES; i++) {
		struct node *node = lent(m);

		if (node->name.len > 0 && node->name.at[0] != '$')
			return node->name;
	}
	p = m->places[below(m, m->count)];
	return p.parent->kids[p.at]->name;
}

/* A string or a number a little changed; false when the node is neither. */
static bool nudge(struct mutation *m, struct node *node)
{
	uint8_t *at = arena_get(m->arena, node->value.len + 1);
	size_t len = node->value.len, place;

	if (len > 0)
		memcpy(at, node->value.at, len);
	switch (node->type) {
	case BSON_KIND_STRING:
		if (len <= 5)
			return false;
		place = 4 + below(m, len - 5);
		at[place] = below(m, 2) ? (uint8_t) "$.%^*+-_ aA0\xc3\xff"[below(m, 14)]
					: (uint8_t)(at[place] ^ 1U << below(m, 8));
		break;
	case BSON_KIND_INT32:
		put_le32(at, get_le32(at) + (uint32_t)below(m, 5) - 2);
		break;
	case BSON_KIND_INT64:
	case BSON_KIND_DATE:
		put_le64(at, get_le64(at) * (below(m, 2) ? 1 : 1000) + below(m, 5) - 2);
		break;
	case BSON_KIND_DOUBLE:
	case BSON_KIND_DECIMAL:
	case BSON_KIND_BINARY:
	case BSON_KIND_TIMESTAMP:
		place = node->type == BSON_KIND_BINARY ? 4 : 0;
		place += below(m, len - place);
		at[place] = (uint8_t)(at[place] ^ 1U << below(m, 8));
		break;
	default:
		return false;
	}
	node->value = bytes_of(at, len);
	return true;
}

/* One of an operator's operands instead of it, or the node as the operand of another one. */
static void rewrap(struct mutation *m, struct node **node)
{
	struct node *inner = *node;
	struct bytes name = inner->name;

	if (inner->count > 0 && below(m, 3) == 0) {
		*node = inner->kids[below(m, inner->count)];
	} else if (below(m, 2)) {
		inner->name = any_word(m);
		*node = new_holder(m, BSON_KIND_DOCUMENT, inner);
	} else {
		*node = new_holder(m, BSON_KIND_ARRAY, inner);
		if (below(m, 2))
			insert(m, *node, below(m, 2), any_value(m));
	}
	(*node)->name = name;
}

static void set_value(struct node **node, struct node *value)
{
	value->name = (*node)->name;
	*node = value;
}

static void change(struct mutation *m)
{
	struct place p = m->places[below(m, m->count)];
	struct node **node = &p.parent->kids[p.at], *other;
	size_t at;

	switch (below(m, 16)) {
	case 0 ... 5:
		set_value(node, any_value(m));
		break;
	case 6 ... 7:
		(*node)->name = other_name(m, (*node)->name);
		break;
	case 8:
		at = below(m, p.parent->count);
		other = p.parent->kids[at];
		p.parent->kids[at] = *node;
		p.parent->kids[p.at] = other;
		break;
	case 9:
		insert(m, p.parent, p.at, copy_of(m, *node));
		break;
	case 10:
		remove_at(p.parent, p.at);
		break;
	case 11 ... 12:
		other = copy_of(m, lent(m));
		if (other->name.len == 0)
			other->name = bytes_str("a");
		insert(m, p.parent, below(m, p.parent->count + 1), other);
		break;
	case 13:
		rewrap(m, node);
		break;
	default:
		if (!nudge(m, *node))
			set_value(node, any_value(m));
	}
}

void bson_mutate(const struct bson_mutate_from *from, struct bytes doc, uint64_t seed,
		 struct buf *ret)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	struct mutation m = {.from = from, .arena = arena, .random = seed};
	struct error e = {0};
	struct node *root;

	if (bson_check(doc, BSON_CHECK_STRUCTURE, &e) < 0) {
		if (from->count == 0)
			return;
		doc = from->docs[below(&m, from->count)];
	}
	root = read_tree(&m, doc);
	for (size_t i = 1 + below(&m, CHANGES_MAX); i > 0; i--) {
		find_places(&m, root);
		if (m.count > 0 && m.count < NODES_MAX)
			change(&m);
	}
	write_tree(root, ret);
}

/* ---- what is lent */

static void add_word(struct bson_mutate_from *from, struct bytes name)
{
	uint32_t hash = 2166136261U;

	if (name.len < 2 || name.len > WORD_MAX || name.at[0] != '$' ||
	    from->word_count > BSON_MUTATE_WORDS / 2)
		return;
	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.at[i]) * 16777619U;
	for (size_t at = hash % BSON_MUTATE_WORDS;; at = (at + 1) % BSON_MUTATE_WORDS) {
		if (bytes_equal(from->words[at], name))
			return;
		if (from->words[at].len == 0) {
			from->words[at] = name;
			from->word_count++;
			return;
		}
	}
}

static void add_words(struct bson_mutate_from *from, struct bytes doc)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field f;
	struct error e = {0};

	while (bson_fields_next(&fields, &f, &e) == 1) {
		add_word(from, f.name);
		if (f.type == BSON_KIND_DOCUMENT || f.type == BSON_KIND_ARRAY)
			add_words(from, f.value);
	}
}

void bson_mutate_lend(struct bson_mutate_from *from, struct bytes doc)
{
	/* Room doubles at each power of two. */
	if ((from->count & (from->count - 1)) == 0)
		from->docs = xrealloc(from->docs, (from->count + 1) * 2 * sizeof(*from->docs));
	from->docs[from->count++] = doc;
	add_words(from, doc);
}

void bson_mutate_release(struct bson_mutate_from *from)
{
	free(from->docs);
	*from = (struct bson_mutate_from){0};
}
