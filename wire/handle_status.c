/* What goes on in the server. Prefix: handle_ */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "query/value.h"
#include "wire/handlers.h"
#include "wire/idl.h"

static int64_t counter(const struct call *call, enum service_counter what)
{
	return (int64_t)atomic_load_explicit(&call->service->counter[what], memory_order_relaxed);
}

static void add_connections(struct call *call)
{
	uint64_t now = 0, ever = 0;
	size_t doc = bson_build_open(call->reply, "connections");

	if (call->service->server != NULL)
		server_counts(call->service->server, &now, &ever);
	bson_build_int32(call->reply, "current", (int32_t)now);
	bson_build_int32(call->reply, "available", (int32_t)(1000000 - now));
	bson_build_int32(call->reply, "totalCreated", (int32_t)ever);
	bson_build_int32(call->reply, "active", 1);
	bson_build_end(call->reply, doc);
}

static void add_opcounters(struct call *call)
{
	struct buf *b = call->reply;
	size_t doc = bson_build_open(b, "opcounters");

	bson_build_int64(b, "insert", 0);
	bson_build_int64(b, "query", counter(call, SERVICE_QUERY));
	bson_build_int64(b, "update", 0);
	bson_build_int64(b, "delete", 0);
	bson_build_int64(b, "getmore", counter(call, SERVICE_GETMORE));
	bson_build_int64(b, "command", counter(call, SERVICE_COMMAND));
	bson_build_end(b, doc);
}

static void add_lock(struct call *call, int64_t up_us)
{
	static const char *const names[] = {"currentQueue", "activeClients"};
	struct buf *b = call->reply;
	size_t doc = bson_build_open(b, "globalLock"), inner;

	bson_build_int64(b, "totalTime", up_us);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		inner = bson_build_open(b, names[i]);
		bson_build_int32(b, "total", 0);
		bson_build_int32(b, "readers", 0);
		bson_build_int32(b, "writers", 0);
		bson_build_end(b, inner);
	}
	bson_build_end(b, doc);
}

static void add_network(struct call *call)
{
	struct buf *b = call->reply;
	size_t doc = bson_build_open(b, "network");

	bson_build_int64(b, "bytesIn", counter(call, SERVICE_BYTES_IN));
	bson_build_int64(b, "bytesOut", counter(call, SERVICE_BYTES_OUT));
	bson_build_int64(b, "physicalBytesIn", counter(call, SERVICE_BYTES_IN));
	bson_build_int64(b, "physicalBytesOut", counter(call, SERVICE_BYTES_OUT));
	bson_build_int64(b, "numRequests", counter(call, SERVICE_REQUESTS));
	bson_build_end(b, doc);
}

/* Pages of this process: all, and those in memory. */
static void memory_pages(long *ret_all, long *ret_resident)
{
	FILE *file = fopen("/proc/self/statm", "re");

	*ret_all = *ret_resident = 0;
	if (file == NULL)
		return;
	if (fscanf(file, "%ld %ld", ret_all, ret_resident) != 2)
		*ret_all = *ret_resident = 0;
	fclose(file);
}

static void add_memory(struct call *call)
{
	struct buf *b = call->reply;
	size_t doc = bson_build_open(b, "mem");
	long all, resident, page = sysconf(_SC_PAGESIZE);

	memory_pages(&all, &resident);
	bson_build_int32(b, "bits", 64);
	bson_build_int32(b, "resident", (int32_t)(resident * page / (long)MIB));
	bson_build_int32(b, "virtual", (int32_t)(all * page / (long)MIB));
	bson_build_bool(b, "supported", true);
	bson_build_end(b, doc);
}

