/*
 * loop - see loop.h. epoll for everything but timers, which live in a binary heap and set the time
 * that epoll_wait may sleep; signals come through one signalfd, processes through pidfds.
 *
 * What makes removal safe: the batch that epoll_wait filled is kept in the loop, and removing a
 * source strikes it from the part of the batch that was not handled yet.
 */
#include "loop/loop.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/vec.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define BATCH	   64
#define TIMERS_MAX (1u << 20)

struct loop {
	int epoll;
	bool running, stop;
	size_t waiting; /* descriptors and processes that keep the loop running */
	struct epoll_event batch[BATCH];
	int batch_next, batch_count;
	VEC(struct loop_timer *) timers; /* a heap, the earliest first */
	int signalfd;			 /* -1 until the first signal is wanted */
	sigset_t wanted;
	sigset_t blocked_before; /* signals that were blocked before we did */
	struct loop_signal *signals;
	struct loop_signal *signal_next; /* the dispatcher's place in the list */
};

int loop_new(struct loop **out, struct err *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return err_set(err, -errno, "cannot create an event loop: %m");
	struct loop *loop = must_calloc(1, sizeof(*loop));
	loop->epoll = fd;
	loop->signalfd = -1;
	loop->timers.max = TIMERS_MAX;
	sigemptyset(&loop->wanted);
	sigemptyset(&loop->blocked_before);
	*out = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	must(!loop->running && !loop->signals && loop->waiting == 0 && loop->timers.count == 0);
	vec_fini(&loop->timers);
	if (loop->signalfd >= 0)
		close(loop->signalfd);
	close(loop->epoll);
	free(loop);
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}

/* --- descriptors --- */

int loop_fd_add(struct loop *loop, struct loop_fd *f, int fd, uint32_t events,
	void (*ready)(void *data, uint32_t events), void *data)
{
	struct epoll_event event = {.events = events, .data.ptr = f};

	must(!f->loop);
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	*f = (struct loop_fd){.loop = loop, .fd = fd, .ready = ready, .data = data};
	loop->waiting++;
	return 0;
}

int loop_fd_change(struct loop_fd *f, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = f};

	must(f->loop);
	return epoll_ctl(f->loop->epoll, EPOLL_CTL_MOD, f->fd, &event) < 0 ? -errno : 0;
}

void loop_fd_remove(struct loop_fd *f)
{
	struct loop *loop = f->loop;

	if (!loop)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, f->fd, NULL);
	for (int i = loop->batch_next; i < loop->batch_count; i++) {
		if (loop->batch[i].data.ptr == f)
			loop->batch[i].data.ptr = NULL;
	}
	f->loop = NULL;
	loop->waiting--;
}

/* --- timers: parent of place n is (n - 1) / 2 --- */

static void heap_put(struct loop *loop, size_t place, struct loop_timer *t)
{
	loop->timers.items[place] = t;
	t->place = place;
}

static void heap_up(struct loop *loop, struct loop_timer *t)
{
	size_t place = t->place;

	while (place > 0) {
		struct loop_timer *parent = loop->timers.items[(place - 1) / 2];
		if (parent->at_ns <= t->at_ns)
			break;
		size_t above = parent->place;
		heap_put(loop, place, parent);
		place = above;
	}
	heap_put(loop, place, t);
}

static void heap_down(struct loop *loop, struct loop_timer *t)
{
	struct loop_timer **heap = loop->timers.items;
	size_t count = loop->timers.count, place = t->place;

	for (size_t child; (child = 2 * place + 1) < count; place = child) {
		if (child + 1 < count && heap[child + 1]->at_ns < heap[child]->at_ns)
			child++;
		if (t->at_ns <= heap[child]->at_ns)
			break;
		heap_put(loop, place, heap[child]);
	}
	heap_put(loop, place, t);
}

void loop_timer_start(struct loop *loop, struct loop_timer *t, uint64_t at_ns,
	void (*due)(void *data), void *data)
{
	loop_timer_stop(t);
	*t = (struct loop_timer){.loop = loop, .at_ns = at_ns, .due = due, .data = data};
	struct loop_timer **slot = vec_push(&loop->timers);
	must(slot);
	heap_put(loop, loop->timers.count - 1, t);
	heap_up(loop, t);
}

void loop_timer_stop(struct loop_timer *t)
{
	struct loop *loop = t->loop;

	if (!loop)
		return;
	struct loop_timer *last = loop->timers.items[--loop->timers.count];
	if (last != t) {
		heap_put(loop, t->place, last);
		heap_up(loop, last);
		heap_down(loop, last);
	}
	t->loop = NULL;
}

/* Timers that callbacks start are due after `now`, so that they cannot starve the descriptors. */
static void run_timers(struct loop *loop)
{
	uint64_t now = loop->timers.count ? clock_mono_ns() : 0;

	while (!loop->stop && loop->timers.count && loop->timers.items[0]->at_ns <= now) {
		struct loop_timer *t = loop->timers.items[0];
		loop_timer_stop(t);
		t->due(t->data);
	}
}

/* --- signals --- */

