#include "tools/live_denied.h"

#include <string.h>

/*
 * The driver gives whatever ends a login or a hello this one code: a connection that was lost (mongoc-cluster.c's words), and what a server
 * says that shuts down (ShutdownInProgress, InterruptedAtShutdown) or steps down meanwhile, too.
 */
static bool is_passing(const char *text)
{
	static const char *const words[] = {"Failed to send \"", "shut down", "shutdown",
					    "interrupted"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return text[0] == '\0'; /* a hello that is not understood */
}

bool live_denied_not_yet(const bson_error_t *why)
{
	return why->domain == MONGOC_ERROR_CLIENT &&
	       why->code == MONGOC_ERROR_CLIENT_AUTHENTICATE && is_passing(why->message);
}

static bool is_unknown_user(const bson_error_t *why)
{
	return why->domain == MONGOC_ERROR_CLIENT
		       ? why->code == MONGOC_ERROR_CLIENT_AUTHENTICATE && !live_denied_not_yet(why)
		       : why->code == LIVE_AUTHENTICATION_FAILED;
}

bool live_denied(const bson_error_t *why)
{
	if (why->domain == MONGOC_ERROR_CLIENT)
		return is_unknown_user(why);
	return why->domain == MONGOC_ERROR_SERVER &&
	       (why->code == LIVE_UNAUTHORIZED || is_unknown_user(why));
}

void live_denied_shorten(char *text)
{
	static const char rest[] = ", ... }";
	char *command = strstr(text, " to execute command { ");
	char *comma = command == NULL ? NULL : strchr(command, ',');

	if (comma != NULL && strlen(comma) >= sizeof(rest) - 1)
		memcpy(comma, rest, sizeof(rest));
	for (; *text != '\0'; text++)
		if (*text == '\n' || *text == '\r')
			*text = ' ';
}

static int add_hint(const bson_error_t *why, const char *roles, struct error *e)
{
	if (is_unknown_user(why))
		return error_hint(e, "the user is looked for in authSource= of the URI, else in "
				     "its database, else in admin");
	if (strstr(why->message, "requires authentication") != NULL)
		return error_hint(e, "the URI names no user, or the user was removed meanwhile; %s",
				  roles);
	return error_hint(e, "%s", roles);
}

int live_denied_error(const struct live_uri *uri, const bson_error_t *why, bool refused,
		      const char *what, const char *roles, struct error *e)
{
	char text[sizeof(why->message)];

	memcpy(text, why->message, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	live_uri_hide(uri, text);
	live_denied_shorten(text);
	error_set(e, refused ? ERR_REFUSED : ERR_REMOTE, "%s: %s", what,
		  text[0] == '\0' ? "its reply is not understood" : text);
	return live_denied(why) ? add_hint(why, roles, e) : e->code;
}
