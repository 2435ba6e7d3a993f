/*
 * auth_name.h - {user: "name", db: "db"} and {role: "name", db: "db"}: what names somebody of a deployment.
 *
 * Texts: parseFromBSONObj of mongod 6.0; measured. Threads: pure.
 */
#ifndef WIRE_AUTH_NAME_H
#define WIRE_AUTH_NAME_H

#include "base/bson.h"
#include "base/error.h"

/* Does the document name a user (a role, with is_user false)? Sets the names; other fields are an error of a user only. */
MUST_CHECK int auth_name_parse(struct bytes doc, bool is_user, struct bytes *ret_name,
			       struct bytes *ret_db, struct error *e);

#endif
