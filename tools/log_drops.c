#include "tools/log_drops.h"

#include "tools/log_out.h"

void log_drops_release(struct log_drops *drops)
{
	for (size_t i = 0; i < LOG_DROPS_KEPT; i++)
		buf_release(&drops->at[i].db);
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

void log_drops_add(struct log_drops *drops, const struct log_op *op)
{
	enum command_kind kind = op->command != NULL ? op->command->kind : COMMAND_OTHER;
	struct log_drop *drop = drop_of(drops, op->op->db);
	uint64_t documents;

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