static void add_cursors(struct call *call)
{
	struct buf *b = call->reply;
	struct cursors_counts counts = cursors_count(call->service->cursors);
	size_t metrics = bson_build_open(b, "metrics"), doc = bson_build_open(b, "cursor");
	size_t open;

	bson_build_int64(b, "timedOut", (int64_t)counts.timed_out);
	bson_build_int64(b, "totalOpened", (int64_t)counts.opened);
	open = bson_build_open(b, "open");
	bson_build_int64(b, "noTimeout", (int64_t)counts.no_timeout);
	bson_build_int64(b, "pinned", (int64_t)counts.pinned);
	bson_build_int64(b, "total", (int64_t)counts.open);
	bson_build_end(b, open);
	bson_build_end(b, doc);
	bson_build_end(b, metrics);
	/* Ours alone: what --max-memory bounds. */
	doc = bson_build_open(b, "yester");
	bson_build_int64(b, "memoryUsed", (int64_t)atomic_load(&call->service->memory.used));
	bson_build_int64(b, "memoryMax", (int64_t)call->service->memory.limit);
	bson_build_int64(b, "writesRefused", counter(call, SERVICE_WRITE));
	bson_build_int64(b, "logins", counter(call, SERVICE_LOGINS));
	bson_build_end(b, doc);
}

int handle_server_status(struct call *call, struct error *e)
{
	struct buf *b = call->reply;
	int64_t now = (int64_t)clock_wall_us(), up = now - call->service->began_us;
	size_t doc;

	(void)e;
	bson_build_string(b, "host", bytes_str(call->service->options.host));
	bson_build_string(b, "version", bytes_str("6.0.27"));
	bson_build_string(b, "process", bytes_str("mongod"));
	bson_build_int64(b, "pid", getpid());
	bson_build_double(b, "uptime", (double)(up / 1000000));
	bson_build_int64(b, "uptimeMillis", up / 1000);
	bson_build_int64(b, "uptimeEstimate", up / 1000000);
	bson_build_date(b, "localTime", now / 1000);
	doc = bson_build_open(b, "asserts");
	bson_build_int32(b, "regular", 0);
	bson_build_int32(b, "warning", 0);
	bson_build_int32(b, "msg", 0);
	bson_build_int32(b, "user", (int32_t)counter(call, SERVICE_ERRORS));
	bson_build_int32(b, "tripwire", 0);
	bson_build_int32(b, "rollovers", 0);
	bson_build_end(b, doc);
	add_connections(call);
	add_lock(call, up);
	add_network(call);
	add_opcounters(call);
	doc = bson_build_open(b, "storageEngine");
	bson_build_string(b, "name", bytes_str("yesterfs"));
	bson_build_bool(b, "supportsSnapshotReadConcern", true);
	bson_build_bool(b, "readOnly", true);
	bson_build_bool(b, "persistent", true);
	bson_build_end(b, doc);
	add_memory(call);
	add_cursors(call);
	return 0;
}

/* ---- what is running */

struct ops {
	struct call *call;
	size_t count;
	bool all; /* idle connections, too */
};

static bool add_op(struct client *client, void *arg)
{
	struct ops *ops = arg;
	struct buf *b = ops->call->reply;
	char text[32];
	size_t doc;

	pthread_mutex_lock(&client->lock);
	if (client->op.running || ops->all) {
		snprintf(text, sizeof(text), "%zu", ops->count++);
		doc = bson_build_open(b, text);
		bson_build_string(b, "type", bytes_str("op"));
		bson_build_string(b, "host", bytes_str(ops->call->service->options.host));
		snprintf(text, sizeof(text), "conn%llu", (unsigned long long)client->id);
		bson_build_string(b, "desc", bytes_str(text));
		bson_build_int32(b, "connectionId", (int32_t)client->id);
		bson_build_string(b, "client", bytes_str(client->remote));
		bson_build_bool(b, "active", client->op.running);
		if (client->op.running) {
			int64_t ran = (int64_t)clock_wall_us() - client->op.began_us;

			bson_build_int32(b, "opid", (int32_t)client->op.id);
			bson_build_int64(b, "secs_running", ran / 1000000);
			bson_build_int64(b, "microsecs_running", ran);
			bson_build_string(b, "op",
					  bytes_str(strcmp(client->op.name, "find") == 0 ? "query"
						    : strcmp(client->op.name, "getMore") == 0
							    ? "getmore"
							    : "command"));
			bson_build_string(b, "ns", buf_bytes(&client->op.ns));
			bson_build_value(b, "command", BSON_KIND_DOCUMENT,
					 client->op.command.len > 0 ? buf_bytes(&client->op.command)
								    : bson_build_empty());
		}
		bson_build_end(b, doc);
	}
	pthread_mutex_unlock(&client->lock);
	return true;
}

