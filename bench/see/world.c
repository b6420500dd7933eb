/*
 * world - build a machine full of processes, sockets and open files, and keep it.
 *
 * The benchmark of "who is on which port" needs machines that can be had again: many listeners,
 * many connections, or a crowd in which a few listeners hide among idle processes. This program
 * makes one, says READY and waits. It ends at SIGTERM, SIGINT or the end of its standard input,
 * and takes every process with it; so does its sudden death (PR_SET_PDEATHSIG).
 *
 * Both ends of every connection are real processes' descriptors, as on a developer's machine. A
 * connection needs no accept() to be established, so a child first connects, then accepts, and
 * one barrier ("everyone listens") is enough for any layout to come up without a deadlock.
 *
 *   many-listeners  every process listens on its share of the ports; no connections
 *   pairs           as many servers as listeners, one listener each, spread evenly among the pids;
 *                   all other processes are clients, whose connections go to different servers
 *   crowd           every process connects to the next few processes; the doors they met at are
 *                   closed again, save those of the listeners, which are spread evenly among the
 *                   pids up to the very last; then everyone opens files and pipes up to its share
 *
 * Listener k is 127.0.0.1 port 20000 + k (10,000 ports to an address), below the ephemeral range.
 * Descriptors are never shared between processes, except for standard error.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_PORT	  20000
#define PORTS_PER_ADDRESS 10000
#define DOOR_PORT	  19999
#define DOOR_NET	  0x7f010001u /* the door of process i is 127.1.0.1 + i */
#define BACKLOG		  4096	      /* the kernel's own default maximum, net.core.somaxconn */

struct plan {
	const char *name;
	const char *summary;
	long processes;
	long listeners;
	long pairs; /* connections; each is two sockets */
	long fds;   /* open files of all processes together, 0 = nothing but the sockets */
	bool mesh;  /* every process is server and client */
};

static const struct plan plans[] = {
	{"many-listeners", "few processes with many listeners", 20, 1000, 0, 0, false},
	{"pairs", "servers and their clients", 2000, 100, 20000, 0, false},
	{"crowd", "a few listeners in a crowd", 3000, 20, 49990, 415000, true},
};

struct world {
	struct plan plan;
	long *incoming; /* connections that each door will accept */
	pid_t leader;	/* the first child; all children are in its process group */
	pid_t last;	/* the last child; it owns the last listener */
	int reports[2]; /* a child writes one byte for each stage that it has finished */
	int go[2];	/* its end tells the children that everyone listens */
	int signals;
	sigset_t old_mask;
};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	fprintf(stderr, "world: %s\n", text); /* one write: many children may die at once */
	_exit(1);
}

/* Where part `i` of `parts` even parts begins. The last part is never the smallest. */
static long slice(long total, long parts, long i)
{
	return total * i / parts;
}

/* ---- the layout: pure arithmetic, the same in the parent and in every child ---- */

static long first_listener(const struct plan *p, long i)
{
	return slice(p->listeners, p->processes, i);
}

static bool has_listener(const struct plan *p, long i)
{
	return first_listener(p, i + 1) > first_listener(p, i);
}

/* A door is where connections come in: a listener, or in a mesh one per process. */
static long door_count(const struct plan *p)
{
	return p->mesh ? p->processes : p->listeners;
}

static long first_door(const struct plan *p, long i)
{
	return p->mesh ? i : first_listener(p, i);
}

static struct sockaddr_in address(uint32_t ip, long port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(ip),
	};
}

static struct sockaddr_in listener_address(long k)
{
	return address(INADDR_LOOPBACK + k / PORTS_PER_ADDRESS, FIRST_PORT + k % PORTS_PER_ADDRESS);
}

static struct sockaddr_in door_address(const struct plan *p, long door)
{
	if (!p->mesh)
		return listener_address(door);
	if (has_listener(p, door))
		return listener_address(first_listener(p, door));
	return address(DOOR_NET + door, DOOR_PORT);
}

static long client_count(const struct plan *p)
{
	return p->mesh ? p->processes : p->processes - p->listeners;
}

static long client_number(const struct plan *p, long i)
{
	return p->mesh ? i : i - first_listener(p, i);
}

static long outgoing(const struct plan *p, long i)
{
	if (!p->pairs || (!p->mesh && has_listener(p, i)))
		return 0;

	long c = client_number(p, i), clients = client_count(p);
	return slice(p->pairs, clients, c + 1) - slice(p->pairs, clients, c);
}

/* The door that connection `n` of process `i` goes to. */
static long target(const struct plan *p, long i, long n)
{
	return p->mesh ? (i + 1 + n) % p->processes : (client_number(p, i) + n) % p->listeners;
}

