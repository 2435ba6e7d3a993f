#include "tools/log_groups.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tools/log_pace.h"

/* Where a run goes. */
struct place {
	struct log_burst burst;
	size_t group; /* the index of the run that it is named by, the biggest */
};

static double pace_of(const struct log_burst *run)
{
	return (double)run->count / (double)(run->end - run->begin + LOG_PACE_PAUSE);
}

/* At the same time: it began neither long before the leader nor long after its end. */
static bool is_beside(const struct log_burst *leader, const struct log_burst *run)
{
	int64_t length = leader->end - leader->begin;

	return run->begin <= leader->end + LOG_PACE_NEAR &&
	       leader->begin <= run->end + LOG_PACE_NEAR &&
	       leader->begin <= run->begin + LOG_PACE_NEAR + length;
}

/* A thread that comes first has the server for itself: in a short time paces tell little. */
static bool is_at_pace(const struct log_burst *leader, const struct log_burst *run)
{
	double pace = pace_of(leader), other = pace_of(run);

	return pace <= other * LOG_GROUPS_PACE &&
	       (other <= pace * LOG_GROUPS_PACE ||
		leader->end - leader->begin <= LOG_BURSTS_PAUSE * 1000);
}

static bool is_alike(const struct log_burst *leader, const struct log_burst *run)
{
	return run->op == leader->op && run->transaction == leader->transaction &&
	       run->lsid.len > 0 && !bytes_equal(leader->lsid, run->lsid) &&
	       is_beside(leader, run) && is_at_pace(leader, run) &&
	       bytes_equal(leader->ns, run->ns);
}

/* Those that belong to run `leader` are told so. */
static void gather(struct place *places, size_t count, size_t leader)
{
	for (size_t i = leader + 1; i < count && places[i].burst.count >= LOG_GROUPS_LEAST; i++)
		if (places[i].group == i && is_alike(&places[leader].burst, &places[i].burst))
			places[i].group = leader;
}

/* What the runs of a group have in common; the biggest keeps it meanwhile. */
static void sum(struct place *places, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct log_burst *run = &places[i].burst;
		struct log_burst *to = &places[places[i].group].burst;

		if (places[i].group == i) {
			to->group_runs = 0;
			to->group_count = 0;
			to->group_before = 0;
			to->group_first = run->first;
			to->group_last = run->last;
		}
		to->group_runs++;
		to->group_count += run->count;
		to->group_before += run->before;
		to->group_first = MIN_OF(to->group_first, run->first);
		to->group_last = MAX_OF(to->group_last, run->last);
	}
	for (size_t i = 0; i < count; i++) {
		const struct log_burst *from = &places[places[i].group].burst;
		struct log_burst *to = &places[i].burst;

		to->group_runs = from->group_runs;
		to->group_count = from->group_count;
		to->group_before = from->group_before;
		to->group_first = from->group_first;
		to->group_last = from->group_last;
	}
}

static int compare_places(const void *left, const void *right)
{
	const struct place *p = left, *q = right;
	const struct log_burst *a = &p->burst, *b = &q->burst;

	if (a->group_count != b->group_count)
		return a->group_count > b->group_count ? -1 : 1;
	if (a->group_first != b->group_first)
		return a->group_first < b->group_first ? -1 : 1;
	if (p->group != q->group)
		return p->group < q->group ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->count == b->count ? 0 : a->count > b->count ? -1 : 1;
}

void log_groups_make(struct log_burst *runs, size_t count)
{
	struct place *places = xcalloc(count + 1, sizeof(*places));
	size_t tried = 0;

	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){runs[i], i};
	for (size_t i = 0; i < count && runs[i].count >= LOG_GROUPS_LEAST; i++)
		if (places[i].group == i && runs[i].lsid.len > 0 && tried++ < LOG_GROUPS_TRIED)
			gather(places, count, i);
	sum(places, count);
	if (count > 1)
		qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 0; i < count; i++)
		runs[i] = places[i].burst;
	free(places);
}

size_t log_groups_length(const struct log_burst *runs)
{
	return runs->group_runs > 1 ? (size_t)runs->group_runs : 1;
}
