/* The same as test_commands.c with $near, $nearSphere and $geoNear: tests/query/commands_near.py makes the file. */
#define CORPUS "tests/unit/query/near.bson.gz"

#include "tests/unit/query/test_commands.c"
