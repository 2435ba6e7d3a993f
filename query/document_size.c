#include "query/document_size.h"

#include "base/bson.h"
#include "query/fields.h"
#include "query/query_error.h"
#include "query/value.h"

#define TEXT_OF_MOST                                                                               \
	MIB /* bytes of an element that is made a text of: of much more than that is shown the text would be */
#define TEXT_MOST ((size_t)400)

int document_size_check(struct bytes doc, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct fields fields = fields_of(doc);
	struct bson_field first;

	if (doc.len <= BSON_MAX_LEN)
		return 0;
	if (fields_next(&fields, &first) &&
	    (first.type == BSON_KIND_STRING || first.value.len <= TEXT_OF_MOST)) {
		struct value v = value_of_field(&first);

		buf_add_bytes(&text, bytes_str(" First element: "));
		value_text_element(first.name, &v, &text);
	}
	return query_error(e, QUERY_BSON_TOO_LARGE,
			   "BSONObj size: %zu (0x%zX) is invalid. Size must be between 0 and "
			   "%d(16MB)%.*s",
			   doc.len, doc.len, (int)BSON_MAX_LEN, (int)MIN_OF(text.len, TEXT_MOST),
			   text.len > 0 ? (const char *)text.at : "");
}
