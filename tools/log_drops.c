#include "tools/log_drops.h"

#include "base/bson.h"
#include "tools/log_out.h"

void log_drops_release(struct log_drops *drops)
{
	for (size_t i = 0; i < LOG_DROPS_KEPT; i++)
		buf_release(&drops->at[i].db);
	for (size_t i = 0; i < LOG_DROPS_KEPT; i++)
		buf_release(&drops->views[i].ns);
}

static struct log_drop *drop_of(struct log_drops *drops, struct bytes db)
{
	for (size_t i = 0; i < LOG_DROPS_KEPT; i++)
		if (drops->at[i].db.len > 0 && bytes_equal(buf_bytes(&drops->at[i].db), db))
			return &drops->at[i];
	return NULL;
}

static struct log_drop *drop_new(struct log_drops *drops, const struct log_op *op)
{
	struct log_drop *drop = &drops->at[drops->next];

	drops->next = (drops->next + 1) % LOG_DROPS_KEPT;
	buf_reset(&drop->db);
	buf_add_bytes(&drop->db, op->op->db);
	drop->first = op->ts;
	drop->documents = 0;
	drop->told = false;
	return drop;
}

static bool is_apart(uint64_t last, uint64_t ts, uint32_t seconds)
{
	return entry_seconds(ts) > entry_seconds(last) + seconds;
}

static void add_view(struct log_drops *drops, const struct log_op *op)
{
	struct log_drop_view *view = &drops->views[drops->next_view];
	struct error ignored = {0};
	struct bson_field id;
	struct bytes name;

	if (op->op->op != ENTRY_DELETE || !bytes_equal(op->op->coll, bytes_str("system.views")) ||
	    bson_find(op->op->o, "_id", &id, &ignored) <= 0 || id.type != BSON_KIND_STRING ||
	    bson_text(id.value, &name, &ignored) < 0)
		return;
	drops->next_view = (drops->next_view + 1) % LOG_DROPS_KEPT;
	buf_reset(&view->ns);
	buf_add_bytes(&view->ns, name);
	view->ts = op->ts;
}

bool log_drops_view(const struct log_drops *drops, const struct log_op *op, uint64_t *ret)
{
	const struct bytes prefix = bytes_str("system.buckets.");
	OWNED(buf_release) struct buf ns = {0};
	struct bytes coll;

	if (op->command == NULL || op->command->kind != COMMAND_DROP)
		return false;
	coll = op->command->coll;
	if (coll.len <= prefix.len || !bytes_equal(bytes_of(coll.at, prefix.len), prefix))
		return false;
	buf_add_bytes(&ns, op->op->db);
	buf_add_u8(&ns, '.');
	buf_add_bytes(&ns, bytes_of(coll.at + prefix.len, coll.len - prefix.len));
	for (size_t i = 0; i < LOG_DROPS_KEPT; i++) {
		const struct log_drop_view *view = &drops->views[i];

		if (view->ts <= op->ts && bytes_equal(buf_bytes(&view->ns), buf_bytes(&ns)) &&
		    !is_apart(view->ts, op->ts, LOG_DROPS_WAITS)) {
			*ret = view->ts;
			return true;
		}
	}
	return false;
}

void log_drops_add(struct log_drops *drops, const struct log_op *op)
{
	enum command_kind kind = op->command != NULL ? op->command->kind : COMMAND_OTHER;
	struct log_drop *drop = drop_of(drops, op->op->db);
	uint64_t documents;

	add_view(drops, op);
	if (kind == COMMAND_DROP_DATABASE)
		return;
	if (drop != NULL &&
	    (kind != COMMAND_DROP || is_apart(drop->last, op->ts, LOG_DROPS_APART))) {
		buf_reset(&drop->db);
		drop = NULL;
	}
	if (kind != COMMAND_DROP)
		return;
	if (drop == NULL)
		drop = drop_new(drops, op);
	drop->told |= log_out_dropped(op, &documents);
	drop->documents += documents;
	drop->last = op->ts;
}

bool log_drops_take(struct log_drops *drops, const struct log_op *op, struct log_drop *ret)
{
	struct log_drop *drop = drop_of(drops, op->op->db);

	if (drop == NULL)
		return false;
	*ret = (struct log_drop){.first = drop->first,
				 .last = drop->last,
				 .documents = drop->documents,
				 .told = drop->told};
	buf_reset(&drop->db);
	return !is_apart(ret->last, op->ts, LOG_DROPS_WAITS);
}
