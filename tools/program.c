#include "tools/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"

static bool can_run(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *program_find(const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/') != NULL)
		return xstrdup(name);
	while (path != NULL && *name != '\0') {
		size_t len = strcspn(path, ":");
		OWNED(free)
		char *here =
			len == 0 ? xprintf("./%s", name) : xprintf("%.*s/%s", (int)len, path, name);

		if (can_run(here))
			return TAKE(here);
		path = path[len] == ':' ? path + len + 1 : NULL;
	}
	return NULL;
}
