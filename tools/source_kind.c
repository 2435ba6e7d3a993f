#include "tools/source_kind.h"

#include "base/bson_check.h"

#define TAR_AT 257 /* of the word that every tar of POSIX has */

static const char unpack[] = "unpack it, and name the folder that mongodump wrote";
static const char pipe_it[] =
	"only gzip is read as it is: unpack it; an archive through a pipe, into 'yester ingest -'";
static const char typeless[] =
	"such text has lost types, indexes and options: mongoimport it into a mongod, and take a "
	"mongodump of that";

/* By the bytes at an offset. */
static const struct magic {
	uint16_t at;
	uint8_t len;
	const char *bytes;
	struct source_kind kind;
} magics[] = {
	{TAR_AT, 5, "ustar", {"a tar file", unpack}},
	{0, 4, "PK\3\4", {"a zip file", unpack}},
	{0, 6, "7z\xbc\xaf\x27\x1c", {"a 7z file", unpack}},
	{0, 3, "BZh", {"data that bzip2 compressed", pipe_it}},
	{0,
	 6,
	 "\xfd"
	 "7zXZ\0",
	 {"data that xz compressed", pipe_it}},
	{0, 4, "\x28\xb5\x2f\xfd", {"data that zstd compressed", pipe_it}},
	{0, 4, "\x04\x22\x4d\x18", {"data that lz4 compressed", pipe_it}},
	{0, 10, "\xff\6\0\0sNaPpY", {"data that snappy compressed", pipe_it}},
	{0, 10, "\xff\6\0\0S2sTwO", {"data that s2 compressed", pipe_it}},
	{0, 3, "\x1f\x8b\x08", {"gzip inside of gzip", "unpack it once"}},
	{0,
	 2,
	 "\xff\xfe",
	 {"UTF-16 text, as PowerShell's > makes of any program's output",
	  "such a file can't be repaired; dump again with mongodump --archive=FILE, without >"}},
};

/* Text: no control bytes but white space. */
static bool is_text(struct bytes begin)
{
	for (size_t i = 0; i < begin.len; i++)
		if (begin.at[i] < ' ' && strchr("\t\n\r", begin.at[i]) == NULL)
			return false;
	return memchr(begin.at, 0, begin.len) == NULL;
}

static struct source_kind kind_of_text(struct bytes begin)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* that editors of Windows put first */
	size_t at = begin.len > sizeof(mark) && memcmp(begin.at, mark, sizeof(mark)) == 0
			    ? sizeof(mark)
			    : 0;

	while (at < begin.len && begin.at[at] <= ' ')
		at++;
	if (at < begin.len && (begin.at[at] == '{' || begin.at[at] == '['))
		return (struct source_kind){"JSON, as mongoexport writes it", typeless};
	return (struct source_kind){"text (CSV?)", typeless};
}

/* Does it begin with a document? As much of it as there is has to be one. */
static bool is_documents(struct bytes begin)
{
	struct error ignored = {0};
	size_t len = begin.len < BSON_MIN_LEN ? 0 : get_le32(begin.at);
	struct bson_fields fields = bson_fields(begin);
	struct bson_field field;

	if (len < BSON_MIN_LEN || len > BSON_MAX_LEN)
		return false;
	if (len <= begin.len)
		return bson_check(bytes_of(begin.at, len), BSON_CHECK_STRUCTURE, &ignored) >= 0;
	return bson_fields_next(&fields, &field, &ignored) > 0;
}

struct source_kind source_kind_of(struct bytes begin)
{
	if (begin.len == 0)
		return (struct source_kind){"nothing: it is empty", NULL};
	for (size_t i = 0; i < COUNT_OF(magics); i++) {
		const struct magic *magic = &magics[i];

		if (begin.len >= (size_t)magic->at + magic->len &&
		    memcmp(begin.at + magic->at, magic->bytes, magic->len) == 0)
			return magic->kind;
	}
	if (is_documents(begin))
		return (struct source_kind){
			"documents of a collection",
			"an archive is what mongodump --archive writes; documents are read from a "
			"file whose name ends in .bson"};
	if (is_text(begin))
		return kind_of_text(begin);
	return (struct source_kind){"a file that is none", NULL};
}

struct source_kind source_kind_of_entries(struct bytes begin)
{
	struct source_kind kind =
		source_kind_of(bytes_of(begin.at, MIN_OF(begin.len, SOURCE_KIND_LEN)));

	/* Some lengths of documents are such bytes, too. */
	if (kind.hint == NULL || is_documents(begin))
		return (struct source_kind){0};
	if (kind.hint == pipe_it)
		kind.hint = "only gzip is read as it is: unpack it, or through a pipe into 'yester "
			    "ingest-oplog -'";
	else if (kind.hint == typeless)
		kind.hint = "such text has lost types: take the oplog as BSON, with 'mongodump -d "
			    "local -c oplog.rs'";
	return kind;
}
