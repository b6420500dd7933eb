#include "loop/loop.h"

#include "base/clock.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* One pipe that is readable at once, with a callback that notes its call and may remove others. */
struct end {
	struct loop_fd source;
	struct loop *loop;
	int calls;
	struct loop_fd *victims[2];
};

static struct loop *new_loop(void)
{
	struct loop *loop = NULL;

	CHECK_INT(loop_new(&loop, NULL), 0);
	return loop;
}

static int readable_pipe(int *out_write)
{
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(write(fds[1], "x", 1), 1);
	*out_write = fds[1];
	return fds[0];
}

static void note_and_remove(void *data, uint32_t events)
{
	struct end *e = data;

	e->calls++;
	for (size_t i = 0; i < ARRAY_SIZE(e->victims); i++) {
		if (e->victims[i])
			loop_fd_remove(e->victims[i]);
	}
}

TEST(removed_sources_are_never_called)
{
	AUTO(loop) struct loop *loop = new_loop();
	AUTO(close) int wa = -1, wb = -1;
	AUTO(close) int ra = readable_pipe(&wa);
	AUTO(close) int rb = readable_pipe(&wb);
	struct end a = {.loop = loop}, b = {.loop = loop};

	/* both are in one batch; whoever comes first removes both, itself included */
	a.victims[0] = b.victims[0] = &a.source;
	a.victims[1] = b.victims[1] = &b.source;
	CHECK_INT(loop_fd_add(loop, &a.source, ra, EPOLLIN, note_and_remove, &a), 0);
	CHECK_INT(loop_fd_add(loop, &b.source, rb, EPOLLIN, note_and_remove, &b), 0);
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_IDLE);
	CHECK_INT(a.calls + b.calls, 1);
}

static void stop_loop(void *data, uint32_t events)
{
	struct end *e = data;

	e->calls++;
	loop_stop(e->loop);
}

TEST(a_stop_keeps_the_rest_of_the_batch)
{
	AUTO(loop) struct loop *loop = new_loop();
	AUTO(close) int wa = -1, wb = -1;
	AUTO(close) int ra = readable_pipe(&wa);
	AUTO(close) int rb = readable_pipe(&wb);
	struct end a = {.loop = loop}, b = {.loop = loop};

	loop_fd_add(loop, &a.source, ra, EPOLLIN | EPOLLET, stop_loop, &a);
	loop_fd_add(loop, &b.source, rb, EPOLLIN | EPOLLET, stop_loop, &b);
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_STOPPED);
	CHECK_INT(a.calls + b.calls, 1);
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_STOPPED);
	CHECK_INT(a.calls, 1);
	CHECK_INT(b.calls, 1);
	CHECK_INT(loop_run(loop, clock_mono_ns()), LOOP_DEADLINE);
	loop_fd_remove(&a.source);
	loop_fd_remove(&b.source);
}

TEST(refuses_what_epoll_cannot_watch)
{
	AUTO(loop) struct loop *loop = new_loop();
	AUTO(close) int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	AUTO(close) int w = -1;
	AUTO(close) int r = readable_pipe(&w);
	struct end e = {.loop = loop}, twice = {.loop = loop};

	CHECK_INT(loop_fd_add(loop, &e.source, file, EPOLLIN, stop_loop, &e), -EPERM);
	CHECK_INT(loop_fd_add(loop, &e.source, r, 0, stop_loop, &e), 0);
	CHECK_INT(loop_fd_add(loop, &twice.source, r, EPOLLIN, stop_loop, &twice), -EEXIST);
	CHECK_INT(loop_run(loop, clock_mono_ns() + LOOP_MS), LOOP_DEADLINE);
	CHECK_INT(loop_fd_change(&e.source, EPOLLIN), 0);
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_STOPPED);
	loop_fd_remove(&e.source);
	loop_fd_remove(&e.source); /* nothing */
}

struct tick {
	struct loop_timer timer;
	struct loop *loop;
	char name;
	char *log;
	struct loop_timer *victim;
	uint64_t started_ns, wait_ns;
	bool early;
};

static void on_tick(void *data)
{
	struct tick *t = data;
	size_t n = strlen(t->log);

	t->log[n] = t->name;
	t->log[n + 1] = '\0';
	t->early = clock_mono_ns() < t->started_ns + t->wait_ns;
	if (t->victim)
		loop_timer_stop(t->victim);
}

static void start_tick(struct tick *t, unsigned ms)
{
	t->started_ns = clock_mono_ns();
	t->wait_ns = ms * LOOP_MS;
	loop_timer_start(t->loop, &t->timer, t->started_ns + t->wait_ns, on_tick, t);
}

