#include "tools/source_window.h"

#define WINDOW_LEN (1 * MIB)

void source_window_init(struct source_window *window, struct input_stream *in)
{
	*window = (struct source_window){.in = in};
}

void source_window_release(struct source_window *window)
{
	buf_release(&window->held);
}

int source_window_more(struct source_window *window, size_t want, struct error *e)
{
	struct buf *held = &window->held;
	size_t room = MAX_OF(want, WINDOW_LEN);
	int r;

	if (held->len - window->at >= want || window->ended)
		return 0;
	if (window->at > 0)
		memmove(held->at, held->at + window->at, held->len - window->at);
	held->len -= window->at;
	window->at = 0;
	r = buf_reserve(held, room - MIN_OF(held->len, room), room, e);
	if (r < 0)
		return r;
	/* To the brim, so that what comes in small pieces from a pipe goes on in large ones. */
	while (held->len < room) {
		int64_t got =
			input_stream_read(window->in, held->at + held->len, room - held->len, e);

		if (got < 0)
			return (int)got;
		window->ended = got == 0;
		if (got == 0)
			break;
		held->len += (size_t)got;
	}
	return 0;
}
