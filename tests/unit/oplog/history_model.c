#include "tests/unit/oplog/history_model.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/bson_check.h"
#include "store/snapshot/catalog_build.h"
#include "store/snapshot/commit.h"
#include "tests/unit/oplog/text_doc.h"

#define COLLS_MAX 64
#define CAPPED_MAX 5
#define SESSIONS_MAX 64
#define BASE_COLLS 3 /* b.c1 to b.c3, and admin.system.version */
#define FCV_UUID 250
#define VIEWS_UUID 251
#define ID_INDEX "'idIndex':{'v':2,'key':{'_id':1},'name':'_id_'}"

struct coll {
	bool live, capped, collated, indexed;
	unsigned uuid, locked; /* transactions that are prepared and touch it */
	char ns[32];
	uint64_t ids, held;  /* bits: documents; those of open transactions */
	int32_t first, next; /* of a capped one */
};

struct prepared {
	bool open;
	unsigned session, coll;
	uint64_t ts;  /* of its last entry */
	uint64_t add; /* ids that it inserts */
};

struct maker {
	struct harness_rng *rng;
	struct history *h;
	uint64_t ts;
	struct coll colls[COLLS_MAX];
	unsigned coll_count, sessions, views;
	struct prepared prepared[4];
	bool v5, deltas, evicts;
};

void history_release(struct history *history)
{
	buf_release(&history->docs);
	buf_release(&history->times);
}

size_t history_count(const struct history *history)
{
	return history->times.len / sizeof(uint64_t);
}

uint64_t history_ts(const struct history *history, size_t i)
{
	uint64_t ts;

	memcpy(&ts, history->times.at + i * sizeof(ts), sizeof(ts));
	return ts;
}

struct bytes history_docs(const struct history *history, size_t first, size_t end)
{
	size_t at = 0, from = 0;

	for (size_t i = 0; i < end; i++) {
		if (i == first)
			from = at;
		at += get_le32(history->docs.at + at);
	}
	return bytes_of(history->docs.at + from, at - from);
}

static unsigned below(struct maker *m, unsigned limit)
{
	return (unsigned)harness_rng_below(m->rng, limit);
}

/* Base64 of 16 bytes that all are `n`. */
static const char *base64_of(unsigned n, char ret[32])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned three = n << 16 | n << 8 | n;
	char *at = ret;

	for (int i = 0; i < 5; i++)
		for (int shift = 18; shift >= 0; shift -= 6)
			*at++ = digits[three >> shift & 63];
	*at++ = digits[n >> 2];
	*at++ = digits[(n << 4) & 63];
	memcpy(at, "==", 3);
	return ret;
}

static char *ui_of(unsigned uuid)
{
	char base64[32];

	return xprintf("'ui':{'$binary':{'base64':'%s','subType':'04'}}", base64_of(uuid, base64));
}

/* An entry at the next time: what follows its ts. */
static void add(struct maker *m, const char *format, ...)
{
	OWNED(buf_release) struct buf text = {0};
	va_list args;
	char *rest = NULL;

	m->ts = below(m, 4) == 0 ? entry_ts(entry_seconds(m->ts) + 1 + below(m, 2), 1 + below(m, 3))
				 : m->ts + 1 + below(m, 3);
	va_start(args, format);
	assert_true(vasprintf(&rest, format, args) > 0);
	va_end(args);
	buf_printf(&text, "{'ts':{'$timestamp':{'t':%u,'i':%u}},'t':{'$numberLong':'1'},'v':2,%s}",
		   entry_seconds(m->ts), entry_increment(m->ts), rest);
	free(rest);
	text_doc(&m->h->docs, buf_text(&text));
	buf_add(&m->h->times, &m->ts, sizeof(m->ts));
}

static void add_command(struct maker *m, const struct coll *c, const char *o)
{
	OWNED(free) char *ui = ui_of(c->uuid);

	add(m, "'op':'c','ns':'%.*s.$cmd',%s,'o':%s", (int)(strchr(c->ns, '.') - c->ns), c->ns, ui,
	    o);
}

