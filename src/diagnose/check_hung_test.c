#include <case_file.h>

extern const struct diagnose_check diagnose_hung;

static struct case_file *silent(struct owner **out, struct place **out_place)
{
	struct case_file *k = case_new("127.0.0.1", 8000);

	k->q.aim.http = true;
	*out = snap_owner(&k->world, 4121, "/usr/bin/python3");
	snap_listen(&k->world, "127.0.0.1", 8000, *out);
	*out_place = case_place(k, "127.0.0.1");
	(*out_place)->talk = (struct talk_job){.end = TALK_SILENT, .connected = true, .http = true};
	(*out_place)->accepted_known = (*out_place)->accepted = true;
	(*out_place)->question_read_known = (*out_place)->question_read = true;
	case_vitals(k, *out, 'S');
	return k;
}

TEST(a_deadlock)
{
	struct owner *o;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&o, &p);

	const struct finding *f = case_answer(k, &diagnose_hung);
	CHECK(f && str_eq(f->id, "process-hung"));
	CHECK_STR(f->certainty, "inferred");
	CHECK(case_says(f, "the request was read, no byte came back"));
}

TEST(it_waits_for_a_database)
{
	struct owner *o;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&o, &p);
	struct owner *db = snap_owner(&k->world, 911, "/usr/lib/postgresql/15/bin/postgres");

	snap_listen(&k->world, "127.0.0.1", 5432, db);
	snap_connect(&k->world, o, 40000, db, 5432);
	const struct finding *f = case_answer(k, &diagnose_hung);
	CHECK(f && strstr(f->sentence, "waits for 127.0.0.1:5432"));
	CHECK(case_says(f, "postgres 911"));
	CHECK(case_says(f, "loopscope diagnose 127.0.0.1:5432"));
}

TEST(a_connection_that_is_not_answered_goes_first)
{
	struct owner *o;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&o, &p);
	struct owner *db = snap_owner(&k->world, 911, "/usr/bin/redis-server");

	snap_listen(&k->world, "127.0.0.1", 6379, db);
	snap_connect(&k->world, o, 40000, db, 6379);
	size_t s = snap_socket(&k->world, PROTO_TCP, SOCKET_SYN_SENT, "10.0.0.2", 40002, o);
	must(address_parse("10.9.9.9", &k->world.sockets.items[s].remote));
	k->world.sockets.items[s].remote_port = 5432;
	const struct finding *f = case_answer(k, &diagnose_hung);
	CHECK(f && strstr(f->sentence, "waits for 10.9.9.9:5432"));
	CHECK_STR(f->certainty, "proved");
}

TEST(its_own_clients_are_no_dependency)
{
	struct owner *o;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&o, &p);
	struct owner *client = snap_owner(&k->world, 77, "/usr/bin/curl");

	snap_connect(&k->world, client, 50000, o, 8000);
	const struct finding *f = case_answer(k, &diagnose_hung);
	CHECK(f && !strstr(f->sentence, "waits for"));
}

TEST(who_answers_does_not_hang)
{
	struct owner *o;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&o, &p);

	case_status(p, 200);
	CHECK(!case_answer(k, &diagnose_hung));
	p->talk.end = TALK_SILENT; /* never accepted, and nothing it could wait for */
	p->talk.response.status = 0;
	p->accepted = false;
	CHECK(!case_answer(k, &diagnose_hung));
}

TESTS(a_deadlock, it_waits_for_a_database, a_connection_that_is_not_answered_goes_first,
	its_own_clients_are_no_dependency, who_answers_does_not_hang)
