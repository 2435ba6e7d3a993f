#include "fs/fs_log.h"

#include <pthread.h>
#include <stdio.h>
#include <syslog.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/siphash.h"

#define REMEMBERED 64	   /* problems */
#define REPEAT_SECONDS 600 /* until the same one is told again */
#define BURST 20	   /* lines in one window */
#define WINDOW_SECONDS 60

struct fs_log {
	bool to_syslog;
	pthread_mutex_t lock; /* of all below */
	struct {
		uint64_t hash;
		uint64_t told; /* in seconds, as all here */
	} recent[REMEMBERED];
	size_t next;
	uint64_t window; /* when it began */
	unsigned in_window;
};

struct fs_log *fs_log_new(bool to_syslog)
{
	struct fs_log *log = xcalloc(1, sizeof(*log));

	log->to_syslog = to_syslog;
	pthread_mutex_init(&log->lock, NULL);
	if (to_syslog)
		openlog("yesterfs", LOG_PID, LOG_DAEMON);
	return log;
}

void fs_log_free(struct fs_log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_destroy(&log->lock);
	free(log);
}

/* Is it time to tell the problem with this hash? */
static bool is_due(struct fs_log *log, uint64_t hash)
{
	uint64_t now = clock_ms() / 1000;
	size_t at = log->next;

	for (size_t i = 0; i < REMEMBERED; i++) {
		if (log->recent[i].hash != hash || log->recent[i].told == 0)
			continue;
		if (now - log->recent[i].told < REPEAT_SECONDS)
			return false;
		at = i;
	}
	if (now - log->window >= WINDOW_SECONDS) {
		log->window = now;
		log->in_window = 0;
	}
	if (++log->in_window > BURST)
		return false;
	log->recent[at].hash = hash;
	log->recent[at].told = MAX_OF(now, 1);
	if (at == log->next)
		log->next = (log->next + 1) % REMEMBERED;
	return true;
}

/* Append text in which control bytes are \xNN, so that names can't command a terminal. */
static void add_printable(struct buf *ret, const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			buf_printf(ret, "\\x%02x", (unsigned)(unsigned char)*text);
		else
			buf_add_u8(ret, (uint8_t)*text);
	}
}

void fs_log_problem(struct fs_log *log, const char *what, const struct error *e)
{
	static const uint8_t key[SIPHASH_KEY_LEN];
	OWNED(buf_release) struct buf line = {0};
	bool due;

	add_printable(&line, what);
	buf_add_str(&line, ": ");
	add_printable(&line, e->text);
	pthread_mutex_lock(&log->lock);
	due = is_due(log, siphash24(key, buf_bytes(&line)));
	pthread_mutex_unlock(&log->lock);
	if (!due)
		return;
	if (log->to_syslog)
		syslog(LOG_ERR, "%s", buf_text(&line));
	else
		fprintf(stderr, "yesterfs: %s\n", buf_text(&line));
}

void fs_log_fatal(const struct error *e)
{
	OWNED(buf_release) struct buf line = {0};

	buf_add_str(&line, "yesterfs: ");
	add_printable(&line, e->text);
	if (e->hint[0] != '\0') {
		buf_add_str(&line, "\nHINT: ");
		add_printable(&line, e->hint);
	}
	fprintf(stderr, "%s\n", buf_text(&line));
}
