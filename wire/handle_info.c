/* What is the same at all times. Prefix: handle_ */
#include <gnu/libc-version.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/opensslv.h>

#include "base/clock.h"
#include "query/value.h"
#include "wire/command_table.h"
#include "wire/handlers.h"
#include "wire/idl.h"

/* The dialect, and the build of mongod whose answers were measured: clients that ask want to know what to expect. */
#define DIALECT "6.0.27"
#define DIALECT_COMMIT "fc88ca137231d7457aed6265d4f32a361ae71716"

int handle_ping(struct call *call, struct error *e)
{
	(void)call, (void)e;
	return 0;
}

static void add_strings(struct buf *b, const char *name, const char *const *texts, size_t count)
{
	size_t array = bson_build_open_array(b, name);
	char index[24];

	for (size_t i = 0; i < count; i++) {
		snprintf(index, sizeof(index), "%zu", i);
		bson_build_string(b, index, bytes_str(texts[i]));
	}
	bson_build_end(b, array);
}

static void add_build_environment(struct buf *b)
{
	size_t doc = bson_build_open(b, "buildEnvironment");

	bson_build_string(b, "distmod", bytes_str("yester"));
	bson_build_string(b, "distarch", bytes_str("x86_64"));
	bson_build_string(b, "cc", bytes_str("gcc " __VERSION__));
	bson_build_string(b, "ccflags", bytes_str(""));
	bson_build_string(b, "cxx", bytes_str(""));
	bson_build_string(b, "cxxflags", bytes_str(""));
	bson_build_string(b, "linkflags", bytes_str(""));
	bson_build_string(b, "target_arch", bytes_str("x86_64"));
	bson_build_string(b, "target_os", bytes_str("linux"));
	bson_build_string(b, "cppdefines", bytes_str(""));
	bson_build_end(b, doc);
}

int handle_build_info(struct call *call, struct error *e)
{
	static const char *const engines[] = {"devnull", "ephemeralForTest", "wiredTiger"};
	static const int32_t version[] = {6, 0, 27, 0};
	struct buf *b = call->reply;
	size_t inner;
	char index[24];

	(void)e;
	bson_build_string(b, "version", bytes_str(DIALECT));
	bson_build_string(b, "gitVersion", bytes_str(DIALECT_COMMIT));
	bson_build_end(b, bson_build_open_array(b, "modules"));
	bson_build_string(b, "allocator", bytes_str("system"));
	bson_build_string(b, "javascriptEngine", bytes_str("none"));
	bson_build_string(b, "sysInfo", bytes_str("deprecated"));
	inner = bson_build_open_array(b, "versionArray");
	for (size_t i = 0; i < COUNT_OF(version); i++) {
		snprintf(index, sizeof(index), "%zu", i);
		bson_build_int32(b, index, version[i]);
	}
	bson_build_end(b, inner);
	inner = bson_build_open(b, "openssl");
	bson_build_string(b, "running", bytes_str(OpenSSL_version(OPENSSL_VERSION)));
	bson_build_string(b, "compiled", bytes_str(OPENSSL_VERSION_TEXT));
	bson_build_end(b, inner);
	add_build_environment(b);
	bson_build_int32(b, "bits", 64);
	bson_build_bool(b, "debug", false);
	bson_build_int32(b, "maxBsonObjectSize", 16 * 1024 * 1024);
	add_strings(b, "storageEngines", engines, COUNT_OF(engines));
	return 0;
}

static void add_system(struct call *call, const struct utsname *name)
{
	struct buf *b = call->reply;
	size_t doc = bson_build_open(b, "system");
	struct sysinfo info = {0};
	int64_t memory = 0, cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (sysinfo(&info) == 0)
		memory = (int64_t)((uint64_t)info.totalram * info.mem_unit / MIB);
	bson_build_date(b, "currentTime", (int64_t)clock_wall_ms());
	bson_build_string(b, "hostname", bytes_str(call->service->options.host));
	bson_build_int32(b, "cpuAddrSize", 64);
	bson_build_int64(b, "memSizeMB", memory);
	bson_build_int64(b, "memLimitMB", memory);
	bson_build_int32(b, "numCores", (int32_t)cores);
	bson_build_int32(b, "numPhysicalCores", (int32_t)cores);
	bson_build_int32(b, "numCpuSockets", 1);
	bson_build_string(b, "cpuArch", bytes_str(name->machine));
	bson_build_bool(b, "numaEnabled", false);
	bson_build_int32(b, "numNumaNodes", 1);
	bson_build_end(b, doc);
}

