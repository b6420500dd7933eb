/*
 * attempt - see attempt.h. Forks the command, watches it by one of two rungs, passes its output on,
 * and ends it when its time is over.
 */
#include "run/attempt.h"

#include "base/clock.h"
#include "base/str.h"
#include "loop/loop.h"
#include "run/attempt_part.h"
#include "sys/attempt_trace.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#define GRACE_MS   200 /* for output that others still hold open when the command has ended */
#define KILL_MS	   1000
#define LOOK_MS	   20
#define SAMPLE_MS  5
#define SAMPLE_GAP 4 /* sampling takes a fifth of one core at most */

struct session {
	struct attempt_run *run;
	struct attempt_child child;
	struct loop *loop;
	struct loop_process process;
	struct loop_fd streams[2];
	struct loop_signal signals[3];
	struct loop_timer limit, killer, grace, sampler;
	struct attempt_sample sample;
	struct attempt_haul haul;
	struct buf text;
	unsigned caught;
	bool ended, ending, killed;
};

/* --- output --- */

static void keep(struct buf *text, const char *bytes, size_t len)
{
	if (text->len + len > text->max) {
		size_t stay = text->len < ATTEMPT_TEXT_MAX ? text->len : ATTEMPT_TEXT_MAX;
		memmove(text->data, text->data + text->len - stay, stay);
		text->len = stay;
	}
	buf_add(text, bytes, len);
}

static void finish_if_over(struct session *s);

static void on_output(struct session *s, int stream)
{
	char bytes[16 << 10];
	ssize_t n = read(s->child.streams[stream], bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		loop_fd_remove(&s->streams[stream]);
		finish_if_over(s);
		return;
	}
	keep(&s->text, bytes, (size_t)n);
	if (s->run->output)
		s->run->output(s->run->data, stream + 1, bytes, (size_t)n);
}

static void on_stdout(void *data, uint32_t events)
{
	on_output(data, 0);
}

static void on_stderr(void *data, uint32_t events)
{
	on_output(data, 1);
}

/* --- its end --- */

static bool group_lives(const struct session *s)
{
	return kill(-s->child.pid, 0) == 0 || errno == EPERM;
}

static void on_kill(void *data)
{
	struct session *s = data;

	s->killed = true;
	attempt_child_signal(&s->child, SIGKILL);
}

/* A stopped process takes SIGTERM only when it goes on. */
static void end_it(struct session *s)
{
	if (s->ending)
		return;
	s->ending = true;
	attempt_child_signal(&s->child, SIGTERM);
	attempt_child_signal(&s->child, SIGCONT);
	loop_timer_start(s->loop, &s->killer, clock_mono_ns() + KILL_MS * LOOP_MS, on_kill, s);
}

static void on_limit(void *data)
{
	struct session *s = data;

	s->run->timed_out = true;
	end_it(s);
}

/* When it was we who ended it, the rest of its group goes too. */
static bool waits_for_group(const struct session *s)
{
	return s->ending && !s->killed && group_lives(s);
}

static void finish_if_over(struct session *s)
{
	if (s->ended && !s->streams[0].loop && !s->streams[1].loop && !waits_for_group(s))
		loop_stop(s->loop);
}

static void on_grace(void *data)
{
	struct session *s = data;

	if (waits_for_group(s))
		loop_timer_start(s->loop, &s->grace, clock_mono_ns() + LOOK_MS * LOOP_MS, on_grace,
			s);
	else
		loop_stop(s->loop);
}

