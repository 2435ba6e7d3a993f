#include "store/pack/pack_reader.h"

#include <stdio.h>

void pack_reader_name(const struct chunk_id *pack, char ret[PACK_NAME_LEN + 1])
{
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(pack, hex);
	snprintf(ret, PACK_NAME_LEN + 1, "chunks/%.2s/%s.pack", hex, hex);
}

bool pack_reader_parse_name(const char *name, struct chunk_id *ret)
{
	char again[PACK_NAME_LEN + 1];
	struct chunk_id id;

	if (strlen(name) != PACK_NAME_LEN ||
	    !chunk_id_parse(bytes_of(name + 10, CHUNK_ID_HEX), &id))
		return false;
	pack_reader_name(&id, again);
	if (strcmp(again, name) != 0)
		return false;
	*ret = id;
	return true;
}

int pack_reader_directory(struct backend *backend, const struct chunk_id *pack, uint64_t size,
			  struct buf *ret, enum pack_kind *ret_kind, struct error *e)
{
	OWNED(buf_release) struct buf dir = {0};
	char name[PACK_NAME_LEN + 1];
	uint8_t header[PACK_HEADER_LEN], foot[PACK_FOOTER_LEN];
	struct pack_footer footer;
	int found;

	pack_reader_name(pack, name);
	if (size < PACK_HEADER_LEN + PACK_FOOTER_LEN)
		return error_set(e, ERR_CORRUPT, "%s: too short for a pack", name);
	found = backend->ops->get(backend, name, 0, header, sizeof(header), e);
	if (found == 1)
		found = backend->ops->get(backend, name, size - sizeof(foot), foot, sizeof(foot),
					  e);
	if (found != 1)
		return found;
	if (pack_format_check_header(header, ret_kind, e) < 0 ||
	    pack_format_parse_footer(foot, size, &footer, e) < 0)
		return error_wrap(e, "%s", name);
	if (buf_reserve(&dir, footer.dir_len, footer.dir_len, e) < 0)
		return e->code;
	found = backend->ops->get(backend, name, footer.dir_offset, dir.at, footer.dir_len, e);
	if (found != 1)
		return found;
	dir.len = footer.dir_len;
	if (pack_format_parse_directory(header, foot, &footer, buf_bytes(&dir), ret, e) < 0)
		return error_wrap(e, "%s", name);
	return 1;
}

int pack_reader_stored(struct backend *backend, const struct chunk_id *pack,
		       const struct chunk_place *place, struct buf *ret, struct error *e)
{
	char name[PACK_NAME_LEN + 1];
	int found;

	pack_reader_name(pack, name);
	buf_reset(ret);
	if (buf_reserve(ret, place->stored, PACK_MAX, e) < 0)
		return error_wrap(e, "%s", name);
	found = backend->ops->get(backend, name, place->offset, ret->at, place->stored, e);
	if (found == 1)
		ret->len = place->stored;
	return found;
}

int pack_reader_whole(struct backend *backend, const struct chunk_id *pack, uint64_t size,
		      struct buf *ret, struct error *e)
{
	char name[PACK_NAME_LEN + 1];
	struct chunk_id hash;
	int got;

	pack_reader_name(pack, name);
	buf_reset(ret);
	if (buf_reserve(ret, size, BACKEND_FILE_MAX, e) < 0)
		return e->code == ERR_LIMIT ? 0 : e->code;
	got = backend->ops->get(backend, name, 0, ret->at, size, e);
	if (got != 1)
		return got == ERR_CORRUPT ? 0 : got;
	ret->len = size;
	hash = chunk_id_of(buf_bytes(ret));
	return chunk_id_equal(&hash, pack);
}
