#include <case_file.h>

extern const struct diagnose_check diagnose_family;

static const struct owner *server(struct case_file *k, const char *address)
{
	struct owner *o = snap_owner(&k->world, 4121, "/usr/bin/python3");

	snap_argv(&k->world, o, "python3", "-m", "http.server", "3000", "--bind", "::1");
	snap_listen(&k->world, address, 3000, o);
	return o;
}

TEST(only_ipv4)
{
	AUTO(case) struct case_file *k = case_new("::1", 3000);

	server(k, "127.0.0.1");
	case_place(k, "::1");
	const struct finding *f = case_answer(k, &diagnose_family);
	CHECK_STR(f ? f->id : NULL, "listens-ipv4-only");
	CHECK_STR(f ? f->certainty : NULL, "proved");
	CHECK(case_says(f, "LISTEN 127.0.0.1:3000 python 4121"));
	CHECK(case_says(f, "[::1]:3000: Connection refused"));
	CHECK(case_says(f, "dial 127.0.0.1:3000 instead of localhost or ::1"));
}

TEST(only_ipv6)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	server(k, "::1");
	case_place(k, "127.0.0.1");
	const struct finding *f = case_answer(k, &diagnose_family);
	CHECK_STR(f ? f->id : NULL, "listens-ipv6-only");
	CHECK(case_says(f, "LISTEN [::1]:3000 python 4121"));
	CHECK(case_fix(f, "python3 -m http.server 3000 --bind 127.0.0.1"));
	CHECK(case_says(f, "dial [::1]:3000"));
}

TEST(a_wildcard_of_ipv6_alone)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	server(k, "::");
	k->world.sockets.items[0].v6only = true;
	k->world.sockets.items[0].dual_stack = false;
	k->q.v6_only = 1;
	case_place(k, "127.0.0.1");
	const struct finding *f = case_answer(k, &diagnose_family);
	CHECK_STR(f ? f->id : NULL, "listens-ipv6-only");
	CHECK(case_says(f, "bindv6only"));
}

TEST(a_wildcard_of_both_families_is_no_fault)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);

	server(k, "::");
	case_place(k, "127.0.0.1");
	case_answer(k, &diagnose_family);
	CHECK_INT(k->count, 0);
}

/* localhost led to both: the client would have come to the one that listens. */
TEST(a_name_that_was_asked_at_both_is_another_matter)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	server(k, "::1");
	case_place(k, "127.0.0.1");
	case_place(k, "::1");
	case_answer(k, &diagnose_family);
	CHECK_INT(k->count, 0);
}

TEST(another_port_is_another_server)
{
	AUTO(case) struct case_file *k = case_new("::1", 3001);

	server(k, "127.0.0.1");
	case_place(k, "::1");
	case_answer(k, &diagnose_family);
	CHECK_INT(k->count, 0);
}

TEST(an_address_of_the_network_is_no_localhost)
{
	AUTO(case) struct case_file *k = case_new("::1", 3000);

	server(k, "192.0.2.7");
	case_place(k, "::1");
	case_answer(k, &diagnose_family);
	CHECK_INT(k->count, 0);
}

TESTS(only_ipv4, only_ipv6, a_wildcard_of_ipv6_alone, a_wildcard_of_both_families_is_no_fault,
	a_name_that_was_asked_at_both_is_another_matter, another_port_is_another_server,
	an_address_of_the_network_is_no_localhost)
