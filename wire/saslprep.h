/*
 * saslprep.h - passwords as SCRAM-SHA-256 wants them: RFC 4013, so that one typed on another keyboard is the same.
 *
 * By ICU. Threads: pure.
 */
#ifndef WIRE_SASLPREP_H
#define WIRE_SASLPREP_H

#include "base/buf.h"

/* Append the prepared form of a UTF-8 text. ERR_INVALID: it holds what a password may not (control characters, unassigned ones). */
MUST_CHECK int saslprep(struct bytes text, struct buf *ret, struct error *e);

#endif
