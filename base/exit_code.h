/*
 * exit_code.h - what the process says to the script that called it: yester and yesterfs.
 *
 * The numbers are fixed: scripts rely on them. Threads: pure.
 */
#ifndef BASE_EXIT_CODE_H
#define BASE_EXIT_CODE_H

#include "base/error.h"

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_PARTIAL = 3, /* partial, differences found, or a gap met */
	EXIT_CODE_DAMAGE = 4,  /* verification found damage or a mismatch */
	EXIT_CODE_NO_TIME = 5, /* the time asked for cannot be restored */
	EXIT_CODE_REFUSED = 6, /* nothing changed */
	EXIT_CODE_NO_STORE = 10,
	EXIT_CODE_LOCKED = 11,
	EXIT_CODE_WRONG_KEY = 12,
	EXIT_CODE_INTERRUPTED = 130,
};

/* The exit code for a negative enum error_code; `code` >= 0 is an exit code already. */
int exit_code_of(int code);

#endif
