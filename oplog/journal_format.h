/*
 * journal_format.h - the bytes of a journal's headers: what journal.c writes and journal_read.c reads.
 *
 * docs/format/oplog.md. Threads: pure.
 */
#ifndef OPLOG_JOURNAL_FORMAT_H
#define OPLOG_JOURNAL_FORMAT_H

#include "oplog/journal.h"

#define JOURNAL_HEADER_LEN 88
#define JOURNAL_FRAME_HEADER_LEN 72
#define JOURNAL_FRAME_ABOUT_LEN 32 /* bytes of it that are proven with a sealed payload */
#define JOURNAL_FRAME_MAX (ENTRY_MAX_LEN + MIB) /* bytes of a payload */
#define JOURNAL_APPEND_MAX ((size_t)256 * MIB)	/* of what is appended at once */

/*
 * Write the header of the file; returns its checksum, with which the chain begins: of a sealed one it goes on over the salt
 * (STORE_SALT_LEN bytes) behind the header.
 */
uint64_t journal_format_header(const struct journal_info *info, bool sealed,
			       uint8_t ret[JOURNAL_HEADER_LEN]);
/* Read it: number, created_us, prev. ERR_CORRUPT, ERR_UNSUPPORTED. */
MUST_CHECK int journal_format_read_header(const uint8_t from[JOURNAL_HEADER_LEN],
					  struct journal_info *ret, bool *ret_sealed,
					  uint64_t *ret_chain, struct error *e);
/* The link of the chain behind the salt. */
uint64_t journal_format_salt(const uint8_t salt[STORE_SALT_LEN], uint64_t chain);

/* Bytes of a frame's payload in the file. */
size_t journal_format_payload(const struct journal_frame *frame);
/* What is proven with the sealed payload of a frame: the begin of its header. */
void journal_format_about(const struct journal_frame *frame, uint8_t ret[JOURNAL_FRAME_ABOUT_LEN]);

/* Can these bytes be the begin of a frame's header, of which some (zero) were not written yet? */
bool journal_format_may_begin(struct bytes rest);

/* Write the header of a frame (len, count, first_ts, last_ts, sealed, hash); returns the next link of the chain. */
uint64_t journal_format_frame(const struct journal_frame *frame, uint64_t chain,
			      uint8_t ret[JOURNAL_FRAME_HEADER_LEN]);
/* Read it. ERR_CORRUPT, ERR_UNSUPPORTED. */
MUST_CHECK int journal_format_read_frame(const uint8_t from[JOURNAL_FRAME_HEADER_LEN],
					 uint64_t chain, struct journal_frame *ret,
					 uint64_t *ret_chain, struct error *e);

#endif
