#include "store/leaf_facts.h"

#include "base/bson.h"
#include "base/bson_check.h"
#include "base/buf.h"
#include "base/ejson.h"

int leaf_facts_measure(struct bytes leaf, struct chunk_facts *ret, struct error *e)
{
	struct chunk_facts facts = {.renderer = EJSON_VERSION};

	while (leaf.len > 0) {
		int64_t len = bson_next(leaf, leaf.len, e);
		struct bytes doc;
		uint64_t relaxed, canonical;

		if (len < 0)
			return e->code;
		doc = bytes_of(leaf.at, (size_t)len);
		if (ejson_sizes(doc, &relaxed, &canonical, e) < 0)
			return e->code;
		facts.documents++;
		facts.relaxed += relaxed + 1; /* and a newline */
		facts.canonical += canonical + 1;
		leaf.at += len;
		leaf.len -= (size_t)len;
	}
	*ret = facts;
	return 0;
}

/* Bytes that both begin with. */
static size_t same_begin(struct bytes a, struct bytes b)
{
	size_t len = MIN_OF(a.len, b.len), at = 0;

	while (at + 8 <= len && get_le64(a.at + at) == get_le64(b.at + at))
		at += 8;
	while (at < len && a.at[at] == b.at[at])
		at++;
	return at;
}

/* Bytes that both end with. */
static size_t same_end(struct bytes a, struct bytes b)
{
	size_t len = MIN_OF(a.len, b.len), at = 0;
	const uint8_t *a_end = a.at + a.len, *b_end = b.at + b.len;

	while (at + 8 <= len && get_le64(a_end - at - 8) == get_le64(b_end - at - 8))
		at += 8;
	while (at < len && a_end[-(ptrdiff_t)at - 1] == b_end[-(ptrdiff_t)at - 1])
		at++;
	return at;
}

/* ------------------------------------------------------------------ like an older one */

static int doc_len(struct bytes docs, size_t *ret, struct error *e)
{
	int64_t len = bson_next(docs, docs.len, e);

	*ret = len < 0 ? 0 : (size_t)len;
	return (int)MIN_OF(len, (int64_t)0);
}

static struct bytes behind(struct bytes docs, size_t len)
{
	return bytes_of(docs.at + len, docs.len - len);
}

static int add_document(struct bytes doc, int64_t sign, struct chunk_facts *sum, struct error *e)
{
	uint64_t relaxed, canonical;

	if (ejson_sizes(doc, &relaxed, &canonical, e) < 0)
		return e->code;
	sum->documents += (uint64_t)sign;
	sum->relaxed += (uint64_t)(sign * (int64_t)(relaxed + 1));
	sum->canonical += (uint64_t)(sign * (int64_t)(canonical + 1));
	return 0;
}

/*
 * Add what `now` has and `old` has not, and take away the reverse. Documents that are first in both are passed
 * over; else the longer rest loses its first one, so that the rests meet again behind what came or went.
 */
static int add_difference(struct bytes old, struct bytes now, struct chunk_facts *sum,
			  struct error *e)
{
	size_t end = same_end(old, now), old_len, now_len;

	while (old.len != now.len || old.len > end) {
		bool from_old = old.len >= now.len, from_now = now.len >= old.len;

		if (doc_len(old, &old_len, e) < 0 || doc_len(now, &now_len, e) < 0)
			return e->code;
		if (bytes_equal(bytes_of(old.at, old_len), bytes_of(now.at, now_len)))
			from_old = from_now = true;
		else if ((from_old && add_document(bytes_of(old.at, old_len), -1, sum, e) < 0) ||
			 (from_now && add_document(bytes_of(now.at, now_len), 1, sum, e) < 0))
			return e->code;
		old = from_old ? behind(old, old_len) : old;
		now = from_now ? behind(now, now_len) : now;
	}
	return 0;
}

/* Pass over the documents that both begin with. */
static int pass_same_documents(struct bytes *a, struct bytes *b, struct error *e)
{
	size_t same = same_begin(*a, *b), len;

	while (a->len > 0) {
		if (doc_len(*a, &len, e) < 0)
			return e->code;
		if (len > same)
			return 0;
		*a = behind(*a, len);
		*b = behind(*b, len);
		same -= len;
	}
	return 0;
}

int leaf_facts_measure_like(struct bytes leaf, struct bytes old, const struct chunk_facts *of_old,
			    struct chunk_facts *ret, struct error *e)
{
	struct bytes a = old, b = leaf;
	struct chunk_facts facts = *of_old;
	size_t end;

	if (of_old->renderer != EJSON_VERSION)
		return leaf_facts_measure(leaf, ret, e);
	if (pass_same_documents(&a, &b, e) < 0)
		return e->code;
	end = same_end(a, b);
	if (a.len + b.len - 2 * end > leaf.len)
		return leaf_facts_measure(leaf, ret, e);
	if (add_difference(a, b, &facts, e) < 0)
		return e->code;
	*ret = facts;
	return 0;
}

/* ------------------------------------------------------------------ what a change changes */

