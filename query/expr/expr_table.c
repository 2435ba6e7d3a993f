#include "query/expr/expr_op.h"

static const struct expr_op *const tables[] = {
	expr_ops_arithmetic, expr_ops_arithmetic_more, expr_ops_trigonometry,
	expr_ops_compare,    expr_ops_logic,	       expr_ops_array,
	expr_ops_array_more, expr_ops_array_n,	       expr_ops_set,
	expr_ops_object,     expr_ops_variable,	       expr_ops_accumulate,
	expr_ops_misc,	     expr_ops_string,	       expr_ops_string_more,
	expr_ops_regex,	     expr_ops_convert,	       expr_ops_date,
	expr_ops_date_parts, expr_ops_date_text,       expr_ops_date_math,
};

const struct expr_op *expr_op_find(struct bytes name)
{
	/* About 150 names, looked up once for each operator that is parsed: no need of an index. */
	for (size_t t = 0; t < COUNT_OF(tables); t++)
		for (const struct expr_op *op = tables[t]; op->name != NULL; op++)
			if (bytes_equal(name, bytes_str(op->name)))
				return op;
	return NULL;
}
