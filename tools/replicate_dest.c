#include "tools/replicate_dest.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

bool replicate_dest_is_remote(const char *dest)
{
	const char *colon = strchr(dest, ':'), *slash = strchr(dest, '/');

	return colon != NULL && dest[0] != '-' && (slash == NULL || colon < slash);
}

/* Behind "user@host:" or "user@[::1]:"; NULL: not by a shell there. */
static const char *path_there(const char *dest)
{
	const char *bracket = strchr(dest, '['), *end = bracket == NULL ? NULL : strchr(dest, ']');
	const char *colon = strchr(dest, ':');

	if (!replicate_dest_is_remote(dest) || strncmp(dest, "rsync://", strlen("rsync://")) == 0)
		return NULL;
	if (end != NULL && bracket < colon)
		colon = strchr(end, ':');
	return colon == NULL || colon[1] == ':' ? NULL : colon + 1;
}

bool replicate_dest_is_plain(const char *dest)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._-+,=@%:";
	const char *path = path_there(dest);

	if (path == NULL)
		path = dest;
	return path[0] != '-' && strspn(path, plain) == strlen(path);
}

bool replicate_dest_is_of_user(const char *dest)
{
	const char *path = path_there(dest);

	return path != NULL && path[0] == '~' && path[1] != '/' && path[1] != '\0';
}

/* "host:~/a" is "host:a": no shell there reads it that would know. */
static char *without_tilde(const char *dest)
{
	const char *path = path_there(dest);
	size_t skip = 1;

	if (path == NULL || path[0] != '~' || replicate_dest_is_of_user(dest))
		return xstrdup(dest);
	while (path[skip] == '/')
		skip++;
	return xprintf("%.*s%s", (int)(path - dest), dest, path + skip);
}

char *replicate_dest_folder(const char *place)
{
	OWNED(free) char *dest = without_tilde(place);
	const char *before = dest[0] == '/' || replicate_dest_is_remote(dest) ? "" : "./";
	size_t len = strlen(dest);

	/* With two of them rsync fails to make the folder, and "host:/" is all of that machine. */
	while (len > 1 && dest[len - 1] == '/' && dest[len - 2] == '/')
		len--;
	if (len > 0 && dest[len - 1] == '/')
		return xprintf("%s%.*s", before, (int)len, dest);
	return xprintf("%s%s%s", before, dest,
		       replicate_dest_is_remote(dest) && dest[len - 1] == ':' ? "./" : "/");
}

/* What an empty file system has, and what a first copy leaves that was cut off. */
static bool is_nothing(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, "lost+found") == 0 || strcmp(name, ".rsync-partial") == 0 ||
	       strncmp(name, ".config.", strlen(".config.")) == 0;
}

int replicate_dest_look(const char *dest, struct error *e)
{
	DIR *dir = opendir(dest);
	struct dirent *entry;
	bool any = false;

	if (dir == NULL)
		return errno == ENOENT ? 0 : error_sys(e, "%s", dest);
	while (!any && (entry = readdir(dir)) != NULL)
		any = !is_nothing(entry->d_name);
	closedir(dir);
	if (!any)
		return 0;
	error_set(e, ERR_REFUSED, "%s: it is not empty, and no store", dest);
	return error_hint(e, "a new folder, or an empty one, becomes the replica");
}

/* The absolute form of a path whose end need not exist yet; NULL when nothing of it does. */
static char *resolved(const char *path)
{
	OWNED(free) char *rest = xstrdup(path);
	char *found = realpath(path, NULL), *slash;

	while (found == NULL && (slash = strrchr(rest, '/')) != NULL && slash != rest) {
		*slash = '\0';
		found = realpath(rest, NULL);
	}
	return found != NULL ? found : realpath(path[0] == '/' ? "/" : ".", NULL);
}

bool replicate_dest_lies_in(const char *path, const char *folder)
{
	OWNED(free) char *a = resolved(path);
	OWNED(free) char *b = realpath(folder, NULL);
	size_t len;

	if (a == NULL || b == NULL)
		return false;
	len = strlen(b);
	return strncmp(a, b, len) == 0 && (a[len] == '/' || a[len] == '\0');
}
