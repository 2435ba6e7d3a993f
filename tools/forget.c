#include "tools/forget.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "tools/duration.h"

static const char *const rule_names[FORGET_RULES] = {"last",   "hourly",  "daily",
						     "weekly", "monthly", "yearly"};

void forget_plan_release(struct forget_plan *plan)
{
	free(plan->choices);
	plan->choices = NULL;
}

/* The number of the hour, day, ... that a time is in: equal for two in the same one. */
static int64_t period_of(enum forget_every rule, uint64_t seconds, size_t i)
{
	time_t at = (time_t)seconds;
	struct tm tm = {0}; /* of a year that there is none of */

	gmtime_r(&at, &tm);
	switch (rule) {
	case FORGET_HOURLY:
		return (int64_t)(seconds / 3600);
	case FORGET_DAILY:
		return (int64_t)(seconds / 86400);
	case FORGET_WEEKLY:
		/* 1970 began on a Thursday. */
		return (int64_t)((seconds / 86400 + 3) / 7);
	case FORGET_MONTHLY:
		return (int64_t)tm.tm_year * 12 + tm.tm_mon;
	case FORGET_YEARLY:
		return tm.tm_year;
	default:
		return (int64_t)i;
	}
}

static void keep(struct forget_choice *choice, const char *why)
{
	size_t len = strlen(choice->why);

	choice->keep = true;
	snprintf(choice->why + len, sizeof(choice->why) - len, "%s%s", len > 0 ? ", " : "", why);
}

static bool is_asked(const struct forget_policy *policy, const struct snapshot *s)
{
	return !s->checkpoint &&
	       (policy->tag == NULL || (s->tag != NULL && strcmp(s->tag, policy->tag) == 0));
}

/* It took no place of a rule from those that are true, and none can be counted for it before its time has come. */
static bool is_ahead(const struct forget_policy *policy, const struct snapshot *s)
{
	return s->time > policy->now;
}

static void keep_ahead(const struct snapshot_list *list, const struct forget_policy *policy,
		       struct forget_choice *choices)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_asked(policy, &list->at[i]) && is_ahead(policy, &list->at[i]))
			keep(&choices[i], "in the future");
}

static void apply_rule(const struct snapshot_list *list, const struct forget_policy *policy,
		       enum forget_every rule, struct forget_choice *choices)
{
	uint64_t left = policy->keep[rule];
	int64_t last = INT64_MIN;

	for (size_t i = list->count; i-- > 0 && left > 0;) {
		int64_t period = period_of(rule, list->at[i].time, i);

		if (!is_asked(policy, &list->at[i]) || is_ahead(policy, &list->at[i]) ||
		    period == last)
			continue;
		keep(&choices[i], rule_names[rule]);
		last = period;
		left -= left != FORGET_ALL;
	}
}

static void apply_within(const struct snapshot_list *list, const struct forget_policy *policy,
			 struct forget_choice *choices)
{
	char length[DURATION_TEXT_LEN], why[DURATION_TEXT_LEN + 8];
	uint64_t newest = 0;

	for (size_t i = 0; i < list->count; i++)
		if (is_asked(policy, &list->at[i]) && list->at[i].time > newest &&
		    list->at[i].time <= policy->now)
			newest = list->at[i].time;
	duration_text(policy->within, length);
	snprintf(why, sizeof(why), "within %s", length);
	for (size_t i = 0; i < list->count; i++)
		if (is_asked(policy, &list->at[i]) && !is_ahead(policy, &list->at[i]) &&
		    list->at[i].time + policy->within >= newest)
			keep(&choices[i], why);
}

static uint64_t ts_of(struct optime optime)
{
	return entry_ts(optime.seconds, optime.increment);
}

/* Can moments begin with it? With a partial one only where there are no others. */
static bool is_base(const struct snapshot_list *list, const struct snapshot *s)
{
	if (!s->exact || s->optime.seconds == 0)
		return false;
	for (size_t i = 0; s->partial && i < list->count; i++)
		if (list->at[i].exact && !list->at[i].partial)
			return false;
	return true;
}

