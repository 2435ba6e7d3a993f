/*
 * replicate_job.h - what the parts of replicate share: the job, and rsync.
 *
 * Prefix: replicate_. Threads: main thread only.
 */
#ifndef TOOLS_REPLICATE_JOB_H
#define TOOLS_REPLICATE_JOB_H

#include "base/buf.h"
#include "tools/child.h"
#include "tools/replicate.h"

struct replicate_job {
	struct store *store;
	const struct replicate_options *options;
	struct replicate_result result;
	char *there;	    /* of replicate_dest_folder() */
	char *tmp;	    /* a folder for lists */
	int tmp_lock;	    /* keeps it there */
	bool is_new;	    /* nothing is there yet */
	bool follows;	    /* links: there are some in what is sent, or nobody forbids it */
	char *spared;	    /* a list for rsync of what is not sent, or NULL */
	struct buf skipped; /* texts: these names, and those of damaged files that were told */
	struct buf damaged; /* texts: these files */
	struct buf sent;    /* texts: what rsync sent */
	/* Texts (base/texts.h): names as listed before anything was sent. */
	struct buf chunks, oplog, manifests;
	struct buf listed; /* the files of the oplog there: lines of rsync's list */
};

/* ---- rsync (replicate_rsync.c) */

/* What makes a path of this machine one for rsync, which takes "-a" for an option and "a:b" for another machine: "" or "./". */
const char *replicate_local(const char *path);

/* What each rsync is called with. */
void replicate_words(const struct replicate_job *job, struct child_words *ret);
/* The same for what would be sent, which is listed, and not sent: see replicate_add_differences(). */
void replicate_words_asking(const struct replicate_job *job, struct child_words *ret);
/* Without what replicate_spare() found. */
void replicate_words_spared(const struct replicate_job *job, struct child_words *ret);

/*
 * Run it, and append what it printed; `shows`: it is what --progress tells of. Files that vanished were pruned meanwhile: they are
 * not needed. ERR_REMOTE: it failed, with what it said; ERR_CANCELLED.
 */
MUST_CHECK int replicate_rsync(const struct replicate_job *job, const struct child_words *words,
			       bool shows, struct buf *out, struct error *e);
/* The number behind `label` in what --stats prints ("Number of regular files transferred: 1,234"); 0: there is none. */
uint64_t replicate_stat(struct buf *out, const char *label);
/*
 * Appends the names in an itemised dry run of what would be sent to `ret` (texts): files that are not what they should be. Of what is
 * not sent only times and rights differ, which a file system may not have.
 */
void replicate_add_differences(struct buf *out, struct buf *ret);
/* The list as a file that rsync reads, called `name`; its path is the caller's. ERR_IO. */
MUST_CHECK int replicate_write_list(const struct replicate_job *job, const char *name,
				    struct bytes list, char **ret, struct error *e);

/* ---- the oplog there (replicate_streams.c) */

/* List it, into job->listed. ERR_REFUSED: it is one that was begun apart from ours, and nobody could read both in one store. */
MUST_CHECK int replicate_streams(struct replicate_job *job, struct error *e);

/* ---- what is not sent (replicate_spare.c) */

/*
 * Read the files of that names (texts) here, but job->skipped: those that are damaged are counted, told and skipped from now on; the
 * others go to `ret_sound`. ERR_IO.
 */
MUST_CHECK int replicate_prove(struct replicate_job *job, const struct buf *names,
			       struct buf *ret_sound, struct error *e);
/*
 * Find what must not go over what is there: job->spared, and the counts in job->result. A damaged file of ours, as that there may be
 * the last sound one, which 'yester repair --from' takes back; a journal that is longer there; nor does anything go that a repair has
 * emptied.
 */
MUST_CHECK int replicate_spare(struct replicate_job *job, struct error *e);

/* ---- what was sent (replicate_sent.c) */

/*
 * Read here what was sent: nothing was compared with it there, and who sends what rotted has a copy of that. What was found to be
 * damaged is told by each run until it is mended or gone: the names are kept in local/. ERR_IO.
 */
MUST_CHECK int replicate_prove_sent(struct replicate_job *job, struct error *e);

#endif
