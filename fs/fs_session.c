#include "fs/fs_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/buf.h"
#include "fs/fs_ops.h"

#define READ_AHEAD_KB "2048"
#define IDLE_THREADS_MAX 10

/* What libfuse said last, for our own error message. It has one log for the whole process. */
static char fuse_said[256];

static void keep_fuse_message(enum fuse_log_level level, const char *format, va_list args)
{
	size_t len;

	(void)level;
	vsnprintf(fuse_said, sizeof(fuse_said), format, args);
	len = strlen(fuse_said);
	if (len > 0 && fuse_said[len - 1] == '\n')
		fuse_said[len - 1] = '\0';
}

static int fuse_failed(struct error *e, const char *what)
{
	return error_set(e, ERR_IO, "%s%s%s", what, fuse_said[0] != '\0' ? ": " : "", fuse_said);
}

/* Append a mount option; commas and backslashes of paths are escaped. */
static void add_option(struct fuse_args *args, const char *option, const char *value)
{
	OWNED(buf_release) struct buf text = {0};

	buf_add_str(&text, "-o");
	buf_add_str(&text, option);
	for (; *value != '\0'; value++) {
		if (*value == ',' || *value == '\\')
			buf_add_u8(&text, '\\');
		buf_add_u8(&text, (uint8_t)*value);
	}
	if (fuse_opt_add_arg(args, buf_text(&text)) != 0)
		xnomem();
}

static struct fuse_session *new_session(struct fs *fs, const struct fs_options *options)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session;

	if (fuse_opt_add_arg(&args, "yesterfs") != 0)
		xnomem();
	add_option(&args, "ro,nosuid,nodev,noexec,default_permissions,subtype=yesterfs", "");
	add_option(&args, "fsname=", options->store);
	if (options->allow_other)
		add_option(&args, "allow_other", "");
	if (options->debug)
		add_option(&args, "debug", "");
	else
		fuse_set_log_func(keep_fuse_message);
	session = fuse_session_new(&args, &fs_ops, sizeof(fs_ops), fs);
	fuse_opt_free_args(&args);
	return session;
}

/* Undo mountinfo's escapes: \040 and the like. */
static void unescape_octal(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		unsigned value;

		if (text[0] == '\\' && sscanf(text + 1, "%3o", &value) == 1) {
			*to++ = (char)value;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* The device numbers of the mount, without asking the mount itself (that is us). */
static bool find_device(const char *mountpoint, unsigned *ret_major, unsigned *ret_minor)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (file != NULL && getline(&line, &size, file) > 0) {
		unsigned major;
		unsigned minor;
		int at = 0;

		/* 36 35 98:0 /mnt1 /mnt2 rw,noatime ...: the fifth is the mount point. */
		if (sscanf(line, "%*u %*u %u:%u %*s %n", &major, &minor, &at) < 2 || at == 0)
			continue;
		line[(size_t)at + strcspn(line + at, " \n")] = '\0';
		unescape_octal(line + at);
		if (strcmp(line + at, mountpoint) == 0) {
			*ret_major = major;
			*ret_minor = minor;
			found = true; /* of several the last is on top */
		}
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return found;
}

/*
 * Let the kernel read further ahead than its 128 KiB: FUSE can't ask for more at mount. Only root
 * may; without it, all works, a little slower.
 */
static void raise_read_ahead(const char *mountpoint)
{
	char path[64];
	unsigned major;
	unsigned minor;
	int fd;

	if (!find_device(mountpoint, &major, &minor))
		return;
	snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb", major, minor);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, READ_AHEAD_KB, strlen(READ_AHEAD_KB)) < 0)
		fuse_said[0] = '\0'; /* nothing is lost */
	close(fd);
}

/* Answer the kernel's first request, which sets up the connection: then the mount is live. */
static int answer_first(struct fuse_session *session, struct error *e)
{
	struct fuse_buf request = {0};
	int rc;

	do
		rc = fuse_session_receive_buf(session, &request);
	while (rc == -EINTR && !fuse_session_exited(session));
	if (rc > 0)
		fuse_session_process_buf(session, &request);
	free(request.mem);
	if (rc <= 0 || (fuse_session_exited(session) && fuse_said[0] != '\0'))
		return fuse_failed(e, "the kernel did not start the mount");
	return 0;
}

static int answer_all(struct fuse_session *session, struct error *e)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int rc;

	fuse_loop_cfg_set_clone_fd(config, 1);
	fuse_loop_cfg_set_idle_threads(config, IDLE_THREADS_MAX);
	rc = fuse_session_loop_mt(session, config);
	fuse_loop_cfg_destroy(config);
	/* More than 0 is the signal that ended it. */
	return rc < 0 ? fuse_failed(e, "answering the kernel failed") : 0;
}

static int run_mounted(struct fuse_session *session, const struct fs_options *options,
		       fs_session_ready *ready, void *ctx, struct error *e)
{
	int rc = answer_first(session, e);

	if (rc < 0)
		return rc;
	raise_read_ahead(options->mountpoint);
	ready(ctx);
	return answer_all(session, e);
}

int fs_session_run(struct fs *fs, const struct fs_options *options, fs_session_ready *ready,
		   void *ctx, struct error *e)
{
	struct fuse_session *session = new_session(fs, options);
	int rc;

	if (session == NULL)
		return fuse_failed(e, "FUSE could not be started");
	if (fuse_set_signal_handlers(session) != 0) {
		rc = error_sys(e, "signal handlers could not be set");
	} else if (fuse_session_mount(session, options->mountpoint) != 0) {
		rc = fuse_failed(e, "mounting failed");
		fuse_remove_signal_handlers(session);
	} else {
		rc = run_mounted(session, options, ready, ctx, e);
		/* Requests that wait are of this session. */
		fs_visits_stop(fs->visits);
		fs_turns_stop(fs->turns);
		fuse_remove_signal_handlers(session);
		fuse_session_unmount(session);
	}
	fuse_session_destroy(session);
	return rc;
}

const char *fs_session_library(void)
{
	return fuse_pkgversion();
}
