/* A message as it comes from a socket: header, unpacking, sections; what is read lies inside the input and is checked BSON. */
#include <string.h>

#include "base/bson_check.h"
#include "tests/fuzz/fuzz.h"
#include "wire/compress.h"
#include "wire/message.h"
#include "wire/scram.h"

static int lies_in(struct bytes part, struct bytes whole)
{
	return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void check_documents(struct bytes docs)
{
	struct error e;

	while (docs.len > 0) {
		int64_t len = bson_next(docs, docs.len, &e);

		FUZZ_REQUIRE(len > 0);
		FUZZ_REQUIRE(bson_check(bytes_of(docs.at, (size_t)len), BSON_CHECK_STRUCTURE, &e) >=
			     0);
		docs = bytes_of(docs.at + len, docs.len - (size_t)len);
	}
}

static void answer(const struct message *m)
{
	OWNED(buf_release) struct buf reply = {0};
	struct message_header header;
	struct error e;

	message_reply_begin(m, &reply);
	buf_add_bytes(&reply, m->body);
	FUZZ_REQUIRE(message_reply_end(m, true, &reply, &e) >= 0);
	if (m->header.op == MESSAGE_MSG)
		FUZZ_REQUIRE(message_header_read(buf_bytes(&reply), &header, &e) >= 0 &&
			     header.len == reply.len);
}

/* The credentials of a file and the two messages of a login are parsed by hand, too. */
static void try_login(struct bytes in)
{
	OWNED(buf_release) struct buf out = {0};
	OWNED(scram_release) struct scram s = {0};
	struct scram_credentials c = {0};
	struct error e;

	(void)!scram_credentials_parse(in, &c);
	c.iterations = SCRAM_ITERATIONS;
	if (scram_begin(&s, in) && scram_challenge(&s, &c, &out, &e) >= 0)
		FUZZ_REQUIRE(!scram_finish(&s, in, &out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf plain = {0};
	struct bytes content = bytes_of(data + 16, size < 16 ? 0 : size - 16);
	struct message_header header;
	struct message m;
	struct error e = {0};
	int compressor = -1;

	try_login(bytes_of(data, size));
	if (size < 16 || message_header_read(bytes_of(data, 16), &header, &e) < 0)
		return 0;
	header.len = (uint32_t)size;
	if (header.op == MESSAGE_COMPRESSED) {
		if (compress_unpack(&header, content, &plain, &compressor, &e) < 0) {
			FUZZ_REQUIRE(e.code == ERR_CORRUPT || e.code == ERR_NOMEM);
			return 0;
		}
		content = buf_bytes(&plain);
	}
	if (message_parse(&header, content, &m, &e) < 0) {
		FUZZ_REQUIRE(e.code < 0 && e.text[0] != '\0');
		return 0;
	}
	m.compressor = compressor;
	FUZZ_REQUIRE(lies_in(m.body, content) && m.body.len >= BSON_MIN_LEN);
	check_documents(m.body);
	for (size_t i = 0; i < m.sequence_count; i++) {
		FUZZ_REQUIRE(lies_in(m.sequences[i].documents, content));
		check_documents(m.sequences[i].documents);
	}
	answer(&m);
	return 0;
}
