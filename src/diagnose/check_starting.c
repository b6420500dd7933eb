/*
 * starting - a process is up that means to serve the port, and does not yet: it is young, it waits for a
 * debugger, or a supervisor starts it again and again.
 */
#include "diagnose/check.h"

#include "base/clock.h"
#include "base/str.h"
#include "diagnose/port_words.h"

#define YOUNG_MS (5 * 60 * 1000)

static size_t ports_served(const struct inquiry *q, const struct owner *o)
{
	size_t count = 0;

	for (size_t i = 0; i < q->snapshot->service_count; i++)
		for (size_t j = 0; j < q->snapshot->services[i]->owner_count; j++)
			count += q->snapshot->services[i]->owners[j]->pid == o->pid &&
				q->snapshot->services[i]->port;
	return count;
}

/* The word of its command line that says so, or NULL. */
static const char *waits_for_debugger(const struct owner *o)
{
	static const char *const words[] = {"--inspect-brk", "suspend=y", "--wait-for-client",
		"--wait-for-debugger", "--inspect-wait"};

	for (size_t i = 1; i < o->argc; i++)
		for (size_t j = 0; j < ARRAY_SIZE(words); j++)
			if (strstr(o->argv[i], words[j]))
				return o->argv[i];
	return o->argc > 1 && str_eq(owner_program(o), "dlv") && str_eq(o->argv[1], "exec")
		? "dlv exec"
		: NULL;
}

static const char *age(const struct inquiry *q, const struct owner *o)
{
	AUTO(buf) struct buf text = BUF_INIT(100);

	if (o->started_ms < 0)
		return "some time";
	clock_age(&text, MAX(q->now_ms - o->started_ms, (int64_t)0));
	return arena_strdup(q->arena, text.data);
}

static void say_debugger_port(const struct inquiry *q, struct claims *c, const struct owner *o)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		for (size_t j = 0; j < s->owner_count; j++)
			if (s->owners[j]->pid == o->pid && s->netns == 0 && s->port) {
				claim_evidence(c, "sock_diag",
					"it listens on %s only: its debugger's port",
					s->listeners[0].text);
				return;
			}
	}
}

static void debugger(const struct inquiry *q, struct claims *c, const struct owner *o,
	bool means_port)
{
	const char *word = inquiry_foreign(q, waits_for_debugger(o), 80);

	claim(c, "process-waiting-for-debugger",
		means_port ? CERTAINTY_INFERRED : CERTAINTY_GUESSED, OBSERVED_REFUSED,
		"The server was started to wait for a debugger, and none has come yet.");
	claim_evidence(c, "/proc", "%s, up for %s, started with %s", inquiry_owner(q, o), age(q, o),
		word);
	say_debugger_port(q, c, o);
	claim_evidence(c, "sock_diag", "it does not listen on port %u", q->aim.port);
	claim_fix(c, NULL, "attach the debugger and let it run");
	claim_fix(c, NULL, "or start it without %s (--inspect instead of --inspect-brk, suspend=n)",
		word);
}

static void young(const struct inquiry *q, struct claims *c, const struct owner *o)
{
	claim(c, "still-starting", CERTAINTY_INFERRED, OBSERVED_REFUSED,
		"The server has been up for %s, but has not opened port %u yet.", age(q, o),
		q->aim.port);
	claim_evidence(c, "/proc", "pid %d: %s; its command line names port %u", (int)o->pid,
		inquiry_owner(q, o), q->aim.port);
	claim_evidence(c, "sock_diag", "it does not listen yet, and nobody else does");
	claim_fix(c, arena_printf(q->arena, "loopscope wait %u", q->aim.port),
		"wait until it listens, then try again");
	claim_fix(c, NULL, "if it takes too long, read its log: pid %d", (int)o->pid);
}

/* It is a client of the port: one that is left from a server that ended. */
static bool is_connected(const struct inquiry *q, const struct owner *o)
{
	for (size_t i = 0; i < q->snapshot->socket_count; i++)
		if (q->snapshot->sockets[i].remote_port == q->aim.port &&
			q->snapshot->sockets[i].owner &&
			q->snapshot->sockets[i].owner->pid == o->pid)
			return true;
	return false;
}

static bool means_port(const struct inquiry *q, size_t process)
{
	return port_words_name(q->processes[process], q->aim.port) ||
		(q->process_ports && q->process_ports[process] == q->aim.port);
}

static bool is_served(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].service)
			return true;
	return false;
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct owner *best = NULL;

	if (!q->aim.port || is_served(q))
		return;
	for (size_t i = 0; i < q->process_count; i++) {
		const struct owner *o = q->processes[i];
		bool means = means_port(q, i), waits = waits_for_debugger(o) != NULL;
		/* whether it is connected goes through all sockets, so it is asked of few */
		if (!(means || waits) || o->state == 'Z' || port_words_client(o) ||
			is_connected(q, o))
			continue;
		/* the debugger's port is all that it has opened; with one more, the debugger has come */
		if (waits && ports_served(q, o) <= 1 && (means || (!best && o->uid == q->uid))) {
			debugger(q, c, o, means);
			return;
		}
		if (means && !ports_served(q, o) && o->started_ms >= 0 &&
			q->now_ms - o->started_ms < YOUNG_MS &&
			(!best || o->started_ms > best->started_ms))
			best = o;
	}
	if (best)
		young(q, c, best);
}

const struct diagnose_check diagnose_starting = {
	.summary = "whether the server is up already, and only its port is not",
	.causes = "still-starting process-waiting-for-debugger",
	.needs = FACT_SOCKETS | FACT_PROCESSES,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
