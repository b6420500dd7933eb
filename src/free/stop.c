/*
 * stop - see stop.h. pidfd_open(2) pins a process: from the comparison of its start time on, a signal
 * through the descriptor reaches that process or nobody. A pidfd becomes readable when the process has
 * ended, whoever its parent is, and zombies hold no sockets, so that is the moment to wait for.
 */
#include "free/stop.h"

#include "base/clock.h"
#include "base/must.h"
#include "free/plan.h"
#include "loop/loop.h"
#include "sys/procfs.h"
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#define GRACE_MS  500 /* before the next wave is asked although this one still runs */
#define TICK_MS	  250
#define LINGER_MS 200 /* in which children end by themselves after their parents */

struct stopper;

struct member {
	struct stopper *stopper;
	struct stop_process *p;
	struct loop_process process;
	bool forced, done;
};

struct stopper {
	const struct host *host;
	const struct stop_query *q;
	struct loop *loop;
	struct member *members;
	size_t count;
	int wave; /* the last one that was asked; -1 = none */
	uint64_t start_ns;
	struct loop_timer grace, force, tick;
	struct loop_signal interrupt, terminate;
	bool interrupted;
};

static void next_wave(void *data);

const char *stop_outcome_name(int outcome)
{
	static const char *const names[] = {"left", "ended", "killed", "gone", "denied"};

	return names[outcome];
}

static int send_signal(const struct member *m, int signo)
{
	return (int)syscall(SYS_pidfd_send_signal, m->process.pidfd.fd, signo, NULL, 0);
}

static void finish(struct member *m, int outcome)
{
	m->done = true;
	m->p->outcome = outcome;
	m->p->took_ns = clock_mono_ns() - m->stopper->start_ns;
	loop_process_remove(&m->process);
}

/* The lowest wave that still has somebody running; WAVE_COUNT when nobody is left. */
static int running_wave(const struct stopper *s, int after)
{
	int lowest = WAVE_COUNT;

	for (size_t i = 0; i < s->count; i++)
		if (!s->members[i].done && s->members[i].p->wave > after)
			lowest = MIN(lowest, s->members[i].p->wave);
	return lowest;
}

static void later(struct stopper *s, struct loop_timer *t, uint64_t ms, void (*due)(void *data))
{
	loop_timer_start(s->loop, t, clock_mono_ns() + ms * LOOP_MS, due, s);
}

/* Called when somebody ended or was found gone. */
static void advance(struct stopper *s)
{
	int running = running_wave(s, -1);

	if (running == WAVE_COUNT) {
		loop_stop(s->loop);
		return;
	}
	if (running <= s->wave)
		return;
	if (running == WAVE_CHILD && s->wave >= 0)
		later(s, &s->grace, LINGER_MS, next_wave);
	else
		next_wave(s);
}

static void on_end(void *data, int status)
{
	struct member *m = data;

	finish(m, m->forced ? STOP_KILLED : STOP_ENDED);
	advance(m->stopper);
}

static void ask(struct member *m, int signo)
{
	if (m->done || signo == 0)
		return;
	m->forced = m->forced || signo == SIGKILL;
	if (send_signal(m, signo) < 0) {
		if (errno == EPERM)
			finish(m, STOP_DENIED);
		return; /* ESRCH: the loop will tell */
	}
	/* a suspended process keeps signals for later until it is woken */
	if (m->p->state == 'T' || m->p->state == 't')
		send_signal(m, SIGCONT);
}

static void on_force(void *data)
{
	struct stopper *s = data;

	for (size_t i = 0; i < s->count; i++) {
		struct member *m = &s->members[i];
		if (m->p->signal && (m->p->wave != WAVE_CHILD || s->wave == WAVE_CHILD))
			ask(m, SIGKILL);
	}
}

