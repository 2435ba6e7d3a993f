/*
 * catalog_case.h - cases of the replay's catalog as rows of a table: a base, a log, what results.
 */
#ifndef TESTS_UNIT_OPLOG_CATALOG_CASE_H
#define TESTS_UNIT_OPLOG_CATALOG_CASE_H

#include "tests/unit/oplog/replay_case.h"

#define EXACT 0u
#define FUZZY 1u
#define PARTIAL 2u
#define VERSION(major) ((unsigned)(major) << 8)

#define ID "'idIndex':{'v':2,'key':{'_id':1},'name':'_id_'}"
#define IDX "'i':[{'v':2,'key':{'_id':1},'name':'_id_'}]"
#define IDX_A "'i':[{'v':2,'key':{'_id':1},'name':'_id_'},{'v':2,'key':{'a':1},'name':'a_1'}]"

/* A view of d, and an operation on d.system.views. */
#define VIEW(name, on) "'o':{'_id':'d." name "','viewOn':'" on "','pipeline':[]}"
#define VIEW_OP(op, uuid, rest) "{'op':'" op "','ns':'d.system.views','ui':@" uuid "," rest "}"

/*
 * A base: entries {ns, u: UUID, n: documents, o: options, i: indexes, t: type}. A log: o of commands on
 * d.$cmd with ui first, or whole entries. @1 is a UUID. What results: namespace=UUID
 * :type {options} (indexes) #documents +operations !stopped, each only when there is one.
 */
struct catalog_case {
	const char *name;
	unsigned flags;
	const char *base[5];
	const char *log[8];
	const char *expected;
};

/* Each gives what it should. */
void check_cases(const struct catalog_case *cases, size_t count);

/* Run one; the catalog of *run is the caller's to free. */
void run_case(const struct catalog_case *c, struct run *run, struct result *result);

/* A row's entry of the log, and an entry of its base. */
void entry_text(const char *line, unsigned rank, struct buf *ret);
void load_one(struct replay_catalog *catalog, const char *text);

/* Run the rows of a log, at most `count`, up to a NULL: all must be applied. `name` is told where one is not. */
void run_log(struct run *run, const char *name, const char *const *log, size_t count);

#endif