/* One of those that are live, not locked when `free_only`; NULL when there is none. */
static struct coll *pick(struct maker *m, bool free_only, bool keyed)
{
	unsigned from = below(m, COLLS_MAX);

	for (unsigned i = 0; i < COLLS_MAX; i++) {
		struct coll *c = &m->colls[(from + i) % COLLS_MAX];

		if (c->live && !(free_only && c->locked > 0) && !(keyed && c->capped))
			return c;
	}
	return NULL;
}

static struct coll *new_coll(struct maker *m, const char *ns)
{
	struct coll *c = &m->colls[m->coll_count++];

	*c = (struct coll){.live = true, .uuid = m->coll_count};
	snprintf(c->ns, sizeof(c->ns), "%s", ns);
	return c;
}

static bool is_named(struct maker *m, const char *ns)
{
	for (unsigned i = 0; i < COLLS_MAX; i++)
		if (m->colls[i].live && strcmp(m->colls[i].ns, ns) == 0)
			return true;
	return false;
}

static bool free_name(struct maker *m, const char *db, char ret[32])
{
	snprintf(ret, 32, "%s.c%u", db, below(m, 9));
	return !is_named(m, ret);
}

/* An operation without its braces; *ids follows. */
static char *operation(struct maker *m, const struct coll *c, uint64_t *ids)
{
	OWNED(free) char *ui = ui_of(c->uuid);
	unsigned id = below(m, HISTORY_IDS);
	uint64_t bit = (uint64_t)1 << id;

	if (c->held & bit)
		return NULL;
	if (!(*ids & bit)) {
		*ids |= bit;
		return xprintf("'op':'i','ns':'%s',%s,'o':{'_id':%u,'a':%u,'pad':'%0*u'}", c->ns,
			       ui, id, below(m, 100), 1 + (int)below(m, 900), 7);
	}
	if (below(m, 3) == 0) {
		*ids &= ~bit;
		return xprintf("'op':'d','ns':'%s',%s,'o':{'_id':%u}", c->ns, ui, id);
	}
	if (below(m, 4) == 0)
		return xprintf("'op':'u','ns':'%s',%s,'o':{'_id':%u,'r':%u},'o2':{'_id':%u}", c->ns,
			       ui, id, below(m, 100), id);
	if (m->deltas)
		return xprintf(
			"'op':'u','ns':'%s',%s,'o':{'$v':2,'diff':{'u':{'a':%u},'i':{'f%u':1}}},"
			"'o2':{'_id':%u}",
			c->ns, ui, below(m, 100), below(m, 5), id);
	return xprintf("'op':'u','ns':'%s',%s,'o':{'$v':1,'$set':{'z%u':%u,'b%u':2}},"
		       "'o2':{'_id':%u}",
		       c->ns, ui, below(m, 5), below(m, 100), below(m, 5), id);
}

/* Servers up to FCV 4.4 let the oldest go without a word. */
static void write_capped(struct maker *m, struct coll *c)
{
	OWNED(free) char *ui = ui_of(c->uuid);

	add(m, "'op':'i','ns':'%s',%s,'o':{'_id':%d,'x':%u}", c->ns, ui, c->next++, below(m, 100));
	if (c->next - c->first <= CAPPED_MAX)
		return;
	if (!m->evicts)
		add(m, "'op':'d','ns':'%s',%s,'o':{'_id':%d}", c->ns, ui, c->first);
	c->first++;
}

static void write_one(struct maker *m)
{
	struct coll *c = pick(m, false, false);
	OWNED(free) char *op = NULL;

	if (c == NULL)
		return;
	if (c->capped) {
		write_capped(m, c);
		return;
	}
	op = operation(m, c, &c->ids);
	if (op != NULL)
		add(m, "%s", op);
}

/* Operations in braces, of one collection or several. */
static char *operations(struct maker *m, struct coll *only)
{
	OWNED(buf_release) struct buf out = {0};

	for (unsigned i = 1 + below(m, 4); i > 0; i--) {
		struct coll *c = only != NULL ? only : pick(m, false, true);
		OWNED(free) char *op = c == NULL ? NULL : operation(m, c, &c->ids);

		if (op != NULL)
			buf_printf(&out, "%s{%s}", out.len > 0 ? "," : "", op);
	}
	return xstrdup(out.len > 0 ? buf_text(&out) : "");
}

