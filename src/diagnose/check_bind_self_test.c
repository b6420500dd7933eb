#include <case_file.h>

extern const struct diagnose_check diagnose_bind_self;

static struct attempt bind_of(const char *address, uint16_t port, int error)
{
	struct attempt a = {.kind = ATTEMPT_BIND,
		.endpoint = {.proto = PROTO_TCP, .port = port},
		.error = error,
		.pid = 42,
		.program = "node"};

	must(address_parse(address, &a.endpoint.address));
	return a;
}

static struct case_file *tried(struct attempt_run *run, struct attempt *list, size_t count)
{
	struct case_file *k = case_new(NULL, 3000);

	*run = (struct attempt_run){.attempts = list, .attempt_count = count};
	k->query.attempt = run;
	k->q.symptom.op = OPERATION_BIND;
	k->q.symptom.error = "EADDRINUSE";
	k->q.bind_error = k->q.bind_error_reuse = 0;
	return k;
}

TEST(it_collides_with_itself)
{
	struct attempt list[] = {bind_of("::", 3000, 0), bind_of("0.0.0.0", 3000, EADDRINUSE)};
	struct attempt_run run;
	AUTO(case) struct case_file *k = tried(&run, list, 2);
	const struct finding *f = case_answer(k, &diagnose_bind_self);

	CHECK(f && str_eq(f->id, "app-binds-twice"));
	CHECK(case_says(f, "[::]:3000") && case_says(f, "the same process"));
}

TEST(it_tries_another_address)
{
	struct attempt list[] = {bind_of("127.0.0.2", 3000, 0),
		bind_of("127.0.0.1", 3000, EADDRINUSE)};
	struct attempt_run run;
	AUTO(case) struct case_file *k = tried(&run, list, 2);

	CHECK(!case_answer(k, &diagnose_bind_self));
}

TEST(a_stranger_has_it)
{
	struct attempt list[] = {bind_of("127.0.0.1", 3000, EADDRINUSE)};
	struct attempt_run run;
	AUTO(case) struct case_file *k = tried(&run, list, 1);

	snap_listen(&k->world, "127.0.0.1", 3000, snap_owner(&k->world, 9, "/usr/bin/python3"));
	k->q.bind_error = k->q.bind_error_reuse = EADDRINUSE;
	CHECK(!case_answer(k, &diagnose_bind_self));
}

TEST(its_own_kind_has_it_as_another_user)
{
	struct attempt list[] = {bind_of("127.0.0.1", 3000, EADDRINUSE)};
	struct attempt_run run;
	AUTO(case) struct case_file *k = tried(&run, list, 1);
	struct owner *o = snap_owner(&k->world, 9, "/usr/bin/node");

	o->uid = 4343;
	snap_listen(&k->world, "127.0.0.1", 3000, o);
	k->q.holder_shares = true;
	k->q.bind_error = k->q.bind_error_reuse = EADDRINUSE;
	const struct finding *f = case_answer(k, &diagnose_bind_self);
	CHECK(f && str_eq(f->id, "port-reuseport-mismatch"));
	CHECK(case_says(f, "SO_REUSEPORT") && case_says(f, "4343"));
	o->comm = "python3"; /* a stranger, who shares with his own: no more than a remark */
	k->q.holder_shares = true;
	CHECK(!case_answer(k, &diagnose_bind_self));
}

TESTS(it_collides_with_itself, it_tries_another_address, a_stranger_has_it,
	its_own_kind_has_it_as_another_user)
