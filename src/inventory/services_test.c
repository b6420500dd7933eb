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

TESTS(an_unknown_backlog_stays_unknown)
