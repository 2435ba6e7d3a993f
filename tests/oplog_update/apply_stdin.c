/*
 * oplog_update [-r ROUNDS]: applies the updates on standard input; the results go to standard output.
 *
 * A record: major (u8), upsert (u8), then document, o and {"": _id}, each with its length before it
 * (u32 LE; 0: there is none). A result: the code of update_apply() (i32 LE), then the new document
 * or the error's text, with its length (u32 LE). With -r no results; the speed by CPU time is printed.
 */
#include <stdio.h>
#include <time.h>

#include "oplog/update.h"

static void read_all(struct buf *ret)
{
	size_t got;

	do {
		uint8_t *at = buf_room(ret, MIB);

		got = fread(at, 1, MIB, stdin);
		ret->len += got;
	} while (got > 0);
}

/* A slice with its length before it; false when it is cut off. */
static bool take(struct bytes *rest, struct bytes *ret)
{
	size_t len;

	if (rest->len < 4)
		return false;
	len = get_le32(rest->at);
	if (len > rest->len - 4)
		return false;
	*ret = bytes_of(rest->at + 4, len);
	*rest = bytes_of(rest->at + 4 + len, rest->len - 4 - len);
	return true;
}

/* Apply one record; the result is appended to `ret`, and to `out` unless that is NULL. */
static bool apply_one(struct bytes *rest, struct buf *ret, struct buf *out)
{
	struct update_rules rules = {0};
	struct bytes doc, o, id, answer;
	struct error e = {0};
	int got;

	if (rest->len < 2)
		return false;
	rules.major = rest->at[0];
	rules.upsert = rest->at[1] != 0;
	*rest = bytes_of(rest->at + 2, rest->len - 2);
	if (!take(rest, &doc) || !take(rest, &o) || !take(rest, &id))
		return false;
	if (id.len > 0 && bson_find(id, "", &rules.id, &e) <= 0)
		return false;
	got = update_apply(doc, o, &rules, ret, &e);
	if (out == NULL)
		return true;
	answer = got > 0 ? buf_bytes(ret) : bytes_str(got < 0 ? e.text : "");
	buf_add_le32(out, (uint32_t)got);
	buf_add_le32(out, (uint32_t)answer.len);
	buf_add_bytes(out, answer);
	return true;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	OWNED(buf_release) struct buf in = {0};
	OWNED(buf_release) struct buf out = {0};
	OWNED(buf_release) struct buf doc = {0};
	long rounds = argc == 3 && strcmp(argv[1], "-r") == 0 ? atol(argv[2]) : 0;
	double begin, took;
	long count = 0;

	read_all(&in);
	begin = now();
	for (long round = 0; round < MAX_OF(rounds, 1); round++) {
		struct bytes rest = buf_bytes(&in);

		for (; rest.len > 0; count++) {
			buf_reset(&doc);
			if (!apply_one(&rest, &doc, rounds > 0 ? NULL : &out)) {
				fprintf(stderr, "record %ld is cut off\n", count);
				return 1;
			}
		}
	}
	took = now() - begin;
	if (rounds > 0)
		printf("%ld updates, %.0f a second\n", count, (double)count / took);
	else if (fwrite(out.at, 1, out.len, stdout) != out.len)
		return 1;
	return 0;
}
