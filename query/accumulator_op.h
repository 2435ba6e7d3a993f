/*
 * accumulator_op.h - inside the accumulators: what each of them brings. accumulator.c has the tables' list.
 *
 * Threads: see accumulator.h.
 */
#ifndef QUERY_ACCUMULATOR_OP_H
#define QUERY_ACCUMULATOR_OP_H

#include "query/accumulator.h"
#include "query/sort.h"

struct accumulator_op {
	const char *name;
	size_t size; /* of a state */
	int (*parse)(struct expr_scope *scope, const struct value *operand, struct accumulator *ret,
		     struct error *e); /* NULL: one expression */
	/* Both return bytes of memory added. */
	int64_t (*add)(const struct accumulator *acc, void *state, struct query_context *q,
		       const struct value *v, struct error *e);
	int64_t (*merge)(const struct accumulator *acc, void *state, struct query_context *q,
			 const struct value *v, struct error *e);
	int (*result)(const struct accumulator *acc, void *state, struct query_context *q,
		      struct arena *arena, struct value *ret, struct error *e);
	int (*partial)(const struct accumulator *acc, void *state, struct query_context *q,
		       struct arena *arena, struct value *ret, struct error *e);
	bool (*is_full)(const void *state); /* what comes is not looked at any more; NULL: never */
	void (*end)(void *state);	    /* NULL: nothing to free */
	bool takes_n;			    /* the state begins with an int64_t n */
	bool is_greatest, is_single, is_last; /* variants */
};

struct accumulator {
	const struct accumulator_op *op;
	const struct expr *argument; /* NULL: none ($count) */
	const struct expr *n;
	const struct sort *sort;  /* of $top and its like */
	const struct expr **keys; /* "$path" of each of its parts */
	bool is_late;		  /* accumulator_set_late() */
};

/* Tables that end with an entry whose name is NULL. */
extern const struct accumulator_op accumulator_ops_number[], accumulator_ops_one[],
	accumulator_ops_list[], accumulator_ops_n[], accumulator_ops_top[];

/* The values by which $top and its like sort the frame's document. */
MUST_CHECK int accumulator_top_keys(const struct accumulator *acc, struct expr_frame *frame,
				    struct value *ret, struct error *e);

/* A `merge` for a partial result that is an array: each of its elements is added. */
int64_t accumulator_merge_elements(const struct accumulator *acc, void *state,
				   struct query_context *q, const struct value *v, struct error *e);

/* A value with memory of its own. */
struct accumulator_box {
	struct value v;
	struct buf bytes;
};
/* Returns the bytes by which its memory grew. */
int64_t accumulator_box_set(struct accumulator_box *box, const struct value *v);

/* A type byte and a payload on the heap. */
struct accumulator_item {
	uint8_t *at;
	uint32_t key_len, len; /* a sort key may stand before it */
};
struct accumulator_items {
	int64_t n;
	struct accumulator_item *at;
	size_t count, room, bytes;
};
struct accumulator_item accumulator_item_new(struct bytes key, const struct value *v);
/* The value of an item; borrows from it. */
struct value accumulator_item_value(const struct accumulator_item *item);
/* Put `item` at `index`; takes it. */
void accumulator_items_insert(struct accumulator_items *items, size_t index,
			      struct accumulator_item item);
void accumulator_items_remove(struct accumulator_items *items, size_t index);
size_t accumulator_items_memory(const void *state);
void accumulator_items_end(void *state);

#endif
