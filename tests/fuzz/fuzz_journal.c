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
	if (b->at[5] == 1 && b->len - at >= STORE_SALT_LEN) {
		sum = journal_format_salt(b->at + at, sum);
		at += STORE_SALT_LEN;
	}
	while (b->len - at >= JOURNAL_FRAME_HEADER_LEN) {
		uint8_t *header = b->at + at;
		const struct journal_frame frame = {.len = get_le32(header + 4),
						    .sealed = get_le32(header + 12) == 1};
		size_t len = journal_format_payload(&frame);

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

/* Open it, with a store's keys or without, and read all of what is said to be sound. */
static void try_journal(int fd, const struct store_keys *keys, size_t len)
{
	OWNED(journal_release) struct journal *j = NULL;
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	uint64_t rank;

	if (journal_open_fd(dup(fd), "00000000000000000001.journal", keys, &j, &e) < 0) {
		FUZZ_REQUIRE(e.text[0] != '\0');
		return;
	}
	FUZZ_REQUIRE(j->torn <= len && (j->torn == 0 || j->damaged == 0));
	if (journal_check(j, &e) < 0) {
		FUZZ_REQUIRE(e.text[0] != '\0');
		return;
	}
	FUZZ_REQUIRE(j->damaged == 0);
	if (j->keyless) {
		FUZZ_REQUIRE(j->frame_count == 0 ||
			     journal_read_frame(j, 0, &doc, &e) == ERR_WRONG_KEY);
		return;
	}
	for (uint64_t i = 0; i < j->info.entries; i++) {
		struct entry_optime at;
		uint64_t begin;

		buf_reset(&doc);
		FUZZ_REQUIRE(journal_entry(j, i, &doc, &at, &begin, &e) == 0);
		FUZZ_REQUIRE(begin + doc.len <= j->info.bytes);
		FUZZ_REQUIRE(journal_find(j, at.ts, &rank, &e) == 0 && rank == i);
	}
	FUZZ_REQUIRE(journal_find(j, UINT64_MAX, &rank, &e) == 0 && rank <= j->info.entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of the sealed ones of the corpus. */
	static const uint8_t master[STORE_MASTER_LEN] = {7};
	static struct store_keys *keys;
	OWNED(buf_release) struct buf bytes = {0};
	OWNED(fd_close) int fd = memfd_create("journal", MFD_CLOEXEC);
	struct error e = {0};

	FUZZ_REQUIRE(fd >= 0);
	if (keys == NULL)
		keys = store_keys_new(master);
	if (size > 0)
		buf_add(&bytes, data + 1, size - 1);
	if (size > 0 && data[0] % 2 == 1)
		mend(&bytes);
	FUZZ_REQUIRE(file_write(fd, "journal", buf_bytes(&bytes), &e) == 0);
	try_journal(fd, NULL, bytes.len);
	try_journal(fd, keys, bytes.len);
	return 0;
}
