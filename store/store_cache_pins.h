/*
 * store_cache_pins.h - which visited moments of a cache are in use: for store_cache*.c.
 *
 * Threads: any.
 */
#ifndef STORE_STORE_CACHE_PINS_H
#define STORE_STORE_CACHE_PINS_H

#include "store/store.h"

struct store_cache_pins; /* opaque: those of this program */

/* `fd`: of the cache's `config`, borrowed until store_cache_pins_close(). */
struct store_cache_pins *store_cache_pins_new(int fd);
/* Before `fd` is closed, with which all pins end; it goes when the last of them is given back. NULL is fine. */
void store_cache_pins_close(struct store_cache_pins *pins);

/* Does anybody, here or elsewhere, have it pinned? `fd`: of the cache's `config`, opened for this. 1, 0, ERR_IO. */
MUST_CHECK int store_cache_is_pinned(int fd, const struct chunk_id *id, struct error *e);

#endif
