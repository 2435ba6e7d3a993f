#include "base/ejson_pieces.h"

int ejson_pretty(struct bytes doc, struct buf *out, struct error *e)
{
	OWNED(ejson_pieces_free) struct ejson_pieces *pieces = ejson_pieces_new(doc, EJSON_PRETTY);
	size_t before = out->len;
	struct bytes piece;
	int more;

	while ((more = ejson_pieces_next(pieces, &piece, e)) == 1)
		buf_add_bytes(out, piece);
	if (more < 0)
		out->len = before;
	else if (out->len > before)
		out->len--; /* the newline */
	return more;
}
