#include "inventory/services.h"

#include "snap.h"
#include "unit.h"

/* Two sockets of a namespace that only /proc tells of: their backlog must not be made up. */
TEST(an_unknown_backlog_stays_unknown)
{
	AUTO(snap) struct snap w = snap_new();
	const struct owner *node = snap_owner(&w, 11, "/usr/bin/node");
	size_t sockets[4];
	const struct field *backlog = record_field(&listener_type, "backlog");

	for (size_t i = 0; i < 4; i++)
		sockets[i] = snap_listen(&w, "127.0.0.1", i < 2 ? 3000 : 3001, node);
	for (size_t i = 0; i < 4; i++)
		w.sockets.items[sockets[i]].wqueue = i < 2 ? BACKLOG_UNKNOWN : 5;
	const struct snapshot *s = snap_take(&w);
	CHECK_INT(s->service_count, 2);
	CHECK(!field_present(backlog, s->services[0]->listeners));
	CHECK(field_present(backlog, s->services[1]->listeners));
	CHECK_INT(s->services[1]->listeners[0].backlog, 10);
}

static const struct service *service_at(const struct snapshot *s, const char *text)
{
	for (size_t i = 0; i < s->service_count; i++)
		if (str_eq(s->services[i]->listeners[0].text, text))
			return s->services[i];
	must(!"a service that was made");
	return NULL;
}

/* 127.0.0.1 and ::1 of one port are two programs: each has its own clients. */
TEST(connections_belong_to_the_address_they_came_to)
{
	AUTO(snap) struct snap w = snap_new();
	const struct owner *old = snap_owner(&w, 11, "/usr/bin/node");
	const struct owner *new = snap_owner(&w, 12, "/usr/bin/python3");
	const struct owner *curl = snap_owner(&w, 13, "/usr/bin/curl");

	snap_listen(&w, "127.0.0.1", 3000, old);
	snap_listen(&w, "::1", 3000, new);
	for (uint16_t i = 0; i < 2; i++) {
		size_t accepted = snap_connect(&w, curl, 40000 + i, new, 3000);
		w.sockets.items[accepted].local.address = ADDRESS_LOOPBACK6;
	}
	const struct snapshot *s = snap_take(&w);
	CHECK_INT(service_at(s, "127.0.0.1:3000")->connections, 0);
	CHECK_INT(service_at(s, "[::1]:3000")->connections, 2);
}

/* Two programs share an address (reuseport): who holds the accepted socket has the client. */
TEST(connections_belong_to_who_accepted_them)
{
	AUTO(snap) struct snap w = snap_new();
	const struct owner *one = snap_owner(&w, 11, "/usr/bin/node");
	const struct owner *two = snap_owner(&w, 12, "/usr/bin/python3");
	const struct owner *curl = snap_owner(&w, 13, "/usr/bin/curl");
	const struct owner *child = snap_owner(&w, 14, "/usr/bin/helper");

	snap_listen(&w, "127.0.0.1", 3000, one);
	snap_listen(&w, "127.0.0.1", 3000, two);
	snap_connect(&w, curl, 40000, one, 3000);
	snap_connect(&w, curl, 40001, two, 3000);
	snap_connect(&w, curl, 40002, two, 3000);
	snap_connect(&w, curl, 40003, child, 3000); /* whose it was cannot be told: the first */
	const struct snapshot *s = snap_take(&w);
	CHECK_INT(s->service_count, 2);
	for (size_t i = 0; i < 2; i++)
		CHECK_INT(s->services[i]->connections, 2);
	CHECK(s->services[0]->owners[0] == one && s->services[1]->owners[0] == two);
}

TESTS(connections_belong_to_the_address_they_came_to, connections_belong_to_who_accepted_them,
	an_unknown_backlog_stays_unknown)