/* Its entries from the oldest transaction on that was open then are needed. */
static uint64_t needed_by(const struct snapshot *s)
{
	uint64_t needed = ts_of(s->needed_from);

	return needed > 0 ? needed : ts_of(s->optime);
}

/* The range of the oplog in which moments go on from it; NULL: in none. */
static const struct stream_range *range_behind(const struct stream *stream,
					       const struct snapshot *s)
{
	const struct stream_range *range = NULL;

	if (s->exact && s->optime.seconds != 0)
		range = stream_range_at(stream, ts_of(s->optime));
	if (range == NULL || needed_by(s) < range->first.ts || range->last.ts == ts_of(s->optime))
		return NULL;
	return range;
}

/* Do moments that begin with `s` have all that those from `than` on have? */
static bool stands_for(const struct snapshot *s, const struct snapshot *than)
{
	return !s->partial ||
	       (than->partial && bytes_equal(buf_bytes(&s->coverage), buf_bytes(&than->coverage)));
}

/* Is no moment from `begin` on made from `than`, as `s`, whatever its filter, is a newer one and not later than that? */
static bool outdates(const struct snapshot *s, const struct snapshot *than, uint64_t begin)
{
	return than->partial && s > than && s->optime.seconds <= begin;
}

/*
 * Are the moments from `begin` on made from `s` where they can be, and not from `than`? The newest that is not later than that, else
 * the first; and none is made from a partial one where a whole one is before it. Both are of one list, which is ordered.
 */
static bool is_before(const struct snapshot *s, const struct snapshot *than, uint64_t begin)
{
	bool newer = s > than;

	if (than->partial && !s->partial && !newer)
		return true;
	return than->optime.seconds > begin ? !newer : newer && s->optime.seconds <= begin;
}

/* Has another base of its range all that the moments from `begin` on need of snapshot `i`? `ranges`: those behind each. */
static bool is_spare(const struct snapshot_list *list, const struct stream_range *const *ranges,
		     size_t i, uint64_t begin)
{
	const struct snapshot *s = &list->at[i];

	for (size_t other = 0; other < list->count; other++)
		if (other != i && ranges[other] == ranges[i] &&
		    is_before(&list->at[other], s, begin) &&
		    (stands_for(&list->at[other], s) || outdates(&list->at[other], s, begin)))
			return true;
	return false;
}

/*
 * Would moments behind partial snapshot `i`, which have what its filter takes, be made from one of another filter that stays before it? A moment
 * never has other collections than it had. Those before it are decided.
 */
static bool changes_filter(const struct snapshot_list *list,
			   const struct stream_range *const *ranges, const struct forget_plan *plan,
			   size_t i, uint64_t begin)
{
	const struct snapshot *s = &list->at[i], *before = NULL;

	if (!s->partial || s->optime.seconds <= begin)
		return false;
	for (size_t other = i; other-- > 0;) {
		if (ranges[other] != ranges[i])
			continue;
		if (!list->at[other].partial)
			return false; /* all are made from a whole one */
		if (before == NULL && plan->choices[other].keep)
			before = &list->at[other];
	}
	return before != NULL && !stands_for(before, s);
}

/*
 * No replay crosses a gap: each range of the oplog that reaches beyond `begin` needs a base of its own, the newest that is not later
 * than that, or else its first. Where that one is partial, the newest of those that are whole, too, and each with which the filter changes.
 */
static void keep_bases(const struct snapshot_list *list, const struct stream *stream,
		       uint64_t begin, const char *why, struct forget_plan *plan)
{
	OWNED(free)
	const struct stream_range **ranges = xcalloc(list->count + 1, sizeof(*ranges));

	for (size_t i = 0; i < list->count; i++)
		ranges[i] = range_behind(stream, &list->at[i]);
	for (size_t i = 0; i < list->count; i++) {
		if (ranges[i] == NULL || entry_seconds(ranges[i]->last.ts) < begin ||
		    (is_spare(list, ranges, i, begin) &&
		     !changes_filter(list, ranges, plan, i, begin)))
			continue;
		if (!plan->choices[i].keep)
			keep(&plan->choices[i], why);
		plan->keep_from = MIN_OF(plan->keep_from, needed_by(&list->at[i]));
	}
}

