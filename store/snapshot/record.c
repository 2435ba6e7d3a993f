#include "store/snapshot/record.h"

#include "base/bson_build.h"

int record_missing(struct error *e, const char *name)
{
	return error_set(e, ERR_CORRUPT, "field \"%s\" is missing", name);
}

static int wrong_type(struct error *e, const char *name, uint8_t type)
{
	return error_set(e, ERR_CORRUPT, "field \"%s\" has BSON type 0x%02x", name, type);
}

int record_int(struct bytes doc, const char *name, uint64_t *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, name, &field, e);

	if (found != 1)
		return found;
	if (field.type != BSON_KIND_INT64)
		return wrong_type(e, name, field.type);
	*ret = get_le64(field.value.at);
	return 1;
}

int record_bool(struct bytes doc, const char *name, bool *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, name, &field, e);

	if (found != 1)
		return found;
	if (field.type != BSON_KIND_BOOL)
		return wrong_type(e, name, field.type);
	*ret = field.value.at[0] != 0;
	return 1;
}

int record_text(struct bytes doc, const char *name, char **ret, size_t *ret_len, struct error *e)
{
	struct bson_field field;
	struct bytes text;
	int found = bson_find(doc, name, &field, e);

	if (found != 1)
		return found;
	if (field.type != BSON_KIND_STRING)
		return wrong_type(e, name, field.type);
	if (bson_text(field.value, &text, e) < 0)
		return e->code;
	*ret = xstrndup((const char *)text.at, text.len);
	if (ret_len != NULL)
		*ret_len = text.len;
	return 1;
}

int record_binary(struct bytes doc, const char *name, uint8_t *ret, size_t len, struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, name, &field, e);

	if (found != 1)
		return found;
	if (field.type != BSON_KIND_BINARY || field.value.len != 5 + len)
		return wrong_type(e, name, field.type);
	memcpy(ret, field.value.at + 5, len);
	return 1;
}

int record_document(struct bytes doc, const char *name, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, name, &field, e);

	if (found != 1)
		return found;
	if (field.type != BSON_KIND_DOCUMENT && field.type != BSON_KIND_ARRAY)
		return wrong_type(e, name, field.type);
	*ret = field.value;
	return 1;
}

int record_root(struct bytes doc, const char *name, struct tree_root *ret, struct error *e)
{
	struct tree_root root = {0};
	struct bytes at = {0};
	uint64_t kind = 0, height = 0;
	int found = record_document(doc, name, &at, e);

	if (found != 1)
		return found;
	if (record_binary(at, "id", root.id.at, CHUNK_ID_LEN, e) < 0 ||
	    record_int(at, "kind", &kind, e) < 0 || record_int(at, "height", &height, e) < 0 ||
	    record_int(at, "count", &root.count, e) < 0 ||
	    record_int(at, "bytes", &root.bytes, e) < 0)
		return error_wrap(e, "%s", name);
	if (kind > TREE_RANKED || height > TREE_HEIGHT_MAX ||
	    (root.count == 0) != chunk_id_is_zero(&root.id))
		return error_set(e, ERR_CORRUPT, "%s: no tree has such a root", name);
	root.kind = (uint8_t)kind;
	root.height = (uint8_t)height;
	*ret = root;
	return 1;
}

void record_add_root(struct buf *b, const char *name, const struct tree_root *root)
{
	size_t at = bson_build_open(b, name);

	bson_build_binary(b, "id", 0, bytes_of(root->id.at, CHUNK_ID_LEN));
	bson_build_int64(b, "kind", root->kind);
	bson_build_int64(b, "height", root->height);
	bson_build_int64(b, "count", (int64_t)root->count);
	bson_build_int64(b, "bytes", (int64_t)root->bytes);
	bson_build_end(b, at);
}
