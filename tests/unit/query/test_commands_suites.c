/* The same as test_commands.c with what other programs' suites have shown: tests/query/commands_suites.py makes the file. */
#define CORPUS "tests/unit/query/commands_suites.bson.gz"

#include "tests/unit/query/test_commands.c"
