#include "tools/term_progress.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/time_text.h"
#include "tools/size.h"
#include "tools/term.h"

#define BAR_EVERY_MS 100
#define LINE_EVERY_MS 5000
#define LINE_EVERY_ALWAYS_MS 1000
#define BAR_WIDTH 24
#define COLUMNS_DEFAULT 80

/* What ends a program of whom sits before it: the last one comes when the connection of a terminal is lost. */
static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

struct term_progress {
	struct progress progress;
	enum term_progress_mode mode;
	bool bar;		 /* standard error is a terminal */
	bool drawn;		 /* a bar is on the screen */
	const char *phase;	 /* the last one reported */
	uint64_t phase_start_ms; /* when it began: when the one before it last reported */
	uint64_t last_ms;	 /* when something was last reported */
	uint64_t last_done;	 /* and how far it was */
	uint64_t shown_ms;	 /* when something was last printed */
	struct buf line;	 /* scratch */
	struct sigaction old[COUNT_OF(signals)]; /* what was done about each of them before */
};

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t told; /* somebody asked since, and knows */

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

bool term_progress_interrupted(void)
{
	if (interrupted != 0)
		told = 1;
	return interrupted != 0;
}

static bool is_cancelled(void *ctx)
{
	(void)ctx;
	return term_progress_interrupted();
}

int term_progress_parse(const char *text, enum term_progress_mode *ret, struct error *e)
{
	static const char *const words[] = {"auto", "always", "never"};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = (enum term_progress_mode)i;
			return 0;
		}
	}
	return error_set(e, ERR_INVALID, "--progress takes auto, always or never, not \"%s\"",
			 text);
}

/* "1.2 GiB", or "12,000" of what a phase counts. */
static void add_amount(struct buf *to, uint64_t amount, bool counts)
{
	char text[SIZE_TEXT_LEN];

	if (counts)
		size_count_text(amount, text);
	else
		size_text(amount, text);
	buf_add_str(to, text);
}

static void add_time_left(struct buf *to, double seconds)
{
	char text[SIZE_TEXT_LEN];

	if (seconds < 10)
		snprintf(text, sizeof(text), "%u s", (unsigned)seconds + 1);
	else
		time_text_duration((uint64_t)seconds * 1000, text);
	buf_printf(to, ", %s left", text);
}

/* "(operations)" at the end of a phase is what it counts. */
static bool is_counting(const char *phase)
{
	size_t len = strlen(phase);

	return len > 0 && phase[len - 1] == ')';
}

void term_progress_text(const char *phase, bool named, uint64_t done, uint64_t total,
			uint64_t elapsed_ms, struct buf *ret)
{
	bool counts = is_counting(phase);

	if (named)
		buf_add_str(ret, phase);
	if (done == 0 && total == 0)
		return;
	if (named)
		buf_add_str(ret, ": ");
	add_amount(ret, done, counts);
	if (total > 0) {
		buf_add_str(ret, " of ");
		add_amount(ret, total, counts);
	}
	if (elapsed_ms < 200 || done == 0)
		return;
	buf_add_str(ret, ", ");
	add_amount(ret, (uint64_t)((double)done * 1000 / (double)elapsed_ms), counts);
	buf_add_str(ret, "/s");
	if (total > done)
		add_time_left(ret,
			      (double)(total - done) * (double)elapsed_ms / (double)done / 1000);
}

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return COLUMNS_DEFAULT;
}

static void draw_bar(struct term_progress *p, uint64_t done, uint64_t total, uint64_t elapsed_ms)
{
	size_t width = columns(), full;

	buf_reset(&p->line);
	buf_printf(&p->line, "%s ", p->phase);
	if (total > 0) {
		unsigned percent = (unsigned)((double)MIN_OF(done, total) * 100 / (double)total);

		full = BAR_WIDTH * percent / 100;
		buf_add_str(&p->line, "[");
		for (size_t i = 0; i < BAR_WIDTH; i++)
			buf_add_str(&p->line, i < full ? "=" : i == full ? ">" : " ");
		buf_printf(&p->line, "] %u %% ", percent);
	}
	term_progress_text(p->phase, false, done, total, elapsed_ms, &p->line);
	if (p->line.len >= width)
		p->line.len = width - 1;
	fprintf(stderr, "\r%s\033[K", buf_text(&p->line));
	fflush(stderr);
	p->drawn = true;
}

static void print_line(struct term_progress *p, uint64_t done, uint64_t total, uint64_t elapsed_ms)
{
	buf_reset(&p->line);
	term_progress_text(p->phase, true, done, total, elapsed_ms, &p->line);
	fprintf(stderr, "yester: %s\n", buf_text(&p->line));
	fflush(stderr);
}

static void report(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
	struct term_progress *p = ctx;
	uint64_t now = clock_ms();
	uint64_t every = p->bar				   ? BAR_EVERY_MS
			 : p->mode == TERM_PROGRESS_ALWAYS ? LINE_EVERY_ALWAYS_MS
							   : LINE_EVERY_MS;

	if (p->mode == TERM_PROGRESS_NEVER)
		return;
	if (p->phase == NULL || strcmp(p->phase, phase) != 0 || done < p->last_done) {
		p->phase = phase;
		p->phase_start_ms = p->last_ms;
	}
	p->last_ms = now;
	p->last_done = done;
	if (now - p->shown_ms < every)
		return;
	p->shown_ms = now;
	if (p->bar)
		draw_bar(p, done, total, now - p->phase_start_ms);
	else
		print_line(p, done, total, now - p->phase_start_ms);
}

/*
 * Catch a signal, unless it is ignored already (nohup, a background job of a shell). The second one ends the program at once,
 * but of a lost terminal both the shell and the kernel tell.
 */
static void catch_signal(int number, struct sigaction *ret_old)
{
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = number == SIGHUP ? 0 : (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	sigaction(number, NULL, ret_old);
	if (ret_old->sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

struct term_progress *term_progress_begin(enum term_progress_mode mode)
{
	struct term_progress *p = xcalloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	p->mode = mode;
	p->bar = term_is_tty(stderr) && term != NULL && strcmp(term, "dumb") != 0;
	p->progress.ctx = p;
	p->progress.report = report;
	p->progress.cancelled = is_cancelled;
	p->last_ms = p->shown_ms = clock_ms();
	/* What came when the job before this one had asked for the last time is for this one. */
	if (told)
		interrupted = 0;
	told = 0;
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		catch_signal(signals[i], &p->old[i]);
	return p;
}

const struct progress *term_progress_get(const struct term_progress *p)
{
	return &p->progress;
}

void term_progress_end(struct term_progress *p)
{
	if (p == NULL)
		return;
	if (p->drawn)
		fputs("\r\033[K", stderr);
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaction(signals[i], &p->old[i], NULL);
	buf_release(&p->line);
	free(p);
}
