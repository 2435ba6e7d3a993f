#include "base/exit_code.h"

int exit_code_of(int code)
{
	if (code >= 0)
		return code;
	switch ((enum error_code)code) {
	case ERR_INVALID:
		return EXIT_CODE_USAGE;
	case ERR_NO_TIME:
		return EXIT_CODE_NO_TIME;
	case ERR_REFUSED:
	case ERR_EXISTS:
		return EXIT_CODE_REFUSED;
	case ERR_NO_STORE:
		return EXIT_CODE_NO_STORE;
	case ERR_BUSY:
		return EXIT_CODE_LOCKED;
	case ERR_WRONG_KEY:
		return EXIT_CODE_WRONG_KEY;
	case ERR_CANCELLED:
		return EXIT_CODE_INTERRUPTED;
	case ERR_NOMEM:
	case ERR_IO:
	case ERR_CORRUPT:
	case ERR_UNSUPPORTED:
	case ERR_LIMIT:
	case ERR_REMOTE:
	case ERR_NOT_FOUND:
		return EXIT_CODE_FAILED;
	}
	return EXIT_CODE_FAILED;
}
