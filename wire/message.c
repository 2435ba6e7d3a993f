#include "wire/message.h"

#include <stdatomic.h>

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "wire/compress.h"
#include "wire/crc32c.h"

#define CHECKSUM_LEN 4
#define KNOWN_FLAGS (MESSAGE_CHECKSUM | MESSAGE_MORE_TO_COME)
#define REQUIRED_BITS 0xffffU /* the flags that a server has to know; others may be ignored */
#define REPLY_AWAIT_CAPABLE 8
#define BODY_MAX (MESSAGE_MAX - MESSAGE_HEADER)

static int bad(struct error *e, const char *what)
{
	return error_set(e, ERR_CORRUPT, "message: %s", what);
}

int message_header_read(struct bytes from, struct message_header *ret, struct error *e)
{
	struct message_header h;

	if (from.len < MESSAGE_HEADER)
		return bad(e, "the header is cut off");
	h = (struct message_header){
		.len = get_le32(from.at),
		.request_id = (int32_t)get_le32(from.at + 4),
		.response_to = (int32_t)get_le32(from.at + 8),
		.op = (int32_t)get_le32(from.at + 12),
	};
	if (h.len < MESSAGE_HEADER || h.len > MESSAGE_MAX)
		return error_set(e, ERR_CORRUPT, "message: a length of %u bytes", h.len);
	if (h.op != MESSAGE_QUERY && h.op != MESSAGE_COMPRESSED && h.op != MESSAGE_MSG)
		return error_set(e, ERR_CORRUPT, "message: unknown operation %d", h.op);
	*ret = h;
	return 0;
}

/* The document at the start of `*rest`, checked; moves behind it. */
static int take_document(struct bytes *rest, struct bytes *ret, struct error *e)
{
	int64_t len = bson_next(*rest, BODY_MAX, e);

	if (len <= 0)
		return len < 0 ? e->code : bad(e, "a document is missing");
	*ret = bytes_of(rest->at, (size_t)len);
	*rest = bytes_of(rest->at + len, rest->len - (size_t)len);
	return bson_check(*ret, BSON_CHECK_STRUCTURE, e);
}

/* A NUL-terminated text at the start of `*rest`. */
static int take_text(struct bytes *rest, struct bytes *ret, struct error *e)
{
	const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->at, 0, rest->len);

	if (end == NULL)
		return bad(e, "a text is cut off");
	*ret = bytes_of(rest->at, (size_t)(end - rest->at));
	*rest = bytes_of(end + 1, rest->len - ret->len - 1);
	return 0;
}

/* A kind-1 section: its size, its name, its documents. */
static int take_sequence(struct bytes *rest, struct message *m, struct error *e)
{
	struct message_sequence *s = &m->sequences[m->sequence_count];
	struct bytes inside, docs, doc;
	uint32_t size;

	if (m->sequence_count == MESSAGE_SEQUENCES)
		return bad(e, "too many sections");
	size = rest->len < 4 ? 0 : get_le32(rest->at);
	if (size < 5 || size > rest->len)
		return bad(e, "a section's size does not fit");
	inside = bytes_of(rest->at + 4, size - 4);
	if (take_text(&inside, &s->name, e) < 0)
		return e->code;
	s->documents = docs = inside;
	while (docs.len > 0)
		if (take_document(&docs, &doc, e) < 0)
			return e->code;
	for (size_t i = 0; i < m->sequence_count; i++)
		if (bytes_equal(m->sequences[i].name, s->name))
			return bad(e, "two sections have one name");
	m->sequence_count++;
	*rest = bytes_of(rest->at + size, rest->len - size);
	return 0;
}

static int parse_sections(struct bytes rest, struct message *m, struct error *e)
{
	bool has_body = false;

	while (rest.len > 0) {
		uint8_t kind = rest.at[0];
		int code;

		rest = bytes_of(rest.at + 1, rest.len - 1);
		if (kind > 1 || (kind == 0 && has_body))
			return bad(e, kind > 1 ? "a section of unknown kind" : "two bodies");
		code = kind == 0 ? take_document(&rest, &m->body, e) : take_sequence(&rest, m, e);
		if (code < 0)
			return code;
		has_body = has_body || kind == 0;
	}
	return has_body ? 0 : bad(e, "there is no body");
}

