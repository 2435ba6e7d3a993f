#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *e, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_set_args(e, code, format, args);
	va_end(args);
	return code;
}

int error_set_args(struct error *e, int code, const char *format, va_list args)
{
	vsnprintf(e->text, sizeof(e->text), format, args);
	e->code = code;
	e->sys = 0;
	e->server = 0;
	e->hint[0] = '\0';
	return code;
}

/* Put `rest` behind the text. When both are too long the end of the text goes: what the rest says is not seen from a path. */
static void append(struct error *e, const char *between, const char *rest)
{
	size_t wanted = strlen(between) + strlen(rest), len = strlen(e->text);
	size_t most = sizeof(e->text) - 1 - MIN_OF(wanted, sizeof(e->text) / 2);

	if (len > most) {
		len = most;
		memcpy(e->text + len - 3, "...", 3);
	}
	snprintf(e->text + len, sizeof(e->text) - len, "%s%s", between, rest);
}

int error_sys(struct error *e, const char *format, ...)
{
	int saved = errno;
	char reason[128];
	va_list args;

	va_start(args, format);
	error_set_args(e, ERR_IO, format, args);
	va_end(args);
	/* The GNU strerror_r may answer with a constant instead of filling `reason`. */
	append(e, ": ", strerror_r(saved, reason, sizeof(reason)));
	e->sys = saved;
	return ERR_IO;
}

int error_wrap(struct error *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_wrap_args(e, ": ", format, args);
	va_end(args);
	return e->code;
}

int error_wrap_args(struct error *e, const char *between, const char *format, va_list args)
{
	char old[sizeof(e->text)];

	memcpy(old, e->text, sizeof(old));
	vsnprintf(e->text, sizeof(e->text), format, args);
	append(e, between, old);
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

bool error_is_lack(const struct error *e)
{
	if (e->code == ERR_IO)
		return e->sys == ENOMEM || e->sys == EMFILE || e->sys == ENFILE;
	return e->code == ERR_NOMEM;
}

bool error_is_full(const struct error *e)
{
	return e->code == ERR_IO && (e->sys == ENOSPC || e->sys == EDQUOT);
}

bool error_is_no_damage(const struct error *e)
{
	switch (e->code == ERR_IO ? e->sys : 0) {
	case EACCES:
	case EPERM:
	case ENOTCONN:
	case ESTALE:
	case ETIMEDOUT:
		return true;
	default:
		return error_is_lack(e);
	}
}

bool error_is_harm(const struct error *e)
{
	return e->code == ERR_CORRUPT || (e->code == ERR_IO && !error_is_no_damage(e));
}

int error_nomem(struct error *e, size_t size)
{
	return error_set(e, ERR_NOMEM, "out of memory: %zu bytes could not be allocated", size);
}
