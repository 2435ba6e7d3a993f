#include "fs/fs_text.h"

#include <inttypes.h>

#include "base/metadata.h"
#include "base/time_text.h"

#define RANGES_SHOWN 5

static const char readme_layout[] =
	"What is here\n"
	"------------\n"
	"latest                            the newest snapshot; the link moves when one is added\n"
	"snapshots/NAME/                   each snapshot is a folder of databases\n"
	"at/MOMENT/                        so is each moment that can be reached\n"
	"    prelude.json                  version of the server that it came from\n"
	"    DB/COLLECTION.bson            the documents, in the order of _id\n"
	"    DB/COLLECTION.metadata.json   options, indexes and UUID\n"
	"    DB/COLLECTION.json            the documents as JSON, one a line\n"
	"    DB/COLLECTION/ID.json         one document, for eyes; ID.bson is there too, not "
	"listed\n"
	"timeline/DAY/HOUR/MINUTE/         the seconds in which something happened, links to at/\n"
	"oplog/                            all operations, as BSON and as JSON, one a line\n"
	".yester/                          status, snapshots, ranges, gaps, progress: for "
	"programs\n"
	"\n"
	"A moment is what somebody would have seen who looked at that time. It is typed as\n"
	"\n"
	"    ls at/2026-11-21T094107Z      all operations of that second (UTC) and before\n"
	"    ls at/2026-11-21T10:41:07+01:00, at/@1795254067: the same in other words\n"
	"    ls at/1795254067.14           up to and with this operation of the oplog\n"
	"    ls at/1795254067.14~          just before it\n"
	"    ls at/latest, at/latest-2h, at/now-1d\n"
	"\n"
	"at/ lists few of them, and whatever walks through all folders (find, grep -r) does not "
	"go\n"
	"there. A moment that can't be reached does not exist; 'yester ls --at MOMENT' says why, "
	"and\n"
	".yester/ranges.json and gaps.json list what there is. A second exists when a later "
	"operation\n"
	"is known. The first visit of a moment replays the oplog: .yester/progress.json tells how "
	"far\n"
	"it is, Ctrl-C stops it.\n"
	"\n"
	"A snapshot's and a moment's folder is what mongodump writes, so the tools for that read "
	"it:\n"
	"\n"
	"    mongorestore --dir at/1795254067.14~\n"
	"    bsondump snapshots/NAME/DB/COLLECTION.bson\n"
	"    cp -r \"$(readlink -f latest)\" /some/where       (a copy takes a while: so it does "
	"not move)\n"
	"    diff -rq at/MOMENT1 at/MOMENT2\n"
	"    cat latest/DB/COLLECTION/507f1f77bcf86cd799439011.json\n"
	"    jq -c 'select(.qty > 5)' latest/DB/COLLECTION.json\n"
	"\n"
	"Sizes are exact. A file's time is when its collection last changed. Snapshots and "
	"moments\n"
	"never change, new ones appear by themselves. Nothing here can be written.\n"
	"\n"
	"Tools that walk through everything are faster on a mount with -o show=bson, which does "
	"not\n"
	"list JSON and documents (their names still work).\n"
	"\n"
	"getfattr -d FILE.bson shows user.yester.count (documents), .bytes, .root (a hash: equal\n"
	"content has equal roots), .moment, .optime, .base and .uuid.\n";

static void add_optime(uint64_t ts, struct buf *ret)
{
	char utc[TIME_TEXT_UTC_LEN];

	time_text_utc(entry_seconds(ts), utc);
	buf_printf(ret, "%s (%" PRIu32 ".%" PRIu32 ")", utc, entry_seconds(ts),
		   entry_increment(ts));
}

/* Which moments there are: the newest ranges that are more than a snapshot. */
static void add_moments(const struct timeline_map *map, struct buf *ret)
{
	const char *label = "Moments:    ";
	uint64_t last = 0;
	size_t ranges = 0;
	size_t passed = 0;

	for (size_t i = 0; i < map->reach_count; i++)
		ranges += map->reach[i].last.ts > map->reach[i].first.ts;
	if (ranges == 0)
		buf_printf(ret, "%sthose of the snapshots only; there is no oplog for others\n",
			   label);
	for (size_t i = 0; i < map->reach_count; i++) {
		const struct timeline_reach *reach = &map->reach[i];

		if (reach->last.ts <= reach->first.ts || ranges > RANGES_SHOWN + passed++)
			continue;
		buf_printf(ret, "%sall from ", label);
		add_optime(reach->first.ts, ret);
		buf_add_str(ret, "\n            to ");
		add_optime(reach->last.ts, ret);
		buf_printf(ret, "%s%s\n", reach->partial ? ", not of all collections" : "",
			   reach->waits ? ", then a transaction is not decided yet" : "");
		label = "            ";
		last = MAX_OF(last, reach->last.ts);
	}
	if (ranges > RANGES_SHOWN)
		buf_printf(ret, "            and %zu earlier ranges (.yester/ranges.json)\n",
			   ranges - RANGES_SHOWN);
	if (last != 0) {
		buf_add_str(ret, "Last:       ");
		add_optime(last, ret);
		buf_add_u8(ret, '\n');
	}
	if (map->lost_count > 0)
		buf_printf(ret, "Gaps:       %zu (.yester/gaps.json)\n", map->lost_count);
}

void fs_text_readme(const char *store_path, const struct fs_tree_facts *facts,
		    const struct timeline_map *map, struct buf *ret)
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
		add_moments(map, ret);
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
