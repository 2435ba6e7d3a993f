#include "tools/tail_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/exit_code.h"
#include "store/crypt/key_source.h"

#define RETRY_S 60	  /* after a failure, at most */
#define BACKUP_RETRY_S 15 /* of a backup: without it nothing behind the gap can be opened */

enum kind { BACKUP, SNAPSHOT, CHECKPOINTS };

struct tail_jobs {
	struct tail_jobs_options options;
	char *store, *uri;
	pid_t pid; /* 0: none runs */
	enum kind kind;
	bool want_backup, want_checkpoints;
	uint64_t next_snapshot, next_backup; /* seconds since 1970 */
	struct tail_jobs_counts counts;
};

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

struct tail_jobs *tail_jobs_new(const struct tail_jobs_options *options)
{
	struct tail_jobs *jobs = xcalloc(1, sizeof(*jobs));

	jobs->options = *options;
	jobs->store = xstrdup(options->store);
	jobs->uri = xstrdup(options->uri);
	jobs->next_snapshot = options->last + options->every;
	return jobs;
}

void tail_jobs_want_backup(struct tail_jobs *jobs)
{
	jobs->want_backup = true;
}

void tail_jobs_want_checkpoints(struct tail_jobs *jobs)
{
	jobs->want_checkpoints = true;
}

void tail_jobs_wait(struct tail_jobs *jobs, const struct progress *p)
{
	const struct timespec step = {.tv_nsec = 100000000};

	if (jobs == NULL)
		return;
	(void)tail_jobs_look(jobs);
	while ((jobs->pid != 0 || jobs->want_backup) && jobs->counts.failures == 0 &&
	       !progress_cancelled(p)) {
		nanosleep(&step, NULL);
		(void)tail_jobs_look(jobs);
	}
}

struct tail_jobs_counts tail_jobs_counts(const struct tail_jobs *jobs)
{
	return jobs->counts;
}

/* In the child. */
static void become(const struct tail_jobs *jobs, pid_t parent)
{
	const char *argv[8] = {"yester", jobs->kind == BACKUP ? "backup" : "snapshot", "-s",
			       jobs->store, "--quiet"};
	int none = open("/dev/null", O_RDWR);
	struct error ignored;

	if (jobs->kind == CHECKPOINTS)
		argv[5] = "--checkpoints";
	if (jobs->kind == BACKUP && jobs->options.allow_untested)
		argv[5] = "--allow-untested";
	if (jobs->kind == BACKUP)
		setenv("YESTER_URI", jobs->uri, 1);
	else
		unsetenv("YESTER_URI");
	if (key_source_hand_down(jobs->options.secret, &ignored) < 0)
		_exit(EXIT_CODE_FAILED);
	if (none >= 0) {
		dup2(none, STDIN_FILENO);
		dup2(none, STDOUT_FILENO);
	}
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_CODE_FAILED);
	execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(EXIT_CODE_FAILED);
}

static void start(struct tail_jobs *jobs, enum kind kind)
{
	pid_t parent = getpid();

	jobs->kind = kind;
	jobs->pid = fork();
	if (jobs->pid == 0)
		become(jobs, parent);
	if (jobs->pid < 0) {
		jobs->pid = 0;
		jobs->counts.failures++;
		jobs->next_backup = now_s() + BACKUP_RETRY_S;
		jobs->next_snapshot = now_s() + RETRY_S;
	}
}

static void say(const struct tail_jobs *jobs, const char *text)
{
	if (jobs->options.note != NULL)
		jobs->options.note(jobs->options.note_ctx, text);
}

static void take_end(struct tail_jobs *jobs, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_CODE_FAILED;
	bool done = code == EXIT_CODE_OK;

	jobs->pid = 0;
	if (!done)
		jobs->counts.failures++;
	if (jobs->kind == BACKUP) {
		jobs->want_backup = !done;
		jobs->next_backup = now_s() + BACKUP_RETRY_S;
		jobs->counts.backups += done;
		/* It is as good as one of the schedule. */
		if (done)
			jobs->next_snapshot = now_s() + jobs->options.every;
		say(jobs, done ? "a new snapshot was copied from the deployment"
			       : "the new snapshot failed; it is tried again");
	} else if (jobs->kind == SNAPSHOT) {
		jobs->counts.snapshots += done;
		jobs->next_snapshot =
			now_s() + (done ? jobs->options.every
					: MIN_OF(jobs->options.every, (uint64_t)RETRY_S));
	}
}

/* What is due, the most urgent first. */
static void start_next(struct tail_jobs *jobs)
{
	if (jobs->want_backup && now_s() >= jobs->next_backup) {
		start(jobs, BACKUP);
	} else if (jobs->options.every > 0 && !jobs->want_backup &&
		   now_s() >= jobs->next_snapshot) {
		start(jobs, SNAPSHOT);
	} else if (jobs->want_checkpoints) {
		jobs->want_checkpoints = false;
		start(jobs, CHECKPOINTS);
	}
}

bool tail_jobs_look(struct tail_jobs *jobs)
{
	bool ended = false;
	int status = 0;

	if (jobs == NULL)
		return false;
	if (jobs->pid != 0 && waitpid(jobs->pid, &status, WNOHANG) == jobs->pid) {
		take_end(jobs, status);
		ended = true;
	}
	if (jobs->pid == 0)
		start_next(jobs);
	return ended;
}

void tail_jobs_end(struct tail_jobs *jobs)
{
	int status;

	if (jobs == NULL)
		return;
	if (jobs->pid != 0) {
		kill(jobs->pid, SIGTERM);
		while (waitpid(jobs->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	explicit_bzero(jobs->uri, strlen(jobs->uri));
	free(jobs->uri);
	free(jobs->store);
	free(jobs);
}