static long *count_incoming(const struct plan *p)
{
	long *incoming = calloc(door_count(p) + 1, sizeof(*incoming));
	if (!incoming)
		die("out of memory");

	for (long i = 0; i < p->processes; i++)
		for (long n = outgoing(p, i); n-- > 0;)
			incoming[target(p, i, n)]++;
	for (long d = 0; d < door_count(p); d++)
		if (incoming[d] > BACKLOG)
			die("%ld connections to one listener are more than its queue of %d holds",
				incoming[d], BACKLOG);
	return incoming;
}

/* ---- a child ---- */

static int open_door(const struct sockaddr_in *at)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 || listen(fd, BACKLOG) < 0)
		die("cannot listen on %s port %d: %m", inet_ntoa(at->sin_addr),
			ntohs(at->sin_port));
	return fd;
}

static void connect_to(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0)
		die("cannot connect to %s port %d: %m", inet_ntoa(at->sin_addr),
			ntohs(at->sin_port));
}

static void accept_all(int door, long count)
{
	while (count-- > 0)
		if (accept4(door, NULL, NULL, SOCK_CLOEXEC) < 0)
			die("cannot accept a connection: %m");
}

/*
 * Descriptors are handed out lowest first, so the number of the newest one says how many are open.
 * Half are pipes, the rest regular files and devices, each opened for itself.
 */
static void open_files(long last)
{
	long newest = 0;

	for (int kind = 0; newest < last; kind = (kind + 1) % 3) {
		int pair[2];

		if (kind == 2 && newest + 2 <= last) {
			newest = pipe2(pair, O_CLOEXEC) < 0 ? -1 : pair[1];
		} else {
			const char *path = kind == 0 ? "/proc/self/exe" : "/dev/null";
			newest = open(path, O_RDONLY | O_CLOEXEC);
		}
		if (newest < 0)
			die("cannot open %ld files in one process: %m", last);
	}
}

static void enter(const struct world *w, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);

	setpgid(0, w->leader);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		die("cannot use /dev/null: %m");
	close(null);
	close(w->signals);
	close(w->reports[0]);
	close(w->go[1]);
	sigprocmask(SIG_SETMASK, &w->old_mask, NULL);
}

static void report(const struct world *w)
{
	if (write(w->reports[1], "", 1) != 1)
		_exit(1);
}

static void await_go(const struct world *w)
{
	char byte;

	if (read(w->go[0], &byte, 1) != 0)
		_exit(1);
	close(w->go[0]);
}

static void meet(const struct world *w, long i, const int *doors, long count)
{
	const struct plan *p = &w->plan;

	for (long n = outgoing(p, i); n-- > 0;) {
		struct sockaddr_in at = door_address(p, target(p, i, n));
		connect_to(&at);
	}
	for (long d = 0; d < count; d++) {
		accept_all(doors[d], w->incoming[first_door(p, i) + d]);
		if (p->mesh && !has_listener(p, i))
			close(doors[d]);
	}
}

static void __attribute__((noreturn)) live(const struct world *w, long i, pid_t parent)
{
	const struct plan *p = &w->plan;
	long first = first_door(p, i), count = first_door(p, i + 1) - first;
	int *doors = calloc(count + 1, sizeof(*doors));

	enter(w, parent);
	if (!doors)
		die("out of memory");
	for (long d = 0; d < count; d++) {
		struct sockaddr_in at = door_address(p, first + d);
		doors[d] = open_door(&at);
	}
	report(w);
	await_go(w);
	meet(w, i, doors, count);
	/* One too many, because the pipe of the reports still counts and is about to be closed. */
	open_files(slice(p->fds, p->processes, i + 1) - slice(p->fds, p->processes, i));
	report(w);
	close(w->reports[1]);
	for (;;)
		pause();
}

/* ---- the parent ---- */

static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void enter_netns(void)
{
	struct ifreq lo = {.ifr_name = "lo"};

	if (unshare(CLONE_NEWNET) < 0)
		die("cannot make a network namespace: %m");

	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo) < 0)
		die("cannot find lo: %m");
	lo.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		die("cannot bring lo up: %m");
	close(fd);
}

static void prepare(struct world *w)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &w->old_mask);
	w->signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (w->signals < 0 || pipe2(w->reports, O_CLOEXEC) < 0 || pipe2(w->go, O_CLOEXEC) < 0)
		die("cannot prepare: %m");
}

static bool populate(struct world *w)
{
	pid_t self = getpid();

	for (long i = 0; i < w->plan.processes; i++) {
		w->last = fork();
		if (w->last == 0)
			live(w, i, self);
		if (w->last < 0) {
			fprintf(stderr, "world: cannot start process %ld: %m\n", i + 1);
			return false;
		}
		if (!w->leader)
			w->leader = w->last;
		setpgid(w->last, w->leader);
	}
	close(w->go[0]);
	close(w->reports[1]);
	return true;
}

