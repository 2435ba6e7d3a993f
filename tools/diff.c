#include "tools/diff.h"

#include <stdlib.h>

#include "store/tree/tree_cursor.h"
#include "store/tree/tree_diff.h"
#include "tools/diff_catalog.h"
#include "tools/diff_ranked.h"

#define NONE UINT64_MAX

/* A collection's identity and its place in the catalog. */
struct identity {
	uint8_t uuid[16];
	uint64_t rank;
};

struct side {
	struct moment *moment;
	struct identity *by_uuid; /* sorted */
	size_t count;
	uint64_t rank;		    /* of `entry`, in the walk */
	bool some;		    /* the walk has not ended */
	struct catalog_entry entry; /* it stands at */
	struct catalog_entry other; /* one that was fetched by its rank */
};

struct diff {
	const struct diff_options *options;
	const struct diff_sink *sink;
	struct side a, b;
	bool differs;
};

static void diff_release(struct diff *d)
{
	struct side *sides[] = {&d->a, &d->b};

	for (size_t i = 0; i < COUNT_OF(sides); i++) {
		free(sides[i]->by_uuid);
		catalog_entry_release(&sides[i]->entry);
		catalog_entry_release(&sides[i]->other);
	}
}
DEFINE_OWNED_STRUCT(struct diff, diff_release);

struct bytes diff_ns_name(const struct diff_ns *ns)
{
	const struct catalog_entry *entry = ns->new_entry != NULL ? ns->new_entry : ns->old_entry;

	return bytes_of(entry->ns, entry->ns_len);
}

static int compare_identities(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(((struct identity *)NULL)->uuid));
}

/* Read who is there, and stand at the first entry. */
static int side_open(struct side *side, struct moment *moment, struct error *e)
{
	uint64_t count = moment_count(moment);
	int found;

	side->moment = moment;
	catalog_entry_init(&side->entry);
	catalog_entry_init(&side->other);
	side->by_uuid = xcalloc(count + 1, sizeof(*side->by_uuid));
	for (uint64_t i = 0; i < count; i++) {
		struct identity *identity = &side->by_uuid[side->count];

		found = moment_entry(moment, i, &side->entry, e);
		if (found < 0)
			return found;
		if (found == 0 || !side->entry.has_uuid)
			continue;
		memcpy(identity->uuid, side->entry.uuid, sizeof(identity->uuid));
		identity->rank = i;
		side->count++;
	}
	qsort(side->by_uuid, side->count, sizeof(*side->by_uuid), compare_identities);
	found = moment_entry(moment, 0, &side->entry, e);
	side->some = found > 0;
	return found;
}

static int side_next(struct side *side, struct error *e)
{
	int found = moment_entry(side->moment, ++side->rank, &side->entry, e);

	side->some = found > 0;
	return found;
}

/* The rank of the collection with the UUID of `entry`, or NONE. */
static uint64_t rank_of(const struct side *side, const struct catalog_entry *entry)
{
	struct identity *found = NULL;

	if (entry->has_uuid && side->count > 0)
		found = bsearch(entry->uuid, side->by_uuid, side->count, sizeof(*side->by_uuid),
				compare_identities);
	return found == NULL ? NONE : found->rank;
}

static bool is_wanted(const struct diff *d, const struct catalog_entry *entry)
{
	return entry != NULL &&
	       (d->options->wanted == NULL || d->options->wanted(d->options->ctx, entry));
}

static int give_document(void *ctx, struct bytes key UNUSED, struct bytes old_doc,
			 struct bytes new_doc, struct error *e)
{
	const struct diff *d = ctx;
	const struct progress *p = d->options->progress;

	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	return d->sink->document(d->sink->ctx, old_doc, new_doc, e);
}

/* A collection that has no counterpart: all its documents. */
static int give_all(struct diff *d, const struct tree_root *root, bool old, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(d->options->store, root);
	const struct bytes nothing = {0};
	struct bytes doc;
	int more;

	while ((more = tree_cursor_next(cursor, &doc, e)) > 0)
		if (give_document(d, nothing, old ? doc : nothing, old ? nothing : doc, e) < 0)
			return e->code;
	return more;
}

/* The documents of a pair; *ret_reordered: only their natural order differs. */
static int give_documents(struct diff *d, const struct diff_ns *ns, bool *ret_reordered,
			  struct error *e)
{
	const struct tree_root *a = ns->old_entry == NULL ? NULL : &ns->old_entry->root;
	const struct tree_root *b = ns->new_entry == NULL ? NULL : &ns->new_entry->root;
	int64_t count;

	if (a == NULL || b == NULL)
		return give_all(d, a != NULL ? a : b, a != NULL, e);
	if (a->count == 0 || b->count == 0)
		return give_all(d, a->count > 0 ? a : b, a->count > 0, e);
	if (a->kind == TREE_KEYED && b->kind == TREE_KEYED)
		return tree_diff(d->options->store, a, b, give_document, d, e);
	count = diff_ranked(d->options->store, a, b, d->options->tmp_dir, give_document, d, e);
	*ret_reordered = count == 0;
	return count < 0 ? (int)count : 0;
}

/* Have the roots of an entry told: 1; 0 when they can't be, which the sink is told. */
static int resolve(struct diff *d, const struct side *side, struct catalog_entry *entry,
		   struct error *e)
{
	const struct diff_options *o = d->options;
	struct error why = {0};

