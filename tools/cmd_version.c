#include "store/config.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/libraries.h"

static void print_json(const struct libraries_one *libraries, size_t count)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_str(&j, "yester", YESTER_VERSION);
	json_out_u64(&j, "storeFormat", STORE_FORMAT);
	json_out_object(&j, "libraries");
	for (size_t i = 0; i < count; i++)
		json_out_str(&j, libraries[i].name, libraries[i].version);
	json_out_end_object(&j);
	json_out_finish(&j);
}

static int run_version(struct cmd_run *run, struct error *e UNUSED)
{
	size_t count;
	const struct libraries_one *libraries = libraries_list(&count);

	if (run->globals.json) {
		print_json(libraries, count);
		return 0;
	}
	printf("yester %s\nstore format %d\n", YESTER_VERSION, STORE_FORMAT);
	for (size_t i = 0; i < count; i++)
		printf("%s%s %s", i == 0 ? "" : ", ", libraries[i].name, libraries[i].version);
	putchar('\n');
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
