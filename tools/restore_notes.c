#include "tools/restore_notes.h"

#include <stdlib.h>

#include "tools/id_text.h"
#include "tools/term.h"

void restore_notes_init(struct restore_notes *notes)
{
	*notes = (struct restore_notes){0};
	pthread_mutex_init(&notes->mutex, NULL);
}

static void note_release(struct restore_note *note)
{
	free(note->ns);
	free(note->what);
	free(note->why);
}

void restore_notes_release(struct restore_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		note_release(&notes->at[i]);
	free(notes->at);
	notes->at = NULL;
	notes->count = 0;
	pthread_mutex_destroy(&notes->mutex);
}

void restore_notes_add(struct restore_notes *notes, enum restore_note_kind kind, const char *ns,
		       const char *what, struct bytes why)
{
	OWNED(buf_release) struct buf text = {0};

	term_escape(why, &text);
	pthread_mutex_lock(&notes->mutex);
	if (notes->total[kind]++ < RESTORE_NOTES_KEPT) {
		notes->at = xrealloc(notes->at, (notes->count + 1) * sizeof(*notes->at));
		notes->at[notes->count++] = (struct restore_note){
			.kind = kind,
			.ns = xstrdup(ns),
			.what = xstrdup(what),
			.why = xstrdup(buf_text(&text)),
		};
	}
	pthread_mutex_unlock(&notes->mutex);
}

void restore_notes_document(struct restore_notes *notes, enum restore_note_kind kind,
			    const char *ns, struct bytes doc, struct bytes why)
{
	OWNED(buf_release) struct buf id = {0};
	struct error ignored = {0};

	if (id_text_document(doc, &id, &ignored) < 0) {
		buf_reset(&id);
		buf_add_str(&id, "(damaged)");
	}
	restore_notes_add(notes, kind, ns, buf_text(&id), why);
}

void restore_notes_forget(struct restore_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		note_release(&notes->at[i]);
	notes->count = 0;
	memset(notes->total, 0, sizeof(notes->total));
}

void restore_notes_move(struct restore_notes *to, struct restore_notes *from)
{
	uint64_t before[RESTORE_NOTE_KINDS];

	if (from->count == 0)
		return;
	pthread_mutex_lock(&to->mutex);
	memcpy(before, to->total, sizeof(before));
	for (size_t kind = 0; kind < RESTORE_NOTE_KINDS; kind++)
		to->total[kind] += from->total[kind];
	to->at = xrealloc(to->at, (to->count + from->count) * sizeof(*to->at));
	for (size_t i = 0; i < from->count; i++)
		if (before[from->at[i].kind]++ < RESTORE_NOTES_KEPT)
			to->at[to->count++] = from->at[i];
		else
			note_release(&from->at[i]);
	pthread_mutex_unlock(&to->mutex);
	from->count = 0;
	memset(from->total, 0, sizeof(from->total));
}

static uint64_t sum(struct restore_notes *notes, size_t first, size_t end)
{
	uint64_t total = 0;

	pthread_mutex_lock(&notes->mutex);
	for (size_t kind = first; kind < end; kind++)
		total += notes->total[kind];
	pthread_mutex_unlock(&notes->mutex);
	return total;
}

uint64_t restore_notes_clashes(struct restore_notes *notes)
{
	return sum(notes, RESTORE_NOTE_ID, RESTORE_NOTE_MISSING);
}

uint64_t restore_notes_mismatches(struct restore_notes *notes)
{
	return sum(notes, RESTORE_NOTE_MISSING, RESTORE_NOTE_KINDS);
}

const char *restore_note_word(enum restore_note_kind kind)
{
	static const char *const words[] = {"kept",    "unique",  "refused", "index",
					    "missing", "differs", "extra",   "catalog"};

	return kind < COUNT_OF(words) ? words[kind] : "";
}
