#include <bson/bson.h>
#include <openssl/crypto.h>
#include <zlib.h>

#include "base/collation.h"
#include "store/config.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"

static int run_version(struct cmd_run *run, struct error *e)
{
	char icu[COLLATION_VERSION_LEN];

	(void)e;
	collation_icu_version(icu);
	if (run->globals.json) {
		struct json_out j;

		json_out_begin(&j, stdout, false);
		json_out_str(&j, "yester", YESTER_VERSION);
		json_out_u64(&j, "storeFormat", STORE_FORMAT);
		json_out_object(&j, "libraries");
		json_out_str(&j, "libbson", bson_get_version());
		json_out_str(&j, "icu", icu);
		json_out_str(&j, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
		json_out_str(&j, "zlib", zlibVersion());
		json_out_end_object(&j);
		json_out_finish(&j);
		return 0;
	}
	printf("yester %s\nstore format %d\nlibbson %s, ICU %s, OpenSSL %s, zlib %s\n",
	       YESTER_VERSION, STORE_FORMAT, bson_get_version(), icu,
	       OpenSSL_version(OPENSSL_VERSION_STRING), zlibVersion());
	return 0;
}

const struct cmd cmd_version = {
	.name = "version",
	.group = "About",
	.synopsis = "[--json]",
	.summary = "print the versions of yester, its store format and its libraries",
	.examples = "  yester version\n",
	.run = run_version,
};
