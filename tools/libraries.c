#include "tools/libraries.h"

#include <string.h>

#include <bson/bson.h>
#include <mongoc/mongoc.h>
#include <openssl/crypto.h>
#include <zlib.h>

#include "base/collation.h"
#include "index/chunk_index.h"
#include "query/regex.h"
#include "store/pack/codec.h"

/* "zstd 1.5.4" -> "1.5.4" */
static const char *last_word(const char *text)
{
	const char *space = strrchr(text, ' ');

	return space == NULL ? text : space + 1;
}

const struct libraries_one *libraries_list(size_t *ret_count)
{
	static char icu[COLLATION_VERSION_LEN];
	static struct libraries_one list[8];
	size_t n = 0;

	collation_icu_version(icu);
	list[n++] = (struct libraries_one){"libbson", bson_get_version()};
	list[n++] = (struct libraries_one){"libmongoc", mongoc_get_version()};
	list[n++] = (struct libraries_one){"icu", icu};
	list[n++] = (struct libraries_one){"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)};
	list[n++] = (struct libraries_one){"zstd", last_word(codec_library())};
	list[n++] = (struct libraries_one){"lmdb", chunk_index_library()};
	list[n++] = (struct libraries_one){"pcre2", regex_library()};
	list[n++] = (struct libraries_one){"zlib", zlibVersion()};
	*ret_count = n;
	return list;
}
