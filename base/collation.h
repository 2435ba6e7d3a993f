/*
 * collation.h - MongoDB collations by ICU: the order of strings in a collection that has one.
 *
 * The tree never uses it (its order is the simple one, key.h); dbHash, sorts and look-ups do.
 * mongod carries ICU 57.1; a newer ICU puts a few characters elsewhere, so keys are computed
 * when needed and never stored. The one place of ICU in base.
 *
 * Threads: a struct collation belongs to one thread at a time.
 */
#ifndef BASE_COLLATION_H
#define BASE_COLLATION_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"

struct collation; /* opaque */

/*
 * Open the collation that `spec` describes, the BSON document of a collection's option
 * "collation": locale, strength, caseLevel, caseFirst, numericOrdering, alternate, maxVariable,
 * backwards, normalization; what is missing is the locale's default. 1 and *ret; 0 for the
 * simple collation (locale "simple", or an empty document). ERR_INVALID names the field;
 * ERR_UNSUPPORTED: a locale that this ICU does not have; ERR_CORRUPT.
 */
MUST_CHECK int collation_open(struct bytes spec, struct collation **ret, struct error *e);

/* Is "backwards", "caseFirst" or "caseLevel" on, by the specification or by what the locale brings along (Danish, French of Canada)? */
bool collation_is_on(struct collation *collation, const char *attribute);

/*
 * The same from a collection's options: the document that may have a field "collation".
 */
MUST_CHECK int collation_of_options(struct bytes options, struct collation **ret, struct error *e);

void collation_close(struct collation *collation);
DEFINE_OWNED(struct collation *, collation_close);

/*
 * Append the key of a value (its payload) whose memcmp order is mongod's under this collation:
 * as key_of_value(), but strings, also inside objects and arrays, are replaced by their ICU
 * sort keys. Symbols and code stay as they are, as in mongod. Errors as key_of_value().
 */
MUST_CHECK int collation_key(struct collation *collation, uint8_t bson_type, struct bytes value,
			     struct buf *ret, struct error *e);

/* The same for the `_id` of a document: 1, or 0 when it has none. */
MUST_CHECK int collation_key_of_document(struct collation *collation, struct bytes doc,
					 struct buf *ret, struct error *e);

/* <0, 0, >0: the order of two strings. What is no UTF-8 counts as U+FFFD. xnomem() when memory is out. */
int collation_compare(struct collation *collation, struct bytes a, struct bytes b);

/*
 * ICU's sort key of a string: equal for strings that compare equal, and in memcmp order. Valid
 * until the collation is used again. xnomem() when memory is out.
 */
struct bytes collation_sort_key(struct collation *collation, struct bytes text);

/* "72.1": the version of the library. */
#define COLLATION_VERSION_LEN 20
void collation_icu_version(char ret[COLLATION_VERSION_LEN]);

#endif
