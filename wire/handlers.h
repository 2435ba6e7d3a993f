/*
 * handlers.h - the commands themselves, one function each; command_table.c names them.
 *
 * Each appends its fields to call->reply, or gives an error for the client. Fields, their order and their types are those of mongod
 * 6.0.27 (measured), as are texts and codes.
 *
 * Prefix: handle_. Threads: any.
 */
#ifndef WIRE_HANDLERS_H
#define WIRE_HANDLERS_H

#include "wire/call.h"

/* handle_hello.c */
MUST_CHECK int handle_hello(struct call *call, struct error *e);
/* handle_login.c */
MUST_CHECK int handle_sasl_start(struct call *call, struct error *e);
MUST_CHECK int handle_sasl_continue(struct call *call, struct error *e);
MUST_CHECK int handle_authenticate(struct call *call, struct error *e);
MUST_CHECK int handle_logout(struct call *call, struct error *e);
MUST_CHECK int handle_nonce(struct call *call, struct error *e);
MUST_CHECK int handle_connection_status(struct call *call, struct error *e);
MUST_CHECK int handle_whatsmyuri(struct call *call, struct error *e);
/* Answer a saslStart that is inside a hello: appends speculativeAuthenticate, or nothing. handle_login.c */
void handle_login_speculative(struct call *call, struct bytes start);
/* handle_query.c */
MUST_CHECK int handle_find(struct call *call, struct error *e);
MUST_CHECK int handle_aggregate(struct call *call, struct error *e);
MUST_CHECK int handle_count(struct call *call, struct error *e);
MUST_CHECK int handle_distinct(struct call *call, struct error *e);
MUST_CHECK int handle_explain(struct call *call, struct error *e);
MUST_CHECK int handle_map_reduce(struct call *call, struct error *e);
MUST_CHECK int handle_filemd5(struct call *call, struct error *e);
/* handle_cursor.c */
MUST_CHECK int handle_get_more(struct call *call, struct error *e);
MUST_CHECK int handle_kill_cursors(struct call *call, struct error *e);
/*
 * Reply {cursor: {...}} with the first batch of a list that is there already (whole documents, back to back), and keep the rest.
 * `ns` is what the reply calls it. A batch that takes all of it leaves no cursor. handle_cursor.c
 */
MUST_CHECK int handle_cursor_list(struct call *call, struct bytes ns, struct buf *list,
				  struct error *e);
/* handle_list.c */
MUST_CHECK int handle_list_databases(struct call *call, struct error *e);
MUST_CHECK int handle_list_collections(struct call *call, struct error *e);
/* handle_indexes.c */
MUST_CHECK int handle_list_indexes(struct call *call, struct error *e);
/* handle_stats.c */
MUST_CHECK int handle_coll_stats(struct call *call, struct error *e);
MUST_CHECK int handle_db_stats(struct call *call, struct error *e);
MUST_CHECK int handle_data_size(struct call *call, struct error *e);
/* handle_hash.c */
MUST_CHECK int handle_db_hash(struct call *call, struct error *e);
MUST_CHECK int handle_validate(struct call *call, struct error *e);
/* handle_info.c: what is the same at all times */
MUST_CHECK int handle_ping(struct call *call, struct error *e);
MUST_CHECK int handle_build_info(struct call *call, struct error *e);
MUST_CHECK int handle_host_info(struct call *call, struct error *e);
MUST_CHECK int handle_cmd_line(struct call *call, struct error *e);
MUST_CHECK int handle_list_commands(struct call *call, struct error *e);
MUST_CHECK int handle_get_log(struct call *call, struct error *e);
MUST_CHECK int handle_features(struct call *call, struct error *e);
MUST_CHECK int handle_query_options(struct call *call, struct error *e);
MUST_CHECK int handle_oid_test(struct call *call, struct error *e);
MUST_CHECK int handle_is_self(struct call *call, struct error *e);
/* handle_parameter.c */
MUST_CHECK int handle_get_parameter(struct call *call, struct error *e);
/* handle_status.c: what goes on */
MUST_CHECK int handle_server_status(struct call *call, struct error *e);
MUST_CHECK int handle_current_op(struct call *call, struct error *e);
MUST_CHECK int handle_kill_op(struct call *call, struct error *e);
MUST_CHECK int handle_top(struct call *call, struct error *e);
MUST_CHECK int handle_conn_pool(struct call *call, struct error *e);
MUST_CHECK int handle_lock_info(struct call *call, struct error *e);
MUST_CHECK int handle_diagnostic(struct call *call, struct error *e);
MUST_CHECK int handle_profile(struct call *call, struct error *e);
MUST_CHECK int handle_plan_filters(struct call *call, struct error *e);
/* handle_replset.c */
MUST_CHECK int handle_replset_status(struct call *call, struct error *e);
MUST_CHECK int handle_replset_config(struct call *call, struct error *e);
MUST_CHECK int handle_sharding_state(struct call *call, struct error *e);
MUST_CHECK int handle_no_sharding(struct call *call, struct error *e);
MUST_CHECK int handle_rw_concern(struct call *call, struct error *e);
MUST_CHECK int handle_last_error(struct call *call, struct error *e);
MUST_CHECK int handle_no_oplog(struct call *call, struct error *e);
MUST_CHECK int handle_no_transaction(struct call *call, struct error *e);
/* handle_session.c */
MUST_CHECK int handle_start_session(struct call *call, struct error *e);
MUST_CHECK int handle_end_sessions(struct call *call, struct error *e);
MUST_CHECK int handle_refresh_sessions(struct call *call, struct error *e);
MUST_CHECK int handle_kill_sessions(struct call *call, struct error *e);
MUST_CHECK int handle_kill_all_sessions(struct call *call, struct error *e);
/* handle_users.c */
MUST_CHECK int handle_users_info(struct call *call, struct error *e);
MUST_CHECK int handle_roles_info(struct call *call, struct error *e);

#endif
