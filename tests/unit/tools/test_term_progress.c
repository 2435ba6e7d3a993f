#include "tools/term_progress.h"

#include <signal.h>

#include "tests/harness/harness.h"

static void the_text_says_how_far_how_fast_how_long(void **state)
{
	OWNED(buf_release) struct buf b = {0};

	(void)state;
	term_progress_text("reading", true, 1 * MIB, 4 * MIB, 1000, &b);
	assert_string_equal(buf_text(&b), "reading: 1.00 MiB of 4.00 MiB, 1.00 MiB/s, 4 s left");
	buf_reset(&b);
	term_progress_text("reading", false, 1 * MIB, 601 * MIB, 1000, &b);
	assert_string_equal(buf_text(&b), "1.00 MiB of 601 MiB, 1.00 MiB/s, 10 min left");
	buf_reset(&b);
	term_progress_text("sorting", true, 5, 0, 10, &b);
	assert_string_equal(buf_text(&b), "sorting: 5 B");
	buf_reset(&b);
	term_progress_text("writing", true, 0, 9, 100000, &b);
	assert_string_equal(buf_text(&b), "writing: 0 B of 9 B");
	buf_reset(&b);
	term_progress_text("following snapshots", true, 0, 0, 100000, &b);
	assert_string_equal(buf_text(&b), "following snapshots");
}

static void what_a_phase_counts_has_no_unit_of_bytes(void **state)
{
	OWNED(buf_release) struct buf b = {0};

	(void)state;
	term_progress_text("applying (operations)", true, 150000, 300000, 1000, &b);
	assert_string_equal(buf_text(&b),
			    "applying (operations): 150,000 of 300,000, 150,000/s, 2 s left");
}

static void the_mode_is_one_of_three_words(void **state)
{
	struct error e = {0};
	enum term_progress_mode mode = TERM_PROGRESS_AUTO;

	(void)state;
	ASSERT_OK(term_progress_parse("never", &mode, &e));
	assert_int_equal(mode, TERM_PROGRESS_NEVER);
	ASSERT_ERROR(term_progress_parse("sometimes", &mode, &e), ERR_INVALID);
}

static void a_signal_cancels_and_then_all_is_as_before(void **state)
{
	struct term_progress *p = term_progress_begin(TERM_PROGRESS_NEVER);
	const struct progress *progress = term_progress_get(p);
	struct sigaction now;

	(void)state;
	progress->report(progress->ctx, "reading", 1, 2);
	assert_false(progress->cancelled(progress->ctx));
	raise(SIGTERM);
	assert_true(progress->cancelled(progress->ctx));
	term_progress_end(p);
	sigaction(SIGTERM, NULL, &now);
	assert_true(now.sa_handler == SIG_DFL);
	p = term_progress_begin(TERM_PROGRESS_NEVER);
	progress = term_progress_get(p);
	assert_false(progress->cancelled(progress->ctx));
	raise(SIGINT);
	assert_true(progress->cancelled(progress->ctx));
	term_progress_end(p);
}

static void a_signal_that_nobody_asked_about_cancels_what_comes_next(void **state)
{
	struct term_progress *p = term_progress_begin(TERM_PROGRESS_NEVER);
	const struct progress *progress;

	(void)state;
	raise(SIGTERM);
	term_progress_end(p);
	p = term_progress_begin(TERM_PROGRESS_NEVER);
	progress = term_progress_get(p);
	assert_true(progress->cancelled(progress->ctx));
	term_progress_end(p);
	p = term_progress_begin(TERM_PROGRESS_NEVER);
	assert_false(term_progress_interrupted());
	raise(SIGTERM);
	term_progress_end(p);
	assert_true(term_progress_interrupted());
	p = term_progress_begin(TERM_PROGRESS_NEVER);
	assert_false(term_progress_interrupted());
	term_progress_end(p);
}

static void a_lost_terminal_cancels_however_many_tell_of_it(void **state)
{
	struct term_progress *p = term_progress_begin(TERM_PROGRESS_NEVER);
	const struct progress *progress = term_progress_get(p);
	struct sigaction now;

	(void)state;
	raise(SIGHUP);
	raise(SIGHUP);
	assert_true(progress->cancelled(progress->ctx));
	term_progress_end(p);
	sigaction(SIGHUP, NULL, &now);
	assert_true(now.sa_handler == SIG_DFL);
}

static void an_ignored_signal_stays_ignored(void **state)
{
	struct term_progress *p;
	const struct progress *progress;

	(void)state;
	signal(SIGINT, SIG_IGN); /* as nohup and shells do for jobs in the background */
	p = term_progress_begin(TERM_PROGRESS_NEVER);
	progress = term_progress_get(p);
	raise(SIGINT);
	assert_false(progress->cancelled(progress->ctx));
	term_progress_end(p);
	signal(SIGINT, SIG_DFL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_says_how_far_how_fast_how_long),
		cmocka_unit_test(what_a_phase_counts_has_no_unit_of_bytes),
		cmocka_unit_test(the_mode_is_one_of_three_words),
		cmocka_unit_test(a_signal_cancels_and_then_all_is_as_before),
		cmocka_unit_test(a_signal_that_nobody_asked_about_cancels_what_comes_next),
		cmocka_unit_test(a_lost_terminal_cancels_however_many_tell_of_it),
		cmocka_unit_test(an_ignored_signal_stays_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