static bool child_died(const struct world *w)
{
	struct signalfd_siginfo info;

	if (read(w->signals, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGCHLD)
		return false;
	fprintf(stderr, "world: process %u ended before its time\n", info.ssi_pid);
	return true;
}

/* Wait until all children have reported (or, with `reports` < 0, forever), or something ends it. */
enum end { REPORTED, STOPPED, BROKEN };

static enum end await(const struct world *w, long reports)
{
	struct pollfd on[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = w->signals, .events = POLLIN},
		{.fd = reports < 0 ? -1 : w->reports[0], .events = POLLIN},
	};
	char bytes[4096];

	while (reports != 0) {
		if (poll(on, 3, -1) < 0)
			return BROKEN;
		if (on[1].revents)
			return child_died(w) ? BROKEN : STOPPED;
		if (on[0].revents && read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
			return STOPPED;
		if (on[2].revents & POLLIN)
			reports -= read(w->reports[0], bytes, sizeof(bytes));
	}
	return REPORTED;
}

static void print_facts(const struct world *w)
{
	const struct plan *p = &w->plan;

	printf("world %s\nprocesses %ld\nlisteners %ld\npairs %ld\nsockets %ld\nfds %ld\n", p->name,
		p->processes, p->listeners, p->pairs, p->listeners + 2 * p->pairs, p->fds);
	if (p->listeners)
		printf("port %d\npid %d\n", ntohs(listener_address(p->listeners - 1).sin_port),
			w->last);
	puts("READY");
	fflush(stdout);
}

static enum end build_and_hold(struct world *w)
{
	if (!populate(w))
		return BROKEN;

	enum end end = await(w, w->plan.processes);
	if (end != REPORTED)
		return end;
	close(w->go[1]);
	end = await(w, w->plan.processes);
	if (end != REPORTED)
		return end;
	print_facts(w);
	return await(w, -1);
}

static void clear_away(const struct world *w)
{
	if (w->leader)
		kill(-w->leader, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* ---- the command line ---- */

static void usage(FILE *to)
{
	fputs("usage: world [--netns] [--processes N] [--listeners N] [--pairs N] [--fds N] NAME\n"
	      "\n"
	      "Build the world NAME, print READY, keep it until SIGTERM, SIGINT or the end of\n"
	      "standard input. --netns builds it in a network namespace of its own (root). The\n"
	      "numbers are totals; --fds 0 opens no files besides the sockets.\n\n",
		to);
	for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++)
		fprintf(to, "  %-15s %s (%ld processes, %ld listeners, %ld pairs, %ld fds)\n",
			plans[i].name, plans[i].summary, plans[i].processes, plans[i].listeners,
			plans[i].pairs, plans[i].fds);
}

static long parse_count(const char *text, const char *option)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 0 || n > 10000000)
		die("--%s wants a number up to 10000000, not '%s'", option, text);
	return n;
}

static struct plan find_plan(const char *name)
{
	for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++)
		if (!strcmp(plans[i].name, name))
			return plans[i];
	die("there is no world '%s', try --help", name);
}

static void check_plan(const struct plan *p)
{
	if (p->processes < 1)
		die("a world has at least one process");
	if (p->mesh && p->listeners > p->processes)
		die("in this world a process has one listener at most");
	if (!p->mesh && p->pairs && (!p->listeners || p->listeners >= p->processes))
		die("pairs want a listener, and a process without one to be its client");
}

static struct plan parse(int argc, char **argv, bool *out_netns)
{
	static const struct option options[] = {
		{"processes", required_argument, NULL, 0},
		{"listeners", required_argument, NULL, 1},
		{"pairs", required_argument, NULL, 2},
		{"fds", required_argument, NULL, 3},
		{"netns", no_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	long counts[] = {-1, -1, -1, -1};
	int c, which;

	while ((c = getopt_long(argc, argv, "h", options, &which)) != -1) {
		if (c >= 0 && c <= 3) {
			counts[c] = parse_count(optarg, options[which].name);
		} else if (c == 'n') {
			*out_netns = true;
		} else {
			usage(c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (optind != argc - 1) {
		usage(stderr);
		exit(2);
	}

	struct plan plan = find_plan(argv[optind]);
	long *fields[] = {&plan.processes, &plan.listeners, &plan.pairs, &plan.fds};
	for (int i = 0; i < 4; i++)
		if (counts[i] >= 0)
			*fields[i] = counts[i];
	check_plan(&plan);
	return plan;
}

int main(int argc, char **argv)
{
	bool netns = false;
	struct world w = {.plan = parse(argc, argv, &netns)};

	close_range(3, ~0U, 0); /* what a shell left open would be inherited, and counted */
	raise_limits();
	if (netns)
		enter_netns();
	w.incoming = count_incoming(&w.plan);
	prepare(&w);

	enum end end = build_and_hold(&w);
	clear_away(&w);
	free(w.incoming);
	return end == BROKEN;
}
