/*
 * exited - it listened a moment ago and is gone: what it left behind tells. Connections in TIME_WAIT or
 * FIN_WAIT on the port, a pid file of a dead process, the kernel's log of a kill for memory.
 */
#include "base/clock.h"
#include "base/str.h"
#include "diagnose/say.h"
#include "explain/port_facts.h"

static const char *seconds(const struct inquiry *q, uint32_t ms)
{
	AUTO(buf) struct buf text = BUF_INIT(50);

	clock_age(&text, ms);
	return arena_strdup(q->arena, text.data);
}

/* Connections that were accepted on the port: the server's end of them, the one that closed last. */
static size_t leftovers(const struct inquiry *q, const struct socket **out)
{
	const struct socket *s = NULL;
	size_t found = 0;

	*out = NULL;
	while ((s = inquiry_next_socket(q, PROTO_TCP, q->aim.port, s))) {
		if (s->state == SOCKET_LISTEN || s->state == SOCKET_BOUND)
			return 0;
		if (s->inode || !s->remote_port || inquiry_is_outgoing(q, s))
			continue;
		found++;
		if (!*out || s->timer_ms > (*out)->timer_ms)
			*out = s;
	}
	return found;
}

static void died(const struct inquiry *q, struct claims *c, size_t count, const struct socket *s)
{
	claim(c, "server-exited", CERTAINTY_INFERRED, OBSERVED_REFUSED,
		"A server had port %u until a moment ago; it has ended.", q->aim.port);
	claim_evidence(c, "sock_diag",
		"%zu connection%s of it %s left in %s, nobody listens any more", count,
		count == 1 ? "" : "s", count == 1 ? "is" : "are", socket_state_name(s->state));
	if (s->state == SOCKET_TIME_WAIT && s->timer_ms <= 60000)
		claim_evidence(c, "sock_diag", "the last one closed %s ago",
			seconds(q, 60000 - s->timer_ms));
	claim_fix(c, NULL, "read the last lines of its log, then start it again");
}

static void pid_file(const struct inquiry *q, struct claims *c)
{
	const char *file = inquiry_foreign(q, q->pid_file, 120);

	if (q->symptom.pid_file)
		claim(c, "server-exited", CERTAINTY_PROVED, OBSERVED_REPORTED | OBSERVED_REFUSED,
			"The server that wrote %s has ended; the file only says that it still runs.",
			str_basename(file));
	else
		claim(c, "server-exited", CERTAINTY_INFERRED, OBSERVED_REFUSED,
			"The server that should be on port %u has ended: its pid file names a process "
			"that is gone.",
			q->aim.port);
	claim_evidence(c, file, "names pid %d, which does not exist", (int)q->pid_file_pid);
	if (!q->symptom.pid_file)
		claim_fix(c, NULL, "read the last lines of its log, then start it again");
	claim_fix(c, arena_printf(q->arena, "rm %s", say_word(q, q->pid_file)),
		"remove the stale pid file, then start it again");
}

#define RECENT_MS   (60 * 60 * 1000)
#define JUST_NOW_MS (5 * 60 * 1000)

/* The process that ended is the one that should be here: by its pid file, or by what it serves. */
static bool is_meant(const struct inquiry *q, const struct oom_kill *kill)
{
	const char *speaks = q->aim.expects ? q->aim.expects : port_speaks(PROTO_TCP, q->aim.port);

	return (q->pid_file && q->pid_file_pid == kill->pid) ||
		(speaks && strstr(kill->name, speaks));
}

/* The latest that is meant; any other is a guess, and only when it happened just now. */
static void out_of_memory(const struct inquiry *q, struct claims *c)
{
	AUTO(buf) struct buf when = BUF_INIT(100);

	const struct oom_kill *kill = NULL;

	for (size_t i = 0; i < q->oom_count && !kill; i++)
		if (q->now_ms - q->ooms[i].at_ms <= RECENT_MS && is_meant(q, &q->ooms[i]))
			kill = &q->ooms[i];
	bool meant = kill != NULL;
	if (!kill && q->oom_count && q->now_ms - q->ooms[0].at_ms <= JUST_NOW_MS)
		kill = &q->ooms[0];
	if (!kill)
		return;
	clock_local(&when, kill->at_ms, q->now_ms);
	claim(c, "oom-killed", meant ? CERTAINTY_INFERRED : CERTAINTY_GUESSED, OBSERVED_REFUSED,
		"The kernel ended %s %d at %s, because memory ran out.",
		inquiry_foreign(q, kill->name, 40), (int)kill->pid, when.data);
	claim_evidence(c, "/dev/kmsg", "%s", inquiry_foreign(q, kill->line, 200));
	claim_evidence(c, "sock_diag", "nobody listens on port %u", q->aim.port);
	if (kill->cgroup)
		claim_fix(c, NULL, "raise the memory limit of %s",
			*kill->cgroup ? inquiry_foreign(q, kill->cgroup, 100) : "its cgroup");
	else
		claim_fix(c, NULL, "give the machine more memory, or let less run at a time");
	claim_fix(c, NULL, "or let the program take less (for node: --max-old-space-size)");
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct socket *last = NULL;

	if (q->symptom.pid_file && q->pid_file)
		pid_file(q, c);
	if (!inquiry_is_vacant(q) || q->symptom.op == OPERATION_BIND)
		return;
	out_of_memory(q, c);
	size_t count = leftovers(q, &last);
	if (count)
		died(q, c, count, last);
	else if (q->pid_file && !q->symptom.pid_file)
		pid_file(q, c);
}

const struct diagnose_check diagnose_exited = {
	.summary = "whether a server was there a moment ago and has ended",
	.causes = "server-exited oom-killed",
	.needs = FACT_SOCKETS | FACT_MORE,
	.operations = OPERATIONS_ALL,
	.run = run,
};
