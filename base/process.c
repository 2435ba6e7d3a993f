#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/compiler.h"

static void hold_standard(void)
{
	int fd;

	/* The lowest free number is given; children inherit it. It needs no /dev. */
	do
		fd = open("/", O_PATH);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* The write that was too long tells it. */
static void nothing(int number UNUSED)
{
}

void process_begin(void)
{
	/* Not SIG_IGN: programs that we start would ignore it, too. */
	struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};

	hold_standard();
	sigemptyset(&action.sa_mask);
	sigaction(SIGXFSZ, &action, NULL);
	/* Who started us may ignore it: nobody could be waited for then. */
	action.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &action, NULL);
}
