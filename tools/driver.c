#include "tools/driver.h"

#include <string.h>
#include <unistd.h>

bool driver_find_beside(char ret[DRIVER_PATH_LEN])
{
	ssize_t len = readlink("/proc/self/exe", ret, DRIVER_PATH_LEN - sizeof(DRIVER_NAME) - 1);
	char *slash;

	if (len <= 0)
		return false;
	ret[len] = '\0';
	slash = strrchr(ret, '/');
	if (slash == NULL)
		return false;
	memcpy(slash + 1, DRIVER_NAME, sizeof(DRIVER_NAME));
	return access(ret, X_OK) == 0;
}