static void read_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signalfd, &info, sizeof(info)) == sizeof(info)) {
		for (struct loop_signal *s = loop->signals; s; s = loop->signal_next) {
			loop->signal_next = s->next;
			if (s->signo == (int)info.ssi_signo)
				s->caught(s->data, s->signo);
		}
	}
}

/* The signalfd stands in epoll under the loop's own address, so that it is no counted source. */
static int want_signals(struct loop *loop)
{
	int fd = signalfd(loop->signalfd, &loop->wanted, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (loop->signalfd >= 0)
		return 0;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	loop->signalfd = fd;
	return 0;
}

int loop_signal_add(struct loop *loop, struct loop_signal *s, int signo,
	void (*caught)(void *data, int signo), void *data)
{
	sigset_t one, before;

	must(!s->loop);
	if (!sigismember(&loop->wanted, signo)) {
		sigemptyset(&one);
		sigaddset(&one, signo);
		pthread_sigmask(SIG_BLOCK, &one, &before);
		if (sigismember(&before, signo))
			sigaddset(&loop->blocked_before, signo);
		sigaddset(&loop->wanted, signo);
		int r = want_signals(loop);
		if (r < 0) {
			sigdelset(&loop->wanted, signo);
			pthread_sigmask(SIG_SETMASK, &before, NULL);
			return r;
		}
	}
	*s = (struct loop_signal){.loop = loop,
		.next = loop->signals,
		.signo = signo,
		.caught = caught,
		.data = data};
	loop->signals = s;
	return 0;
}

void loop_signal_remove(struct loop_signal *s)
{
	struct loop *loop = s->loop;
	bool still_wanted = false;
	sigset_t one;

	if (!loop)
		return;
	for (struct loop_signal **p = &loop->signals; *p;) {
		if (*p == s) {
			*p = s->next;
			continue;
		}
		still_wanted = still_wanted || (*p)->signo == s->signo;
		p = &(*p)->next;
	}
	if (loop->signal_next == s)
		loop->signal_next = s->next;
	s->loop = NULL;
	if (still_wanted)
		return;
	sigdelset(&loop->wanted, s->signo);
	want_signals(loop);
	if (!sigismember(&loop->blocked_before, s->signo)) {
		sigemptyset(&one);
		sigaddset(&one, s->signo);
		pthread_sigmask(SIG_UNBLOCK, &one, NULL);
	}
	sigdelset(&loop->blocked_before, s->signo);
}

/* --- processes --- */

static void process_ready(void *data, uint32_t events)
{
	struct loop_process *p = data;
	int status;

	loop_process_remove(p);
	if (waitpid(p->pid, &status, WNOHANG) != p->pid)
		status = -1; /* not our child */
	p->ended(p->data, status);
}

int loop_process_add(struct loop *loop, struct loop_process *p, pid_t pid,
	void (*ended)(void *data, int status), void *data)
{
	must(!p->pidfd.loop);
	AUTO(close) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return -errno;
	p->pid = pid;
	p->ended = ended;
	p->data = data;
	int r = loop_fd_add(loop, &p->pidfd, fd, EPOLLIN, process_ready, p);
	if (r == 0)
		steal_fd(&fd);
	return r;
}

void loop_process_remove(struct loop_process *p)
{
	if (!p->pidfd.loop)
		return;
	loop_fd_remove(&p->pidfd);
	close(p->pidfd.fd);
}

/* --- the loop --- */

/* Milliseconds that epoll_wait may sleep; rounded up, so that no timer is early; -1 = for ever. */
static int sleep_ms(const struct loop *loop, uint64_t deadline_ns)
{
	uint64_t at = deadline_ns, now = clock_mono_ns();

	if (loop->timers.count)
		at = MIN(at, loop->timers.items[0]->at_ns);
	if (at == LOOP_FOREVER)
		return -1;
	if (at <= now)
		return 0;
	return (int)MIN((at - now + LOOP_MS - 1) / LOOP_MS, (uint64_t)INT_MAX);
}

static void run_batch(struct loop *loop)
{
	while (loop->batch_next < loop->batch_count && !loop->stop) {
		struct epoll_event event = loop->batch[loop->batch_next++];
		struct loop_fd *f = event.data.ptr;
		if (event.data.ptr == loop)
			read_signals(loop);
		else if (f)
			f->ready(f->data, event.events);
	}
}

enum loop_end loop_run(struct loop *loop, uint64_t deadline_ns)
{
	enum loop_end end = LOOP_STOPPED;

	must(!loop->running);
	loop->running = true;
	while (!loop->stop) {
		run_timers(loop);
		if (loop->stop)
			break;
		if (loop->waiting == 0 && loop->timers.count == 0) {
			end = LOOP_IDLE;
			break;
		}
		if (deadline_ns != LOOP_FOREVER && clock_mono_ns() >= deadline_ns) {
			end = LOOP_DEADLINE;
			break;
		}
		if (loop->batch_next == loop->batch_count) { /* else loop_stop left a rest */
			int n = epoll_wait(loop->epoll, loop->batch, BATCH,
				sleep_ms(loop, deadline_ns));
			must(n >= 0 || errno == EINTR);
			loop->batch_next = 0;
			loop->batch_count = MAX(n, 0);
		}
		run_batch(loop);
	}
	loop->running = loop->stop = false;
	return end;
}
