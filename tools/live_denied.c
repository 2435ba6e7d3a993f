#include "tools/live_denied.h"

#include <string.h>

static bool is_unknown_user(const bson_error_t *why)
{
	return why->domain == MONGOC_ERROR_CLIENT ? why->code == MONGOC_ERROR_CLIENT_AUTHENTICATE
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
}

int live_denied_hint(const bson_error_t *why, const char *roles, struct error *e)
{
	if (is_unknown_user(why))
		return error_hint(e, "the user is looked for in authSource= of the URI, else in "
				     "its database, else in admin");
	if (strstr(why->message, "requires authentication") != NULL)
		return error_hint(e, "the URI names no user, or the user was removed meanwhile; %s",
				  roles);
	return error_hint(e, "%s", roles);
}
