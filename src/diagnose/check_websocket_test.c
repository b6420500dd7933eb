#include <case_file.h>

extern const struct diagnose_check diagnose_websocket;

static struct case_file *socket_at(uint16_t status, const char *program)
{
	struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, program));
	k->q.aim.http = true;
	k->q.aim.scheme = "ws";
	k->q.aim.path = "/ws";
	case_status(case_place(k, "127.0.0.1"), status);
	return k;
}

TEST(a_proxy_that_does_not_pass_it_on)
{
	AUTO(case) struct case_file *k = socket_at(426, "/usr/sbin/nginx");
	const struct finding *f = case_answer(k, &diagnose_websocket);

	CHECK_STR(f ? f->id : NULL, "websocket-upgrade-blocked");
	CHECK(case_says(f, "proxy_set_header"));
	CHECK(case_says(f, "4121"));
}

TEST(a_path_that_is_none)
{
	AUTO(case) struct case_file *k = socket_at(200, "/usr/bin/node");
	const struct finding *f = case_answer(k, &diagnose_websocket);

	CHECK_STR(f ? f->id : NULL, "websocket-upgrade-blocked");
	CHECK(case_says(f, "/ws may be no WebSocket endpoint"));
}

TEST(one_that_opens)
{
	AUTO(case) struct case_file *k = socket_at(101, "/usr/bin/node");

	CHECK_STR(case_cause(k, &diagnose_websocket), NULL);
}

TEST(a_page_is_no_websocket)
{
	AUTO(case) struct case_file *k = socket_at(400, "/usr/bin/node");

	k->q.aim.scheme = "http";
	CHECK_STR(case_cause(k, &diagnose_websocket), NULL);
}

TESTS(a_proxy_that_does_not_pass_it_on, a_path_that_is_none, one_that_opens, a_page_is_no_websocket)
