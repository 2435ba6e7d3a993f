/*
 * command_explain_refuse.h - what mongod can't explain.
 *
 * Source of the codes: explain_cmd.cpp and explain_gen.cpp of mongod 6.0, asked of a 6.0.27. Threads: pure.
 */
#ifndef QUERY_COMMAND_EXPLAIN_REFUSE_H
#define QUERY_COMMAND_EXPLAIN_REFUSE_H

#include "query/value.h"

/* {explain: null}: IDLFailedToParse. */
int command_explain_refuse_nothing(struct error *e);
/* Another command in `explain`, by its name and the value that it has there: 20, 59, or that of a null. */
int command_explain_refuse(struct bytes name, const struct value *its, struct error *e);

#endif
