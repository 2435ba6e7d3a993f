#include "tools/restore_out.h"

#include "tools/size.h"
#include "tools/table.h"
#include "tools/term.h"

#define SHOWN 20 /* of each kind, unless all are wanted */

static const char *word_of(const struct restore_plan_item *item, enum restore_mode mode)
{
	switch (item->action) {
	case RESTORE_CREATE:
		return item->is_buckets ? "create, with its series" : "create";
	case RESTORE_FILL:
		return "fill: it is there, without data";
	case RESTORE_RECREATE:
		return "DROP what is there, create";
	case RESTORE_MERGE:
		return restore_mode_replaces(mode) ? "insert what is absent, replace what differs"
						   : "insert what is absent";
	case RESTORE_LEAVE:
		return "leave: it is there";
	}
	return "";
}

/* What becomes of it, or why nothing does. */
static void add_plan(struct table *table, const struct restore_plan_item *item,
		     enum restore_mode mode)
{
	OWNED(free) char *refused = NULL;

	if (item->refusal == NULL) {
		table_add_str(table, word_of(item, mode));
		return;
	}
	refused = xprintf("REFUSED: it %s%s", item->refusal,
			  mode == RESTORE_MODE_NONE && !item->needs_drop && item->unfit == NULL
				  ? ", and no --mode was given"
				  : "");
	table_add_str(table, refused);
}

static const char *key_of(enum restore_action action)
{
	static const char *const keys[] = {"create", "fill", "recreate", "merge", "leave"};

	return keys[action];
}

static const char *mode_word(enum restore_mode mode)
{
	static const char *const words[] = {"none", "missing", "replace", "drop"};

	return words[mode];
}

/* Somebody made the collection anew, without them. */
static void print_lacks(const struct restore_plan *plan, FILE *to)
{
	OWNED(buf_release) struct buf ns = {0};

	for (size_t i = 0; i < plan->count; i++)
		if (plan->at[i].lacks.len > 0 && plan->at[i].refusal == NULL)
			fprintf(to, "%s holds data and keeps its indexes: it does not have %.*s\n",
				term_escaped(bytes_str(plan->at[i].ns), &ns),
				(int)plan->at[i].lacks.len, (const char *)plan->at[i].lacks.at);
}

void restore_out_plan(const struct restore_out *out, const struct restore_plan *plan, FILE *to)
{
	static const char *const titles[] = {"namespace", "becomes", ">documents", ">size", "plan"};
	OWNED(table_free) struct table *table = table_new(titles, COUNT_OF(titles));
	char count[SIZE_TEXT_LEN];

	size_count_text(plan->count, count);
	fprintf(to, "%s namespace%s as of %s, into %s (%s)\n", count, plan->count == 1 ? "" : "s",
		out->at, out->target, out->version);
	for (size_t i = 0; i < plan->count; i++) {
		const struct restore_plan_item *item = &plan->at[i];
		bool renamed = strcmp(item->ns, item->entry.ns) != 0;

		table_add(table, bytes_of(item->entry.ns, item->entry.ns_len));
		table_add_str(table, renamed ? item->ns : "");
		if (item->entry.type == CATALOG_COLLECTION) {
			table_add_count(table, item->documents);
			table_add_size(table, item->bytes);
		} else {
			table_add_str(table, catalog_type_name(item->entry.type));
			table_add_str(table, "");
		}
		add_plan(table, item, out->mode);
	}
	table_print(table, to);
	print_lacks(plan, to);
	if (plan->left.count > 0)
		fprintf(to, "left out, as no client may write it: %.*s%s\n",
			(int)plan->left.names.len, (const char *)plan->left.names.at,
			plan->left.count > RESTORE_LEFT_NAMES ? ", ..." : "");
	if (plan->has_accounts)
		fprintf(to, "users and roles: %s\n",
			!out->accounts ? "not restored (--restoreDbUsersAndRoles)"
			: restore_mode_replaces(out->mode)
				? "put back as they were"
				: "those that are not there; others stay as they are");
}