TEST(timers_fire_in_order_and_once)
{
	AUTO(loop) struct loop *loop = new_loop();
	char log[16] = "";
	struct tick ticks[6];

	for (size_t i = 0; i < ARRAY_SIZE(ticks); i++)
		ticks[i] = (struct tick){.loop = loop, .name = (char)('a' + i), .log = log};
	start_tick(&ticks[3], 8);
	start_tick(&ticks[0], 2);
	start_tick(&ticks[4], 10);
	start_tick(&ticks[2], 100);
	start_tick(&ticks[1], 4);
	start_tick(&ticks[5], 3);
	start_tick(&ticks[2], 6);	   /* moved */
	loop_timer_stop(&ticks[5].timer);  /* stopped */
	ticks[1].victim = &ticks[3].timer; /* stopped by another */
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_IDLE);
	CHECK_STR(log, "abce");
	for (size_t i = 0; i < ARRAY_SIZE(ticks); i++)
		CHECK(!ticks[i].early);
}

TEST(the_heap_keeps_order_through_removals)
{
	AUTO(loop) struct loop *loop = new_loop();
	char log[128] = "";
	struct tick ticks[64];
	uint64_t base = clock_mono_ns();
	unsigned x = 7;

	for (size_t i = 0; i < ARRAY_SIZE(ticks); i++) {
		x = (x * 37 + 11) % 64; /* a permutation of 0..63 */
		ticks[i] = (struct tick){.loop = loop, .name = (char)(' ' + x), .log = log};
		loop_timer_start(loop, &ticks[i].timer, base + x, on_tick, &ticks[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ticks); i += 3)
		loop_timer_stop(&ticks[i].timer);
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_IDLE);
	CHECK_INT(strlen(log), 42);
	for (size_t i = 1; log[i]; i++)
		CHECK(log[i - 1] < log[i]);
}

struct caught {
	struct loop_signal signal;
	struct loop *loop;
	int calls;
	struct loop_signal *victim;
};

static void on_signal(void *data, int signo)
{
	struct caught *c = data;

	c->calls++;
	if (c->victim)
		loop_signal_remove(c->victim);
	loop_stop(c->loop);
}

TEST(signals_arrive_and_the_mask_comes_back)
{
	AUTO(loop) struct loop *loop = new_loop();
	struct caught a = {.loop = loop}, b = {.loop = loop};
	struct loop_timer keep = {0};
	struct tick late = {.loop = loop, .log = (char[4]){""}};
	sigset_t mask;

	CHECK_INT(loop_signal_add(loop, &a.signal, SIGUSR1, on_signal, &a), 0);
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_IDLE); /* a signal alone keeps nothing up */
	CHECK_INT(loop_signal_add(loop, &b.signal, SIGUSR1, on_signal, &b), 0);
	b.victim = &a.signal; /* b comes first: the newest */
	loop_timer_start(loop, &keep, clock_mono_ns() + 10000 * LOOP_MS, on_tick, &late);
	kill(getpid(), SIGUSR1);
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_STOPPED);
	CHECK_INT(a.calls, 0);
	CHECK_INT(b.calls, 1);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(sigismember(&mask, SIGUSR1) == 1);
	loop_signal_remove(&b.signal);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(sigismember(&mask, SIGUSR1) == 0);
	loop_timer_stop(&keep);
}

struct ended {
	struct loop_process process;
	int calls, status;
};

static void on_end(void *data, int status)
{
	struct ended *e = data;

	e->calls++;
	e->status = status;
}

TEST(processes_end_with_their_status)
{
	AUTO(loop) struct loop *loop = new_loop();
	struct ended child = {0}, reaped = {0};
	int status;

	pid_t pid = fork();
	if (pid == 0)
		_exit(3);
	CHECK_INT(loop_process_add(loop, &child.process, pid, on_end, &child), 0);
	CHECK_INT(loop_run(loop, LOOP_FOREVER), LOOP_IDLE);
	CHECK_INT(child.calls, 1);
	CHECK(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 3);
	CHECK_INT(waitpid(pid, &status, 0), -1); /* it was reaped */
	CHECK_INT(loop_process_add(loop, &reaped.process, pid, on_end, &reaped), -ESRCH);
	loop_process_remove(&reaped.process); /* nothing */
}

TESTS(removed_sources_are_never_called, a_stop_keeps_the_rest_of_the_batch,
	refuses_what_epoll_cannot_watch, timers_fire_in_order_and_once,
	the_heap_keeps_order_through_removals, signals_arrive_and_the_mask_comes_back,
	processes_end_with_their_status)