static void next_wave(void *data)
{
	struct stopper *s = data;
	int wave = running_wave(s, s->wave);

	loop_timer_stop(&s->grace);
	if (wave == WAVE_COUNT)
		return;
	/* children wait for their parents */
	if (wave == WAVE_CHILD && running_wave(s, -1) < WAVE_CHILD)
		return;
	s->wave = wave;
	if (wave == WAVE_CHILD && !s->force.loop)
		later(s, &s->force, s->q->force_after_ms, on_force);
	for (size_t i = 0; i < s->count; i++)
		if (s->members[i].p->wave == wave)
			ask(&s->members[i], s->members[i].p->signal);
	if (running_wave(s, -1) == WAVE_COUNT)
		loop_stop(s->loop);
	else
		later(s, &s->grace, GRACE_MS, next_wave);
}

static void on_signal(void *data, int signo)
{
	struct stopper *s = data;

	s->interrupted = true;
	loop_stop(s->loop);
}

static void on_tick(void *data)
{
	struct stopper *s = data;

	for (size_t i = 0; i < s->count; i++) {
		if (s->members[i].done)
			continue;
		s->q->tick(s->q->data, s->members[i].p);
		break;
	}
	later(s, &s->tick, TICK_MS, on_tick);
}

/* Takes hold of the process that is meant, or finds that it is gone. */
static void pin(struct stopper *s, struct member *m)
{
	struct proc_stat stat;

	int r = loop_process_add(s->loop, &m->process, m->p->pid, on_end, m);
	if (r == -ESRCH) {
		finish(m, STOP_GONE);
		return;
	}
	if (r < 0) /* no descriptor is left, or this kernel has none for processes */
		finish(m, STOP_DENIED);
	else if (procfs_read_stat(s->host, m->p->pid, &stat) < 0 ||
		stat.start_ticks != m->p->start_ticks)
		finish(m, STOP_GONE);
	else
		m->p->state = stat.state;
}

static void begin(struct stopper *s)
{
	for (size_t i = 0; i < s->count; i++)
		pin(s, &s->members[i]);
	if (running_wave(s, -1) == WAVE_COUNT)
		return;
	later(s, &s->force, s->q->force_after_ms, on_force);
	if (s->q->tick)
		later(s, &s->tick, TICK_MS, on_tick);
	next_wave(s);
	loop_run(s->loop, s->start_ns + s->q->timeout_ms * LOOP_MS);
}

static int report(struct stopper *s, struct err *err)
{
	const struct stop_process *left = NULL;
	bool denied = false;

	for (size_t i = 0; i < s->count; i++) {
		struct member *m = &s->members[i];
		struct proc_stat stat;
		loop_process_remove(&m->process);
		denied = denied || m->p->outcome == STOP_DENIED;
		if (m->done)
			continue;
		m->p->outcome = STOP_LEFT;
		m->p->took_ns = clock_mono_ns() - s->start_ns;
		m->p->state = procfs_read_stat(s->host, m->p->pid, &stat) == 0 ? stat.state : '?';
		left = m->p;
	}
	if (s->interrupted)
		return err_set(err, -EINTR, "interrupted");
	if (left)
		return err_set(err, -ETIMEDOUT, "process %d has not ended", left->pid);
	return denied ? err_set(err, -EPERM, "not every process may be signalled") : 0;
}

int stop_run(const struct host *host, struct stop_process *list, size_t count,
	const struct stop_query *q, struct err *err)
{
	struct stopper s = {.host = host,
		.q = q,
		.count = count,
		.wave = -1,
		.start_ns = clock_mono_ns()};
	AUTO(free) struct member *members = must_calloc(count, sizeof(*members));
	AUTO(loop) struct loop *loop = NULL;

	int r = loop_new(&loop, err);
	if (r < 0)
		return r;
	s.loop = loop;
	s.members = members;
	for (size_t i = 0; i < count; i++)
		members[i] = (struct member){.stopper = &s, .p = &list[i]};
	r = loop_signal_add(loop, &s.interrupt, SIGINT, on_signal, &s);
	if (r == 0)
		r = loop_signal_add(loop, &s.terminate, SIGTERM, on_signal, &s);
	if (r == 0)
		begin(&s);
	int answer = r < 0 ? err_set(err, r, "cannot watch signals: %m") : report(&s, err);
	loop_timer_stop(&s.grace);
	loop_timer_stop(&s.force);
	loop_timer_stop(&s.tick);
	loop_signal_remove(&s.interrupt);
	loop_signal_remove(&s.terminate);
	return answer;
}
