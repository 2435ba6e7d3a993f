#include "store/rekey.h"

#include <fcntl.h>

#include "base/file.h"
#include "store/backend/backend_dir.h"
#include "store/store_internal.h"

#define CONFIG_MAX 65536

static int read_params(const char *path, const char *config, struct store_params *ret,
		       struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	int found = file_read(config, CONFIG_MAX, &text, e);

	if (found < 0)
		return found;
	if (found == 0)
		return error_set(e, ERR_NO_STORE, "there is no store at %s", path);
	if (store_config_parse(buf_bytes(&text), ret, e) < 0)
		return error_wrap(e, "%s", path);
	if (ret->encrypted)
		return 0;
	error_set(e, ERR_REFUSED, "%s is not encrypted", path);
	return error_hint(e, "'yester init --encrypt' makes an encrypted store, and 'yester copy' "
			     "copies into it");
}

int rekey_run(const char *path, struct bytes old, struct bytes fresh, bool keep_old,
	      struct keyring_change *ret, struct error *e)
{
	OWNED(free) char *config = xprintf("%s/config", path);
	/* On the file system of the store, and never copied. What a crash leaves there is a wrapped key. */
	OWNED(free) char *tmp = xprintf("%s/local", path);
	OWNED(backend_free) struct backend *backend = NULL;
	OWNED(fd_close) int lock = -1;
	struct store_params params;
	int locked;

	if (read_params(path, config, &params, e) < 0 || file_make_dirs(tmp, e) < 0)
		return e->code;
	lock = open(config, O_RDWR | O_CLOEXEC);
	if (lock < 0)
		return error_sys(e, "open %s", config);
	locked = file_lock(lock, config, STORE_LOCK_KEYS, FILE_LOCK_EXCLUSIVE, false, e);
	if (locked < 0)
		return locked;
	if (locked == 0)
		return error_set(e, ERR_BUSY, "%s: somebody else changes its key now", path);
	backend = backend_dir_new(path, tmp);
	if (keyring_rewrap(backend, params.id, old, fresh, keep_old, ret, e) < 0)
		return error_wrap(e, "%s", path);
	return 0;
}
