#include "wire/saslprep.h"

#include <unicode/usprep.h>
#include <unicode/ustring.h>

#define UNITS_MAX 4096 /* UTF-16 units of a password */

int saslprep(struct bytes text, struct buf *ret, struct error *e)
{
	UChar wide[UNITS_MAX], prepared[UNITS_MAX];
	char utf8[3 * UNITS_MAX];
	UErrorCode code = U_ZERO_ERROR;
	int32_t len = 0, out = 0;
	UStringPrepProfile *profile;

	if (text.len > UNITS_MAX)
		return error_set(e, ERR_INVALID, "the password is too long");
	profile = usprep_openByType(USPREP_RFC4013_SASLPREP, &code);
	u_strFromUTF8(wide, UNITS_MAX, &len, (const char *)text.at, (int32_t)text.len, &code);
	if (U_SUCCESS(code))
		out = usprep_prepare(profile, wide, len, prepared, UNITS_MAX, USPREP_DEFAULT, NULL,
				     &code);
	u_strToUTF8(utf8, (int32_t)sizeof(utf8), &len, prepared, out, &code);
	usprep_close(profile);
	if (U_FAILURE(code))
		return error_set(e, ERR_INVALID,
				 "the password holds a character that it can't have (%s)",
				 u_errorName(code));
	buf_add(ret, utf8, (size_t)len);
	return 0;
}
