/*
 * window.h - inside $setWindowFields: what its functions are parsed to, and their values over one partition.
 *
 * Rules: src/mongo/db/pipeline/window_function/ of mongod 6.0. Threads: see stage.h.
 */
#ifndef QUERY_STAGE_WINDOW_H
#define QUERY_STAGE_WINDOW_H

#include "query/expr/expr_date_unit.h"
#include "query/sort.h"
#include "query/stage/stage_make.h"

enum window_kind {
	WINDOW_ACCUMULATE, /* an accumulator of $group */
	WINDOW_RANK,
	WINDOW_DENSE_RANK,
	WINDOW_NUMBER,
	WINDOW_SHIFT,
	WINDOW_FIRST,
	WINDOW_LAST,
	WINDOW_DERIVATIVE,
	WINDOW_INTEGRAL,
	WINDOW_AVERAGE, /* $expMovingAvg */
	WINDOW_COVARIANCE,
	WINDOW_DEVIATION, /* $stdDev, ... */
	WINDOW_SUM,	  /* ... $sum, $avg, ... */
	WINDOW_EXTREME,	  /* ... $min and $max in a window whose beginning moves */
	WINDOW_LOCF,
	WINDOW_LINEAR,
};

enum window_end {
	WINDOW_UNBOUNDED,
	WINDOW_CURRENT,
	WINDOW_OFFSET,
};

struct window_bound {
	enum window_end end;
	struct value offset; /* a number; by documents an int64 */
};

struct window_bounds {
	bool is_range, has_unit;
	enum expr_date_unit unit;
	struct window_bound low, high;
};

struct window_function {
	struct bytes path; /* of the output */
	enum window_kind kind;
	const struct accumulator *acc;
	const struct expr *input;
	struct window_bounds bounds;
	bool is_sample;	       /* $covarianceSamp, $stdDevSamp */
	int64_t shift;	       /* by */
	struct value fallback; /* $shift's default */
	int64_t unit_ms;       /* of $derivative and $integral; 0: none */
	_Decimal128 alpha;
	bool was_decimal; /* $expMovingAvg met one, in any partition: mongod never forgets */
	bool is_mean;	  /* $avg, of WINDOW_SUM */
	bool is_least;	  /* $min, of WINDOW_EXTREME */
	struct value
		last_sort; /* $linearFill: of the partition before, which mongod never forgets either */
	size_t slot;	   /* of the variable that holds the result */
	struct value *values;  /* of the input, for each document of the partition */
	struct value *results; /* for each document; of a window_is_lazy() one the current */
	struct moving *moving; /* of a lazy one: the window as far as it was moved; */
	struct arena *arena;   /* what the current result lies in */
	size_t fails_at; /* the document at which it meets an input that fails; SIZE_MAX: none */
	struct error failure;
	/* Where the window by range ended that was asked for last: the ends only go up, from document 0 on. */
	size_t range_low, range_high;
	size_t looked_at; /* documents whose windows end before the inputs that failed so far */
};

/* {$add: [a, b]} and its like on values: by the expressions themselves. */
enum window_op {
	WINDOW_ADD,
	WINDOW_SUBTRACT,
	WINDOW_MULTIPLY,
	WINDOW_DIVIDE,
	WINDOW_OPS,
};

struct window_stage {
	struct stage base;
	struct stage_work work;
	const struct expr *partition;  /* NULL: one partition */
	const struct sort *sort;       /* NULL: none */
	const struct expr *sort_value; /* of a single, ascending or descending, field */
	struct window_function *functions;
	size_t function_count;
	const struct project *project; /* sets the outputs */
	bool is_sorted;		       /* the documents come in order */
	bool is_reverse;	       /* the partitions go down, as sortBy has their field */
	const struct expr *ops[WINDOW_OPS];
	size_t op_slots[2];
	/* At work. */
	struct extsort *sorted;
	bool is_open, is_end;
	struct buf record; /* the first one of the next partition */
	bool has_record;
	struct stage_store *docs; /* of the partition */
	struct buf room;
	struct arena *arena; /* of the partition's values */
	struct value *sort_values;
	size_t count, at;
	/* Functions fail at a document: those before it are given first, as if each was computed when it is asked for. */
	size_t now, failed_at, failed_by; /* the document, the function */
	struct error failure;
};

/* The operand of `window`: WindowBounds::parse(). */
MUST_CHECK int window_bounds_parse(struct stage_build *b, struct window_stage *self,
				   const struct value *v, bool has_sort, size_t sort_parts,
				   struct window_bounds *ret, struct error *e);
/* Parse one output field: {$fn: .., window: ..}. */
MUST_CHECK int window_parse(struct stage_build *b, struct window_stage *self, bool has_sort,
			    size_t sort_parts, const struct bson_field *field,
			    struct window_function *ret, struct error *e);
/* The input of document `at` fails: note in `f` for which document's result it is asked, if for any. The sort values are there. */
void window_input_failed(struct window_stage *self, struct window_function *f, size_t at,
			 const struct error *failure);
/* The results of a function for all documents of the partition; values and sort values are there. */
MUST_CHECK int window_run(struct window_stage *self, struct window_function *f, struct error *e);
/* Those of functions that take in the documents of a window one by one. */
MUST_CHECK int window_run_moving(struct window_stage *self, struct window_function *f,
				 struct error *e);
/*
 * An accumulator's result may be as long as the partition ($push), and each document may have another one. So one at a time is made, when
 * its document is given.
 */
static inline bool window_is_lazy(const struct window_function *f)
{
	return f->kind == WINDOW_ACCUMULATE;
}
/* The result of a lazy function for document `i`: ask upwards from 0. window_moving_end() at the end of a partition, or before. */
MUST_CHECK int window_moving_result(struct window_stage *self, struct window_function *f, size_t i,
				    struct value *ret, struct error *e);
void window_moving_end(struct window_function *f);
/* Bytes that a lazy function holds between two documents: what its window took in, and the current result. */
size_t window_moving_memory(const struct window_function *f);
/* May the value of sortBy be one that a range is counted from? */
MUST_CHECK int window_check_base(const struct window_function *f, const struct value *base,
				 struct error *e);
/*
 * The first and last document of the window of document `i`: 1, or 0 when it is empty. Ask for document 0 first, then upwards: so a
 * pass over the partition looks at each sort value a few times, however long the partition is.
 */
MUST_CHECK int window_ends(struct window_stage *self, struct window_function *f, size_t i,
			   size_t *ret_low, size_t *ret_high, struct error *e);
MUST_CHECK int window_calculate(struct window_stage *self, enum window_op op, const struct value *a,
				const struct value *b, struct value *ret, struct error *e);

#endif
