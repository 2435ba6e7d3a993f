#include "query/explain_server.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/bson_build.h"

#define HOST_MAX 256
#define PORT 27017
#define VERSION_TOLD "6.0.27"
#define GIT_VERSION_TOLD "fc88ca137231d7457aed6265d4f32a361ae71716"

/* The limits of a 6.0.27 as it comes. */
static void add_parameters(struct buf *ret)
{
	static const struct {
		const char *name;
		int32_t bytes;
	} parameters[] = {
		{"internalQueryFacetBufferSizeBytes", 104857600},
		{"internalQueryFacetMaxOutputDocSizeBytes", 104857600},
		{"internalLookupStageIntermediateDocumentMaxSizeBytes", 104857600},
		{"internalDocumentSourceGroupMaxMemoryBytes", 104857600},
		{"internalQueryMaxBlockingSortMemoryUsageBytes", 104857600},
		{"internalQueryProhibitBlockingMergeOnMongoS", 0},
		{"internalQueryMaxAddToSetBytes", 104857600},
		{"internalDocumentSourceSetWindowFieldsMaxMemoryBytes", 104857600},
	};
	size_t begin = bson_build_open(ret, "serverParameters");

	for (size_t i = 0; i < COUNT_OF(parameters); i++)
		bson_build_int32(ret, parameters[i].name, parameters[i].bytes);
	bson_build_end(ret, begin);
}

/* Name and port of the server, by "name:port". */
static void add_server(const struct query_context *q, struct buf *ret)
{
	char name[HOST_MAX] = "localhost";
	const char *colon = q->host == NULL ? NULL : strrchr(q->host, ':');
	struct bytes host;

	gethostname(name, sizeof(name) - 1);
	host = colon == NULL ? bytes_str(name) : bytes_of(q->host, (size_t)(colon - q->host));
	bson_build_string(ret, "host", host);
	bson_build_int32(ret, "port", colon == NULL ? PORT : (int32_t)strtol(colon + 1, NULL, 10));
}

void explain_server_write(const struct query_context *q, struct buf *ret)
{
	size_t begin = bson_build_open(ret, "serverInfo");

	add_server(q, ret);
	bson_build_string(ret, "version", bytes_str(VERSION_TOLD));
	bson_build_string(ret, "gitVersion", bytes_str(GIT_VERSION_TOLD));
	bson_build_end(ret, begin);
	add_parameters(ret);
}
