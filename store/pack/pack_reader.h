/*
 * pack_reader.h - reading a pack's directory, and frames of a pack without one.
 *
 * Works on any back end. Threads: pure, as the back end.
 */
#ifndef STORE_PACK_PACK_READER_H
#define STORE_PACK_PACK_READER_H

#include "store/backend/backend.h"
#include "store/pack/pack_format.h"

/* "chunks/ab/<id>.pack" */
#define PACK_NAME_LEN (7 + 3 + CHUNK_ID_HEX + 5)
void pack_reader_name(const struct chunk_id *pack, char ret[PACK_NAME_LEN + 1]);

/* True, and the id, when `name` is a pack's name of exactly that form. */
MUST_CHECK bool pack_reader_parse_name(const char *name, struct chunk_id *ret);

/*
 * Read the trailer of a pack of `size` bytes: appends its struct pack_entry to *ret. 1 done, 0 the
 * pack is not there. ERR_CORRUPT.
 */
MUST_CHECK int pack_reader_directory(struct backend *backend, const struct chunk_id *pack,
				     uint64_t size, struct buf *ret, enum pack_kind *ret_kind,
				     struct error *e);

/*
 * Read the stored bytes of one place into *ret (replaced). 1 done, 0 the pack is not there.
 */
MUST_CHECK int pack_reader_stored(struct backend *backend, const struct chunk_id *pack,
				  const struct chunk_place *place, struct buf *ret,
				  struct error *e);

/*
 * Read all of a pack of `size` bytes into *ret (replaced; empty when nothing could be read). 1 its bytes have the hash that its name says;
 * 0 they have not, it is shorter, too large for a pack, or gone. ERR_IO, ERR_NOMEM.
 */
MUST_CHECK int pack_reader_whole(struct backend *backend, const struct chunk_id *pack,
				 uint64_t size, struct buf *ret, struct error *e);

#endif