static char *session_of(struct maker *m, unsigned number, uint64_t prev)
{
	char base64[32];

	(void)m;
	return xprintf(
		"'lsid':{'id':{'$binary':{'base64':'%s','subType':'04'}},'uid':{'$binary':"
		"{'base64':'AAAA','subType':'00'}}},'txnNumber':{'$numberLong':'1'},"
		"'prevOpTime':{'ts':{'$timestamp':{'t':%u,'i':%u}},'t':{'$numberLong':'%d'}}",
		base64_of(number % 256, base64), entry_seconds(prev), entry_increment(prev),
		prev == 0 ? -1 : 1);
}

static unsigned count_of(const char *ops)
{
	unsigned count = 0;

	for (const char *at = ops; (at = strstr(at, "'op':")) != NULL; at++)
		count++;
	return count;
}

/* In one entry or in up to three; its optime is the last one's. `more`: "", or "'prepare':true". */
static void add_chain(struct maker *m, unsigned session, struct coll *only, const char *more)
{
	unsigned parts = below(m, 3), operations_done = 0;
	uint64_t prev = 0;

	for (unsigned part = 0; part <= parts; part++) {
		OWNED(free) char *ops = operations(m, only);
		OWNED(free) char *id = session_of(m, session, prev);
		const char *comma = more[0] != '\0' ? "," : "";

		operations_done += count_of(ops);
		if (part < parts)
			add(m,
			    "'op':'c','ns':'admin.$cmd',%s,'o':{'applyOps':[%s],'partialTxn':true}",
			    id, ops);
		else if (parts == 0)
			add(m, "'op':'c','ns':'admin.$cmd',%s,'o':{'applyOps':[%s]%s%s}", id, ops,
			    comma, more);
		else
			add(m,
			    "'op':'c','ns':'admin.$cmd',%s,'o':{'applyOps':[%s]%s%s,'count':{"
			    "'$numberLong':'%u'}}",
			    id, ops, comma, more, operations_done);
		prev = m->ts;
	}
}

static void apply_ops(struct maker *m)
{
	OWNED(free) char *ops = operations(m, NULL);

	if (ops[0] != '\0')
		add(m, "'op':'c','ns':'admin.$cmd','o':{'applyOps':[%s]}", ops);
}

/* Prepared: what it writes nobody else may write until it is decided. */
static void prepare(struct maker *m)
{
	struct prepared *p = &m->prepared[below(m, COUNT_OF(m->prepared))];
	struct coll *c = pick(m, false, true);
	uint64_t before, held;

	if (p->open || c == NULL || c->held != 0 || m->sessions == SESSIONS_MAX)
		return;
	*p = (struct prepared){.open = true, .session = m->sessions++};
	p->coll = (unsigned)(c - m->colls);
	before = c->ids;
	/* Others may write the other half of the ids meanwhile. */
	held = harness_rng_u64(m->rng) & ((1u << HISTORY_IDS) - 1);
	c->held = ~held;
	add_chain(m, p->session, c, "'prepare':true");
	p->ts = m->ts;
	p->add = c->ids;
	c->ids = before;
	c->held = held;
	c->locked++;
}

static void decide(struct maker *m, struct prepared *p)
{
	struct coll *c = &m->colls[p->coll];
	OWNED(free) char *id = session_of(m, p->session, p->ts);
	uint64_t at = p->ts + below(m, 3);

	p->open = false;
	c->locked--;
	if (below(m, 3) == 0) {
		add(m, "'op':'c','ns':'admin.$cmd',%s,'o':{'abortTransaction':1}", id);
	} else {
		/* Its time is between the prepare's and the entry's own. */
		if (at > m->ts)
			at = p->ts;
		c->ids = (p->add & c->held) | (c->ids & ~c->held);
		add(m,
		    "'op':'c','ns':'admin.$cmd',%s,'o':{'commitTransaction':1,'commitTimestamp':"
		    "{'$timestamp':{'t':%u,'i':%u}}}",
		    id, entry_seconds(at), entry_increment(at));
	}
	c->held = 0;
}

