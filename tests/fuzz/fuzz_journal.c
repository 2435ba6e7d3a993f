/*
 * A journal's file, with checksums that are made to fit when the first byte is odd: so that what is behind
 * them is reached, too.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc64.h"
#include "base/file.h"
#include "oplog/journal_format.h"
#include "tests/fuzz/fuzz.h"

/* Write the checksums that the headers and payloads have to have. */
static void mend(struct buf *b)
{
	size_t at = JOURNAL_HEADER_LEN;
	uint64_t sum;

	if (b->len < at)
		return;
	memcpy(b->at, "YJNL\1", 5);
	put_le64(b->at + 8, 1);
	sum = crc64_update(0, bytes_of(b->at, at - 8));
	put_le64(b->at + at - 8, sum);
	while (b->len - at >= JOURNAL_FRAME_HEADER_LEN) {
		uint8_t *header = b->at + at;
		size_t len = get_le32(header + 4);

		memcpy(header, "YJFR", 4);
		at += JOURNAL_FRAME_HEADER_LEN;
		if (len <= b->len - at) {
			struct chunk_id hash = chunk_id_of(bytes_of(b->at + at, len));

			memcpy(header + 32, hash.at, CHUNK_ID_LEN);
		}
		sum = crc64_update(sum, bytes_of(header, JOURNAL_FRAME_HEADER_LEN - 8));
		put_le64(header + JOURNAL_FRAME_HEADER_LEN - 8, sum);
		if (len > b->len - at)
			return;
		at += len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(journal_release) struct journal *j = NULL;
	OWNED(buf_release) struct buf bytes = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	int fd = memfd_create("journal", MFD_CLOEXEC);
	uint64_t rank;

	FUZZ_REQUIRE(fd >= 0);
	if (size > 0)
		buf_add(&bytes, data + 1, size - 1);
	if (size > 0 && data[0] % 2 == 1)
		mend(&bytes);
	FUZZ_REQUIRE(file_write(fd, "journal", buf_bytes(&bytes), &e) == 0);
	if (journal_open_fd(fd, "00000000000000000001.journal", NULL, &j, &e) < 0) {
		FUZZ_REQUIRE(e.text[0] != '\0');
		return 0;
	}
	FUZZ_REQUIRE(j->torn <= bytes.len && (j->torn == 0 || j->damaged == 0));
	if (journal_check(j, &e) < 0) {
		FUZZ_REQUIRE(e.text[0] != '\0');
		return 0;
	}
	FUZZ_REQUIRE(j->damaged == 0);
	for (uint64_t i = 0; i < j->info.entries; i++) {
		struct entry_optime at;
		uint64_t begin;

		buf_reset(&doc);
		FUZZ_REQUIRE(journal_entry(j, i, &doc, &at, &begin, &e) == 0);
		FUZZ_REQUIRE(begin + doc.len <= j->info.bytes);
		FUZZ_REQUIRE(journal_find(j, at.ts, &rank, &e) == 0 && rank == i);
	}
	FUZZ_REQUIRE(journal_find(j, UINT64_MAX, &rank, &e) == 0 && rank <= j->info.entries);
	return 0;
}
