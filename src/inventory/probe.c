/*
 * probe - see probe.h. Here: who may be asked at all, and with which hellos in which order; the
 * connections themselves are in look.c.
 *
 * The order after the guess is HTTP, TLS, PostgreSQL, Redis. The rest needs no hello of its own:
 * most servers speak first, HTTP/2 servers send SETTINGS to whoever connects or writes anything, a
 * RabbitMQ answers any opening with its protocol header and a MongoDB answers HTTP in HTTP.
 */
#include "inventory/probe.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "inventory/look.h"
#include "inventory/speaks.h"
#include "loop/loop.h"
#include "sys/links.h"

#define AT_ONCE	      48
#define JOB_MS	      700
#define BANNER_MS     150
#define OWN_BANNER_MS 250 /* when it is one of those that speak first */

struct prober {
	struct arena *arena;
	struct loop *loop;
	struct probe_job *jobs;
	size_t count, next;
	uint64_t deadline_ns;
	struct host_address *own; /* read when the first address is not loopback */
	size_t own_count;
	struct loop_timer refill;
	struct slot {
		struct look look;
		struct prober *prober;
		struct probe_job *job; /* NULL = free */
		uint64_t started_ns;
	} slots[AT_ONCE];
};

/* --- who may be asked --- */

static bool is_own_address(struct prober *p, const struct address *a)
{
	if (!p->own && !address_is_loopback(a) &&
		links_addresses(p->arena, &p->own, &p->own_count, NULL) < 0)
		return false;
	return links_is_own(p->own, p->own_count, a);
}

static const struct decoder *guess_of(const struct service *s)
{
	const char *word = s ? s->speaks : NULL;

	if (!word)
		return NULL;
	return decoder_find(str_eq(word, "https") ? "tls" : word);
}

/* Why this job must not be done, or NULL. */
static const char *refusal(struct prober *p, const struct probe_job *job)
{
	const struct endpoint *e = &job->endpoint;
	const struct decoder *guess = guess_of(job->service);
	const char *alone = job->service ? speaks_leave_alone(job->service) : NULL;

	if (e->proto != PROTO_TCP && (e->proto != PROTO_UNIX_STREAM || str_empty(e->path)))
		return "not a stream that can be connected to";
	if (job->service && job->service->netns != 0)
		return "in another network namespace";
	if (alone)
		return arena_printf(p->arena, "left alone: %s", alone);
	if (e->proto == PROTO_UNIX_STREAM || address_is_any(&e->address))
		return NULL;
	if (!is_own_address(p, &e->address))
		return "not an address of this computer";
	/* MySQL blocks a host after 100 handshakes that were broken off, save for loopback */
	if (guess && str_eq(guess->name, "mysql") && !address_is_loopback(&e->address))
		return "left alone: MySQL counts connections from other than loopback";
	return NULL;
}

/* --- in which order --- */

/* A web page may take its time, and little else keeps silent when it hears HTTP. */
static void add_step(struct look *l, const struct decoder *ask, unsigned listen_ms)
{
	bool is_http = ask && str_eq(ask->name, "http");

	for (size_t i = 0; i < l->step_count; i++) {
		if (l->plan[i].ask == ask)
			return;
	}
	if (l->step_count < LOOK_STEPS_MAX)
		l->plan[l->step_count++] = (struct look_step){ask, listen_ms, is_http};
}

/*
 * A unix socket that nobody knows, and a service that speaks what cannot be decoded, are only
 * listened to: a journal would log a question, a message bus would count it as an attack.
 */
