/*
 * rekey.h - another secret for an encrypted store. What is stored stays as it is: only the master key is wrapped anew.
 *
 * Who knows the old secret and has a copy of an old keys/ file can still open the store: crypt/keyring.h.
 *
 * Threads: one at a time; others may read and write the store meanwhile.
 */
#ifndef STORE_REKEY_H
#define STORE_REKEY_H

#include "store/crypt/keyring.h"
#include "store/store.h"

/*
 * As keyring_rewrap(). ERR_REFUSED: the store is not encrypted; ERR_BUSY: somebody else does the same now.
 */
MUST_CHECK int rekey_run(struct store *store, struct bytes old, struct bytes fresh, bool keep_old,
			 struct keyring_change *ret, struct error *e);

#endif
