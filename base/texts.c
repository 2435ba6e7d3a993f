#include "base/texts.h"

#include <string.h>

void texts_add(struct buf *texts, const char *text)
{
	buf_add(texts, text, strlen(text) + 1);
}

const char *texts_next(const struct buf *texts, size_t *at)
{
	const char *text;

	if (*at >= texts->len)
		return NULL;
	text = (const char *)texts->at + *at;
	*at += strlen(text) + 1;
	return text;
}

size_t texts_count(const struct buf *texts, const char *prefix)
{
	const char *text;
	size_t count = 0;

	for (size_t at = 0; (text = texts_next(texts, &at)) != NULL;)
		count += strncmp(text, prefix, strlen(prefix)) == 0;
	return count;
}

bool texts_has(const struct buf *texts, const char *text)
{
	const char *one;

	for (size_t at = 0; (one = texts_next(texts, &at)) != NULL;)
		if (strcmp(one, text) == 0)
			return true;
	return false;
}
