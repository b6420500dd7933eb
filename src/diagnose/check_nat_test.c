#include <case_file.h>

#include <errno.h>

extern const struct diagnose_check diagnose_nat;

static void give_rule(struct case_file *k, struct filter_answer *to, const char *address,
	uint16_t port)
{
	struct filter_rule *r = arena_new_of(k->arena, struct filter_rule);

	*r = (struct filter_rule){.system = "nft",
		.family = "ip",
		.table = "mini",
		.chain = "out",
		.hook = "output",
		.handle = 3,
		.deed = FILTER_REDIRECT,
		.sure = true,
		.text = "tcp dport 8443 redirect to :9443",
		.to_port = port,
		.remove = "nft delete rule ip mini out handle 3"};
	if (address)
		address_parse(address, &r->to_address);
	*to = (struct filter_answer){.rules = r, .count = 1, .rules_read = 1};
}

static struct case_file *with_server(struct place **out, const char *at)
{
	struct case_file *k = case_new(at, 8443);
	struct owner *node = snap_owner(&k->world, 4121, "/usr/bin/node");

	snap_listen(&k->world, "127.0.0.1", 8443, node);
	*out = case_place(k, at);
	(*out)->has_filter = true;
	return k;
}

/* Our connection is taken by a process at another port. */
static void leads_to(struct place *p, const struct owner *by, uint16_t port)
{
	case_status(p, 200);
	p->answered_by_other = true;
	p->taken_by = by;
	p->far = (struct socket){.state = SOCKET_ESTABLISHED,
		.local = {.proto = PROTO_TCP, .address = ADDRESS_LOOPBACK4, .port = port}};
}

TEST(finds_a_redirect_to_a_dead_port)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p, "127.0.0.1");

	give_rule(k, &p->filter, NULL, 9443);
	const struct finding *f = case_answer(k, &diagnose_nat);
	CHECK(f != NULL);
	CHECK_STR(f->id, "nat-redirect");
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "9443"));
	CHECK(case_says(f, "mini"));
	CHECK_STR(f->fixes[0].command, "sudo nft delete rule ip mini out handle 3");
}

TEST(finds_the_wrong_app_with_and_without_the_rule)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p, "127.0.0.1");
	struct owner *proxy = snap_owner(&k->world, 4200, "/usr/bin/devproxy");

	snap_listen(&k->world, "127.0.0.1", 9443, proxy);
	give_rule(k, &p->filter, NULL, 9443);
	leads_to(p, proxy, 9443);
	const struct finding *f = case_answer(k, &diagnose_nat);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "devproxy 4200"));
	p->filter = (struct filter_answer){.unseen = "nftables"};
	f = case_answer(k, &diagnose_nat);
	CHECK(f != NULL);
	CHECK_STR(f->id, "nat-redirect");
	CHECK_STR(f->subject, "root: firewall rules");
}

TEST(likes_a_redirect_that_serves_a_port_nobody_has)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 80);
	struct owner *node = snap_owner(&k->world, 4121, "/usr/bin/node");
	struct place *p = case_place(k, "127.0.0.1");

	snap_listen(&k->world, "127.0.0.1", 8080, node);
	p->has_filter = true;
	give_rule(k, &p->filter, NULL, 8080);
	leads_to(p, node, 8080);
	CHECK(case_answer(k, &diagnose_nat) == NULL);
}

TEST(leaves_a_worker_and_another_namespace_alone)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p, "127.0.0.1");
	struct owner *worker = snap_owner(&k->world, 4122, "/usr/bin/node");

	leads_to(p, worker, 8443);
	CHECK(case_answer(k, &diagnose_nat) == NULL);
	leads_to(p, worker, 80);
	p->far.netns = 1;
	CHECK(case_answer(k, &diagnose_nat) == NULL);
}

TEST(explains_martians)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_server(&p, "192.0.2.1");

	p->has_arrival = true;
	p->arrives_by = "eth0";
	give_rule(k, &p->arrival, "127.0.0.1", 8443);
	const struct finding *f = case_answer(k, &diagnose_nat);
	CHECK(f != NULL);
	CHECK_STR(f->id, "route-localnet-off");
	CHECK(case_says(f, "net.ipv4.conf.eth0.route_localnet"));
	p->route_localnet = true;
	CHECK(case_answer(k, &diagnose_nat) == NULL);
}

TESTS(finds_a_redirect_to_a_dead_port, finds_the_wrong_app_with_and_without_the_rule,
	likes_a_redirect_that_serves_a_port_nobody_has, leaves_a_worker_and_another_namespace_alone,
	explains_martians)