int handle_current_op(struct call *call, struct error *e)
{
	struct ops ops = {.call = call, .all = call_flag(call, "$all")};
	size_t array = bson_build_open_array(call->reply, "inprog");

	(void)e;
	service_each(call->service, add_op, &ops);
	bson_build_end(call->reply, array);
	return 0;
}

static bool kill_op(struct client *client, void *arg)
{
	return !client_kill(client, *(const uint32_t *)arg);
}

int handle_kill_op(struct call *call, struct error *e)
{
	uint32_t id = (uint32_t)call_number(call, "op", 0);
	struct bson_field f;
	struct value v;

	if (!fields_find(call->cmd, bytes_str("op"), &f))
		return query_error(e, QUERY_NO_SUCH_KEY, "Missing expected field \"op\"");
	v = value_of_field(&f);
	if (!value_is_number(&v))
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "Expected field \"op\" to have numeric type, but found %s",
				   value_type_name(f.type));
	if (id != 0)
		service_each(call->service, kill_op, &id);
	bson_build_string(call->reply, "info", bytes_str("attempting to kill op"));
	return 0;
}

int handle_top(struct call *call, struct error *e)
{
	size_t doc = bson_build_open(call->reply, "totals");

	(void)e;
	bson_build_string(call->reply, "note", bytes_str("all times in microseconds"));
	bson_build_end(call->reply, doc);
	return 0;
}

int handle_conn_pool(struct call *call, struct error *e)
{
	static const char *const counts[] = {"numClientConnections", "numAScopedConnections",
					     "totalInUse",	     "totalAvailable",
					     "totalLeased",	     "totalCreated",
					     "totalRefreshing",	     "totalRefreshed"};
	struct buf *b = call->reply;

	(void)e;
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		bson_build_int32(b, counts[i], 0);
	bson_build_end(b, bson_build_open(b, "pools"));
	bson_build_end(b, bson_build_open(b, "hosts"));
	bson_build_int32(b, "numReplicaSetMonitorsCreated", 0);
	bson_build_end(b, bson_build_open(b, "replicaSets"));
	return 0;
}

int handle_lock_info(struct call *call, struct error *e)
{
	(void)e;
	bson_build_end(call->reply, bson_build_open_array(call->reply, "lockInfo"));
	return 0;
}

int handle_diagnostic(struct call *call, struct error *e)
{
	(void)e;
	bson_build_end(call->reply, bson_build_open(call->reply, "data"));
	return 0;
}

int handle_profile(struct call *call, struct error *e)
{
	if (idl_check_type("profile", &call->first, IDL_NUMBER, e) < 0)
		return e->code;
	if (call_number(call, "profile", -1) != -1)
		return call_refuse(call, e);
	bson_build_int32(call->reply, "was", 0);
	bson_build_int32(call->reply, "slowms", 100);
	bson_build_double(call->reply, "sampleRate", 1);
	return 0;
}

int handle_plan_filters(struct call *call, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct bytes coll;

	if (call_ns(call, QUERY_INVALID_NAMESPACE, &ns, &coll, e) < 0)
		return e->code;
	bson_build_end(call->reply, bson_build_open_array(call->reply, "filters"));
	return 0;
}
