#include "fs/fs_errno.h"

#include <errno.h>

/*
 * What the store's own files answered is not what happened to the file in the mount: a
 * pack that can't be opened is EIO there, not "permission denied" or "no such file".
 */
static int errno_of_system(int sys)
{
	switch (sys) {
	case ENOMEM:
	case ENFILE:
	case EMFILE:
	case EINTR:
	case ETIMEDOUT:
	case ESTALE:
		return sys;
	default:
		return EIO;
	}
}

int fs_errno_of(const struct error *e)
{
	switch (e->code) {
	case ERR_NOMEM:
		return ENOMEM;
	case ERR_IO:
		return errno_of_system(e->sys);
	case ERR_UNSUPPORTED:
		return EOPNOTSUPP;
	case ERR_INVALID:
		return EINVAL;
	case ERR_LIMIT:
		return EFBIG;
	case ERR_EXISTS:
		return EEXIST;
	case ERR_BUSY:
		return EBUSY;
	case ERR_CANCELLED:
		return EINTR;
	case ERR_REFUSED:
		return EACCES;
	case ERR_NOT_FOUND:
	case ERR_NO_TIME:
		return ENOENT;
	case ERR_CORRUPT:
	default:
		return EIO;
	}
}