static void decide_one(struct maker *m)
{
	struct prepared *p = &m->prepared[below(m, COUNT_OF(m->prepared))];

	if (p->open)
		decide(m, p);
}

static void create(struct maker *m)
{
	OWNED(free) char *o = NULL;
	char ns[32];
	struct coll *c;
	unsigned kind = below(m, 4);

	if (m->coll_count == COLLS_MAX || !free_name(m, below(m, 3) == 0 ? "d" : "b", ns))
		return;
	c = new_coll(m, ns);
	c->capped = kind == 0;
	c->collated = kind == 1;
	o = xprintf("{'create':'%s'%s," ID_INDEX "%s}", strchr(ns, '.') + 1,
		    c->capped ? ",'capped':true,'size':4096,'max':5" : "",
		    c->collated ? ",'collation':{'locale':'de'}" : "");
	add_command(m, c, o);
}

static void drop(struct maker *m)
{
	struct coll *c = pick(m, true, false);
	OWNED(free) char *o = c == NULL ? NULL : xprintf("{'drop':'%s'}", strchr(c->ns, '.') + 1);

	if (c == NULL || below(m, 2) == 0)
		return;
	add_command(m, c, o);
	c->live = false;
}

static void rename_one(struct maker *m)
{
	struct coll *c = pick(m, true, false), *target = pick(m, true, false);
	OWNED(free) char *o = NULL;
	char to[32], base64[32];

	if (c == NULL)
		return;
	if (target != c && c->ns[0] == target->ns[0] && below(m, 3) == 0) {
		memcpy(to, target->ns, sizeof(to));
		o = xprintf("{'renameCollection':'%s','to':'%s','stayTemp':false,'dropTarget':"
			    "{'$binary':{'base64':'%s','subType':'04'}}}",
			    c->ns, to, base64_of(target->uuid, base64));
		target->live = false;
	} else {
		if (!free_name(m, c->ns[0] == 'b' ? "b" : "d", to))
			return;
		o = xprintf("{'renameCollection':'%s','to':'%s','stayTemp':false}", c->ns, to);
	}
	add_command(m, c, o);
	memcpy(c->ns, to, sizeof(to));
}

static void change_options(struct maker *m)
{
	struct coll *c = pick(m, true, false);
	OWNED(free) char *o = NULL;
	const char *name;

	if (c == NULL)
		return;
	name = strchr(c->ns, '.') + 1;
	switch (below(m, 3)) {
	case 0:
		o = xprintf("{'collMod':'%s','validator':{'a':{'$gt':%u}}}", name, below(m, 9));
		break;
	case 1:
		o = c->indexed ? NULL
			       : xprintf("{'createIndexes':'%s','v':2,'key':{'a':1},'name':'a_1'}",
					 name);
		c->indexed = true;
		break;
	default:
		o = c->indexed ? xprintf("{'dropIndexes':'%s','index':'a_1'}", name) : NULL;
		c->indexed = false;
	}
	if (o != NULL)
		add_command(m, c, o);
}

static void add_view(struct maker *m)
{
	OWNED(free) char *ui = ui_of(VIEWS_UUID);

	if (m->views == 0)
		add(m, "'op':'c','ns':'b.$cmd',%s,'o':{'create':'system.views'," ID_INDEX "}", ui);
	add(m, "'op':'i','ns':'b.system.views',%s,'o':{'_id':'b.v%u','viewOn':'c1','pipeline':[]}",
	    ui, m->views++);
}

static void begin_version(struct maker *m)
{
	OWNED(free) char *ui = ui_of(FCV_UUID);

	add(m,
	    "'op':'i','ns':'admin.system.version',%s,'o':{'_id':'featureCompatibilityVersion',"
	    "'version':'%s'}",
	    ui, strcmp(m->h->server, "4.2.6") == 0 ? "4.2" : "4.4");
}