/* Without a window no moment is lost: of the oplog everything stays. */
static void keep_first_bases(const struct snapshot_list *list, const struct stream *stream,
			     struct forget_plan *plan)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].checkpoint && !plan->choices[i].keep)
			keep(&plan->choices[i], "checkpoint");
	keep_bases(list, stream, 0, "base of the oplog", plan);
	plan->keep_from = 0;
}

/* The last operation, or the newest snapshot when that is later; what lies in the future is no end. */
static uint64_t end_of(const struct snapshot_list *list, const struct stream *stream, uint64_t now)
{
	uint64_t end = 0;

	for (size_t i = 0; i < stream_range_count(stream); i++) {
		const struct stream_range *range = stream_range(stream, i);

		if (entry_seconds(range->first.ts) <= now)
			end = MIN_OF(entry_seconds(range->last.ts), now);
	}
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].time <= now)
			end = MAX_OF(end, list->at[i].time);
	return end;
}

/* The newest base that is not later than the window's begin; else the oldest there is. */
static const struct snapshot *window_base(const struct snapshot_list *list, uint64_t begin)
{
	const struct snapshot *found = NULL, *oldest = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *s = &list->at[i];

		if (!is_base(list, s))
			continue;
		if (oldest == NULL || ts_of(s->optime) < ts_of(oldest->optime))
			oldest = s;
		if (s->optime.seconds <= begin &&
		    (found == NULL || ts_of(s->optime) >= ts_of(found->optime)))
			found = s;
	}
	return found != NULL ? found : oldest;
}

static void apply_window(const struct snapshot_list *list, const struct stream *stream,
			 const struct forget_policy *policy, struct forget_plan *plan)
{
	uint64_t end = end_of(list, stream, policy->now), window = policy->window;
	uint64_t begin = end > window ? end - window : 0;
	const struct snapshot *base = window_base(list, begin);

	if (base == NULL)
		return;
	plan->keep_from = needed_by(base);
	plan->let_go = ts_of(base->optime);
	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *s = &list->at[i];

		if (s == base && !plan->choices[i].keep)
			keep(&plan->choices[i], "base of the window");
		else if (s->checkpoint && !plan->choices[i].keep &&
			 ts_of(s->optime) > ts_of(base->optime))
			keep(&plan->choices[i], "checkpoint");
	}
	keep_bases(list, stream, begin, "base in the window", plan);
}

static int apply_names(const struct snapshot_list *list, const struct forget_policy *policy,
		       struct forget_choice *choices, struct error *e)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->at[i].checkpoint)
			keep(&choices[i], "not named");
	for (size_t n = 0; n < policy->name_count; n++) {
		size_t i;
		int found = snapshots_find(list, policy->names[n], &i, e);

		if (found < 0)
			return found;
		if (found == 0) {
			error_set(e, ERR_NOT_FOUND, "there is no snapshot \"%s\"",
				  policy->names[n]);
			return error_hint(e, "'yester snapshots' lists them");
		}
		choices[i] = (struct forget_choice){0};
	}
	return 0;
}

int forget_decide(const struct snapshot_list *list, const struct stream *stream,
		  const struct forget_policy *policy, struct forget_plan *ret, struct error *e)
{
	OWNED(forget_plan_release) struct forget_plan plan = {0};

	plan.choices = xcalloc(list->count + 1, sizeof(*plan.choices));
	if (policy->name_count > 0) {
		if (apply_names(list, policy, plan.choices, e) < 0)
			return e->code;
	} else {
		keep_ahead(list, policy, plan.choices);
		for (enum forget_every rule = FORGET_LAST; rule < FORGET_RULES; rule++)
			apply_rule(list, policy, rule, plan.choices);
		if (policy->within > 0)
			apply_within(list, policy, plan.choices);
		for (size_t i = 0; policy->tag != NULL && i < list->count; i++)
			if (!list->at[i].checkpoint && !is_asked(policy, &list->at[i]))
				keep(&plan.choices[i], "another tag");
	}
	if (policy->has_window)
		apply_window(list, stream, policy, &plan);
	else
		keep_first_bases(list, stream, &plan);
	*ret = plan;
	plan.choices = NULL;
	return 0;
}
