/* What doctor.h promises of the machine. Prefix: doctor_ */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time_text.h"
#include "tools/child.h"
#include "tools/cmd.h"
#include "tools/doctor.h"
#include "tools/driver.h"
#include "tools/file_system.h"
#include "tools/libraries.h"
#include "tools/program.h"
#include "tools/size.h"

#define KERNEL_MAJOR 4 /* older ones were never tried */
#define KERNEL_MINOR 18
#define FILES_WANTED 1024
#define MEMORY_WANTED (256 * MIB) /* the most that any command takes */
#define BORN 1700000000		  /* a clock before this is not set */

static void check_libraries(struct doctor *doctor)
{
	OWNED(buf_release) struct buf text = {0};
	size_t count;
	const struct libraries_one *list = libraries_list(&count);

	for (size_t i = 0; i < count; i++)
		buf_printf(&text, ", %s %s", list[i].name, list[i].version);
	doctor_add(doctor, "version", DOCTOR_GOOD, NULL, "yester " YESTER_VERSION "%s",
		   buf_text(&text));
}

static void check_kernel(struct doctor *doctor)
{
	unsigned major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) != 0)
		return;
	if (sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	    (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR)))
		doctor_add(doctor, "kernel", DOCTOR_WARNING, NULL,
			   "%s %s is older than what was tested (%d.%d)", name.sysname,
			   name.release, KERNEL_MAJOR, KERNEL_MINOR);
	else
		doctor_add(doctor, "kernel", DOCTOR_GOOD, NULL, "%s %s, %s", name.sysname,
			   name.release, name.machine);
}

/* Is the driver there, and of this version? */
static void check_driver(struct doctor *doctor)
{
	static const char expected[] = DRIVER_NAME " " YESTER_VERSION "\n";
	OWNED(child_words_release) struct child_words words = {0};
	OWNED(buf_release) struct buf out = {0};
	OWNED(buf_release) struct buf err = {0};
	struct error e = {0};
	char beside[DRIVER_PATH_LEN];
	OWNED(free)
	char *path = driver_find_beside(beside) ? xstrdup(beside) : program_find(DRIVER_NAME);

	if (path == NULL) {
		doctor_add(doctor, "driver", DOCTOR_WARNING,
			   "it belongs beside yester, or into a folder of PATH",
			   "there is no " DRIVER_NAME ": 'yester mount' does not work");
		return;
	}
	child_add(&words, path);
	child_add(&words, "--version");
	if (child_run(&words, false, NULL, &out, &err, &e) != 0) {
		doctor_add(doctor, "driver", DOCTOR_WARNING,
			   "'make install' puts both programs into place", "%s does not run", path);
		return;
	}
	if (strncmp(buf_text(&out), expected, strlen(expected)) != 0)
		doctor_add(doctor, "driver", DOCTOR_WARNING, "install both programs together",
			   "%s is %.*s, not " YESTER_VERSION, path,
			   (int)strcspn(buf_text(&out), "\n"), buf_text(&out));
	else
		doctor_add(doctor, "driver", DOCTOR_GOOD, NULL, "%s", path);
}

static void check_fuse(struct doctor *doctor)
{
	OWNED(buf_release) struct buf conf = {0};
	struct error ignored;
	OWNED(free) char *fusermount = program_find("fusermount3");
	bool others = geteuid() == 0;

	if (access("/dev/fuse", F_OK) != 0) {
		doctor_add(doctor, "fuse", DOCTOR_WARNING,
			   "'modprobe fuse' loads it; a container needs --device /dev/fuse and "
			   "--cap-add SYS_ADMIN",
			   "there is no /dev/fuse: 'yester mount' does not work");
		return;
	}
	if (access("/dev/fuse", R_OK | W_OK) != 0) {
		doctor_add(doctor, "fuse", DOCTOR_WARNING, "as root: chmod 666 /dev/fuse",
			   "/dev/fuse is not open to this user: 'yester mount' does not work");
		return;
	}
	if (!others && fusermount == NULL) {
		doctor_add(doctor, "fuse", DOCTOR_WARNING, "install the package fuse3",
			   "there is no fusermount3: only root can mount");
		return;
	}
	if (file_read("/etc/fuse.conf", MIB, &conf, &ignored) == 1)
		others |= strncmp(buf_text(&conf), "user_allow_other", 16) == 0 ||
			  strstr(buf_text(&conf), "\nuser_allow_other") != NULL;
	doctor_add(doctor, "fuse", DOCTOR_GOOD, NULL, "/dev/fuse; -o allow_other %s",
		   others ? "can be used"
			  : "is for root (a line 'user_allow_other' in /etc/fuse.conf opens it)");
}

static void limit_text(rlim_t value, char *ret, size_t size)
{
	if (value == RLIM_INFINITY)
		snprintf(ret, size, "unlimited");
	else
		snprintf(ret, size, "%llu", (unsigned long long)value);
}

