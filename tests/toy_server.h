/*
 * toy_server - a forked child that listens and behaves in one way. The parent binds the socket
 * first, so that there is nothing to wait for.
 */
#pragma once

#include "base/must.h"
#include "base/str.h"
#include "model/endpoint.h"
#include <linux/filter.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What it does with each connection, in this order. */
struct toy {
	bool deaf;	      /* lets every SYN fall: connects are not answered */
	bool close, reset;    /* at once */
	const char *greeting; /* sent at once */
	const char *answer;   /* sent when something was asked */
	size_t answer_len;    /* 0 = strlen */
	const char *later;    /* sent 60 ms after it */
	bool drip;	      /* the answer goes out byte by byte */
	bool echo;
	size_t flood;	  /* that many 'x' after the answer */
	unsigned hold_ms; /* then waits so long, or until the peer closes, and closes */
	bool reset_after; /* ... by a reset */
};

struct toy_server {
	pid_t pid;
	struct endpoint endpoint;
};

static void toy_say(int fd, const char *bytes, size_t len, bool drip)
{
	for (size_t i = 0; i < len; i += drip ? 1 : len) {
		if (i)
			usleep(500);
		if (send(fd, bytes + i, drip ? 1 : len, MSG_NOSIGNAL) < 0)
			return;
	}
}

static void toy_reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* Waits until the peer closes, for so long. */
static void toy_hold(int fd, unsigned ms)
{
	struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	char rest[4096];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	while (recv(fd, rest, sizeof(rest), 0) > 0)
		;
}

static void toy_serve_one(int fd, const struct toy *m)
{
	char in[4096];

	if (m->reset)
		toy_reset(fd);
	if (m->close || m->reset)
		return;
	if (m->greeting)
		toy_say(fd, m->greeting, strlen(m->greeting), false);
	if (m->answer || m->echo || m->flood) {
		ssize_t n = recv(fd, in, sizeof(in), 0);
		if (n <= 0)
			return;
		if (m->echo)
			toy_say(fd, in, (size_t)n, false);
	}
	if (m->answer)
		toy_say(fd, m->answer, m->answer_len ? m->answer_len : strlen(m->answer), m->drip);
	if (m->later) {
		usleep(60000);
		toy_say(fd, m->later, strlen(m->later), false);
	}
	for (size_t i = 0; i < m->flood; i++)
		toy_say(fd, "x", 1, false);
	if (m->hold_ms)
		toy_hold(fd, m->hold_ms);
	if (m->reset_after)
		toy_reset(fd);
}

static void toy_serve(int listener, const struct toy *m)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	while (m->deaf)
		pause();
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			_exit(1);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			toy_serve_one(fd, m);
			close(fd);
			_exit(0);
		}
		close(fd);
	}
}

/*
 * A filter that accepts nothing: even a SYN gets no answer, as from a rule that drops. Where only
 * root may attach one, a full queue does it; who fills it is never closed.
 */
static void toy_be_deaf(int listener, const struct sockaddr_storage *sa, socklen_t len)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {1, &drop};

	if (setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return;
	must(listen(listener, 0) == 0);
	for (int i = 0; i < 4; i++) {
		int fd = socket(sa->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fd, (const struct sockaddr *)sa, len);
	}
}

/* On an address, or on a unix path when there is one. */
static struct toy_server toy_start(const struct toy *m, const struct address *a, const char *path)
{
	struct toy_server s = {
		.endpoint = {.proto = path ? PROTO_UNIX_STREAM : PROTO_TCP, .path = path}};
	struct sockaddr_storage sa = {0};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = path ? sizeof(un) : address_to_sockaddr(a, 0, &sa);

	if (path) {
		str_copy(un.sun_path, sizeof(un.sun_path), path);
		memcpy(&sa, &un, sizeof(un));
	}
	AUTO(close) int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(fd, (struct sockaddr *)&sa, len) == 0 && listen(fd, 64) == 0);
	len = sizeof(sa);
	must(getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
	if (!path)
		must(address_from_sockaddr((struct sockaddr *)&sa, &s.endpoint.address,
			&s.endpoint.port));
	if (m->deaf)
		toy_be_deaf(fd, &sa, len);
	s.pid = fork();
	if (s.pid == 0)
		toy_serve(fd, m);
	return s;
}

static void toy_stop(struct toy_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}
