#include <case_file.h>

#include "run/attempt.h"

static uint32_t seen(struct case_file *k)
{
	case_take(k);
	observe(&k->q);
	return k->q.observed;
}

static struct place *silent(struct case_file *k, const char *address)
{
	struct place *p = case_place(k, address);

	p->talk = (struct talk_job){.end = TALK_UNANSWERED, .error = ETIMEDOUT};
	return p;
}

static struct place *answered(struct case_file *k, const char *address, uint16_t status)
{
	struct place *p = case_place(k, address);

	case_status(p, status);
	return p;
}

TEST(a_name_is_as_good_as_its_best_address)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	case_place(k, "::1");
	answered(k, "127.0.0.1", 200);
	CHECK_INT(seen(k), 0);
	CHECK_INT(k->q.places[0].wrong, OBSERVED_REFUSED);
	CHECK(inquiry_working_place(&k->q) == &k->q.places[1]);
}

TEST(waiting_for_the_first_address_is_slow)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	silent(k, "::1");
	answered(k, "127.0.0.1", 200);
	CHECK_INT(seen(k), OBSERVED_SLOW);
}

TEST(what_got_furthest_counts)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	case_place(k, "::1");
	silent(k, "127.0.0.1");
	CHECK_INT(seen(k), OBSERVED_UNANSWERED);
}

/* After a connection stands no client falls back any more. */
TEST(a_connection_that_stood_is_final)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	k->q.aim.http = true;
	answered(k, "::1", 500);
	answered(k, "127.0.0.1", 200);
	CHECK_INT(seen(k), OBSERVED_HTTP);
}

TEST(hanging_up_on_a_question_that_nobody_asked_for_is_rightful)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct place *p = case_place(k, "127.0.0.1");

	p->talk = (struct talk_job){.end = TALK_CLOSED,
		.connected = true,
		.connect_ns = 1000000,
		.total_ns = 400000000};
	CHECK_INT(seen(k), 0);
	p->talk.total_ns = 2000000; /* before anything was asked */
	CHECK_INT(seen(k), OBSERVED_CLOSED);
	p->talk.total_ns = 400000000;
	k->q.aim.http = true; /* it ought to know HTTP */
	CHECK_INT(seen(k), OBSERVED_CLOSED);
	p->talk.end = TALK_RESET;
	CHECK_INT(seen(k), OBSERVED_RESET);
}

TEST(silence_after_the_question_was_read)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct place *p = case_place(k, "127.0.0.1");

	p->talk = (struct talk_job){.end = TALK_SILENT, .connected = true};
	p->accepted = p->accepted_known = p->question_read = p->question_read_known = true;
	CHECK_INT(seen(k), 0); /* it speaks something else, and waits for that */
	p->question_read = false;
	CHECK_INT(seen(k), OBSERVED_SILENT);
	p->question_read = true;
	k->q.aim.http = true;
	CHECK_INT(seen(k), OBSERVED_SILENT);
}

TEST(statuses)
{
	static const struct {
		uint16_t status;
		bool path;
		uint32_t wrong;
	} list[] = {{200, false, 0}, {302, false, 0}, {401, false, 0}, {401, true, OBSERVED_AUTH},
		{404, false, 0}, {404, true, OBSERVED_HTTP}, {502, false, OBSERVED_HTTP},
		{400, false, OBSERVED_HTTP}};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
		k->q.aim.http = true;
		k->q.aim.shown_path = list[i].path;
		answered(k, "127.0.0.1", list[i].status);
		CHECK_INT(seen(k), list[i].wrong);
	}
}

TEST(two_servers_on_one_port)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 1001, "/usr/bin/node"));
	snap_listen(&k->world, "::1", 3000, snap_owner(&k->world, 1002, "/usr/bin/python3"));
	answered(k, "127.0.0.1", 200);
	answered(k, "::1", 200);
	CHECK_INT(seen(k), OBSERVED_DIVIDED);
}

