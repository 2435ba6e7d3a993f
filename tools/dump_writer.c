#include "tools/dump_writer.h"

#include <assert.h>

#include "base/metadata.h"
#include "tools/dump_writer_form.h"

struct dump_writer {
	const struct dump_writer_form *form;
	void *self; /* the form's */
	const struct dump_writer_ns *all;
	size_t count;
	const struct dump_writer_ns *begun; /* NULL: none */
	bool *seen;			    /* of each index: it was begun */
};

bool dump_writer_comes_first(const struct dump_writer_ns *ns)
{
	static const char *const names[] = {"system.users", "system.roles", "system.version"};
	static const char prefix[] = "$admin."; /* of mongodump --db X --dumpDbUsersAndRoles */
	struct bytes name = ns->coll;

	if (name.len >= strlen(prefix) && memcmp(name.at, prefix, strlen(prefix)) == 0)
		name = bytes_of(name.at + strlen(prefix), name.len - strlen(prefix));
	else if (strcmp(ns->db, "admin") != 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (bytes_equal(name, bytes_str(names[i])))
			return true;
	return false;
}

int dump_writer_metadata(const struct dump_writer_ns *ns, struct buf *ret, struct error *e)
{
	if (!ns->has_metadata)
		return 0;
	return metadata_render(ns->options, ns->indexes, ns->uuid, ns->coll, ns->type, ret, e);
}

/* A database's name becomes that of a folder: it must not lead out of the dump. */
static int check_names(const struct dump_writer_ns *ns, struct error *e)
{
	bool oplog = *ns->db == '\0' && bytes_equal(ns->coll, bytes_str("oplog"));

	if (oplog)
		return 0;
	if (*ns->db == '\0' || *ns->db == '.' || strchr(ns->db, '/') != NULL)
		return error_set(e, ERR_INVALID,
				 "a database called \"%s\" can't be written to a dump", ns->db);
	if (ns->coll.len == 0 || memchr(ns->coll.at, 0, ns->coll.len) != NULL)
		return error_set(
			e, ERR_INVALID,
			"a collection of %s can't be written to a dump: its name is empty or "
			"has a NUL in it",
			ns->db);
	return 0;
}

int dump_writer_open(const struct dump_writer_options *options, const struct dump_writer_ns *all,
		     size_t count, struct dump_writer **ret, struct error *e)
{
	OWNED(dump_writer_free) struct dump_writer *w = xcalloc(1, sizeof(*w));
	int r = 0;

	assert((options->out == NULL) != (options->archive == NULL));
	w->all = all;
	w->count = count;
	w->seen = xcalloc(count, sizeof(*w->seen));
	for (size_t i = 0; i < count && r >= 0; i++)
		r = check_names(&all[i], e);
	if (r < 0)
		return r;
	if (options->out != NULL)
		r = dump_writer_folder_open(options, &w->self, e);
	else
		r = dump_writer_archive_open(options, all, count, &w->self, e);
	if (r < 0)
		return r;
	w->form = options->out != NULL ? &dump_writer_folder : &dump_writer_archive;
	*ret = TAKE(w);
	return 0;
}

int dump_writer_begin(struct dump_writer *w, size_t index, struct error *e)
{
	assert(w->begun == NULL && index < w->count && !w->seen[index]);
	w->seen[index] = true;
	w->begun = &w->all[index];
	return w->form->begin(w->self, w->begun, e);
}

int dump_writer_docs(struct dump_writer *w, struct bytes docs, struct error *e)
{
	assert(w->begun != NULL);
	if (docs.len == 0)
		return 0;
	if (!w->begun->has_documents)
		return error_set(e, ERR_INVALID, "documents of %s.%.*s, which is said to have none",
				 w->begun->db, (int)MIN_OF(w->begun->coll.len, (size_t)255),
				 (const char *)w->begun->coll.at);
	return w->form->docs(w->self, docs, e);
}

int dump_writer_end(struct dump_writer *w, struct error *e)
{
	assert(w->begun != NULL);
	w->begun = NULL;
	return w->form->end(w->self, e);
}

int dump_writer_finish(struct dump_writer *w, struct error *e)
{
	assert(w->begun == NULL);
	return w->form->finish(w->self, e);
}

void dump_writer_free(struct dump_writer *w)
{
	if (w == NULL)
		return;
	if (w->form != NULL)
		w->form->free(w->self);
	free(w->seen);
	free(w);
}
