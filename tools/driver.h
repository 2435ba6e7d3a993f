/*
 * driver.h - where the other program, yesterfs, is.
 *
 * Threads: pure.
 */
#ifndef TOOLS_DRIVER_H
#define TOOLS_DRIVER_H

#include <stdbool.h>

#define DRIVER_NAME "yesterfs"
#define DRIVER_PATH_LEN 4096

/* yesterfs beside our own binary; false when it is not there: then PATH is to be searched. */
bool driver_find_beside(char ret[DRIVER_PATH_LEN]);

#endif
