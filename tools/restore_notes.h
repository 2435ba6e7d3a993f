/*
 * restore_notes.h - what a restore (or a verification) has to tell about single documents and indexes.
 *
 * Each kind is counted in full; the first RESTORE_NOTES_KEPT of it are kept with their words.
 *
 * Threads: any, until they are printed.
 */
#ifndef TOOLS_RESTORE_NOTES_H
#define TOOLS_RESTORE_NOTES_H

#include <pthread.h>

#include "base/buf.h"

#define RESTORE_NOTES_KEPT 1000

enum restore_note_kind {
	RESTORE_NOTE_ID,      /* kept: a document with this _id is there, with another content */
	RESTORE_NOTE_UNIQUE,  /* not written: another document has its value in a unique index */
	RESTORE_NOTE_REFUSED, /* the server does not take the document */
	RESTORE_NOTE_INDEX,   /* an index could not be built */
	RESTORE_NOTE_MISSING, /* verification: it should be there and is not */
	RESTORE_NOTE_DIFFERS, /* verification: it is there with another content */
	RESTORE_NOTE_EXTRA,   /* verification: it is there and should not be */
	RESTORE_NOTE_CATALOG, /* verification: a collection, its options or indexes */
	RESTORE_NOTE_KINDS
};

struct restore_note {
	enum restore_note_kind kind;
	char *ns;
	char *what; /* an _id as `--id` takes it, an index's name, or "" */
	char *why;  /* or "" */
};

struct restore_notes {
	pthread_mutex_t mutex;
	struct restore_note *at;
	size_t count;
	uint64_t total[RESTORE_NOTE_KINDS];
};

void restore_notes_init(struct restore_notes *notes);
void restore_notes_release(struct restore_notes *notes);
DEFINE_OWNED_STRUCT(struct restore_notes, restore_notes_release);

/* Add one; all texts are copied. `why` is escaped here. */
void restore_notes_add(struct restore_notes *notes, enum restore_note_kind kind, const char *ns,
		       const char *what, struct bytes why);

/* The same about a document: its _id is what. */
void restore_notes_document(struct restore_notes *notes, enum restore_note_kind kind,
			    const char *ns, struct bytes doc, struct bytes why);

/* Move all of `from` (one thread's) to `to`. */
void restore_notes_move(struct restore_notes *to, struct restore_notes *from);

/* Forget all of them. */
void restore_notes_forget(struct restore_notes *notes);

/* All of what was not written or is not as it was meant: clashes. */
uint64_t restore_notes_clashes(struct restore_notes *notes);
/* All of what verification found. */
uint64_t restore_notes_mismatches(struct restore_notes *notes);

/* "kept", "unique", ...: the word for it in JSON; constant. */
const char *restore_note_word(enum restore_note_kind kind);

#endif
