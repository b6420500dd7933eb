#include "sys/borrow.h"

#include "base/must.h"
#include "unit.h"
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Runs in the child: reports its descriptor and port, and stays until it is killed. */
static void serve(int report, bool listening)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof(any);
	int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(fd >= 0);
	must(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0);
	must(bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0);
	must(!listening || listen(fd, 1) == 0);
	must(getsockname(fd, (struct sockaddr *)&any, &len) == 0);
	int told[2] = {fd, ntohs(any.sin6_port)};
	must(write(report, told, sizeof(told)) == sizeof(told));
	for (;;)
		pause();
}

static pid_t start_child(bool listening, int *out_fd, int *out_port)
{
	int report[2], told[2];

	must(pipe(report) == 0);
	pid_t child = fork();
	must(child >= 0);
	if (child == 0)
		serve(report[1], listening);
	must(read(report[0], told, sizeof(told)) == sizeof(told));
	close(report[0]);
	close(report[1]);
	*out_fd = told[0];
	*out_port = told[1];
	return child;
}

static void stop_child(pid_t child)
{
	kill(child, SIGKILL);
	must(waitpid(child, NULL, 0) == child);
}

static void look(bool listening)
{
	struct borrowed b = {0};
	int fd, port;
	pid_t child = start_child(listening, &fd, &port);
	int r = borrow_socket(child, fd, &b);

	if (r == -ENOSYS || r == -EPERM) { /* an old kernel, or a container that forbids it */
		stop_child(child);
		return;
	}
	CHECK_INT(r, 0);
	CHECK_INT(b.local.proto, PROTO_TCP);
	CHECK_INT(b.local.port, port);
	CHECK(address_eq(&b.local.address, &ADDRESS_LOOPBACK6));
	CHECK(b.reuse_port && !b.reuse_address);
	CHECK_INT(b.listening, listening);
	CHECK_INT(borrow_socket(child, 0, &b), -EBADF); /* the terminal, /dev/null ... */
	CHECK_INT(borrow_socket(child, 900, &b), -EBADF);
	stop_child(child);
	CHECK_INT(borrow_socket(child, fd, &b), -ESRCH);
}

TEST(borrows_a_listener_of_a_child)
{
	look(true);
}

TEST(borrows_a_socket_that_never_listened)
{
	look(false);
}

TEST(names_the_protocol)
{
	static const struct {
		int domain, type;
		enum proto proto;
	} rows[] = {
		{AF_INET, SOCK_STREAM, PROTO_TCP},
		{AF_INET, SOCK_DGRAM, PROTO_UDP},
		{AF_UNIX, SOCK_STREAM, PROTO_UNIX_STREAM},
		{AF_UNIX, SOCK_SEQPACKET, PROTO_UNIX_SEQPACKET},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO(close) int fd = socket(rows[i].domain, rows[i].type, 0);
		struct borrowed b;
		must(fd >= 0);
		int r = borrow_socket(getpid(), fd, &b);
		if (r == -ENOSYS || r == -EPERM)
			return;
		CHECK_INT(r, 0);
		CHECK_INT(b.local.proto, rows[i].proto);
		CHECK(!b.listening && !b.reuse_port);
	}
}

TESTS(borrows_a_listener_of_a_child, borrows_a_socket_that_never_listened, names_the_protocol)