/* From 4.4 to 5.0: capped collections behave differently from here on. */
static void raise_version(struct maker *m)
{
	OWNED(free) char *ui = ui_of(FCV_UUID);

	if (!m->v5 || !m->evicts)
		return;
	add(m,
	    "'op':'u','ns':'admin.system.version',%s,'o':{'_id':'featureCompatibilityVersion',"
	    "'version':'5.0'},'o2':{'_id':'featureCompatibilityVersion'}",
	    ui);
	m->evicts = false;
	m->deltas = true;
}

static void step(struct maker *m)
{
	static void (*const ddl[])(struct maker *) = {
		create, create, drop, rename_one, rename_one, change_options, add_view};
	unsigned kind = below(m, 100);

	if (kind < 60)
		write_one(m);
	else if (kind < 75)
		ddl[below(m, COUNT_OF(ddl))](m);
	else if (kind < 80)
		apply_ops(m);
	else if (kind < 86 && m->sessions < SESSIONS_MAX)
		add_chain(m, m->sessions++, NULL, "");
	else if (kind < 91)
		prepare(m);
	else if (kind < 96)
		decide_one(m);
	else if (kind < 97)
		raise_version(m);
	else
		add(m, "'op':'n','ns':'','o':{'msg':'x'}");
}

void history_make(struct harness_rng *rng, unsigned count, struct history *ret)
{
	static const char *const servers[] = {"4.2.6", "4.4.2", "5.0.4", "6.0.5"};
	struct maker m = {.rng = rng, .h = ret};
	unsigned server = below(&m, COUNT_OF(servers));

	*ret = (struct history){.server = servers[server], .waits = UINT64_MAX};
	m.v5 = server >= 2;
	m.evicts = true;
	m.ts = entry_ts(HISTORY_SECOND, 1);
	text_doc(&ret->docs, "{'ts':{'$timestamp':{'t':1700000000,'i':1}},'t':{'$numberLong':'1'},"
			     "'v':2,'op':'n','ns':'','o':{'msg':'x'}}");
	buf_add(&ret->times, &m.ts, sizeof(m.ts));
	for (unsigned i = 0; i < BASE_COLLS; i++) {
		char ns[32];

		snprintf(ns, sizeof(ns), "b.c%u", i + 1);
		new_coll(&m, ns);
	}
	begin_version(&m);
	while (history_count(ret) < count)
		step(&m);
	for (size_t i = 0; i < COUNT_OF(m.prepared); i++)
		if (m.prepared[i].open && below(&m, 2) == 0)
			decide(&m, &m.prepared[i]);
	for (size_t i = 0; i < COUNT_OF(m.prepared); i++)
		if (m.prepared[i].open)
			ret->waits = MIN_OF(ret->waits, m.prepared[i].ts);
	add(&m, "'op':'n','ns':'','o':{'msg':'end'}");
}

static void add_base_entry(struct catalog_build *build, const char *ns, unsigned uuid)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct error e = {0};

	catalog_entry_init(&entry);
	entry.ns = xstrdup(ns);
	entry.ns_len = strlen(ns);
	entry.db_len = (size_t)(strchr(ns, '.') - ns);
	entry.has_uuid = true;
	stream_model_uuid((uint8_t)uuid, entry.uuid);
	ASSERT_OK(catalog_build_add(build, &entry, HISTORY_SECOND, NULL, &e));
}

void history_commit_base(struct store *store, const struct history *history)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release) struct snapshot s = {.name = xstrdup("base"), .exact = true};
	OWNED(catalog_build_free) struct catalog_build *build = NULL;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	build = catalog_build_new(writer, NULL);
	add_base_entry(build, "admin.system.version", FCV_UUID);
	for (unsigned i = 1; i <= BASE_COLLS; i++) {
		char ns[32];

		snprintf(ns, sizeof(ns), "b.c%u", i);
		add_base_entry(build, ns, i);
	}
	s.optime = (struct optime){HISTORY_SECOND, 1};
	s.time = HISTORY_SECOND;
	s.source = xstrdup("dump");
	s.tool = xstrdup("test");
	s.server_version = xstrdup(history->server);
	ASSERT_OK(catalog_build_finish(build, &s, &e));
	ASSERT_OK(commit_snapshot(writer, &s, &e));
}
