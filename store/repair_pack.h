/*
 * repair_pack.h - what can still be read of a damaged pack.
 *
 * Inside a repair only. Threads: one at a time.
 */
#ifndef STORE_REPAIR_PACK_H
#define STORE_REPAIR_PACK_H

#include "store/store_writer.h"

/*
 * Store anew every chunk of the pack's bytes that decodes: by its directory when that is sound, else by the frames that are
 * found. *ret_count: how many. The writer is flushed on the way. ERR_IO, ERR_NOMEM.
 */
MUST_CHECK int repair_pack_salvage(struct store_writer *writer, struct bytes pack,
				   uint64_t *ret_count, struct error *e);

#endif
