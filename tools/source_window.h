/*
 * source_window.h - a stream seen through a window of about 1 MiB.
 *
 * For readers that want whole documents: the window keeps what is not used up and grows
 * only for a document that is longer than it.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_SOURCE_WINDOW_H
#define TOOLS_SOURCE_WINDOW_H

#include "base/buf.h"
#include "tools/input_stream.h"

struct source_window {
	struct input_stream *in; /* borrowed */
	struct buf held;
	size_t at;	 /* what is before it in `held` is used up */
	uint64_t offset; /* of that place in the stream, bytes */
	bool ended;	 /* the stream has no more */
};

void source_window_init(struct source_window *window, struct input_stream *in);
void source_window_release(struct source_window *window);
DEFINE_OWNED_STRUCT(struct source_window, source_window_release);

/* What is in the window. Valid until the next source_window_more(). */
static inline struct bytes source_window_rest(const struct source_window *window)
{
	return bytes_of(window->held.at + window->at, window->held.len - window->at);
}

/* Use up the first `len` bytes of the rest. */
static inline void source_window_take(struct source_window *window, size_t len)
{
	window->at += len;
	window->offset += len;
}

/* Have at least `want` bytes in the window, or all until the end (then `ended` is set). */
MUST_CHECK int source_window_more(struct source_window *window, size_t want, struct error *e);

#endif