static void check_limits(struct doctor *doctor)
{
	struct rlimit files = {0}, locked = {0}, space = {0}, size = {0};
	char files_text[32], locked_text[32];

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || getrlimit(RLIMIT_MEMLOCK, &locked) != 0 ||
	    getrlimit(RLIMIT_AS, &space) != 0 || getrlimit(RLIMIT_FSIZE, &size) != 0)
		return;
	limit_text(files.rlim_cur, files_text, sizeof(files_text));
	limit_text(locked.rlim_cur, locked_text, sizeof(locked_text));
	if (files.rlim_cur < FILES_WANTED)
		doctor_add(doctor, "limits", DOCTOR_WARNING,
			   "ulimit -n 4096, or LimitNOFILE= of the unit",
			   "only %s open files are allowed", files_text);
	if (space.rlim_cur != RLIM_INFINITY)
		doctor_add(doctor, "limits", DOCTOR_WARNING,
			   "ulimit -v unlimited, or no LimitAS= of the unit",
			   "address space is limited: the index is mapped into memory, as large as "
			   "it may get");
	if (size.rlim_cur != RLIM_INFINITY)
		doctor_add(doctor, "limits", DOCTOR_WARNING,
			   "ulimit -f unlimited, or no LimitFSIZE= of the unit",
			   "the size of files is limited");
	if (files.rlim_cur >= FILES_WANTED && space.rlim_cur == RLIM_INFINITY &&
	    size.rlim_cur == RLIM_INFINITY)
		doctor_add(doctor, "limits", DOCTOR_GOOD, NULL, "nofile %s, memlock %s", files_text,
			   locked_text);
}

/* A crash must not leave documents where nobody expects them. */
static void check_cores(struct doctor *doctor)
{
	OWNED(buf_release) struct buf pattern = {0};
	struct rlimit core = {0};
	struct error ignored;
	bool piped;

	if (getrlimit(RLIMIT_CORE, &core) != 0 ||
	    file_read("/proc/sys/kernel/core_pattern", 4096, &pattern, &ignored) != 1)
		return;
	buf_text(&pattern);
	pattern.at[strcspn((const char *)pattern.at, "\n")] = '\0';
	piped = pattern.at[0] == '|';
	if (core.rlim_cur == 0 && !piped)
		doctor_add(doctor, "cores", DOCTOR_GOOD, NULL, "a crash leaves no core file");
	else
		doctor_add(doctor, "cores", DOCTOR_NOTE, "ulimit -c 0, or LimitCORE=0 of the unit",
			   "a crash hands memory, documents in it, to \"%s\"",
			   (const char *)pattern.at);
}

static void check_memory(struct doctor *doctor)
{
	OWNED(buf_release) struct buf info = {0};
	char text[SIZE_TEXT_LEN];
	unsigned long long kib = 0;
	struct error ignored;
	const char *line;

	if (file_read("/proc/meminfo", MIB, &info, &ignored) != 1)
		return;
	line = strstr(buf_text(&info), "MemAvailable:");
	if (line == NULL || sscanf(line, "MemAvailable: %llu", &kib) != 1)
		return;
	size_text(kib * 1024, text);
	if (kib * 1024 < MEMORY_WANTED)
		doctor_add(doctor, "memory", DOCTOR_WARNING, NULL,
			   "%s are available; a command may take 256 MiB", text);
	else
		doctor_add(doctor, "memory", DOCTOR_GOOD, NULL,
			   "%s are available; a command takes 256 MiB at most, serve what it is "
			   "allowed",
			   text);
}

static void check_clock(struct doctor *doctor)
{
	struct timex state = {0};
	time_t now = time(NULL);
	char text[TIME_TEXT_UTC_LEN];

	time_text_utc((uint64_t)MAX_OF(now, 0), text);
	if (now < BORN)
		doctor_add(doctor, "clock", DOCTOR_PROBLEM, "set it, and let NTP keep it",
			   "the clock is not set: %s", text);
	else if (adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
		doctor_add(doctor, "clock", DOCTOR_NOTE,
			   "times like now-2h and lags are by this clock; let NTP keep it",
			   "%s; the kernel does not know it as synchronised", text);
	else
		doctor_add(doctor, "clock", DOCTOR_GOOD, NULL, "%s, synchronised", text);
}

static void check_tmp(struct doctor *doctor)
{
	struct file_system fs;
	struct error e = {0};
	char text[SIZE_TEXT_LEN];

	if (file_system_of(cmd_tmp_dir(), &fs, &e) < 0) {
		doctor_add(doctor, "tmp", DOCTOR_WARNING, "let TMPDIR name a folder", "%s", e.text);
		return;
	}
	size_text(fs.free, text);
	if (access(cmd_tmp_dir(), W_OK) != 0)
		doctor_add(doctor, "tmp", DOCTOR_WARNING,
			   "let TMPDIR name a folder that can be written to", "%s: %s",
			   cmd_tmp_dir(), strerror(errno));
	else
		doctor_add(doctor, "tmp", DOCTOR_GOOD, NULL, "%s: %s, %s free", cmd_tmp_dir(),
			   fs.type, text);
}

static void check_programs(struct doctor *doctor)
{
	static const char *const wanted[][2] = {
		{"rsync", "'yester replicate' needs it"},
		{"ssh", "'yester replicate' to another machine needs it"},
		{"mongod", "'yester drill' needs one (--mongod PATH)"},
	};
	OWNED(buf_release) struct buf have = {0};

	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		OWNED(free) char *path = program_find(wanted[i][0]);

		if (path != NULL)
			buf_printf(&have, "%s%s", have.len == 0 ? "" : ", ", path);
		else
			doctor_add(doctor, "programs", DOCTOR_NOTE, NULL,
				   "there is no %s in PATH: %s", wanted[i][0], wanted[i][1]);
	}
	if (have.len > 0)
		doctor_add(doctor, "programs", DOCTOR_GOOD, NULL, "%s", buf_text(&have));
}

void doctor_machine(struct doctor *doctor)
{
	check_libraries(doctor);
	check_kernel(doctor);
	check_driver(doctor);
	check_fuse(doctor);
	check_limits(doctor);
	check_cores(doctor);
	check_memory(doctor);
	check_clock(doctor);
	check_tmp(doctor);
	check_programs(doctor);
}
