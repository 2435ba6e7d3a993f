#include "fs/fs_text.h"

#include "base/metadata.h"

static const char readme_layout[] =
	"What is here\n"
	"------------\n"
	"latest                            the newest snapshot; the link moves when one is added\n"
	"snapshots/NAME/                   each snapshot is a folder of databases\n"
	"    prelude.json                  version of the server that it came from\n"
	"    DB/COLLECTION.bson            the documents, in the order of _id\n"
	"    DB/COLLECTION.metadata.json   options, indexes and UUID\n"
	"    DB/COLLECTION.json            the documents as JSON, one a line\n"
	"    DB/COLLECTION/ID.json         one document, for eyes; ID.bson is there too, not "
	"listed\n"
	".yester/                          status.json and snapshots.json, for programs\n"
	"\n"
	"A snapshot's folder is what mongodump writes, so the tools for that read it:\n"
	"\n"
	"    mongorestore --dir snapshots/NAME\n"
	"    bsondump snapshots/NAME/DB/COLLECTION.bson\n"
	"    cp -r \"$(readlink -f latest)\" /some/where       (a copy takes a while: so it does "
	"not move)\n"
	"    diff -rq snapshots/NAME1 snapshots/NAME2\n"
	"    cat latest/DB/COLLECTION/507f1f77bcf86cd799439011.json\n"
	"    jq -c 'select(.qty > 5)' latest/DB/COLLECTION.json\n"
	"\n"
	"Sizes are exact. A file's time is when its collection last changed. Snapshots never "
	"change,\n"
	"new ones appear by themselves. Nothing here can be written.\n"
	"\n"
	"Tools that walk through everything are faster on a mount with -o show=bson, which does "
	"not\n"
	"list JSON and documents (their names still work).\n"
	"\n"
	"getfattr -d FILE.bson shows user.yester.count (documents), .bytes, .root (a hash: equal\n"
	"content has equal roots), .moment and .uuid.\n";

void fs_text_readme(const char *store_path, const struct fs_tree_facts *facts, struct buf *ret)
{
	buf_add_str(ret, "Yesterfs: the history of a MongoDB deployment, as files.\n\n");
	buf_printf(ret, "Store:      %s\n", store_path);
	if (facts->count == 0) {
		buf_add_str(ret,
			    "Snapshots:  none yet; 'yester ingest' or 'yester backup' makes one\n");
	} else {
		buf_printf(ret, "Snapshots:  %zu, from %.*s\n", facts->count,
			   (int)facts->oldest.len, (const char *)facts->oldest.at);
		buf_printf(ret, "Latest:     %.*s\n", (int)facts->latest.len,
			   (const char *)facts->latest.at);
	}
	if (facts->skipped > 0)
		buf_printf(ret,
			   "Left out:   %zu, damaged or not whole yet; 'yester check' says more\n",
			   facts->skipped);
	buf_add_u8(ret, '\n');
	buf_add_str(ret, readme_layout);
}

/* Append a JSON string. */
static void add_json_string(struct buf *ret, const char *text)
{
	buf_add_u8(ret, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_u8(ret, '\\');
		if ((unsigned char)*text < ' ')
			buf_printf(ret, "\\u%04x", (unsigned)*text);
		else
			buf_add_u8(ret, (uint8_t)*text);
	}
	buf_add_u8(ret, '"');
}

void fs_text_prelude(const struct snapshot *snapshot, struct buf *ret)
{
	buf_add_str(ret, "{\"ServerVersion\":");
	add_json_string(ret, snapshot->server_version);
	buf_add_str(ret, ",\"ToolVersion\":");
	add_json_string(ret, snapshot->tool != NULL ? snapshot->tool : "");
	buf_add_u8(ret, '}');
}

int fs_text_metadata(const struct catalog_entry *entry, struct buf *ret, struct error *e)
{
	return metadata_render(buf_bytes(&entry->options), buf_bytes(&entry->indexes),
			       entry->has_uuid ? entry->uuid : NULL, catalog_entry_coll(entry),
			       catalog_type_name(entry->type), ret, e);
}
