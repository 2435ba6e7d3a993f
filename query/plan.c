#include "query/plan.h"

#include <stdlib.h>

#include "base/key.h"
#include "query/command_parse.h"
#include "query/query_error.h"
#include "query/scan.h"

/* ---- `_id`s as keys */

/* Does a value's order or equality depend on the collation? */
static bool is_collated(const struct value *v)
{
	return v->type == BSON_KIND_STRING || v->type == BSON_KIND_SYMBOL ||
	       v->type == BSON_KIND_DOCUMENT || v->type == BSON_KIND_ARRAY;
}

/* The value's key, kept: 1; 0 when keys do not tell where it is. */
static int key_of(struct query_context *q, const struct value *v, struct bytes *ret,
		  struct error *e)
{
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf key = {0};

	if (q->collation != NULL && is_collated(v))
		return 0;
	value_write(&b, (struct bytes){0}, v);
	if (b.len < 2 || key_of_value(v->type, bytes_of(b.at + 2, b.len - 2), &key, e) < 0)
		return 0;
	*ret = arena_copy(q->constants, buf_bytes(&key));
	return 1;
}

static int order_of_keys(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Points of a list: 1, or 0 when one of the values has no key. */
static int plan_points(struct query_context *q, const struct match_ids *ids, struct scan_plan *plan,
		       struct error *e)
{
	struct bytes *keys = arena_get(q->constants, (ids->count + 1) * sizeof(*keys));
	size_t count = 0;

	for (size_t i = 0; i < ids->count; i++)
		if (key_of(q, &ids->values[i], &keys[i], e) == 0)
			return 0;
	qsort(keys, ids->count, sizeof(*keys), order_of_keys);
	for (size_t i = 0; i < ids->count; i++)
		if (count == 0 || !bytes_equal(keys[count - 1], keys[i]))
			keys[count++] = keys[i];
	if (plan->backward)
		for (size_t i = 0; i < count / 2; i++) {
			struct bytes swap = keys[i];

			keys[i] = keys[count - 1 - i];
			keys[count - 1 - i] = swap;
		}
	plan->is_points = true;
	plan->points = keys;
	plan->point_count = count;
	return 1;
}

/* The classes of keys that are compared with each other, around that of `key`: [low, high). False: all are. */
static bool bracket(struct bytes key, uint8_t *low, uint8_t *high)
{
	uint8_t class = key.at[0];

	if (class < 30 || class >= 240 || class == 80)
		return false; /* null meets missing, MinKey and MaxKey everything, arrays their elements */
	*low = class <= 35 ? 30 : class == 111 ? 110 : class;
	*high = (uint8_t)(class <= 35 ? 36 : *low == 110 ? 112 : class + 1);
	return true;
}

static struct bytes one_byte(struct query_context *q, uint8_t byte)
{
	return arena_copy(q->constants, bytes_of(&byte, 1));
}

/* The least key that is greater. */
static struct bytes successor(struct query_context *q, struct bytes key)
{
	uint8_t *at = arena_get(q->constants, key.len + 1);

	memcpy(at, key.at, key.len);
	at[key.len] = 0;
	return bytes_of(at, key.len + 1);
}

/* The interval of keys: 1, or 0 when it would be everything. The filter stays. */
static int plan_range(struct query_context *q, const struct match_ids *ids, struct scan_plan *plan,
		      struct error *e)
{
	struct bytes low = {0}, high = {0};
	uint8_t first = 0, last = 0;

	if (!value_is_missing(&ids->low) && key_of(q, &ids->low, &low, e) == 0)
		return 0;
	if (!value_is_missing(&ids->high) && key_of(q, &ids->high, &high, e) == 0)
		return 0;
	if (low.len == 0 && high.len == 0)
		return 0;
	if ((low.len == 0 || high.len == 0) && !bracket(low.len > 0 ? low : high, &first, &last))
		return 0;
	if (low.len == 0)
		low = one_byte(q, first);
	else if (ids->low_open)
		low = successor(q, low);
	if (high.len == 0)
		high = one_byte(q, last);
	else if (!ids->high_open)
		high = successor(q, high);
	plan->has_low = plan->has_high = true;
	plan->low = low;
	plan->high = high;
	return 1;
}

static int narrow(struct query_context *q, const struct collection *c, const struct plan_request *r,
		  struct scan_plan *plan, struct plan *ret, struct error *e)
{
	struct match_ids ids = {0};
	int known;

	if (r->match == NULL || r->natural != 0 || collection_is_ranked(c))
		return 0;
	if (plan->match != NULL)
		plan->match = match_by_id(q->constants, plan->match);
	known = match_ids(r->match, &ids);
	if (known <= 0)
		return known;
	if (ids.is_list && plan_points(q, &ids, plan, e) > 0) {
		if (ids.is_of_expr) /* for explain, and all that depends on the plan, it is what it was */
			return 0;
		ret->way = PLAN_IDS;
		ret->id_count = ids.count;
		if (ids.is_exact)
			plan->match = NULL;
	} else if (!ids.is_list && plan_range(q, &ids, plan, e) > 0) {
		ret->way = PLAN_RANGE;
	}
	ret->low = ids.low;
	ret->high = ids.high;
	ret->low_open = ids.low_open;
	ret->high_open = ids.high_open;
	return 0;
}

/* Has the match bounds for the index on `_id`, and is it not forbidden to use it? */
static bool bounds_id(const struct query_context *q, const struct collection *c,
		      const struct plan_request *r)
{
	struct bytes collation;
	struct error ignored;

	if (r->match == NULL || r->natural != 0 || c->kind != COLLECTION_STORED ||
	    collection_collation(c, &collation, &ignored) < 0)
		return false;
	return match_bounds_id(r->match, !command_collation_equals(q->collation_spec, collation));
}

/*
 * mongod reads all documents in natural order, but by `_id` where that is hinted, gives the order of the sort, or bounds for an
 * index on it.
 */
static bool is_natural(const struct collection *c, const struct plan_request *r,
		       const struct plan *plan)
{
	if (plan->way != PLAN_ALL || catalog_entry_order(&c->entry).len == 0)
		return false;
	if (r->natural != 0)
		return true;
	return !r->by_id && !plan->is_id_order && !plan->bounds_id;
}

int plan_collection(struct query_context *q, struct collection *c, const struct plan_request *r,
		    struct plan *ret_plan, struct stage **ret, struct error *e)
{
	struct scan_plan plan = {.scope = r->scope, .set = r->set, .set_count = r->set_count};

	*ret_plan = (struct plan){.way = PLAN_ALL, .match = r->match};
	if (c->kind == COLLECTION_MISSING)
		ret_plan->way = PLAN_NOTHING;
	plan.match = r->match != NULL && match_is_all(r->match) ? NULL : r->match;
	ret_plan->is_id_order = r->order != 0 && q->collation == NULL && !collection_is_ranked(c);
	plan.backward = r->natural < 0 || (ret_plan->is_id_order && r->order < 0);
	ret_plan->is_backward = plan.backward;
	if (narrow(q, c, r, &plan, ret_plan, e) < 0)
		return e->code;
	if (r->use_none)
		plan.match = NULL;
	ret_plan->bounds_id = ret_plan->way == PLAN_ALL && bounds_id(q, c, r);
	plan.natural = is_natural(c, r, ret_plan) && !plan.is_points;
	plan.numbers = r->numbers;
	if (scan_open(q, c, &plan, ret, e) < 0)
		return e->code;
	ret_plan->scan = *ret;
	return 0;
}
