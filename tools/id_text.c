#include "tools/id_text.h"

#include "base/ejson.h"
#include "base/utf8.h"
#include "tools/term.h"

int id_text_value(const struct bson_field *id, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (id->type == BSON_KIND_OBJECT_ID) {
		for (size_t i = 0; i < id->value.len; i++)
			buf_printf(ret, "%02x", id->value.at[i]);
		return 0;
	}
	if (ejson_write_value(id->type, id->value, EJSON_RELAXED, &text, e) < 0)
		return e->code;
	if (text.len > ID_TEXT_MAX) {
		text.len = utf8_prefix(bytes_of(text.at, ID_TEXT_MAX));
		buf_add_str(&text, "...");
	}
	term_escape_message(buf_text(&text), ret);
	return 0;
}

int id_text_document(struct bytes doc, struct buf *ret, struct error *e)
{
	struct bson_field id;
	int found = bson_find(doc, "_id", &id, e);

	if (found == 0)
		buf_add_str(ret, "(no _id)");
	return found > 0 ? id_text_value(&id, ret, e) : found;
}