static void on_end(void *data, int status)
{
	struct session *s = data;

	s->ended = true;
	s->run->status = status;
	/* the terminal sends ^C to the group that has it, not to us */
	if (s->child.foreground && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
		s->run->interrupted = true;
	loop_timer_stop(&s->limit);
	loop_timer_start(s->loop, &s->grace,
		clock_mono_ns() + (s->ending ? LOOK_MS : GRACE_MS) * LOOP_MS, on_grace, s);
	finish_if_over(s);
}

/* The first is for the command to handle; who asks twice means it. */
static void on_signal(void *data, int signo)
{
	struct session *s = data;

	s->run->interrupted = true;
	attempt_child_signal(&s->child, signo);
	if (signo != SIGINT || s->caught++ > 0)
		end_it(s);
}

static void on_sample(void *data)
{
	struct session *s = data;
	uint64_t before = clock_mono_ns(), gap = SAMPLE_MS * LOOP_MS;

	attempt_sample_take(&s->sample);
	uint64_t now = clock_mono_ns(), cost = (now - before) * SAMPLE_GAP;
	loop_timer_start(s->loop, &s->sampler, now + (cost > gap ? cost : gap), on_sample, s);
}

/* --- the run --- */

static int add_sources(struct session *s, bool sampling)
{
	static const int signals[ARRAY_SIZE(s->signals)] = {SIGINT, SIGTERM, SIGHUP};
	static void (*const ready[])(void *, uint32_t) = {on_stdout, on_stderr};
	int r = loop_process_add(s->loop, &s->process, s->child.pid, on_end, s);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ready); i++)
		r = loop_fd_add(s->loop, &s->streams[i], s->child.streams[i], EPOLLIN, ready[i], s);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(signals); i++)
		r = loop_signal_add(s->loop, &s->signals[i], signals[i], on_signal, s);
	if (r < 0)
		return r;
	if (s->run->timeout_ms)
		loop_timer_start(s->loop, &s->limit, clock_mono_ns() + s->run->timeout_ms * LOOP_MS,
			on_limit, s);
	if (sampling)
		on_sample(s);
	return 0;
}

static void remove_sources(struct session *s)
{
	loop_process_remove(&s->process);
	for (size_t i = 0; i < ARRAY_SIZE(s->streams); i++)
		loop_fd_remove(&s->streams[i]);
	for (size_t i = 0; i < ARRAY_SIZE(s->signals); i++)
		loop_signal_remove(&s->signals[i]);
	loop_timer_stop(&s->limit);
	loop_timer_stop(&s->killer);
	loop_timer_stop(&s->grace);
	loop_timer_stop(&s->sampler);
}

/*
 * Everything is watched before the command is let go, so that an interrupt finds its handler. Writing
 * to a terminal that was lent to the command must not stop us: no SIGTTOU.
 */
