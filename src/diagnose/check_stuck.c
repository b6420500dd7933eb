/*
 * stuck - it listens, and the process behind it cannot serve: it is stopped, held by a debugger, frozen,
 * waiting in the kernel, out of descriptors, short of CPU time, or busy with itself.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/stuck.h"

struct scene {
	const struct inquiry *q;
	struct claims *c;
	const struct place *p;
	const struct owner_vitals *v;
	const struct vitals *now;
	const struct owner *o;
	const char *who; /* "node 4121" */
	uint32_t explains;
};

static const char *number(const struct scene *s, uint64_t n)
{
	return arena_printf(s->q->arena, "%llu", (unsigned long long)n);
}

/* What was seen from outside, whatever the reason is. */
static void seen(const struct scene *s)
{
	const struct place *p = s->p;
	const char *at = inquiry_endpoint(s->q, &p->address, s->q->aim.port);

	claim_evidence(s->c, "sock_diag", "LISTEN %s %s", p->listener ? p->listener->text : at,
		inquiry_owner(s->q, s->o));
	if (stuck_queue_full(p))
		claim_evidence(s->c, "sock_diag",
			"its queue is full: %u connections wait, the backlog is %u",
			p->listener->waiting, p->listener->backlog);
	else if (stuck_in_queue(p))
		claim_evidence(s->c, "probe",
			"%s: connected, but the connection stays in the queue: nobody accepts it",
			at);
	else if (p->talked && p->talk.connected)
		claim_evidence(s->c, "probe", "%s: accepted, and not a byte came back", at);
}

static const char *kill_command(const struct scene *s, const char *signal)
{
	return arena_printf(s->q->arena, "kill %s%d", signal, (int)s->o->pid);
}

static void stopped(const struct scene *s)
{
	const struct owner *o = s->o;

	claim(s->c, "process-stopped", CERTAINTY_PROVED, s->explains,
		"%s is stopped (Ctrl-Z or SIGSTOP), so it cannot answer.", s->who);
	claim_evidence(s->c, "/proc", "pid %d is in state T (stopped)%s%s", (int)o->pid,
		o->terminal ? ", started on " : "",
		o->terminal ? inquiry_foreign(s->q, o->terminal, 40) : "");
	if (o->parent)
		claim_evidence(s->c, "/proc", "its parent is %s", inquiry_owner(s->q, o->parent));
	seen(s);
	claim_fix(s->c, kill_command(s, "-CONT "), "let it go on");
	claim_fix(s->c, "fg", "or continue it in the terminal that it was started from");
}

static void traced(const struct scene *s)
{
	const char *by =
		s->now->tracer_name ? inquiry_foreign(s->q, s->now->tracer_name, 40) : "a debugger";

	claim(s->c, "process-traced-stopped", CERTAINTY_PROVED, s->explains,
		"%s is held by %s at a breakpoint, so it cannot answer.", s->who, by);
	claim_evidence(s->c, "/proc", "pid %d is in state t (tracing stop)", (int)s->o->pid);
	if (s->now->tracer)
		claim_evidence(s->c, "/proc", "TracerPid %d: %s", (int)s->now->tracer, by);
	seen(s);
	claim_fix(s->c, NULL, "continue it in %s, or detach", by);
	if (s->now->tracer)
		claim_fix(s->c, arena_printf(s->q->arena, "kill %d", (int)s->now->tracer),
			"or end %s: what it holds goes on then", by);
}

static void frozen(const struct scene *s)
{
	const char *at = s->now->frozen_at ? s->now->frozen_at : s->now->cgroup;

	claim(s->c, "process-frozen", CERTAINTY_PROVED, s->explains,
		"%s is frozen with its whole control group (docker pause, systemctl freeze).",
		s->who);
	claim_evidence(s->c, "cgroup", "cgroup.events says frozen 1%s%s", at ? ": " : "",
		at ? inquiry_foreign(s->q, at, 120) : "");
	claim_evidence(s->c, "/proc", "pid %d looks asleep (state %c): the state does not tell",
		(int)s->o->pid, s->now->state);
	seen(s);
	if (s->o->container && s->o->container->name)
		claim_fix(s->c,
			arena_printf(s->q->arena, "%s unpause %s",
				runtime_name(s->o->container->runtime),
				inquiry_foreign(s->q, s->o->container->name, 60)),
			"let the container go on");
	else if (s->o->unit)
		claim_fix(s->c,
			arena_printf(s->q->arena, "systemctl%s thaw %s",
				s->o->unit_is_user ? " --user" : "",
				inquiry_foreign(s->q, s->o->unit, 60)),
			"let the unit go on");
	if (s->now->thaw)
		claim_fix(s->c, inquiry_foreign(s->q, s->now->thaw, 200), "thaw the control group");
}

static void uninterruptible(const struct scene *s)
{
	claim(s->c, "process-uninterruptible", CERTAINTY_PROVED, s->explains,
		"%s waits inside the kernel and cannot be interrupted: for a disk, a network file "
		"system or a child.",
		s->who);
	claim_evidence(s->c, "/proc", "pid %d is in state D (uninterruptible) at both readings%s%s",
		(int)s->o->pid, s->now->wchan ? ", in " : "",
		s->now->wchan ? inquiry_foreign(s->q, s->now->wchan, 60) : "");
	seen(s);
	claim_fix(s->c, arena_printf(s->q->arena, "sudo cat /proc/%d/stack", (int)s->o->pid),
		"see what it waits for, and mend that: kill -9 does nothing now");
}

