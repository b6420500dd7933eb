/*
 * dial_test - connects and their outcomes. The ICMP messages are forged: a listener that lets every
 * SYN fall, and a raw socket that hears the SYN and answers it as a rule of a packet filter would.
 * That needs root, and happens in a network namespace of its own.
 */
#include "net/dial.h"

#include "toy_server.h"
#include "unit.h"
#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>

static void finish(struct dial *d, int timeout_ms)
{
	struct pollfd p = {.fd = d->socket, .events = POLLOUT};

	if (poll(&p, 1, timeout_ms) == 1)
		dial_finish(d);
}

TEST(a_connection)
{
	struct toy_server s = toy_start(&(struct toy){.hold_ms = 5000}, &ADDRESS_LOOPBACK6, NULL);
	struct dial d = DIAL_INIT;

	CHECK(dial_start(&d, &s.endpoint));
	finish(&d, 5000);
	CHECK(d.connected && !d.error && !d.icmp);
	CHECK_INT(d.local.address.family, AF_INET6);
	CHECK(d.local.port != 0 && d.local.port != s.endpoint.port);
	dial_fini(&d);
	CHECK_INT(d.socket, -1);
	dial_fini(&d);
	toy_stop(&s);
}

TEST(a_refusal)
{
	struct toy_server s = toy_start(&(struct toy){0}, &ADDRESS_LOOPBACK4, NULL);
	struct dial d = DIAL_INIT;

	toy_stop(&s);
	if (dial_start(&d, &s.endpoint))
		finish(&d, 5000);
	CHECK(!d.connected && !d.icmp);
	CHECK_INT(d.error, ECONNREFUSED);
	dial_fini(&d);
}

TEST(what_cannot_be_dialled)
{
	char path[200];
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	const struct {
		struct endpoint endpoint;
		int error;
	} rows[] = {
		{{.proto = PROTO_UNIX_STREAM, .path = path}, ENAMETOOLONG},
		{{.proto = PROTO_UNIX_STREAM, .path = ""}, EINVAL},
		{{.proto = PROTO_UNIX_STREAM, .path = "@loopscope-nobody-here"}, ECONNREFUSED},
		{{.proto = PROTO_UNIX_DGRAM, .path = "/x"}, EPROTOTYPE},
		{{.proto = PROTO_TCP}, EPROTOTYPE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dial d = DIAL_INIT;
		CHECK(!dial_start(&d, &rows[i].endpoint));
		CHECK_INT(d.error, rows[i].error);
		dial_fini(&d);
	}
}

TEST(a_full_queue)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct dial dials[4] = {DIAL_INIT, DIAL_INIT, DIAL_INIT, DIAL_INIT};
	char path[32];

	int n = snprintf(path, sizeof(path), "@loopscope-dial-%d", (int)getpid());
	memcpy(un.sun_path + 1, path + 1, (size_t)n - 1);
	AUTO(close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n);
	must(bind(fd, (struct sockaddr *)&un, len) == 0 && listen(fd, 0) == 0);
	struct endpoint e = {.proto = PROTO_UNIX_STREAM, .path = path};
	for (size_t i = 0; i < ARRAY_SIZE(dials); i++)
		dial_start(&dials[i], &e);
	CHECK_INT(dials[0].error, 0);
	CHECK_INT(dials[3].error, EAGAIN);
	for (size_t i = 0; i < ARRAY_SIZE(dials); i++)
		dial_fini(&dials[i]);
}

/* --- ICMP --- */

static uint16_t checksum(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* The SYN quoted in an ICMP message, as a router or a rule would send it back. */
static void refuse4(int syns, uint8_t type, uint8_t code)
{
	uint8_t message[8 + 40] = {type, code};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	AUTO(close) int icmp = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

	must(recv(syns, message + 8, 40, 0) == 40); /* IP and TCP header, without options */
	uint16_t sum = checksum(message, sizeof(message));
	memcpy(message + 2, &sum, sizeof(sum));
	must(sendto(icmp, message, sizeof(message), 0, (struct sockaddr *)&to, sizeof(to)) > 0);
}

/* A raw socket of IPv6 hears no IP header, so that is written here; the kernel sums up. */
static void refuse6(int syns, uint8_t type, uint8_t code)
{
	uint8_t message[8 + 40 + 20] = {type, code};
	uint8_t *ip = message + 8;
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	AUTO(close) int icmp = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	ip[0] = 0x60;
	ip[5] = 20;
	ip[6] = IPPROTO_TCP;
	ip[7] = 64;
	ip[23] = ip[39] = 1; /* from ::1 to ::1 */
	must(recv(syns, ip + 40, 20, 0) == 20);
	must(sendto(icmp, message, sizeof(message), 0, (struct sockaddr *)&to, sizeof(to)) > 0);
}

static void loopback_up(void)
{
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	AUTO(close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(ioctl(fd, SIOCSIFFLAGS, &r) == 0);
}

static void dial_refused(const struct address *a, uint8_t type, uint8_t code, int error)
{
	struct toy_server s = toy_start(&(struct toy){.deaf = true}, a, NULL);
	AUTO(close) int syns = socket(a->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	struct dial d = DIAL_INIT;

	must(syns >= 0);
	CHECK(dial_start(&d, &s.endpoint));
	if (a->family == AF_INET)
		refuse4(syns, type, code);
	else
		refuse6(syns, type, code);
	finish(&d, 5000);
	CHECK(!d.connected && d.icmp);
	CHECK_INT(d.error, error);
	CHECK_INT(d.icmp_type, type);
	CHECK_INT(d.icmp_code, code);
	dial_fini(&d);
	toy_stop(&s);
}

/* In a child, since a namespace cannot be left again. */
static int all_refusals(void)
{
	unit_failures = 0;
	if (unshare(CLONE_NEWNET) < 0)
		return 77;
	loopback_up();
	dial_refused(&ADDRESS_LOOPBACK4, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, ECONNREFUSED);
	dial_refused(&ADDRESS_LOOPBACK4, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, EHOSTUNREACH);
	dial_refused(&ADDRESS_LOOPBACK6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, ECONNREFUSED);
	dial_refused(&ADDRESS_LOOPBACK6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, EACCES);
	return unit_failures != 0;
}

TEST(a_refusal_by_a_rule)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(all_refusals());
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		fprintf(stderr, "skipped: forging ICMP messages needs root\n");
	else
		CHECK_INT(status, 0);
}

TESTS(a_connection, a_refusal, what_cannot_be_dialled, a_full_queue, a_refusal_by_a_rule)