/* The header as it was sent, for the checksum goes over it, too. */
static uint32_t checksum(const struct message_header *h, struct bytes content)
{
	OWNED(buf_release) struct buf all = {0};

	buf_add_le32(&all, h->len);
	buf_add_le32(&all, (uint32_t)h->request_id);
	buf_add_le32(&all, (uint32_t)h->response_to);
	buf_add_le32(&all, (uint32_t)h->op);
	buf_add_bytes(&all, content);
	return crc32c_of(buf_bytes(&all));
}

static int parse_msg(struct bytes content, struct message *m, struct error *e)
{
	if (content.len < 4)
		return bad(e, "the flags are cut off");
	m->flags = get_le32(content.at);
	if ((m->flags & REQUIRED_BITS & ~(uint32_t)KNOWN_FLAGS) != 0)
		return error_set(e, ERR_CORRUPT, "message: unknown flags %#x", m->flags);
	if (m->flags & MESSAGE_CHECKSUM) {
		size_t at = content.len - CHECKSUM_LEN;

		if (content.len < 4 + CHECKSUM_LEN)
			return bad(e, "the checksum is cut off");
		/* Inside OP_COMPRESSED it is that of the message as it would have been. */
		if (get_le32(content.at + at) != checksum(&m->header, bytes_of(content.at, at)))
			return bad(e, "the checksum is not that of its content");
		content.len = at;
	}
	if (parse_sections(bytes_of(content.at + 4, content.len - 4), m, e) >= 0)
		return 0;
	if (e->code != ERR_LIMIT)
		return e->code;
	m->is_too_deep = true;
	m->body = bson_build_empty();
	m->sequence_count = 0;
	return 0;
}

static int parse_query(struct bytes content, struct message *m, struct error *e)
{
	struct bytes rest, ns, fields;
	const uint8_t *dot;

	if (content.len < 4)
		return bad(e, "the flags are cut off");
	m->flags = get_le32(content.at);
	rest = bytes_of(content.at + 4, content.len - 4);
	if (take_text(&rest, &ns, e) < 0)
		return e->code;
	if (rest.len < 8)
		return bad(e, "a query is cut off");
	m->wanted = (int32_t)get_le32(rest.at + 4);
	rest = bytes_of(rest.at + 8, rest.len - 8);
	dot = memchr(ns.at, '.', ns.len);
	m->db = dot == NULL ? ns : bytes_of(ns.at, (size_t)(dot - ns.at));
	m->coll = dot == NULL ? bytes_of(ns.at, 0) : bytes_of(dot + 1, ns.len - m->db.len - 1);
	if (take_document(&rest, &m->body, e) < 0)
		return e->code;
	if (rest.len > 0 && take_document(&rest, &fields, e) < 0)
		return e->code;
	return rest.len > 0 ? bad(e, "there is more behind a query") : 0;
}

int message_parse(const struct message_header *header, struct bytes content, struct message *ret,
		  struct error *e)
{
	*ret = (struct message){.header = *header, .compressor = -1};
	if (header->op == MESSAGE_MSG)
		return parse_msg(content, ret, e);
	if (header->op == MESSAGE_QUERY)
		return parse_query(content, ret, e);
	return bad(e, "an operation that can't be compressed");
}

static int32_t next_id(void)
{
	static atomic_int last;

	return (int32_t)((uint32_t)atomic_fetch_add(&last, 1) & INT32_MAX);
}

void message_reply_begin(const struct message *request, struct buf *b)
{
	bool legacy = request->header.op == MESSAGE_QUERY;

	buf_add_le32(b, 0);
	buf_add_le32(b, (uint32_t)next_id());
	buf_add_le32(b, (uint32_t)request->header.request_id);
	buf_add_le32(b, legacy ? MESSAGE_REPLY : MESSAGE_MSG);
	if (legacy) {
		buf_add_le32(b, REPLY_AWAIT_CAPABLE);
		buf_add_le64(b, 0); /* cursor */
		buf_add_le32(b, 0); /* starting from */
		buf_add_le32(b, 1); /* documents */
		return;
	}
	buf_add_le32(b, request->flags & MESSAGE_CHECKSUM);
	buf_add_u8(b, 0);
}

int message_reply_end(const struct message *request, bool compress, struct buf *b, struct error *e)
{
	bool sum = request->header.op == MESSAGE_MSG && (request->flags & MESSAGE_CHECKSUM) != 0;

	put_le32(b->at, (uint32_t)(b->len + (sum ? CHECKSUM_LEN : 0)));
	if (sum)
		buf_add_le32(b, crc32c_of(buf_bytes(b)));
	if (!compress || request->compressor < 0)
		return 0;
	return compress_message(request->compressor, b, e);
}
