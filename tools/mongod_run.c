#include "tools/mongod_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "tools/program.h"

#define STEP_MS 20
#define END_MS 120000 /* how long a clean end may take */
#define ARGUMENTS_MAX 64
#define LOG_SHOWN 400 /* bytes of its log in a message */

struct mongod_run {
	char *program; /* which mongod */
	char *folder;  /* private: socket and log */
	char *socket, *log, *uri;
	pid_t pid; /* 0: it does not run */
};

static void step(void)
{
	const struct timespec pause = {.tv_nsec = STEP_MS * 1000000L};

	nanosleep(&pause, NULL);
}

/* Did it end? Its status then. */
static bool has_ended(struct mongod_run *run, int *ret_status)
{
	pid_t found = run->pid == 0 ? 0 : waitpid(run->pid, ret_status, WNOHANG);

	if (found != run->pid || run->pid == 0)
		return run->pid == 0;
	run->pid = 0;
	return true;
}

void mongod_run_end(struct mongod_run *run)
{
	struct error ignored;
	int status;

	if (run == NULL)
		return;
	if (run->pid != 0)
		kill(run->pid, SIGTERM);
	for (int ms = 0; ms < END_MS && !has_ended(run, &status); ms += STEP_MS)
		step();
	if (run->pid != 0) {
		kill(run->pid, SIGKILL);
		(void)waitpid(run->pid, &status, 0);
	}
	if (run->folder != NULL)
		(void)!file_remove_tree(run->folder, &ignored);
	free(run->program);
	free(run->folder);
	free(run->socket);
	free(run->log);
	free(run->uri);
	free(run);
}

const char *mongod_run_uri(const struct mongod_run *run)
{
	return run->uri;
}

static int find_program(const char *name, struct mongod_run *run, struct error *e)
{
	run->program = program_find(name);
	if (run->program == NULL) {
		error_set(e, ERR_INVALID, "there is no program %s in PATH", name);
		return error_hint(e, "--mongod /usr/bin/mongod: where it is on this machine");
	}
	if (access(run->program, X_OK) != 0) {
		error_sys(e, "%s", run->program);
		e->code = ERR_INVALID;
		return e->code;
	}
	return 0;
}

static int make_folder(const struct mongod_run_options *options, struct mongod_run *run,
		       struct error *e)
{
	OWNED(buf_release) struct buf uri = {0};
	OWNED(free) char *path = xprintf("%s/yester-mongod-XXXXXX", options->tmp);

	if (mkdtemp(path) == NULL)
		return error_sys(e, "%s", path);
	run->folder = realpath(path, NULL);
	if (run->folder == NULL)
		run->folder = xstrdup(path);
	run->socket = xprintf("%s/mongod.sock", run->folder);
	run->log = xprintf("%s/log", run->folder);
	if (strlen(run->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return error_set(e, ERR_INVALID, "%s: too long for a socket's name (TMPDIR)",
				 run->socket);
	buf_add_str(&uri, "mongodb://");
	for (const char *at = run->socket; *at != '\0'; at++)
		buf_printf(&uri, strchr("/:@%?#[]", *at) != NULL ? "%%%02X" : "%c",
			   (unsigned char)*at);
	buf_add_str(&uri, "/?directConnection=true");
	run->uri = xstrdup(buf_text(&uri));
	return 0;
}

/* In the child. */
static void become(const struct mongod_run_options *options, const struct mongod_run *run,
		   pid_t parent)
{
	const char *argv[ARGUMENTS_MAX] = {
		run->program, "--dbpath", options->dbpath, "--bind_ip", run->socket, "--port",
		"27999", "--nounixsocket", "--setParameter", "ttlMonitorEnabled=false",
		/* Else it writes files beside the data, and looks at each mount of the machine. */
		"--setParameter", "diagnosticDataCollectionEnabled=false"};
	size_t count = 12;
	int fd = open(run->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int none = open("/dev/null", O_RDONLY);

	for (size_t i = 0; options->more != NULL && options->more[i] != NULL; i++)
		if (count < ARGUMENTS_MAX - 1)
			argv[count++] = options->more[i];
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	/* A terminal's ^C is ours: we end it when we are done with it. */
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	if (fd >= 0 && none >= 0) {
		dup2(none, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execv(run->program, (char *const *)(uintptr_t)argv);
	_exit(126);
}

/* What it said last. */
static int tell_end(const struct mongod_run *run, int status, struct error *e)
{
	OWNED(buf_release) struct buf log = {0};
	struct error ignored;
	size_t begin;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 126)
		return error_set(e, ERR_INVALID, "%s can't be run", run->program);
	if (file_read(run->log, 16 * MIB, &log, &ignored) < 1)
		buf_reset(&log);
	begin = log.len > LOG_SHOWN ? log.len - LOG_SHOWN : 0;
	for (size_t i = begin; i < log.len; i++)
		if (log.at[i] == '\n')
			log.at[i] = ' ';
	return error_set(e, ERR_REMOTE, "%s ended (%s %d): … %s", run->program,
			 WIFSIGNALED(status) ? "signal" : "exit",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
			 log.len == 0 ? "it said nothing" : buf_text(&log) + begin);
}

static bool answers(const struct mongod_run *run)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", run->socket);
	connected = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	if (fd >= 0)
		close(fd);
	return connected;
}

int mongod_run_start(const struct mongod_run_options *options, struct mongod_run **ret,
		     struct error *e)
{
	OWNED(mongod_run_end) struct mongod_run *run = xcalloc(1, sizeof(*run));
	const struct progress *p = options->progress;
	pid_t parent = getpid();
	int status = 0;

	if (find_program(options->mongod, run, e) < 0 || make_folder(options, run, e) < 0)
		return e->code;
	run->pid = fork();
	if (run->pid == 0)
		become(options, run, parent);
	if (run->pid < 0) {
		run->pid = 0;
		return error_sys(e, "fork");
	}
	/* Recovery of a large folder may take long: as long as it runs it is waited for. */
	while (!answers(run)) {
		if (has_ended(run, &status))
			return tell_end(run, status, e);
		if (progress_cancelled(p))
			return error_set(e, ERR_CANCELLED, "interrupted");
		step();
	}
	*ret = TAKE(run);
	return 0;
}