static void make_plan(struct look *l, const struct probe_job *job)
{
	static const char *const fallbacks[] = {"tls", "postgres", "redis"};
	const struct decoder *guess = guess_of(job->service), *http = decoder_find("http");
	bool unknown_word = job->service && job->service->speaks && !guess;
	bool server_first = guess && !decoder_has_hello(guess);

	l->step_count = 0;
	if (guess)
		add_step(l, guess, server_first ? OWN_BANNER_MS : 0);
	if (unknown_word || (!guess && job->endpoint.proto == PROTO_UNIX_STREAM))
		add_step(l, NULL, BANNER_MS);
	if (unknown_word || job->endpoint.proto == PROTO_UNIX_STREAM)
		return;
	add_step(l, http, server_first ? 0 : BANNER_MS);
	for (size_t i = 0; i < ARRAY_SIZE(fallbacks); i++)
		add_step(l, decoder_find(fallbacks[i]), 0);
}

/* --- the jobs --- */

static bool guessed_http(const struct service *s)
{
	return s && s->speaks && (str_eq(s->speaks, "http") || str_eq(s->speaks, "https"));
}

static void on_refill(void *data);

static void on_done(struct look *l)
{
	struct slot *slot = l->data;
	struct probe_job *job = slot->job;
	struct prober *p = slot->prober;

	job->took_ns = clock_mono_ns() - slot->started_ns;
	job->why_not = l->why_not;
	job->detail = l->found ? l->decoded.detail : l->heard;
	if (l->found) {
		job->speaks = l->decoded.speaks ? l->decoded.speaks : l->found->name;
		job->version = l->decoded.version;
		if (str_eq(job->speaks, "tls") && (l->http_inside || guessed_http(job->service)))
			job->speaks = "https";
	}
	slot->job = NULL;
	loop_timer_start(p->loop, &p->refill, 0, on_refill, p); /* not from within the look */
}

static void start_job(struct slot *slot, struct probe_job *job)
{
	struct prober *p = slot->prober;
	struct look *l = &slot->look;

	l->loop = p->loop;
	l->arena = p->arena;
	l->endpoint = job->endpoint;
	if (address_is_any(&job->endpoint.address))
		l->endpoint.address = job->endpoint.address.family == AF_INET ? ADDRESS_LOOPBACK4
									      : ADDRESS_LOOPBACK6;
	l->done = on_done;
	l->data = slot;
	make_plan(l, job);
	slot->job = job;
	slot->started_ns = clock_mono_ns();
	l->deadline_ns = MIN(slot->started_ns + JOB_MS * LOOP_MS, p->deadline_ns);
	look_start(l);
}

static void on_refill(void *data)
{
	struct prober *p = data;

	for (size_t i = 0; i < AT_ONCE; i++) {
		struct slot *slot = &p->slots[i];
		while (!slot->job && p->next < p->count && clock_mono_ns() < p->deadline_ns) {
			struct probe_job *job = &p->jobs[p->next++];
			job->why_not = refusal(p, job);
			if (!job->why_not)
				start_job(slot, job);
		}
	}
}

void probe_run(struct arena *arena, struct probe_job *jobs, size_t count, unsigned deadline_ms)
{
	AUTO(free) struct prober *p = must_calloc(1, sizeof(*p));
	AUTO(loop) struct loop *loop = NULL;
	struct err err;

	for (size_t i = 0; i < count; i++) {
		jobs[i].speaks = jobs[i].version = jobs[i].detail = NULL;
		jobs[i].why_not = "no time was left for it";
		jobs[i].took_ns = 0;
	}
	if (loop_new(&loop, &err) < 0) {
		for (size_t i = 0; i < count; i++)
			jobs[i].why_not = arena_strdup(arena, err.text);
		return;
	}
	*p = (struct prober){.arena = arena,
		.loop = loop,
		.jobs = jobs,
		.count = count,
		.deadline_ns = clock_mono_ns() + deadline_ms * LOOP_MS};
	for (size_t i = 0; i < AT_ONCE; i++)
		p->slots[i].prober = p;
	loop_timer_start(loop, &p->refill, 0, on_refill, p);
	loop_run(loop, p->deadline_ns + JOB_MS * LOOP_MS); /* looks end by themselves before */
	loop_timer_stop(&p->refill);
	for (size_t i = 0; i < AT_ONCE; i++)
		look_stop(&p->slots[i].look);
}
