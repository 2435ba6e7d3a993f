/*
 * doctor.h - what stands in the way of yester on this machine and in this store, found by looking.
 *
 * Changes nothing (but that opening a store makes its local/ folder). Each check gives one finding: how bad, what
 * was seen, and what to do about it.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include "base/buf.h"
#include "store/store.h"
#include "tools/args.h"

enum doctor_state {
	DOCTOR_GOOD,
	DOCTOR_NOTE,	/* to know; nothing is wrong */
	DOCTOR_WARNING, /* will hurt one day, or a part does not work */
	DOCTOR_PROBLEM, /* does not work */
};

struct doctor_finding {
	const char *name; /* static: "fuse" */
	enum doctor_state state;
	char *text;
	char *hint; /* or NULL */
};

struct doctor {
	struct doctor_finding *at;
	size_t count;
};

void doctor_release(struct doctor *doctor);
DEFINE_OWNED_STRUCT(struct doctor, doctor_release);

/* Add a finding; `hint` (copied) or NULL. */
void doctor_add(struct doctor *doctor, const char *name, enum doctor_state state, const char *hint,
		const char *format, ...) PRINTF_LIKE(5, 6);

/* The worst of all findings. */
enum doctor_state doctor_worst(const struct doctor *doctor);

/* The machine: libraries, kernel, FUSE, limits, cores, memory, clock, TMPDIR, programs. */
void doctor_machine(struct doctor *doctor);

/*
 * The folder of a store, whether or not it can be opened: file system, room, rights, and whether a mongod's data lie
 * on the same device: of those that run, of /etc/mongod.conf, and of `dbpaths`.
 */
void doctor_folder(struct doctor *doctor, const char *path, const struct args_list *dbpaths);

/* An open store, quickly: local/, index, snapshots, gaps, clock, last verification, drill and copy. ERR_IO. */
MUST_CHECK int doctor_store(struct doctor *doctor, struct store *store, struct error *e);

#endif