static void descriptors(const struct scene *s)
{
	const char *limit = number(s, s->now->fd_limit);

	claim(s->c, "fd-exhausted", CERTAINTY_PROVED,
		s->explains | OBSERVED_CLOSED | OBSERVED_RESET,
		"%s has used up all of its %s file descriptors, so it cannot accept a connection.",
		s->who, limit);
	claim_evidence(s->c, "/proc",
		"pid %d has %s open files, %s of them sockets; its limit (nofile) is %s",
		(int)s->o->pid, number(s, s->now->fd_count),
		s->now->fd_sockets == VITALS_UNKNOWN ? "some" : number(s, s->now->fd_sockets),
		limit);
	if (s->p->socket && s->p->socket->rqueue)
		claim_evidence(s->c, "sock_diag", "%u connections wait to be accepted",
			s->p->socket->rqueue);
	seen(s);
	claim_fix(s->c,
		arena_printf(s->q->arena, "sudo prlimit --pid %d --nofile=65536", (int)s->o->pid),
		"raise the limit of the running process");
	claim_fix(s->c, NULL, "then for good: ulimit -n in its shell, or LimitNOFILE= in its unit");
	claim_fix(s->c, arena_printf(s->q->arena, "ls -l /proc/%d/fd", (int)s->o->pid),
		"and see what it leaks: close what is not needed");
}

static void throttled(const struct scene *s)
{
	claim(s->c, "cpu-throttled", CERTAINTY_PROVED, s->explains | OBSERVED_SLOW,
		"%s is starved: its CPU quota held it back %u %% of the time.", s->who,
		s->v->throttled_percent);
	claim_evidence(s->c, "cgroup", "pid %d: cpu.stat was throttled %s times more in between",
		(int)s->o->pid,
		number(s, s->v->second.throttled_times - s->v->first.throttled_times));
	claim_evidence(s->c, "cgroup", "cpu.max is \"%s\"%s%s",
		s->now->cpu_max ? s->now->cpu_max : "not known", s->now->cgroup ? ", of " : "",
		s->now->cgroup ? inquiry_foreign(s->q, s->now->cgroup, 120) : "");
	seen(s);
	claim_fix(s->c, NULL,
		"raise the quota: cpu.max of the control group, docker --cpus, CPUQuota= of the unit");
}

static void busy(const struct scene *s)
{
	claim(s->c, "event-loop-blocked", CERTAINTY_PROVED, s->explains,
		"%s is busy computing, and its main thread takes no connection meanwhile.", s->who);
	claim_evidence(s->c, "/proc",
		"pid %d: its main thread is running (state %c) and took %u %% of a CPU between two "
		"readings; %u thread%s in all",
		(int)s->o->pid, s->now->state, s->v->main_percent, s->now->threads,
		s->now->threads == 1 ? "" : "s");
	seen(s);
	if (str_eq(owner_program(s->o), "python"))
		claim_fix(s->c, arena_printf(s->q->arena, "py-spy dump --pid %d", (int)s->o->pid),
			"see what it computes");
	else if (str_eq(owner_program(s->o), "node"))
		claim_fix(s->c, arena_printf(s->q->arena, "kill -USR1 %d", (int)s->o->pid),
			"open its debugger on port 9229 and pause it, to see what it computes");
	else
		claim_fix(s->c, arena_printf(s->q->arena, "perf top -p %d", (int)s->o->pid),
			"see what it computes");
	claim_fix(s->c, kill_command(s, ""), "or stop it, and start it again");
}

static void run_place(const struct inquiry *q, struct claims *c, const struct place *p)
{
	static void (*const claims_of[])(const struct scene *) = {
		[STUCK_TRACED] = traced,
		[STUCK_STOPPED] = stopped,
		[STUCK_FROZEN] = frozen,
		[STUCK_UNINTERRUPTIBLE] = uninterruptible,
		[STUCK_DESCRIPTORS] = descriptors,
		[STUCK_THROTTLED] = throttled,
		[STUCK_BUSY] = busy,
	};
	struct scene s = {.q = q, .c = c, .p = p, .explains = OBSERVED_SILENT};
	enum stuck how = stuck_at(q, p, &s.v);

	if (how == STUCK_NOT)
		return;
	if (stuck_queue_full(p))
		s.explains |= OBSERVED_UNANSWERED | OBSERVED_SLOW;
	s.now = s.v->second.pid && !s.v->second.gone ? &s.v->second : &s.v->first;
	s.o = s.v->owner;
	s.who = arena_printf(q->arena, "%s %d", inquiry_foreign(q, owner_program(s.o), 40),
		(int)s.o->pid);
	claims_of[how](&s);
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].service && q->places[i].wrong) {
			run_place(q, c, &q->places[i]);
			return;
		}
}

const struct diagnose_check diagnose_stuck = {
	.summary = "whether the process behind the port is able to serve at all",
	.causes = "process-stopped process-traced-stopped process-frozen process-uninterruptible "
		  "fd-exhausted cpu-throttled event-loop-blocked",
	.needs = FACT_SOCKETS | FACT_VITALS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
