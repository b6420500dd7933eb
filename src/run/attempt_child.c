/*
 * attempt_child - forks the command, holds it until it is watched, and lets it go.
 *
 * It gets a process group of its own, so that a time limit ends all of it and nothing else. When we
 * own the terminal it is lent to that group, else a command that reads it would be stopped. Why
 * execvp failed comes back through a pipe that a successful one closes.
 */
#include "run/attempt_part.h"

#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct ends {
	int out[2], err[2], gate[2], failure[2];
};

/* Between fork and exec: only what is safe there. */
static void become(const struct ends *e, char *const *argv)
{
	char go;

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	close(e->gate[1]);
	if (read(e->gate[0], &go, 1) != 1)
		_exit(127);
	if (dup2(e->out[1], STDOUT_FILENO) >= 0 && dup2(e->err[1], STDERR_FILENO) >= 0)
		execvp(argv[0], argv);
	int error = errno;
	ssize_t n = write(e->failure[1], &error, sizeof(error));
	_exit(n < 0 ? 126 : 127);
}

static void close_both(int *pair)
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

static void close_ends(struct ends *e)
{
	close_both(e->out);
	close_both(e->err);
	close_both(e->gate);
	close_both(e->failure);
}

/* Above the standard descriptors, which the child overwrites: ours may be closed. */
static int pipe_above(int *pair)
{
	int low[2];

	if (pipe2(low, O_CLOEXEC) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		pair[i] = fcntl(low[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int r = pair[0] < 0 || pair[1] < 0 ? -errno : 0;
	close_both(low);
	return r;
}

static bool own_terminal(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

int attempt_child_fork(struct attempt_child *c, char *const *argv, struct err *err)
{
	struct ends e = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	int r = pipe_above(e.out);

	if (r == 0)
		r = pipe_above(e.err);
	if (r == 0)
		r = pipe_above(e.gate);
	if (r == 0)
		r = pipe_above(e.failure);
	if (r == 0) {
		c->pid = fork();
		if (c->pid == 0)
			become(&e, argv);
		r = c->pid < 0 ? -errno : 0;
	}
	if (r < 0) {
		close_ends(&e);
		return err_set(err, r, "cannot run '%s': %m", argv[0]);
	}
	setpgid(c->pid, c->pid);
	c->foreground = own_terminal() && tcsetpgrp(STDIN_FILENO, c->pid) == 0;
	c->streams[0] = steal_fd(&e.out[0]);
	c->streams[1] = steal_fd(&e.err[0]);
	c->gate = steal_fd(&e.gate[1]);
	c->failure = steal_fd(&e.failure[0]);
	close_ends(&e);
	for (int i = 0; i < 2; i++)
		fcntl(c->streams[i], F_SETFL, fcntl(c->streams[i], F_GETFL) | O_NONBLOCK);
	return 0;
}

/* execvp says EACCES too when a folder in PATH may not be searched and no other has the name. */
static bool in_path(const char *name)
{
	const char *at = getenv("PATH");

	while (at && *at) {
		AUTO(buf) struct buf path = BUF_INIT(4096);
		size_t len = strcspn(at, ":");
		buf_add(&path, at, len);
		buf_printf(&path, "%s%s", len ? "/" : "", name);
		if (access(path.data, F_OK) == 0)
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

static int cannot_start(const char *name, int error, struct err *err)
{
	if (error == EACCES && !strchr(name, '/') && !in_path(name))
		error = ENOENT;
	if (error == ENOENT && !strchr(name, '/'))
		return err_set(err, -ENOENT, "there is no command '%s' in PATH", name);
	if (error == ENOENT)
		return err_set(err, -ENOENT, "there is no program '%s'", name);
	if (error == EACCES)
		return err_set(err, -EACCES, "'%s' may not be executed", name);
	return err_set(err, -error, "cannot run '%s': %m", name);
}

int attempt_child_go(struct attempt_child *c, char *const *argv, struct err *err)
{
	int error = 0;
	ssize_t n = write(c->gate, "", 1);

	close(steal_fd(&c->gate));
	if (n == 1)
		do
			n = read(c->failure, &error, sizeof(error));
		while (n < 0 && errno == EINTR);
	close(steal_fd(&c->failure));
	if (n != sizeof(error))
		return 0;
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
	return cannot_start(argv[0], error, err);
}

void attempt_child_signal(const struct attempt_child *c, int signo)
{
	kill(-c->pid, signo);
}

static void take_terminal_back(void)
{
	sigset_t block, before;

	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &block, &before);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void attempt_child_fini(struct attempt_child *c)
{
	if (c->foreground)
		take_terminal_back();
	c->foreground = false;
	for (int i = 0; i < 2; i++)
		if (c->streams[i] >= 0)
			close(steal_fd(&c->streams[i]));
	if (c->gate >= 0)
		close(steal_fd(&c->gate));
	if (c->failure >= 0)
		close(steal_fd(&c->failure));
}
