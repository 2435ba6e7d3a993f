#include "query/collation_locale.h"

#include <string.h>
#include <unicode/uloc.h>

/* In the order of strcmp(). Found by asking for every language of two and three letters, and these with every region and script. */
static const char *const names[] = {
	"af",	   "am",      "ar",  "as",    "az",	     "be", "bg", "bn",	    "bo",  "bs",
	"bs_Cyrl", "ca",      "chr", "cs",    "cy",	     "da", "de", "de_AT",   "dsb", "dz",
	"ee",	   "el",      "en",  "en_US", "en_US_POSIX", "eo", "es", "et",	    "fa",  "fa_AF",
	"fi",	   "fil",     "fo",  "fr",    "fr_CA",	     "ga", "gl", "gu",	    "ha",  "haw",
	"he",	   "hi",      "hr",  "hsb",   "hu",	     "hy", "id", "ig",	    "is",  "it",
	"ja",	   "ka",      "kk",  "kl",    "km",	     "kn", "ko", "kok",	    "ky",  "lb",
	"lkt",	   "ln",      "lo",  "lt",    "lv",	     "mk", "ml", "mn",	    "mr",  "ms",
	"mt",	   "my",      "nb",  "ne",    "nl",	     "nn", "om", "or",	    "pa",  "pl",
	"ps",	   "pt",      "ro",  "ru",    "se",	     "si", "sk", "sl",	    "smn", "sq",
	"sr",	   "sr_Latn", "sv",  "sw",    "ta",	     "te", "th", "to",	    "tr",  "ug",
	"uk",	   "ur",      "vi",  "wae",   "yi",	     "yo", "zh", "zh_Hant", "zu",
};

static const char *find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return names[i];
	return NULL;
}

void collation_locale_name(struct bytes locale, char ret[COLLATION_LOCALE_MAX])
{
	char text[COLLATION_LOCALE_MAX], base[COLLATION_LOCALE_MAX];
	const uint8_t *at = locale.len > 0 ? memchr(locale.at, '@', locale.len) : NULL;
	size_t len = at != NULL ? (size_t)(at - locale.at) : locale.len;
	UErrorCode status = U_ZERO_ERROR;

	ret[0] = '\0';
	if (locale.len >= sizeof(text) || memchr(locale.at, '\0', locale.len) != NULL)
		return;
	memcpy(text, locale.at, len);
	text[len] = '\0';
	/* "EN-us" is en_US, and "eng" is en. */
	if (uloc_getName(text, base, sizeof(base), &status) <= 0 || U_FAILURE(status))
		return;
	while (find(base) == NULL) {
		char *last = strrchr(base, '_');

		if (last == NULL)
			return;
		*last = '\0';
	}
	len = strlen(base);
	memcpy(ret, base, len + 1);
	if (at == NULL || len + (locale.len - (size_t)(at - locale.at)) >= COLLATION_LOCALE_MAX)
		return;
	memcpy(ret + len, at, locale.len - (size_t)(at - locale.at));
	ret[len + locale.len - (size_t)(at - locale.at)] = '\0';
}
