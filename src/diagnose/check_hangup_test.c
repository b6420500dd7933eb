#include <case_file.h>

extern const struct diagnose_check diagnose_hangup;

static struct case_file *server(struct place **out)
{
	struct case_file *k = case_new("127.0.0.1", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	*out = case_place(k, "127.0.0.1");
	case_status(*out, 200);
	return k;
}

TEST(closes_at_once)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk = (struct talk_job){.end = TALK_CLOSED, .connected = true, .http = true};
	const struct finding *f = case_answer(k, &diagnose_hangup);
	CHECK_STR(f ? f->id : NULL, "server-closes-without-reply");
	CHECK(case_says(f, "4121"));
	CHECK(case_says(f, "without a byte"));
}

TEST(hangs_up_on_what_it_does_not_know)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	k->q.aim.http = false; /* nobody said that it should speak HTTP */
	p->talk = (struct talk_job){.end = TALK_CLOSED,
		.connected = true,
		.http = true,
		.total_ns = 200000000};
	CHECK_STR(case_cause(k, &diagnose_hangup), NULL);
}

TEST(never_took_the_connection)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk = (struct talk_job){.end = TALK_RESET, .connected = true, .http = true};
	p->accepted = false;
	CHECK_STR(case_cause(k, &diagnose_hangup), NULL);
}

TEST(resets)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk = (struct talk_job){.end = TALK_RESET, .connected = true, .http = true};
	const struct finding *f = case_answer(k, &diagnose_hangup);
	CHECK_STR(f ? f->id : NULL, "server-resets");
	CHECK(case_says(f, "RST"));
}

TEST(resets_what_it_did_not_read)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk = (struct talk_job){.end = TALK_RESET, .connected = true, .http = true};
	p->quiet_tried = true;
	p->quiet_try = (struct talk_job){.end = TALK_CLOSED, .connected = true};
	CHECK_STR(case_cause(k, &diagnose_hangup), "server-closes-without-reply");
}

TEST(dies_of_the_question)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk = (struct talk_job){.end = TALK_RESET, .connected = true, .http = true};
	case_vitals(k, k->world.owners.items[0], 'S')->second.gone = true;
	CHECK(case_says(case_answer(k, &diagnose_hangup), "process 4121 is gone"));
}

TEST(cut_off)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk.response.complete = false;
	p->talk.response.has_length = true;
	p->talk.response.length = 100000;
	p->talk.response.body_bytes = 3;
	p->talk.peer_closed = true;
	const struct finding *f = case_answer(k, &diagnose_hangup);
	CHECK_STR(f ? f->id : NULL, "truncated-response");
	CHECK(case_says(f, "Content-Length: 100000, and only 3 bytes"));
}

TEST(a_body_that_still_comes)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	p->talk.response.complete = false; /* the deadline was first: a stream of events */
	CHECK_STR(case_cause(k, &diagnose_hangup), NULL);
}

static void complains(struct case_file *k, const char *error)
{
	k->q.symptom = (struct symptom){.op = OPERATION_READ, .error = error};
}

TEST(closes_idle_connections)
{
	static const struct response_header kept[] = {{"Keep-Alive", "timeout=5"}};
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	complains(k, "ECONNRESET");
	p->keep_tried = true;
	p->keep_try.response = (struct response){.status = 200, .headers = kept, .header_count = 1};
	const struct finding *f = case_answer(k, &diagnose_hangup);
	CHECK_STR(f ? f->id : NULL, "keepalive-race");
	CHECK(case_says(f, "timeout=5"));
	CHECK(case_says(f, "keepAliveTimeout"));
}

TEST(was_seen_to_close_an_idle_connection)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	complains(k, "EOF");
	p->keep_tried = p->idle_tried = true;
	p->idle_try.linger_ns = 1000000000;
	CHECK_STR(case_cause(k, &diagnose_hangup), "keepalive-race");
}

TEST(keeps_them_long_enough)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	complains(k, "ECONNRESET");
	p->keep_tried = p->idle_tried = true;
	CHECK_STR(case_cause(k, &diagnose_hangup), NULL);
}

TEST(another_complaint_has_nothing_to_do_with_idle_connections)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	complains(k, "ETIMEDOUT");
	p->keep_tried = p->idle_tried = true;
	p->idle_try.linger_ns = 1000000000;
	CHECK_STR(case_cause(k, &diagnose_hangup), NULL);
}

/* A client's end of a connection to the port; the other one is not there. */
static void pool(struct case_file *k)
{
	struct owner *client = snap_owner(&k->world, 5000, "/usr/bin/python3");
	size_t i =
		snap_socket(&k->world, PROTO_TCP, SOCKET_ESTABLISHED, "127.0.0.1", 40000, client);

	k->world.sockets.items[i].remote = ADDRESS_LOOPBACK4;
	k->world.sockets.items[i].remote_port = 3000;
}

TEST(an_end_without_another)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);

	pool(k);
	complains(k, "ETIMEDOUT");
	const struct finding *f = case_answer(k, &diagnose_hangup);
	CHECK_STR(f ? f->id : NULL, "half-open-connection");
	CHECK(case_says(f, "5000"));
}

TEST(two_ends)
{
	struct place *p;
	AUTO(case) struct case_file *k = server(&p);
	struct owner *client = snap_owner(&k->world, 5000, "/usr/bin/python3");

	snap_connect(&k->world, client, 40000, k->world.owners.items[0], 3000);
	complains(k, "ETIMEDOUT");
	CHECK_STR(case_cause(k, &diagnose_hangup), NULL);
}

TESTS(closes_at_once, hangs_up_on_what_it_does_not_know, never_took_the_connection, resets,
	resets_what_it_did_not_read, dies_of_the_question, cut_off, a_body_that_still_comes,
	closes_idle_connections, was_seen_to_close_an_idle_connection, keeps_them_long_enough,
	another_complaint_has_nothing_to_do_with_idle_connections, an_end_without_another, two_ends)
