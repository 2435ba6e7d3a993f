/*
 * collation_locale.h - which locales mongod has a collation for.
 *
 * mongod 6.0 comes with an ICU 57.1 of its own and refuses a locale whose name is not the one that this ICU calls its collation: en_GB
 * is sorted as en, so that mongod wants "en". The ICU of the system knows others; the names here were asked of a mongod 6.0.27.
 *
 * Threads: all is read only.
 */
#ifndef QUERY_COLLATION_LOCALE_H
#define QUERY_COLLATION_LOCALE_H

#include "base/bytes.h"
#include "base/compiler.h"

#define COLLATION_LOCALE_MAX 64 /* bytes of a name, with the NUL */

/*
 * The name by which mongod calls its collation for `locale`, in `ret`: equal to `locale` when mongod takes that; empty when there
 * is none. Behind "@" only "collation=KIND" can stand, of a kind that the language has: what else is there is dropped.
 */
void collation_locale_name(struct bytes locale, char ret[COLLATION_LOCALE_MAX]);

#endif