int handle_host_info(struct call *call, struct error *e)
{
	OWNED(buf_release) struct buf kernel = {0};
	struct buf *b = call->reply;
	struct utsname name = {0};
	size_t doc, extra;

	(void)e;
	uname(&name);
	add_system(call, &name);
	buf_printf(&kernel, "Kernel %s", name.release);
	doc = bson_build_open(b, "os");
	bson_build_string(b, "type", bytes_str(name.sysname));
	bson_build_string(b, "name", bytes_str(name.sysname));
	bson_build_string(b, "version", buf_bytes(&kernel));
	bson_build_end(b, doc);
	doc = bson_build_open(b, "extra"); /* twice: so does a 6.0.27 */
	extra = bson_build_open(b, "extra");
	bson_build_string(b, "versionString", bytes_str(name.version));
	bson_build_string(b, "libcVersion", bytes_str(gnu_get_libc_version()));
	bson_build_string(b, "kernelVersion", bytes_str(name.release));
	bson_build_int64(b, "pageSize", sysconf(_SC_PAGESIZE));
	bson_build_int32(b, "numPages", (int32_t)MIN_OF(sysconf(_SC_PHYS_PAGES), INT32_MAX));
	bson_build_end(b, extra);
	bson_build_end(b, doc);
	return 0;
}

int handle_cmd_line(struct call *call, struct error *e)
{
	const struct service_options *o = &call->service->options;
	struct buf *b = call->reply;
	size_t doc, count = 0, net;

	(void)e;
	while (o->argv != NULL && o->argv[count] != NULL)
		count++;
	add_strings(b, "argv", o->argv, count);
	doc = bson_build_open(b, "parsed");
	net = bson_build_open(b, "net");
	bson_build_int32(b, "port", o->port);
	bson_build_end(b, net);
	if (o->auth) {
		net = bson_build_open(b, "security");
		bson_build_string(b, "authorization", bytes_str("enabled"));
		bson_build_end(b, net);
	}
	bson_build_end(b, doc);
	return 0;
}

int handle_list_commands(struct call *call, struct error *e)
{
	struct buf *b = call->reply;
	size_t doc = bson_build_open(b, "commands"), one, array;
	const struct command *command;

	(void)e;
	for (size_t i = 0; (command = command_table_at(i)) != NULL; i++) {
		one = bson_build_open(b, command->name);
		bson_build_string(b, "help",
				  bytes_str(command->run == NULL ? "refused: this server only reads"
								 : "see MongoDB's manual"));
		bson_build_bool(b, "requiresAuth", !(command->flags & COMMAND_OPEN));
		bson_build_bool(b, "secondaryOk", command->run != NULL);
		bson_build_bool(b, "adminOnly", (command->flags & COMMAND_ADMIN) != 0);
		array = bson_build_open_array(b, "apiVersions");
		if (command->flags & COMMAND_API)
			bson_build_string(b, "0", bytes_str("1"));
		bson_build_end(b, array);
		bson_build_end(b, bson_build_open_array(b, "deprecatedApiVersions"));
		bson_build_end(b, one);
	}
	bson_build_end(b, doc);
	return 0;
}

int handle_get_log(struct call *call, struct error *e)
{
	static const char *const names[] = {"global", "startupWarnings"};
	struct bytes name;

	if (idl_check(call->cmd, "getLog", true, NULL, 0, e) < 0 ||
	    idl_check_type("getLog", &call->first, IDL_STRING, e) < 0 ||
	    idl_check_first("getLog", &call->first, e) < 0)
		return e->code;
	name = value_of_field(&call->first).data;
	if (bytes_equal(name, bytes_str("*"))) {
		add_strings(call->reply, "names", names, COUNT_OF(names));
		return 0;
	}
	if (!bytes_equal(name, bytes_str(names[0])) && !bytes_equal(name, bytes_str(names[1])))
		return query_error(e, 96, "No log named '%.*s'", (int)MIN_OF(name.len, (size_t)200),
				   (const char *)name.at);
	bson_build_int32(call->reply, "totalLinesWritten", 0);
	bson_build_end(call->reply, bson_build_open_array(call->reply, "log"));
	return 0;
}

int handle_features(struct call *call, struct error *e)
{
	(void)e;
	bson_build_int64(call->reply, "oidMachine", get_be32(call->service->process + 4));
	return 0;
}

int handle_query_options(struct call *call, struct error *e)
{
	(void)e;
	bson_build_int32(call->reply, "options", 246);
	return 0;
}

int handle_oid_test(struct call *call, struct error *e)
{
	char text[25];

	if (call->first.type != BSON_KIND_OBJECT_ID)
		return call_bare_error(call, e, "not oid");
	for (size_t i = 0; i < 12; i++)
		snprintf(text + 2 * i, 3, "%02x", call->first.value.at[i]);
	bson_build_value(call->reply, "oid", BSON_KIND_OBJECT_ID, call->first.value);
	bson_build_string(call->reply, "str", bytes_str(text));
	return 0;
}

int handle_is_self(struct call *call, struct error *e)
{
	(void)e;
	bson_build_value(call->reply, "id", BSON_KIND_OBJECT_ID,
			 bytes_of(call->service->process, 12));
	return 0;
}
