/* Where in a partition a function meets an input that fails. Prefix: window_ */
#include "query/stage/window.h"

/* The first document, from f->looked_at on, at which the window has come to document `at`: 1, or 0 it never comes to lie in it. */
static int comes_in(struct window_stage *self, struct window_function *f, size_t at, size_t *ret,
		    struct error *e)
{
	for (; f->looked_at < self->count; f->looked_at++) {
		size_t low, high;
		int found = window_ends(self, f, f->looked_at, &low, &high, e);

		/* A window that can't be told is an error of its own, which comes first. */
		if (found < 0)
			return found;
		if (found == 0 || high < at)
			continue;
		*ret = f->looked_at;
		return low <= at;
	}
	return 0;
}

/* $derivative only looks at the ends of its windows. */
static int is_an_end(struct window_stage *self, struct window_function *f, size_t at, size_t *ret,
		     struct error *e)
{
	for (size_t i = 0; i < self->count; i++) {
		size_t low, high;
		int found = window_ends(self, f, i, &low, &high, e);

		if (found < 0)
			return found;
		if (found == 0 || (low != at && high != at))
			continue;
		*ret = i;
		return 1;
	}
	return 0;
}

/* $linearFill looks ahead from the first null behind a value, for the next value. */
static size_t looks_ahead(const struct window_function *f, size_t at)
{
	size_t i = at;

	while (i > 0 && value_is_nullish(&f->values[i - 1]))
		i--;
	return i == 0 ? at : i;
}

void window_input_failed(struct window_stage *self, struct window_function *f, size_t at,
			 const struct error *failure)
{
	struct error own = {0};
	size_t met = at;
	int found = 1;

	if (f->kind == WINDOW_LINEAR)
		met = looks_ahead(f, at);
	else if (f->kind == WINDOW_DERIVATIVE)
		found = is_an_end(self, f, at, &met, &own);
	else if (f->kind != WINDOW_LOCF && f->kind != WINDOW_AVERAGE)
		found = comes_in(self, f, at, &met, &own);
	if (found <= 0 || met >= f->fails_at)
		return;
	f->fails_at = met;
	f->failure = *failure;
}