static int watch(struct session *s, bool sampling, struct err *err)
{
	AUTO(loop) struct loop *loop = NULL;
	sigset_t block, before;
	int r = loop_new(&loop, err);

	if (r < 0)
		return r;
	s->loop = loop;
	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &block, &before);
	r = add_sources(s, sampling);
	if (r < 0)
		err_set(err, r, "cannot watch '%s': %m", s->run->argv[0]);
	else
		r = attempt_child_go(&s->child, s->run->argv, err);
	if (r == 0)
		loop_run(loop, LOOP_FOREVER);
	remove_sources(s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

/* --- the result --- */

static int by_time(const void *a, const void *b)
{
	const struct attempt *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static bool same(const struct attempt *a, const struct attempt *b)
{
	const struct endpoint *x = &a->endpoint, *y = &b->endpoint;

	if (a->kind != b->kind || a->error != b->error || x->proto != y->proto)
		return false;
	if (proto_is_unix(x->proto))
		return x->path && y->path ? str_eq(x->path, y->path) : x->path == y->path;
	return x->port == y->port && address_eq(&x->address, &y->address);
}

/* Sockets by which the C library and systemd look up names of hosts and users. */
static bool is_resolver(const struct attempt *a)
{
	static const char *const paths[] = {"/var/run/nscd/", "/run/nscd/", "/run/systemd/resolve/",
		"/run/systemd/userdb/", "/var/run/avahi-daemon/", "/run/avahi-daemon/"};

	for (size_t i = 0; a->endpoint.path && i < ARRAY_SIZE(paths); i++)
		if (str_starts(a->endpoint.path, paths[i]))
			return true;
	return false;
}

static void hand_over(struct session *s, struct arena *arena, uint64_t start)
{
	struct attempt_run *run = s->run;

	run->attempts = arena_array(arena, struct attempt, ATTEMPTS_MAX);
	run->folded = s->haul.repeated;
	vec_sort(&s->haul.v, by_time);
	VEC_EACH (&s->haul.v, a) {
		bool known = false;
		if (is_resolver(a))
			continue;
		for (size_t i = 0; i < run->attempt_count && !known; i++)
			known = same(&run->attempts[i], a);
		if (known || run->attempt_count == ATTEMPTS_MAX) {
			run->folded++;
			continue;
		}
		a->at_ns = a->at_ns > start ? a->at_ns - start : 0;
		run->attempts[run->attempt_count++] = *a;
	}
	size_t stay = s->text.len < ATTEMPT_TEXT_MAX ? s->text.len : ATTEMPT_TEXT_MAX;
	run->text = arena_strndup(arena, s->text.data + s->text.len - stay, stay);
	run->text_len = stay;
}

static int read_trace(struct session *s, struct attempt_trace *trace, struct arena *arena,
	struct err *err)
{
	struct attempt_fact *facts = NULL;
	size_t count = 0, lost = 0;
	int r = attempt_trace_read(trace, arena, &facts, &count, &lost, err);

	if (r < 0)
		return r;
	s->haul.repeated += lost;
	for (size_t i = 0; i < count; i++) {
		struct attempt *a = vec_push(&s->haul.v);
		if (!a)
			break;
		*a = (struct attempt){.kind = facts[i].kind,
			.endpoint = facts[i].endpoint,
			.error = facts[i].error,
			.pid = facts[i].pid,
			.program = facts[i].program,
			.at_ns = facts[i].at_ns,
			.took_ns = facts[i].took_ns};
		if (!is_resolver(a))
			s->haul.repeated += facts[i].count - 1;
	}
	return 0;
}

static int run_child(struct session *s, const struct host *host, struct arena *arena,
	struct err *err)
{
	AUTO(attempt_trace) struct attempt_trace *trace = NULL;
	struct attempt_run *run = s->run;
	struct err why = {.text = "it was not wanted"};

	if (!run->no_bpf)
		attempt_trace_new(s->child.pid, &trace, &why);
	run->rung = trace ? "bpf" : "sockets";
	run->why_not_bpf = trace ? NULL : arena_strdup(arena, why.text);
	uint64_t start = clock_mono_ns();
	if (!trace)
		attempt_sample_init(&s->sample, host, arena, &s->haul, s->child.pid);
	int r = watch(s, !trace, err);
	run->took_ns = clock_mono_ns() - start;
	if (!trace)
		attempt_sample_fini(&s->sample);
	else if (r == 0)
		r = read_trace(s, trace, arena, err);
	if (r == 0)
		hand_over(s, arena, start);
	return r;
}

int attempt_run(const struct host *host, struct arena *arena, struct attempt_run *run,
	struct err *err)
{
	struct session s = {.run = run,
		.child = {.streams = {-1, -1}, .gate = -1, .failure = -1},
		.haul.v.max = ATTEMPT_RAW_MAX};

	*run = (struct attempt_run){.argv = run->argv,
		.timeout_ms = run->timeout_ms,
		.output = run->output,
		.data = run->data,
		.no_bpf = run->no_bpf};
	buf_init(&s.text, 2 * ATTEMPT_TEXT_MAX);
	int r = attempt_child_fork(&s.child, run->argv, err);
	if (r == 0)
		r = run_child(&s, host, arena, err);
	/* only when it could not be watched */
	if (r < 0 && s.child.pid > 0 && !s.ended) {
		attempt_child_signal(&s.child, SIGKILL);
		waitpid(s.child.pid, NULL, 0);
	}
	attempt_child_fini(&s.child);
	vec_fini(&s.haul.v);
	buf_fini(&s.text);
	return r;
}
