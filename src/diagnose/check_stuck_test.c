#include <case_file.h>

extern const struct diagnose_check diagnose_stuck;

/* A server on 8080, and a place that was connected to and stays silent. */
static struct case_file *silent(struct owner **out, struct place **out_place)
{
	struct case_file *k = case_new("127.0.0.1", 8080);

	k->q.aim.http = true;
	*out = snap_owner(&k->world, 4121, "/usr/bin/node");
	snap_argv(&k->world, *out, "node", "server.js");
	snap_listen(&k->world, "127.0.0.1", 8080, *out);
	*out_place = case_place(k, "127.0.0.1");
	(*out_place)->talk = (struct talk_job){.end = TALK_SILENT, .connected = true, .http = true};
	(*out_place)->accepted_known = true;
	return k;
}

static const char *cause_of(void (*change)(struct owner_vitals *v), const char *says)
{
	static char kept[100];
	struct owner *node;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&node, &p);
	struct owner_vitals *v = case_vitals(k, node, 'S');

	change(v);
	const struct finding *f = case_answer(k, &diagnose_stuck);
	if (!f)
		return NULL;
	CHECK(strstr(f->sentence, "node 4121"));
	CHECK(case_says(f, says));
	CHECK(f->fix_count > 0);
	str_copy(kept, sizeof(kept), f->id);
	return kept;
}

static void stop(struct owner_vitals *v)
{
	v->first.state = v->second.state = 'T';
}

static void trace(struct owner_vitals *v)
{
	v->first.state = v->second.state = 't';
	v->second.tracer = 77;
	v->second.tracer_name = "gdb";
}

static void freeze(struct owner_vitals *v)
{
	v->first.frozen = v->second.frozen = true;
	v->second.frozen_at = "/box";
	v->second.thaw = "echo 0 > /sys/fs/cgroup/box/cgroup.freeze";
}

static void sink(struct owner_vitals *v)
{
	v->first.state = v->second.state = 'D';
}

static void leak(struct owner_vitals *v)
{
	v->second.fd_count = v->second.fd_limit = 1024;
}

static void spin(struct owner_vitals *v)
{
	v->first.state = v->second.state = 'R';
	v->main_percent = 99;
}

static void throttle(struct owner_vitals *v)
{
	v->throttled_percent = 95;
	v->first.throttled_times = 3;
	v->second.throttled_times = 25;
	v->second.cpu_max = "2000 100000";
}

static void wake_up(struct owner_vitals *v)
{
	v->first.state = 'D'; /* for a moment only */
}

static void nearly_full(struct owner_vitals *v)
{
	v->second.fd_count = 1000;
	v->second.fd_limit = 1024;
}

static void runs_now_and_then(struct owner_vitals *v)
{
	v->first.state = v->second.state = 'R';
	v->main_percent = 5;
}

TEST(states_are_told_apart)
{
	CHECK_STR(cause_of(stop, "kill -CONT 4121"), "process-stopped");
	CHECK_STR(cause_of(trace, "TracerPid 77: gdb"), "process-traced-stopped");
	CHECK_STR(cause_of(freeze, "echo 0 > /sys/fs/cgroup/box/cgroup.freeze"), "process-frozen");
	CHECK_STR(cause_of(sink, "state D"), "process-uninterruptible");
	CHECK_STR(cause_of(leak, "limit (nofile) is 1024"), "fd-exhausted");
	CHECK_STR(cause_of(spin, "99 %"), "event-loop-blocked");
	CHECK_STR(cause_of(throttle, "2000 100000"), "cpu-throttled");
}

TEST(what_only_looks_so_is_no_cause)
{
	CHECK(!cause_of(wake_up, ""));
	CHECK(!cause_of(nearly_full, ""));
	CHECK(!cause_of(runs_now_and_then, ""));
}

TEST(a_stopped_one_that_is_not_asked_is_none)
{
	struct owner *node, *other;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&node, &p);

	other = snap_owner(&k->world, 5000, "/usr/bin/node");
	case_vitals(k, other, 'T'); /* holds something else */
	case_status(p, 200);
	case_vitals(k, node, 'T'); /* stopped since, but it has answered */
	CHECK(!case_answer(k, &diagnose_stuck));
	CHECK_INT(k->q.observed, 0);
}

TEST(a_full_queue_of_a_stopped_one)
{
	struct owner *node;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&node, &p);

	k->world.sockets.items[0].rqueue = 3;
	k->world.sockets.items[0].wqueue = 2;
	p->talk = (struct talk_job){.end = TALK_UNANSWERED, .error = ETIMEDOUT};
	case_vitals(k, node, 'T');
	const struct finding *f = case_answer(k, &diagnose_stuck);
	CHECK(f && str_eq(f->id, "process-stopped"));
	CHECK(case_says(f, "3 connections wait, the backlog is 2"));
}

TEST(the_one_that_took_the_connection_counts)
{
	struct owner *node, *worker;
	struct place *p;
	AUTO(case) struct case_file *k = silent(&node, &p);

	worker = snap_owner(&k->world, 4122, "/usr/bin/node");
	snap_parent(worker, node);
	p->taken_by = worker;
	p->accepted = true;
	case_vitals(k, node, 'S');
	case_vitals(k, worker, 'T');
	const struct finding *f = case_answer(k, &diagnose_stuck);
	CHECK(f && str_eq(f->id, "process-stopped") && strstr(f->sentence, "4122"));
}

TESTS(states_are_told_apart, what_only_looks_so_is_no_cause,
	a_stopped_one_that_is_not_asked_is_none, a_full_queue_of_a_stopped_one,
	the_one_that_took_the_connection_counts)