void restore_out_plan_json(const struct restore_out *out, const struct restore_plan *plan,
			   struct json_out *j)
{
	json_out_str(j, "at", out->at);
	json_out_str(j, "target", out->target);
	json_out_str(j, "targetVersion", out->version);
	json_out_str(j, "mode", mode_word(out->mode));
	json_out_bool(j, "usersAndRoles", out->accounts);
	if (plan->left.count > 0)
		json_out_u64(j, "leftOut", plan->left.count);
	json_out_u64(j, "documents", plan->documents);
	json_out_u64(j, "bytes", plan->bytes);
	json_out_u64(j, "expired", plan->expired);
	json_out_array(j, "plan");
	for (size_t i = 0; i < plan->count; i++) {
		const struct restore_plan_item *item = &plan->at[i];

		json_out_object(j, NULL);
		json_out_name(j, "namespace", bytes_of(item->entry.ns, item->entry.ns_len));
		json_out_name(j, "becomes", bytes_str(item->ns));
		json_out_str(j, "type", catalog_type_name(item->entry.type));
		json_out_str(j, "action", key_of(item->action));
		json_out_u64(j, "documents", item->documents);
		json_out_u64(j, "bytes", item->bytes);
		if (item->refusal != NULL)
			json_out_str(j, "refused", item->refusal);
		if (item->lacks.len > 0)
			json_out_name(j, "lacksIndexes", buf_bytes(&item->lacks));
		if (item->expired > 0)
			json_out_u64(j, "expired", item->expired);
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

static const char *const told[] = {
	[RESTORE_NOTE_ID] = "left as it is, as it differs by now",
	[RESTORE_NOTE_UNIQUE] = "not written, as a unique index has this value of another document",
	[RESTORE_NOTE_REFUSED] = "not written, as the server refuses it",
	[RESTORE_NOTE_INDEX] = "index not built",
	[RESTORE_NOTE_MISSING] = "MISSING",
	[RESTORE_NOTE_DIFFERS] = "DIFFERS",
	[RESTORE_NOTE_EXTRA] = "TOO MUCH",
	[RESTORE_NOTE_CATALOG] = "DIFFERS",
};

void restore_out_notes(const struct restore_notes *notes, bool all, FILE *to)
{
	OWNED(buf_release) struct buf ns = {0};
	uint64_t shown[RESTORE_NOTE_KINDS] = {0};
	char count[SIZE_TEXT_LEN];

	for (size_t i = 0; i < notes->count; i++) {
		const struct restore_note *note = &notes->at[i];

		if (!all && shown[note->kind] >= SHOWN)
			continue;
		shown[note->kind]++;
		fprintf(to, "%s %s: %s%s%s\n", term_escaped(bytes_str(note->ns), &ns), note->what,
			told[note->kind],
			*note->why != '\0' && note->kind != RESTORE_NOTE_ID ? ": " : "",
			note->kind != RESTORE_NOTE_ID ? note->why : "");
	}
	for (size_t kind = 0; kind < RESTORE_NOTE_KINDS; kind++) {
		if (notes->total[kind] <= shown[kind])
			continue;
		size_count_text(notes->total[kind] - shown[kind], count);
		fprintf(to, "... and %s more: %s\n", count, told[kind]);
	}
}

void restore_out_notes_json(const struct restore_notes *notes, struct json_out *j)
{
	json_out_object(j, "counts");
	for (size_t kind = 0; kind < RESTORE_NOTE_KINDS; kind++)
		json_out_u64(j, restore_note_word((enum restore_note_kind)kind),
			     notes->total[kind]);
	json_out_end_object(j);
	json_out_array(j, "notes");
	for (size_t i = 0; i < notes->count; i++) {
		const struct restore_note *note = &notes->at[i];

		json_out_object(j, NULL);
		json_out_str(j, "kind", restore_note_word(note->kind));
		json_out_name(j, "namespace", bytes_str(note->ns));
		json_out_str(j, "what", note->what);
		if (*note->why != '\0')
			json_out_str(j, "why", note->why);
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

static void print_count(FILE *to, uint64_t count, const char *what)
{
	char text[SIZE_TEXT_LEN];

	if (count == 0)
		return;
	size_count_text(count, text);
	fprintf(to, ", %s %s", text, what);
}

void restore_out_result(const struct restore_result *r, bool all, FILE *to)
{
	char text[SIZE_TEXT_LEN], bytes[SIZE_TEXT_LEN];
	uint64_t clashes = 0, mismatches = 0;

	size_count_text(r->inserted, text);
	size_text(r->bytes, bytes);
	fprintf(to, "%s document%s inserted", text, r->inserted == 1 ? "" : "s");
	print_count(to, r->replaced, "replaced");
	print_count(to, r->same, "there already");
	print_count(to, r->kept, "left as they are, as they differ by now");
	print_count(to, r->accounts.users, r->accounts.users == 1 ? "user" : "users");
	print_count(to, r->accounts.roles, r->accounts.roles == 1 ? "role" : "roles");
	print_count(to, r->accounts.kept,
		    r->accounts.kept == 1
			    ? "user or role left as it is, as it differs by now (--mode replace)"
			    : "users or roles left as they are, as they differ by now (--mode "
			      "replace)");
	fprintf(to, "; %s read, in %.1f s\n", bytes,
		(double)(r->milliseconds - r->verify_milliseconds) / 1000);
	restore_out_notes(&r->notes, all, to);
	for (size_t kind = 0; kind < RESTORE_NOTE_KINDS; kind++)
		*(kind < RESTORE_NOTE_MISSING ? &clashes : &mismatches) += r->notes.total[kind];
	clashes -= r->notes.total[RESTORE_NOTE_ID]; /* those are kept, and told as that */
	if (clashes > 0) {
		size_count_text(clashes, text);
		fprintf(to, "%s clash%s\n", text, clashes == 1 ? "" : "es");
	}
	if (r->changed > 0) {
		size_count_text(r->changed, text);
		fprintf(to, "%s were changed by others since\n", text);
	}
	if (r->given > 0) {
		size_count_text(r->given, text);
		fprintf(to, "%s had no _id, and the server gave them one\n", text);
	}
	if (!r->was_verified)
		return;
	size_text(r->verified, bytes);
	if (mismatches == 0)
		fprintf(to, "verified: %s compared, byte for byte, in %.1f s\n", bytes,
			(double)r->verify_milliseconds / 1000);
	else
		fprintf(to, "NOT what was meant: see above%s\n",
			mismatches == r->notes.total[RESTORE_NOTE_CATALOG]
				? ""
				: " (what others wrote there meanwhile differs, too)");
}

void restore_out_result_json(const struct restore_result *r, struct json_out *j)
{
	json_out_object(j, "result");
	json_out_u64(j, "inserted", r->inserted);
	json_out_u64(j, "replaced", r->replaced);
	json_out_u64(j, "same", r->same);
	json_out_u64(j, "kept", r->kept);
	json_out_u64(j, "bytes", r->bytes);
	json_out_u64(j, "users", r->accounts.users);
	json_out_u64(j, "roles", r->accounts.roles);
	json_out_u64(j, "accountsKept", r->accounts.kept);
	json_out_u64(j, "changedSince", r->changed);
	if (r->given > 0)
		json_out_u64(j, "givenIds", r->given);
	json_out_bool(j, "verified", r->was_verified);
	json_out_u64(j, "milliseconds", r->milliseconds);
	json_out_u64(j, "verifyMilliseconds", r->verify_milliseconds);
	restore_out_notes_json(&r->notes, j);
	json_out_end_object(j);
}
