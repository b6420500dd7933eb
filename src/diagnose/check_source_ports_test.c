#include <case_file.h>

#include <errno.h>

extern const struct diagnose_check diagnose_source_ports;

static struct case_file *with_clients(struct place **out, size_t count)
{
	struct case_file *k = case_new("127.0.0.1", 6379);
	struct owner *redis = snap_owner(&k->world, 100, "/usr/bin/redis-server");
	struct owner *leak = snap_owner(&k->world, 200, "/usr/bin/python3");

	k->q.local_range = (struct port_range){40000, 40011};
	k->q.local_reserved = 2;
	snap_listen(&k->world, "127.0.0.1", 6379, redis);
	for (size_t i = 0; i < count; i++)
		snap_connect(&k->world, leak, (uint16_t)(40000 + i), redis, 6379);
	*out = case_place(k, "127.0.0.1");
	(*out)->talk.error = EADDRNOTAVAIL;
	return k;
}

TEST(counts_the_clients)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_clients(&p, 10);
	const struct finding *f = case_answer(k, &diagnose_source_ports);

	CHECK(f != NULL);
	CHECK_STR(f->id, "ephemeral-ports-exhausted");
	CHECK_STR(f->certainty, "proved");
	CHECK(case_says(f, "10 of 10"));
	CHECK(case_says(f, "python 200"));
	CHECK(case_says(f, "40000 to 40011, 2 of them reserved"));
}

TEST(wants_a_crowd)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_clients(&p, 3);

	CHECK(case_answer(k, &diagnose_source_ports) == NULL);
}

TEST(wants_the_error)
{
	struct place *p;
	AUTO(case) struct case_file *k = with_clients(&p, 10);

	case_status(p, 200);
	CHECK(case_answer(k, &diagnose_source_ports) == NULL);
	k->q.symptom.op = OPERATION_CONNECT;
	k->q.symptom.error = "EADDRNOTAVAIL";
	const struct finding *f = case_answer(k, &diagnose_source_ports);
	CHECK(f != NULL);
	CHECK_STR(f->certainty, "inferred");
}

TESTS(counts_the_clients, wants_a_crowd, wants_the_error)
