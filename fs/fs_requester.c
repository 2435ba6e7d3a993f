#include "fs/fs_requester.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

#define STATUS_MAX ((size_t)64 << 10)

static uint64_t bit(int number)
{
	return UINT64_C(1) << (number - 1);
}

/* Those that stop, continue, measure or inform a program. One that nobody handles and that ends it comes with a SIGKILL. */
static uint64_t harmless(void)
{
	return bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU) | bit(SIGCONT) |
	       bit(SIGCHLD) | bit(SIGWINCH) | bit(SIGURG) | bit(SIGPROF) | bit(SIGVTALRM);
}

/* The mask behind `name`; false: there is no such line. */
static bool find_mask(const char *status, const char *name, uint64_t *ret)
{
	const char *at = strstr(status, name);
	char *end;

	if (at == NULL)
		return false;
	at += strlen(name);
	*ret = strtoull(at, &end, 16);
	return end != at;
}

bool fs_requester_is_ending(struct bytes status)
{
	OWNED(free) char *text = xstrndup((const char *)status.at, status.len);
	uint64_t own, shared, blocked;

	if (!find_mask(text, "\nSigPnd:", &own) || !find_mask(text, "\nShdPnd:", &shared) ||
	    !find_mask(text, "\nSigBlk:", &blocked))
		return true;
	return ((own | shared) & ~blocked & ~harmless()) != 0;
}

bool fs_requester_gave_up(int id)
{
	OWNED(buf_release) struct buf status = {0};
	struct error ignored;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", id);
	return id <= 0 || file_read(path, STATUS_MAX, &status, &ignored) < 0 ||
	       fs_requester_is_ending(buf_bytes(&status));
}
