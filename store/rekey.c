#include "store/rekey.h"

#include "base/file.h"
#include "store/store_internal.h"

int rekey_run(struct store *store, struct bytes old, struct bytes fresh, bool keep_old,
	      struct keyring_change *ret, struct error *e)
{
	int locked;

	if (!store->params.encrypted) {
		error_set(e, ERR_REFUSED, "%s is not encrypted", store->path);
		return error_hint(e, "'yester init --encrypt' makes an encrypted store, and "
				     "'yester copy' copies into it");
	}
	if (store_look_writable(store, e) < 0)
		return e->code;
	locked = file_lock(store->config_fd, store->path, STORE_LOCK_KEYS, FILE_LOCK_EXCLUSIVE,
			   false, e);
	if (locked < 0)
		return locked;
	if (locked == 0)
		return error_set(e, ERR_BUSY, "%s: somebody else changes its key now", store->path);
	locked = keyring_rewrap(store->backend, store->params.id, old, fresh, keep_old, ret, e);
	file_unlock(store->config_fd, STORE_LOCK_KEYS);
	return locked < 0 ? error_wrap(e, "%s", store->path) : 0;
}