/*
 * Bytes of different fields that are laid together to be measured. What is more has the whole documents measured where
 * they lie: a change of a document of 16 MiB would hold two more of them.
 */
#define GATHERED_MAX ((size_t)1 << 20)

/* A document without the fields that are the same in the other one. */
struct rest {
	struct bson_fields fields;
	struct buf *doc; /* its fields that differ, as a document */
};

static size_t left_of(const struct rest *rest)
{
	return rest->fields.doc.len - rest->fields.at;
}

/* Pass over the fields that both begin with. */
static int skip_same(struct rest *a, struct rest *b, struct error *e)
{
	struct bytes from = a->fields.doc, other = b->fields.doc;
	size_t same = 4 + same_begin(bytes_of(from.at + 4, from.len - 4),
				     bytes_of(other.at + 4, other.len - 4));
	struct bson_field field;
	int got = 0;

	while (a->fields.at < same) {
		b->fields.at = a->fields.at;
		got = bson_fields_next(&a->fields, &field, e);
		if (got <= 0 || a->fields.at > same)
			break;
	}
	a->fields.at = a->fields.at <= same ? a->fields.at : b->fields.at;
	b->fields.at = a->fields.at;
	return MIN_OF(got, 0);
}

/* The bytes of the next field, none at the end. */
static int take_field(struct rest *rest, struct bytes *ret, struct error *e)
{
	size_t begin = rest->fields.at;
	struct bson_field field;
	int got = bson_fields_next(&rest->fields, &field, e);

	*ret = bytes_of(rest->fields.doc.at + begin, rest->fields.at - begin);
	return MIN_OF(got, 0);
}

/*
 * Gather what is left, but what is the same at the same place in both, or ends both. 1: it is too much to be laid
 * together.
 */
static int gather(struct rest *a, struct rest *b, struct error *e)
{
	size_t end = same_end(a->fields.doc, b->fields.doc);

	while (left_of(a) != left_of(b) || left_of(a) > end) {
		struct bytes of_a, of_b;

		if (take_field(a, &of_a, e) < 0 || take_field(b, &of_b, e) < 0)
			return e->code;
		if (of_a.len == 0 && of_b.len == 0)
			break;
		if (bytes_equal(of_a, of_b))
			continue;
		if (a->doc->len + of_a.len > GATHERED_MAX || b->doc->len + of_b.len > GATHERED_MAX)
			return 1;
		buf_add_bytes(a->doc, of_a);
		buf_add_bytes(b->doc, of_b);
	}
	return 0;
}

/* Of the fields of a document, each with a comma: what they take is a sum then. Its length is set first. */
static int add_fields(struct buf *doc, int sign, struct leaf_facts_sum *sum, struct error *e)
{
	uint64_t relaxed, canonical;

	if (doc->len == 4)
		return 0;
	buf_add_u8(doc, 0);
	put_le32(doc->at, (uint32_t)doc->len);
	if (ejson_sizes(buf_bytes(doc), &relaxed, &canonical, e) < 0)
		return e->code;
	/* Less the braces, and one more comma than there is. */
	sum->relaxed += sign * ((int64_t)relaxed - 1);
	sum->canonical += sign * ((int64_t)canonical - 1);
	return 0;
}

static int add_whole(struct bytes doc, int sign, struct leaf_facts_sum *sum, struct error *e)
{
	struct chunk_facts facts = {0};

	if (leaf_facts_measure(doc, &facts, e) < 0)
		return e->code;
	sum->relaxed += sign * (int64_t)facts.relaxed;
	sum->canonical += sign * (int64_t)facts.canonical;
	return 0;
}

static int change_whole(struct bytes old, struct bytes now, struct leaf_facts_sum *sum,
			struct error *e)
{
	return add_whole(old, -1, sum, e) < 0 ? e->code : add_whole(now, 1, sum, e);
}

static int change_fields(struct rest *a, struct rest *b, struct leaf_facts_sum *sum,
			 struct error *e)
{
	int more;

	buf_reset(a->doc);
	buf_reset(b->doc);
	buf_add_le32(a->doc, 0);
	buf_add_le32(b->doc, 0);
	if (bson_frame(a->fields.doc, e) < 0 || bson_frame(b->fields.doc, e) < 0 ||
	    skip_same(a, b, e) < 0)
		return e->code;
	more = gather(a, b, e);
	if (more != 0)
		return more < 0 ? more : change_whole(a->fields.doc, b->fields.doc, sum, e);
	return add_fields(a->doc, -1, sum, e) < 0 ? e->code : add_fields(b->doc, 1, sum, e);
}

int leaf_facts_change(struct bytes old, struct bytes now, struct buf room[2],
		      struct leaf_facts_sum *sum, struct error *e)
{
	struct rest a = {bson_fields(old), &room[0]}, b = {bson_fields(now), &room[1]};
	struct leaf_facts_sum made = *sum;
	int code;

	/* Without any field there is no comma too many. */
	if (old.len <= BSON_MIN_LEN || now.len <= BSON_MIN_LEN)
		code = change_whole(old, now, &made, e);
	else
		code = change_fields(&a, &b, &made, e);
	if (code == 0)
		*sum = made;
	return code;
}
