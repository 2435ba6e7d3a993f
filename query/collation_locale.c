#include "query/collation_locale.h"

#include <stdio.h>
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

/* Kinds of collation beside the usual one: every language has those without a name before them. Asked of a mongod 6.0.27, too. */
static const struct {
	const char *locale, *kind;
} kinds[] = {
	{"", "search"},		  {"", "eor"},		 {"", "emoji"},
	{"ar", "compat"},	  {"bn", "traditional"}, {"de", "phonebook"},
	{"de_AT", "phonebook"},	  {"es", "traditional"}, {"fi", "traditional"},
	{"ja", "unihan"},	  {"kn", "traditional"}, {"ko", "searchjl"},
	{"ko", "unihan"},	  {"ln", "phonetic"},	 {"si", "dictionary"},
	{"sv", "standard"},	  {"vi", "traditional"}, {"zh", "big5han"},
	{"zh", "gb2312han"},	  {"zh", "standard"},	 {"zh", "stroke"},
	{"zh", "unihan"},	  {"zh", "zhuyin"},	 {"zh_Hant", "big5han"},
	{"zh_Hant", "gb2312han"}, {"zh_Hant", "pinyin"}, {"zh_Hant", "standard"},
	{"zh_Hant", "unihan"},	  {"zh_Hant", "zhuyin"},
};

static bool has_kind(const char *locale, const char *kind)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0 &&
		    (kinds[i].locale[0] == '\0' || strcmp(kinds[i].locale, locale) == 0))
			return true;
	return false;
}

/* Append "@collation=KIND" when the keywords of `text` ask for a kind that the locale has. False: they are none at all. */
static bool add_kind(const char *text, char ret[COLLATION_LOCALE_MAX])
{
	char kind[COLLATION_LOCALE_MAX] = "";
	UErrorCode status = U_ZERO_ERROR;
	size_t len = strlen(ret);

	if (strchr(text, '=') == NULL)
		return false;
	if (uloc_getKeywordValue(text, "collation", kind, sizeof(kind), &status) <= 0 ||
	    U_FAILURE(status))
		return true;
	for (char *at = kind; *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	if (strcmp(kind, "searchjl") == 0 && !has_kind(ret, kind))
		kind[strlen("search")] = '\0';
	if (has_kind(ret, kind) &&
	    len + strlen("@collation=") + strlen(kind) < COLLATION_LOCALE_MAX)
		snprintf(ret + len, COLLATION_LOCALE_MAX - len, "@collation=%s", kind);
	return true;
}

void collation_locale_name(struct bytes locale, char ret[COLLATION_LOCALE_MAX])
{
	char text[COLLATION_LOCALE_MAX], base[COLLATION_LOCALE_MAX], whole[COLLATION_LOCALE_MAX];
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
	memcpy(ret, base, strlen(base) + 1);
	if (at == NULL)
		return;
	memcpy(whole, locale.at, locale.len);
	whole[locale.len] = '\0';
	if (!add_kind(whole, ret))
		ret[0] = '\0';
}
