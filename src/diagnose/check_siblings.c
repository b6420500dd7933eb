/*
 * siblings - the port is served twice: by one server for each address, by a group whose members differ, or by
 * one that still runs what was replaced on disk.
 */
#include "diagnose/check.h"

#include "base/clock.h"
#include "base/str.h"
#include "diagnose/siblings.h"
#include "diagnose/stuck.h"

static const char *since(const struct inquiry *q, const struct owner *o)
{
	AUTO(buf) struct buf text = BUF_INIT(100);

	if (!o || o->started_ms < 0)
		return "";
	buf_str(&text, ", up for ");
	clock_age(&text, MAX(q->now_ms - o->started_ms, (int64_t)0));
	return arena_strdup(q->arena, text.data);
}

static const char *short_name(const struct inquiry *q, const struct owner *o)
{
	return o ? arena_printf(q->arena, "%s %d", inquiry_foreign(q, owner_program(o), 40),
			   (int)o->pid)
		 : "a hidden process";
}

static void say_one(const struct inquiry *q, struct claims *c, const struct socket *s,
	const struct owner *o, const char *more)
{
	claim_evidence(c, "sock_diag", "LISTEN %s %s%s%s",
		inquiry_endpoint(q, &s->local.address, s->local.port), inquiry_holder(q, s),
		since(q, o), more);
}

static const char *answer_words(const struct inquiry *q, const struct place *p)
{
	const struct talk_job *t = &p->talk;

	if (t->response.status)
		return arena_printf(q->arena, "HTTP %u", t->response.status);
	if (t->found)
		return t->found->title;
	return talk_end_name(t->end);
}

static void fix_stop(const struct inquiry *q, struct claims *c, const struct owner *o,
	const char *text)
{
	if (o)
		claim_fix(c, arena_printf(q->arena, "kill %d", (int)o->pid), "%s", text);
}

/* The one that was there first is the stale one, as a rule. */
static const struct owner *older(const struct siblings *pair)
{
	const struct owner *a = pair->first, *b = pair->second;

	if (!a || !b)
		return a ? a : b;
	return b->started_ms >= 0 && (a->started_ms < 0 || b->started_ms < a->started_ms) ? b : a;
}

static void split(const struct inquiry *q, struct claims *c, const struct siblings *pair)
{
	const struct owner *old = older(pair);

	claim(c, "split-brain-listeners", CERTAINTY_PROVED, OBSERVED_DIVIDED | OBSERVED_HTTP,
		"Two different servers share port %u: %s answers at %s, %s at %s.", q->aim.port,
		short_name(q, pair->first), inquiry_endpoint(q, &pair->at->address, q->aim.port),
		short_name(q, pair->second),
		inquiry_endpoint(q, &pair->other->address, q->aim.port));
	say_one(q, c, pair->a, pair->first,
		arena_printf(q->arena, ": %s", answer_words(q, pair->at)));
	say_one(q, c, pair->b, pair->second,
		arena_printf(q->arena, ": %s", answer_words(q, pair->other)));
	fix_stop(q, c, old,
		arena_printf(q->arena, "stop the one that is not meant: %s is the older one",
			short_name(q, old)));
	fix_stop(q, c, old == pair->first ? pair->second : pair->first, "or stop the other one");
	claim_fix(c, NULL, "then let the one that stays listen on both addresses");
}

static void stale_group(const struct inquiry *q, struct claims *c, const struct siblings *pair)
{
	uint32_t explains = OBSERVED_DIVIDED;

	/* the kernel dealt our connection to the one that is stopped, or to the old one */
	explains |= OBSERVED_SILENT | OBSERVED_UNANSWERED | OBSERVED_CLOSED | OBSERVED_RESET |
		OBSERVED_HTTP;
	claim(c, "reuseport-stale-sibling", CERTAINTY_PROVED, explains,
		"Two processes share port %u, %s and %s, and luck decides who answers: %s.",
		q->aim.port, short_name(q, pair->first), short_name(q, pair->second), pair->differ);
	say_one(q, c, pair->a, pair->first, pair->first->state == 'T' ? ", stopped (state T)" : "");
	say_one(q, c, pair->b, pair->second,
		pair->second->state == 'T' ? ", stopped (state T)" : "");
	claim_evidence(c, "sock_diag",
		"two sockets (inodes %u and %u) on one address: SO_REUSEPORT", pair->a->inode,
		pair->b->inode);
	if (pair->second->state == 'T' || pair->second->state == 't')
		fix_stop(q, c, pair->second,
			arena_printf(q->arena,
				"stop the one that is stopped (then kill -CONT %d, so that it can end)",
				(int)pair->second->pid));
	fix_stop(q, c, pair->first, "stop the older one");
}

/* An interpreter or server of the system is replaced by every update, and serves on as before. */
static bool is_of_system(const char *exe)
{
	static const char *const folders[] = {"/usr/", "/bin/", "/sbin/", "/opt/", "/snap/",
		"/nix/", NULL};

	for (size_t i = 0; exe && folders[i]; i++)
		if (str_after(exe, folders[i]))
			return true;
	return !exe;
}

/* A program whose folder is gone cannot find what it should serve. */
static void stale(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct owner *o = stuck_owner(p);

	if (!o || (!o->exe_deleted && !o->cwd_deleted))
		return;
	bool not_found = (p->talk.response.status == 404 || p->talk.response.status >= 500) &&
		(o->cwd_deleted || !is_of_system(o->exe));
	claim(c, "stale-instance", CERTAINTY_INFERRED, not_found ? OBSERVED_HTTP : 0,
		"%s still runs what has been %s since it started: it knows nothing of the new files.",
		short_name(q, o), o->cwd_deleted ? "deleted" : "replaced");
	claim_evidence(c, "/proc", "pid %d: its %s was deleted or replaced%s", (int)o->pid,
		o->cwd_deleted ? "folder (cwd)" : "program file (exe)", since(q, o));
	if (p->talk.response.status)
		claim_evidence(c, "probe", "%s: HTTP %u",
			inquiry_endpoint(q, &p->address, q->aim.port), p->talk.response.status);
	fix_stop(q, c, o, "stop it, and start it again from the new files");
}

static void run(const struct inquiry *q, struct claims *c)
{
	struct siblings pair;

	if (siblings_by_address(q, &pair))
		split(q, c, &pair);
	if (siblings_by_luck(q, &pair))
		stale_group(q, c, &pair);
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].talked && q->places[i].service) {
			stale(q, c, &q->places[i]);
			return;
		}
}

const struct diagnose_check diagnose_siblings = {
	.summary = "whether two servers share the port, or an old one still has it",
	.causes = "split-brain-listeners reuseport-stale-sibling stale-instance",
	.needs = FACT_SOCKETS | FACT_VITALS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
