/*
 * restore_names.h - --nsFrom and --nsTo: the name under which a namespace is restored, as mongorestore has it.
 *
 * A pair is "shop.orders" -> "shop.orders_before", with asterisks "shop.*" -> "old.*" (the first of the one stands for
 * the first of the other, ...), or with variables "$db$.$coll$" -> "old.$db$_$coll$". Parts match as little as they can.
 * Of several pairs that match the last one given counts. Source: mongorestore/ns/ns.go of mongo-tools 100.
 *
 * Threads: immutable once its pairs are added.
 */
#ifndef TOOLS_RESTORE_NAMES_H
#define TOOLS_RESTORE_NAMES_H

#include "base/buf.h"
#include "base/error.h"

struct restore_names; /* opaque */

struct restore_names *restore_names_new(void);
void restore_names_free(struct restore_names *names);
DEFINE_OWNED(struct restore_names *, restore_names_free);

/* Add a pair. ERR_INVALID: asterisks or variables of the two do not fit, a lone $, no dot in what it gives. */
MUST_CHECK int restore_names_add(struct restore_names *names, const char *from, const char *to,
				 struct error *e);

/*
 * Append the new name of "db.coll" to *ret: 1, 2 when the pair names this one alone, or 0 when no pair matches (then it is the
 * old one). The buckets of a time series follow its name.
 */
int restore_names_apply(const struct restore_names *names, struct bytes ns, struct buf *ret);

#endif
