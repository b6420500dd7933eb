/*
 * spawn - see spawn.h. posix_spawn with a clean signal state: loopscope ignores SIGPIPE and may have
 * signals blocked, and a helper must inherit neither. The end of the process decides, not the end of
 * its output: a daemon that it leaves behind may keep the pipe open for ever.
 */
#include "free/spawn.h"

#include "base/clock.h"
#include "base/str.h"
#include "loop/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#define TICK_MS 250

extern char **environ;

struct run {
	struct loop *loop;
	struct loop_process process;
	struct loop_fd pipe;
	struct loop_signal interrupt;
	struct loop_timer timer;
	void (*tick)(void *data);
	void *tick_data;
	struct buf *output;
	int status;
	bool ended, interrupted;
};

static int start(const char *const *argv, int out, pid_t *out_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	int r = posix_spawnp(out_pid, argv[0], &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static void on_output(void *data, uint32_t events)
{
	struct run *run = data;
	char bytes[4096];
	ssize_t n = read(run->pipe.fd, bytes, sizeof(bytes));

	if (n > 0)
		buf_add(run->output, bytes, (size_t)n);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		loop_fd_remove(&run->pipe);
}

static void on_end(void *data, int status)
{
	struct run *run = data;

	run->ended = true;
	run->status = status;
	loop_stop(run->loop);
}

static void on_interrupt(void *data, int signo)
{
	struct run *run = data;

	run->interrupted = true;
	loop_stop(run->loop);
}

static void on_tick(void *data)
{
	struct run *run = data;

	run->tick(run->tick_data);
	loop_timer_start(run->loop, &run->timer, clock_mono_ns() + TICK_MS * LOOP_MS, on_tick, run);
}

/* What was written before the end is still in the pipe. */
static void drain(struct run *run)
{
	while (run->pipe.loop) {
		size_t before = run->output->len;
		on_output(run, 0);
		if (run->output->len == before)
			break;
	}
}

static int wait_for(struct run *run, pid_t pid, int pipe, uint64_t timeout_ms)
{
	int r = loop_new(&run->loop, NULL);

	if (r < 0)
		return r;
	r = loop_process_add(run->loop, &run->process, pid, on_end, run);
	if (r == 0)
		r = loop_fd_add(run->loop, &run->pipe, pipe, EPOLLIN, on_output, run);
	if (r == 0)
		r = loop_signal_add(run->loop, &run->interrupt, SIGINT, on_interrupt, run);
	if (r == 0 && run->tick)
		on_tick(run);
	if (r == 0)
		loop_run(run->loop, clock_mono_ns() + timeout_ms * LOOP_MS);
	drain(run);
	loop_process_remove(&run->process);
	loop_fd_remove(&run->pipe);
	loop_signal_remove(&run->interrupt);
	loop_timer_stop(&run->timer);
	loop_free(run->loop);
	if (!run->ended) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (r < 0)
		return r;
	if (run->interrupted)
		return -EINTR;
	return run->ended ? 0 : -ETIMEDOUT;
}

int spawn_run(const char *const *argv, uint64_t timeout_ms, struct buf *output, int *out_status,
	struct err *err)
{
	return spawn_run_ticking(argv, timeout_ms, NULL, NULL, output, out_status, err);
}

int spawn_run_ticking(const char *const *argv, uint64_t timeout_ms, void (*tick)(void *data),
	void *data, struct buf *output, int *out_status, struct err *err)
{
	struct run run = {.output = output, .tick = tick, .tick_data = data};
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set(err, -errno, "cannot run '%s': %m", argv[0]);
	AUTO(close) int in = ends[0], out = ends[1];
	/* the helper's end must block, as programs expect of their output */
	fcntl(out, F_SETFL, fcntl(out, F_GETFL) & ~O_NONBLOCK);
	int r = start(argv, out, &pid);
	if (r < 0) {
		err_set(err, r, "cannot run '%s': %m", argv[0]);
		if (err)
			err->code = -ENOEXEC;
		return -ENOEXEC;
	}
	close(steal_fd(&out));
	r = wait_for(&run, pid, in, timeout_ms);
	if (r == -EINTR)
		return err_set(err, r, "interrupted while '%s' was running", argv[0]);
	if (r == -ETIMEDOUT)
		return err_set(err, r, "'%s' did not come to an end in time", argv[0]);
	if (r < 0)
		return err_set(err, r, "cannot wait for '%s': %m", argv[0]);
	*out_status = run.status;
	return 0;
}