	if (entry == NULL || (o->resolve != NULL ? o->resolve(o->ctx, side->moment, entry, &why)
						 : moment_resolve(side->moment, entry, &why)) >= 0)
		return 1;
	if (why.code != ERR_UNSUPPORTED && why.code != ERR_CORRUPT && why.code != ERR_NO_TIME) {
		*e = why;
		return e->code;
	}
	if (d->sink->untold(d->sink->ctx, bytes_of(entry->ns, entry->ns_len), &why, e) < 0)
		return e->code;
	return 0;
}

static int compare_entries(struct diff_ns *ns, struct error *e)
{
	const struct catalog_entry *a = ns->old_entry, *b = ns->new_entry;
	int options, indexes;

	ns->documents =
		!tree_root_equal(&a->root, &b->root) && (a->root.count > 0 || b->root.count > 0);
	ns->type = a->type != b->type;
	options =
		diff_catalog_options(buf_bytes(&a->options), buf_bytes(&b->options), NULL, NULL, e);
	if (options < 0)
		return options;
	indexes =
		diff_catalog_indexes(buf_bytes(&a->indexes), buf_bytes(&b->indexes), NULL, NULL, e);
	/* A lone .bson has no metadata: nothing is known of its options and indexes. */
	ns->options = options > 0 && a->has_metadata && b->has_metadata;
	ns->indexes = indexes > 0 && a->has_metadata && b->has_metadata;
	return indexes;
}

/* A pair, or a namespace that has no counterpart (the other is NULL). */
static int compare(struct diff *d, struct catalog_entry *a, struct catalog_entry *b, bool renamed,
		   struct error *e)
{
	struct diff_ns ns = {.old_entry = a, .new_entry = b, .renamed = renamed};
	bool reordered = false;
	int told, wants;

	if (!is_wanted(d, a) && !is_wanted(d, b))
		return 0;
	told = resolve(d, &d->a, a, e);
	if (told > 0)
		told = resolve(d, &d->b, b, e);
	if (told <= 0)
		return told;
	if (a != NULL && b != NULL) {
		ns.recreated = !renamed && a->has_uuid && b->has_uuid &&
			       memcmp(a->uuid, b->uuid, sizeof(a->uuid)) != 0;
		if (compare_entries(&ns, e) < 0)
			return e->code;
		if (!renamed && !ns.recreated && !ns.documents && !ns.type && !ns.options &&
		    !ns.indexes)
			return 0;
	} else {
		ns.documents = (a != NULL ? a : b)->root.count > 0;
	}
	d->differs = true;
	wants = d->sink->begin(d->sink->ctx, &ns, e);
	if (wants > 0 && ns.documents)
		wants = give_documents(d, &ns, &reordered, e);
	if (wants < 0)
		return wants;
	return d->sink->end(d->sink->ctx, &ns, reordered, e);
}

/* A namespace of the new side that is not that of the same name: renamed, or made since. */
static int compare_new(struct diff *d, struct error *e)
{
	uint64_t from = rank_of(&d->a, &d->b.entry);

	if (from == NONE)
		return compare(d, NULL, &d->b.entry, false, e);
	if (moment_entry(d->a.moment, from, &d->a.other, e) < 0)
		return e->code;
	return compare(d, &d->a.other, &d->b.entry, true, e);
}

/* A namespace of the old side that is not that of the same name: dropped, or renamed (told there). */
static int compare_old(struct diff *d, struct error *e)
{
	if (rank_of(&d->b, &d->a.entry) != NONE)
		return 0;
	return compare(d, &d->a.entry, NULL, false, e);
}

/* A name that both sides have. */
static int compare_same_name(struct diff *d, struct error *e)
{
	uint64_t from = rank_of(&d->a, &d->b.entry), to = rank_of(&d->b, &d->a.entry);

	if (from == d->a.rank || (from == NONE && to == NONE))
		return compare(d, &d->a.entry, &d->b.entry, false, e);
	if (compare_old(d, e) < 0)
		return e->code;
	return compare_new(d, e);
}

/* < 0: only the old side has the name that is next; > 0: only the new one; 0: both. */
static int order(const struct diff *d)
{
	if (!d->a.some || !d->b.some)
		return d->a.some ? -1 : 1;
	return bytes_compare(bytes_of(d->a.entry.ns, d->a.entry.ns_len),
			     bytes_of(d->b.entry.ns, d->b.entry.ns_len));
}

int diff_run(struct moment *old_moment, struct moment *new_moment,
	     const struct diff_options *options, const struct diff_sink *sink, struct error *e)
{
	OWNED(diff_release) struct diff d = {.options = options, .sink = sink};

	if (side_open(&d.a, old_moment, e) < 0 || side_open(&d.b, new_moment, e) < 0)
		return e->code;
	while (d.a.some || d.b.some) {
		int by = order(&d);
		int done = by < 0   ? compare_old(&d, e)
			   : by > 0 ? compare_new(&d, e)
				    : compare_same_name(&d, e);

		if (done < 0)
			return done;
		if (by <= 0 && side_next(&d.a, e) < 0)
			return e->code;
		if (by >= 0 && side_next(&d.b, e) < 0)
			return e->code;
	}
	return d.differs;
}
