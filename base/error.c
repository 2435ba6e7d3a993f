#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *e, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	e->code = code;
	e->sys = 0;
	e->server = 0;
	e->hint[0] = '\0';
	return code;
}

int error_sys(struct error *e, const char *format, ...)
{
	int saved = errno;
	char reason[128];
	va_list args;
	size_t len;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	len = strlen(e->text);
	/* The GNU strerror_r may answer with a constant instead of filling `reason`. */
	snprintf(e->text + len, sizeof(e->text) - len, ": %s",
		 strerror_r(saved, reason, sizeof(reason)));
	e->code = ERR_IO;
	e->sys = saved;
	e->server = 0;
	e->hint[0] = '\0';
	return ERR_IO;
}

int error_wrap(struct error *e, const char *format, ...)
{
	char old[sizeof(e->text)];
	va_list args;
	size_t len;

	memcpy(old, e->text, sizeof(old));
	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	len = strlen(e->text);
	snprintf(e->text + len, sizeof(e->text) - len, ": %s", old);
	return e->code;
}

int error_hint(struct error *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->hint, sizeof(e->hint), format, args);
	va_end(args);
	return e->code;
}

int error_nomem(struct error *e, size_t size)
{
	return error_set(e, ERR_NOMEM, "out of memory: %zu bytes could not be allocated", size);
}