TEST(names)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);
	struct place *p = answered(k, "127.0.0.1", 200);

	k->q.looked_up = true;
	k->q.lookup.failure = -2;
	CHECK_INT(seen(k), OBSERVED_NAME);
	k->q.lookup.failure = 0;
	CHECK_INT(seen(k), 0);
	k->q.lookup.took_ns = 3000000000ull;
	CHECK_INT(seen(k), OBSERVED_SLOW);
	k->q.lookup.took_ns = 0;
	must(address_parse("192.0.2.7", &p->address));
	CHECK_INT(seen(k), OBSERVED_NAME); /* localhost is not there */
	k->q.aim.host = "devbox";
	CHECK_INT(seen(k), 0);
	k->q.aim.literal = true;
	k->q.lookup.failure = -2;
	CHECK_INT(seen(k), 0); /* an address needs no look-up */
}

/* The line of /etc/hosts is from another day: the port is served here, and the address is gone. */
TEST(a_stale_line_of_hosts)
{
	AUTO(case) struct case_file *k = case_new("devbox", 3000);
	struct place *p = case_place(k, "192.168.1.10");

	p->ours = p->talked = false;
	k->q.predicted = (struct resolver_answer){.source = "files", .line = 3, .address_count = 1};
	CHECK_INT(seen(k), 0);

	AUTO(case) struct case_file *served = case_new("devbox", 3000);
	served->q.predicted = k->q.predicted;
	p = case_place(served, "192.168.1.10");
	p->ours = p->talked = false;
	snap_listen(&served->world, "127.0.0.1", 3000, NULL);
	CHECK_INT(seen(served), OBSERVED_NAME);
}

TEST(binds_and_paths)
{
	AUTO(case) struct case_file *k = case_new(NULL, 80);

	k->q.symptom.op = OPERATION_BIND;
	k->q.symptom.error = "EACCES";
	k->q.bind_error = k->q.bind_error_reuse = 0;
	CHECK_INT(seen(k), OBSERVED_BIND); /* root may what the user may not */
	k->q.aim.port = 8080;
	CHECK_INT(seen(k), OBSERVED_REPORTED);
	k->q.bind_error = EADDRINUSE;
	CHECK_INT(seen(k), OBSERVED_BIND);
	k->q = (struct inquiry){.query = &k->query,
		.snapshot = k->q.snapshot,
		.gathered = FACT_PATH,
		.vitals = k->q.vitals,
		.aim.socket_path = "/run/x.sock",
		.file = {.connect_error = ECONNREFUSED}};
	CHECK_INT(seen(k), OBSERVED_SOCKET_FILE);
	k->q.file.connect_error = 0;
	CHECK_INT(seen(k), 0);
	k->q.file = (struct path_facts){.sight = FILE_SOCKET, .listed = true, .connect_error = -1};
	CHECK_INT(seen(k), 0);
	k->q.file.listed = false;
	CHECK_INT(seen(k), OBSERVED_SOCKET_FILE);
}

TEST(proxies)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);
	static const char *const environment[] = {"http_proxy=http://proxy:3128", NULL};
	struct attempt tried = {.kind = ATTEMPT_CONNECT, .endpoint.port = 3000};
	struct attempt_run run = {.attempts = &tried, .attempt_count = 1};

	answered(k, "127.0.0.1", 200);
	k->q.aim.http = true;
	k->query.environment = environment;
	CHECK_INT(seen(k), OBSERVED_PROXY);
	k->q.aim.is_text = true;
	k->query.attempt = &run; /* it went there directly */
	CHECK_INT(seen(k), 0);
	tried.endpoint.port = 3128;
	CHECK_INT(seen(k), OBSERVED_PROXY);
}

/* When nothing is talked to, the facts tell. */
TEST(predictions)
{
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 3000);
	struct place *p = case_place(k, "127.0.0.1");

	p->talked = false;
	CHECK_INT(seen(k), OBSERVED_REFUSED);
	p->has_route = true;
	p->route.error = EACCES;
	CHECK_INT(seen(k), OBSERVED_UNREACHABLE);
	k->q.lo.up = false;
	CHECK_INT(seen(k), OBSERVED_UNANSWERED);
	p->ours = false;
	CHECK_INT(seen(k), 0);
}

TESTS(a_name_is_as_good_as_its_best_address, waiting_for_the_first_address_is_slow,
	what_got_furthest_counts, a_connection_that_stood_is_final,
	hanging_up_on_a_question_that_nobody_asked_for_is_rightful,
	silence_after_the_question_was_read, statuses, two_servers_on_one_port, names,
	a_stale_line_of_hosts, binds_and_paths, proxies, predictions)
