/*
 * holder - opens the sockets that a scenario asks for, says READY, and holds them until it is killed.
 *
 * What to open stands in the environment, so that the name and the arguments are free for the
 * scenario to choose (docker-proxy, escape sequences ...):
 *
 *   HOLD="tcp:127.0.0.1:3000 tcp:[::]:3001,v6only udp:0.0.0.0:53 bound:127.0.0.1:3002
 *         connect:127.0.0.1:3000 unix:/path unix-dgram:/path unix-seqpacket:@name pair:x"
 *   HOLD_COMM=name     the 15 bytes of /proc/PID/comm
 *   HOLD_FORK=2        children that inherit the sockets
 *   HOLD_NETNS=1       in a network namespace of its own, with lo up
 *
 * Options after a comma: backlog=N, v6only, reuseport, device=lo, count=N (as many ports in a row),
 * accept (take every connection and keep it). In a path '@' at the start means an abstract name. A failure names what failed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct spec {
	const char *text, *kind, *address, *device;
	int backlog;
	unsigned count;
	bool v6only, reuseport, accept;
};

static struct pollfd accepting[64];
static nfds_t accepting_count;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(saved));
	exit(1);
}

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		die("setsockopt %d %d", level, option);
}

/* "[::1]:80" or "127.0.0.1:80", cut apart in place. */
static socklen_t parse_address(char *text, unsigned offset, struct sockaddr_storage *out)
{
	char *port = strrchr(text, ':');

	memset(out, 0, sizeof(*out));
	if (!port)
		die("no port in '%s'", text);
	*port++ = '\0';
	uint16_t number = htons((uint16_t)(strtoul(port, NULL, 10) + offset));
	if (text[0] == '[') {
		struct sockaddr_in6 *in6 = (void *)out;
		text[strlen(text) - 1] = '\0';
		in6->sin6_family = AF_INET6;
		in6->sin6_port = number;
		if (inet_pton(AF_INET6, text + 1, &in6->sin6_addr) != 1)
			die("no address: '%s'", text + 1);
		return sizeof(*in6);
	}
	struct sockaddr_in *in = (void *)out;
	in->sin_family = AF_INET;
	in->sin_port = number;
	if (inet_pton(AF_INET, text, &in->sin_addr) != 1)
		die("no address: '%s'", text);
	return sizeof(*in);
}

static void open_inet(const struct spec *s, const char *address, unsigned offset)
{
	struct sockaddr_storage a;
	char text[128];

	snprintf(text, sizeof(text), "%s", address);
	socklen_t len = parse_address(text, offset, &a);
	bool udp = strncmp(s->kind, "udp", 3) == 0;
	int fd = socket(a.ss_family, udp ? SOCK_DGRAM : SOCK_STREAM, 0);

	if (fd < 0)
		die("socket for %s", s->text);
	if (a.ss_family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, s->v6only);
	if (s->reuseport)
		set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (s->device &&
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->device,
			(socklen_t)strlen(s->device)) < 0)
		die("bind to device %s", s->device);
	if (strstr(s->kind, "connect")) {
		if (connect(fd, (void *)&a, len) < 0)
			die("connect %s", s->text);
		return;
	}
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (void *)&a, len) < 0)
		die("bind %s", s->text);
	if (strcmp(s->kind, "tcp") == 0 && listen(fd, s->backlog) < 0)
		die("listen %s", s->text);
	if (s->accept && accepting_count < 64)
		accepting[accepting_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void open_unix(const struct spec *s, const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int type = strcmp(s->kind, "unix-dgram") == 0	 ? SOCK_DGRAM
		: strcmp(s->kind, "unix-seqpacket") == 0 ? SOCK_SEQPACKET
							 : SOCK_STREAM;
	int fd = socket(AF_UNIX, type, 0);
	size_t len = strlen(path);

	if (fd < 0 || len >= sizeof(a.sun_path))
		die("socket for %s", s->text);
	memcpy(a.sun_path, path, len);
	if (path[0] == '@')
		a.sun_path[0] = '\0';
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (strcmp(s->kind, "unix-connect") == 0) {
		if (connect(fd, (void *)&a, size) < 0)
			die("connect %s", s->text);
		return;
	}
	if (bind(fd, (void *)&a, size) < 0)
		die("bind %s", s->text);
	if (type != SOCK_DGRAM && listen(fd, s->backlog) < 0)
		die("listen %s", s->text);
	if (s->accept && accepting_count < 64)
		accepting[accepting_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void open_one(char *text)
{
	struct spec s = {.text = strdup(text), .kind = text, .backlog = 128, .count = 1};
	char *rest = strchr(text, ':'), *options;

	if (!rest)
		die("no kind in '%s'", text);
	*rest++ = '\0';
	options = strchr(rest, ',');
	if (options)
		*options++ = '\0';
	char *save = NULL, *o = options ? strtok_r(options, ",", &save) : NULL;
	for (; o; o = strtok_r(NULL, ",", &save)) {
		if (strncmp(o, "backlog=", 8) == 0)
			s.backlog = (int)strtol(o + 8, NULL, 10);
		else if (strncmp(o, "count=", 6) == 0)
			s.count = (unsigned)strtoul(o + 6, NULL, 10);
		else if (strncmp(o, "device=", 7) == 0)
			s.device = o + 7;
		s.v6only |= strcmp(o, "v6only") == 0;
		s.reuseport |= strcmp(o, "reuseport") == 0;
		s.accept |= strcmp(o, "accept") == 0;
	}
	if (strncmp(s.kind, "unix", 4) == 0)
		open_unix(&s, rest);
	for (unsigned i = 0; i < s.count && strncmp(s.kind, "unix", 4) != 0; i++)
		open_inet(&s, rest, i);
}

static void own_namespace(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		die("lo up");
	close(fd);
}

static void hold(void)
{
	for (;;) {
		if (poll(accepting, accepting_count, -1) < 0 && errno != EINTR)
			die("poll");
		for (nfds_t i = 0; i < accepting_count; i++)
			if (accepting[i].revents & POLLIN)
				accept(accepting[i].fd, NULL, NULL); /* kept, never closed */
	}
}

int main(void)
{
	const char *forks = getenv("HOLD_FORK"), *comm = getenv("HOLD_COMM");
	char *specs = getenv("HOLD");

	signal(SIGPIPE, SIG_IGN);
	if (getenv("HOLD_NETNS"))
		own_namespace();
	if (comm)
		prctl(PR_SET_NAME, comm);
	specs = specs ? strdup(specs) : NULL;
	for (char *save, *s = strtok_r(specs, " ", &save); specs && s;
		s = strtok_r(NULL, " ", &save))
		open_one(s);
	for (long i = forks ? strtol(forks, NULL, 10) : 0; i > 0; i--) {
		pid_t pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			hold();
		}
	}
	if (write(STDOUT_FILENO, "READY\n", 6) != 6)
		return 1;
	hold();
}
