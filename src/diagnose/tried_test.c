#include "diagnose/tried.h"

#include <case_file.h>

#include "run/attempt.h"

struct trial {
	struct case_file *k;
	struct attempt attempts[8];
	struct attempt_run run;
};

static void tried(struct trial *t, int kind, const char *address, uint16_t port, int error)
{
	struct attempt *a = &t->attempts[t->run.attempt_count++];

	*a = (struct attempt){.kind = kind, .endpoint.port = port, .error = error};
	must(address_parse(address, &a->endpoint.address));
}

#define TRIAL(...)                                                                                 \
	{                                                                                          \
		.k = case_new(NULL, 0),                                                            \
		.run = {.argv = (char **)(const char *[]){__VA_ARGS__, NULL} }                     \
	}

static void read_trial(struct trial *t)
{
	t->run.attempts = t->attempts;
	symptom_of_attempt(&t->k->q, &t->run);
}

TEST(the_last_that_failed_and_its_sibling)
{
	struct trial t = TRIAL("node", "client.js");
	AUTO(case) struct case_file *k = t.k;

	tried(&t, ATTEMPT_CONNECT, "127.0.0.1", 5432, 0);
	tried(&t, ATTEMPT_CONNECT, "::1", 3000, ECONNREFUSED);
	tried(&t, ATTEMPT_CONNECT, "127.0.0.1", 3000, ECONNREFUSED);
	read_trial(&t);
	const struct symptom *s = &k->q.symptom;
	CHECK_INT(s->op, OPERATION_CONNECT);
	CHECK_STR(s->error, "ECONNREFUSED");
	CHECK_INT(s->endpoint_count, 2);
	CHECK_STR(s->endpoints[0].host, "::1");
	CHECK_STR(s->endpoints[1].host, "127.0.0.1");
	CHECK_INT(s->endpoints[1].port, 3000);
}

TEST(the_name_that_it_was_given_comes_first)
{
	struct trial t = TRIAL("curl", "http://localhost:3000/health");
	AUTO(case) struct case_file *k = t.k;

	tried(&t, ATTEMPT_CONNECT, "127.0.0.1", 3000, ECONNREFUSED);
	read_trial(&t);
	const struct symptom *s = &k->q.symptom;
	CHECK_STR(s->client, "curl");
	CHECK_INT(s->endpoint_count, 2);
	CHECK_STR(s->endpoints[0].host, "localhost");
	CHECK_STR(s->endpoints[0].path, "/health");
	CHECK_STR(s->endpoints[1].host, "127.0.0.1");
	CHECK_STR(s->endpoints[1].scheme, "http");
}

TEST(a_bind_that_failed)
{
	struct trial t = TRIAL("python3", "server.py");
	AUTO(case) struct case_file *k = t.k;

	tried(&t, ATTEMPT_CONNECT, "127.0.0.1", 5432, 0);
	tried(&t, ATTEMPT_BIND, "127.0.0.1", 8000, EADDRINUSE);
	read_trial(&t);
	CHECK_INT(k->q.symptom.op, OPERATION_BIND);
	CHECK_STR(k->q.symptom.error, "EADDRINUSE");
	CHECK_INT(k->q.symptom.endpoint_count, 1);
	CHECK_INT(k->q.symptom.endpoints[0].port, 8000);
}

/* It listens, and then fails to reach its database: that is what ended it. */
TEST(a_server_that_cannot_reach_its_database)
{
	struct trial t = TRIAL("node", "server.js");
	AUTO(case) struct case_file *k = t.k;

	tried(&t, ATTEMPT_LISTEN, "127.0.0.1", 3000, 0);
	tried(&t, ATTEMPT_CONNECT, "127.0.0.1", 5432, ECONNREFUSED);
	read_trial(&t);
	CHECK_INT(k->q.symptom.op, OPERATION_CONNECT);
	CHECK_INT(k->q.symptom.endpoints[0].port, 5432);
}

TEST(what_is_under_way_is_no_error)
{
	struct trial t = TRIAL("node", "client.js");
	AUTO(case) struct case_file *k = t.k;

	tried(&t, ATTEMPT_CONNECT, "127.0.0.1", 3000, EINPROGRESS);
	read_trial(&t);
	CHECK_STR(k->q.symptom.error, NULL);
	CHECK_INT(k->q.symptom.endpoints[0].port, 3000);
}

TEST(a_unix_socket)
{
	struct trial t = TRIAL("docker", "ps");
	AUTO(case) struct case_file *k = t.k;

	t.attempts[t.run.attempt_count++] = (struct attempt){.kind = ATTEMPT_CONNECT,
		.endpoint = {.proto = PROTO_UNIX_STREAM, .path = "/run/docker.sock"},
		.error = EACCES};
	read_trial(&t);
	CHECK_STR(k->q.symptom.path, "/run/docker.sock");
	CHECK_STR(k->q.symptom.error, "EACCES");
}

TEST(a_socket_that_the_client_was_told)
{
	struct trial t = TRIAL("curl", "--unix-socket", "/run/api.sock", "http://localhost/");
	AUTO(case) struct case_file *k = t.k;

	k->q.symptom.endpoints[k->q.symptom.endpoint_count++] =
		(struct symptom_endpoint){.host = "localhost", .port = 80, .has_port = true};
	read_trial(&t);
	CHECK_STR(k->q.symptom.path, "/run/api.sock");
	CHECK_INT(k->q.symptom.endpoint_count, 0);
}

TEST(what_ended_well_is_believed)
{
	struct trial t = TRIAL("./setup", "127.0.0.1:3000"),
		     client = TRIAL("curl", "127.0.0.1:3000");
	AUTO(case) struct case_file *k = t.k;
	AUTO(case) struct case_file *other = client.k;

	read_trial(&t);
	CHECK_INT(k->q.symptom.endpoint_count, 0);
	read_trial(&client);
	CHECK_INT(other->q.symptom.endpoint_count, 1);
}

TEST(a_target_that_was_seen_to_fail)
{
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	case_place(k, "127.0.0.1");
	case_take(k);
	observe(&k->q);
	symptom_of_target(&k->q);
	CHECK_INT(k->q.symptom.op, OPERATION_CONNECT);
	CHECK_STR(k->q.symptom.error, "ECONNREFUSED");
	CHECK_STR(k->q.symptom.endpoints[0].host, "localhost");
}

TESTS(the_last_that_failed_and_its_sibling, the_name_that_it_was_given_comes_first,
	a_bind_that_failed, a_server_that_cannot_reach_its_database, what_is_under_way_is_no_error,
	a_unix_socket, a_socket_that_the_client_was_told, what_ended_well_is_believed,
	a_target_that_was_seen_to_fail)
