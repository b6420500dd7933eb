#include "base/must.h"
#include "free/live.h"
#include "unit.h"
#include <arpa/inet.h>
#include <sys/socket.h>

static const char sockets[] =
	"/run/dbus/system_bus_socket dbus.socket           dbus.service\n"
	"/run/systemd/journal/dev-log systemd-journald-dev-log.socket systemd-journald.service\n"
	"kobject-uevent 1            systemd-udevd-kernel.socket systemd-udevd.service\n"
	"0.0.0.0:22                  ssh.socket             ssh.service\n"
	"[::]:22                     ssh.socket             ssh.service\n"
	"127.0.0.1:631               cups.socket            -\n"
	"garbage\n";

static const char *found(const char *address, uint16_t port)
{
	static char text[200];
	AUTO(arena) struct arena *arena = arena_new();
	struct endpoint e = {.proto = PROTO_TCP, .port = port};
	const char *unit, *activates;

	if (address[0] == '/') {
		e.proto = PROTO_UNIX_STREAM;
		e.path = address;
	} else {
		must(address_parse(address, &e.address));
	}
	if (!live_parse_sockets(arena, sockets, &e, &unit, &activates))
		return "none";
	snprintf(text, sizeof(text), "%s %s", unit, activates ? activates : "-");
	return text;
}

TEST(reads_what_systemd_listens_on)
{
	CHECK_STR(found("0.0.0.0", 22), "ssh.socket ssh.service");
	CHECK_STR(found("::", 22), "ssh.socket ssh.service");
	CHECK_STR(found("127.0.0.1", 22), "none");
	CHECK_STR(found("127.0.0.1", 631), "cups.socket -");
	CHECK_STR(found("/run/dbus/system_bus_socket", 0), "dbus.socket dbus.service");
	CHECK_STR(found("/run/other", 0), "none");
}

TEST(sees_this_machine)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(live) struct live l = {0};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	AUTO(close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool seen = false;

	must(bind(fd, (struct sockaddr *)&in, len) == 0 && listen(fd, 1) == 0);
	must(getsockname(fd, (struct sockaddr *)&in, &len) == 0);
	CHECK_INT(live_open(&l, arena, PROTO_BIT(PROTO_TCP), NULL), 0);
	for (size_t i = 0; i < l.snapshot->socket_count; i++) {
		const struct socket *s = &l.snapshot->sockets[i];
		seen = seen ||
			(s->local.port == ntohs(in.sin_port) && s->owner &&
				s->owner->pid == getpid());
	}
	CHECK(seen);
	const struct owner *parent = l.world.owner(&l.world, getppid());
	CHECK(parent && parent->argc > 0);
	CHECK(!l.world.owner(&l.world, 4194300));
	CHECK(l.world.may_signal(&l.world, getpid()));
	CHECK(world_is_ours(&l.world, getppid()));
}

TESTS(reads_what_systemd_listens_on, sees_this_machine)
