#include "tools/snapshot_out.h"

#include "base/bson_check.h"
#include "base/ejson.h"

void snapshot_out_json_partial(struct json_out *j, const struct snapshot *s)
{
	OWNED(buf_release) struct buf text = {0};
	struct error ignored;

	json_out_bool(j, "partial", s->partial);
	if (!s->partial)
		return;
	if (s->coverage.len > 0 &&
	    ejson_write(buf_bytes(&s->coverage), EJSON_RELAXED, &text, &ignored) == 0)
		json_out_raw(j, "coverage", buf_bytes(&text));
	else
		json_out_null(j, "coverage");
}

void snapshot_out_json(struct json_out *j, const struct snapshot *s)
{
	json_out_name(j, "name", bytes_str(s->name));
	json_out_hex(j, "id", bytes_of(s->id.at, CHUNK_ID_LEN));
	json_out_time(j, "time", s->time);
	json_out_time(j, "created", s->created_us / 1000000);
	json_out_bool(j, "exact", s->exact);
	snapshot_out_json_partial(j, s);
	if (s->exact)
		json_out_optime(j, "optime", s->optime.seconds, s->optime.increment);
	else
		json_out_null(j, "optime");
	if (s->exact && s->needed_from.seconds != 0)
		json_out_optime(j, "neededFrom", s->needed_from.seconds, s->needed_from.increment);
	if (s->tag == NULL)
		json_out_null(j, "tag");
	else
		json_out_name(j, "tag", bytes_str(s->tag));
	json_out_str(j, "source", s->source);
	json_out_str(j, "replicaSet", s->replica_set);
	json_out_str(j, "serverVersion", s->server_version);
	json_out_str(j, "tool", s->tool);
	if (s->has_parent)
		json_out_hex(j, "parent", bytes_of(s->parent.at, CHUNK_ID_LEN));
	else
		json_out_null(j, "parent");
	json_out_u64(j, "collections", s->collections);
	json_out_u64(j, "documents", s->documents);
	json_out_u64(j, "bytes", s->bytes);
	json_out_u64(j, "oplogEntries", s->oplog.count);
}

static bool is_capped(const struct catalog_entry *entry)
{
	struct error ignored = {0};
	bool capped;

	return catalog_is_capped(buf_bytes(&entry->options), &capped, &ignored) == 0 && capped;
}

static bool is_clustered(const struct catalog_entry *entry)
{
	struct error ignored = {0};
	struct bson_field field;

	if (bson_find(buf_bytes(&entry->options), "clusteredIndex", &field, &ignored) <= 0)
		return false;
	return field.type != BSON_KIND_BOOL || field.value.at[0] != 0;
}

const char *snapshot_out_type(const struct catalog_entry *entry)
{
	if (entry->type != CATALOG_COLLECTION)
		return catalog_type_name(entry->type);
	if (is_capped(entry))
		return "capped";
	if (is_clustered(entry))
		return "clustered";
	return "collection";
}

const char *snapshot_out_kind(const struct snapshot *s)
{
	if (s->partial)
		return s->exact ? "exact, partial" : "about, partial";
	return s->exact ? "exact" : "about";
}

void snapshot_out_json_ns(struct json_out *j, const struct catalog_entry *entry)
{
	json_out_name(j, "ns", bytes_of(entry->ns, entry->ns_len));
	json_out_name(j, "db", bytes_of(entry->ns, entry->db_len));
	json_out_name(j, "collection", catalog_entry_coll(entry));
	json_out_str(j, "type", catalog_type_name(entry->type));
	json_out_bool(j, "capped", is_capped(entry));
	json_out_bool(j, "clustered", is_clustered(entry));
	json_out_u64(j, "count", entry->root.count);
	json_out_u64(j, "bytes", entry->root.bytes);
	if (entry->has_uuid)
		json_out_hex(j, "uuid", bytes_of(entry->uuid, sizeof(entry->uuid)));
	else
		json_out_null(j, "uuid");
	if (entry->root.count > 0)
		json_out_hex(j, "root", bytes_of(entry->root.id.at, CHUNK_ID_LEN));
	else
		json_out_null(j, "root");
}
