#include "diagnose/ladder.h"

#include <case_file.h>
#include <golden.h>

static void check(struct case_file *k, const char *name)
{
	const struct ladder_rung *rungs = NULL;
	const char *const *not_it = NULL;
	size_t count = 0, fine = 0;
	AUTO(buf) struct buf text = BUF_INIT(8000);

	case_take(k);
	observe(&k->q);
	ladder_make(&k->q, &rungs, &count);
	ladder_not_it(&k->q, &not_it, &fine);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%-8s %-9s %s\n", rung_state_name(rungs[i].state), rungs[i].name,
			rungs[i].text);
	for (size_t i = 0; i < fine; i++)
		buf_printf(&text, "not it: %s\n", not_it[i]);
	CHECK_GOLDEN(name, text.data);
}

static void routed(struct place *p, int error)
{
	p->has_route = p->has_filter = true;
	p->route = (struct route_answer){.error = error, .device = error ? NULL : "lo"};
}

TEST(refused_at_the_first_address)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	k->q.aim.http = true;
	k->q.aim.path = "/health";
	k->q.looked_up = true;
	k->q.predicted = (struct resolver_answer){.source = "files", .line = 2, .address_count = 2};
	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	routed(case_place(k, "::1"), 0);
	struct place *p = case_place(k, "127.0.0.1");
	case_status(p, 502);
	routed(p, 0);
	p->talk.connect_ns = 1000000;
	p->talk.first_byte_ns = 12000000;
	check(k, "diagnose/ladder-http.txt");
}

TEST(turned_away_by_a_route)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct place *p = case_place(k, "127.0.0.1");

	snap_listen(&k->world, "127.0.0.2", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	routed(p, EACCES);
	p->talk.error = EACCES;
	check(k, "diagnose/ladder-route.txt");
}

TEST(a_bind)
{
	AUTO(case) struct case_file *k = case_new(NULL, 3000);

	k->q.symptom.op = OPERATION_BIND;
	k->q.bind_error = k->q.bind_error_reuse = EADDRINUSE;
	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	case_place(k, "::");
	case_place(k, "0.0.0.0");
	check(k, "diagnose/ladder-bind.txt");
}

TESTS(refused_at_the_first_address, turned_away_by_a_route, a_bind)
