/*
 * case_file - an inquiry written by hand, so that a check is tested on recorded facts.
 *
 *   AUTO(case) struct case_file *k = case_new("localhost", 3000);
 *   struct owner *node = snap_owner(&k->world, 4121, "/usr/bin/node");
 *   snap_listen(&k->world, "127.0.0.1", 3000, node);
 *   struct place *p = case_place(k, "::1");
 *   p->talk.error = ECONNREFUSED;
 *   const struct finding *f = case_answer(k, &diagnose_family);
 *   CHECK_STR(f->id, "listens-ipv4-only");
 *
 * Places are made before case_answer; what is set in the inquiry (k->q) afterwards stands.
 */
#pragma once

#include "diagnose/check.h"
#include "diagnose/gather.h"
#include "diagnose/observe.h"
#include "snap.h"
#include "unit.h"
#include <errno.h>

struct case_file {
	struct inquiry q;
	struct diagnose_query query;
	struct host host;
	struct snap world;
	struct arena *arena;
	struct finding *findings;
	size_t count;
};

/* host: a name or an address, NULL for a port alone. */
static inline struct case_file *case_new(const char *host, uint16_t port)
{
	struct case_file *k = must_calloc(1, sizeof(*k));
	struct address literal;

	k->arena = arena_new();
	k->world = snap_new();
	k->host = (struct host){.root = -1, .proc = -1, .uid = 1000};
	k->q = (struct inquiry){.host = &k->host,
		.arena = k->arena,
		.query = &k->query,
		.uid = 1000,
		.now_ms = 1700000000000,
		.aim = {.host = host,
			.port = port,
			.has_port = port != 0,
			.literal = !host || address_parse(host, &literal)},
		.lo = {.there = true,
			.up = true,
			.index = 1,
			.mtu = 65536,
			.name = "lo",
			.qdisc = "noqueue"},
		.v6_module = true,
		.local_range = {32768, 60999},
		.unprivileged_start = 1024,
		.bind_error = -1,
		.bind_error_reuse = -1,
		.file = {.connect_error = -1},
		.gathered = UINT32_MAX,
		.vitals = must_calloc(32, sizeof(struct owner_vitals)),
		.blind = VEC_INIT(16)};
	return k;
}

/* A place that was talked to, and refused until the test says otherwise. */
static inline struct place *case_place(struct case_file *k, const char *address)
{
	struct place *p = &k->q.places[k->q.place_count++];

	must(address_parse(address, &p->address));
	p->ours = p->talked = true;
	p->talk.end = TALK_FAILED;
	p->talk.error = ECONNREFUSED;
	return p;
}

/* An address of this machine; the snapshot has none until the test says so. */
static inline void case_own(struct case_file *k, const char *device, const char *address)
{
	struct snapshot *s = k->world.s;
	struct host_address *list =
		arena_array(k->arena, struct host_address, s->address_count + 1);

	for (size_t i = 0; i < s->address_count; i++)
		list[i] = s->addresses[i];
	struct host_address *h = &list[s->address_count++];
	*h = (struct host_address){.device = device, .up = true};
	must(address_parse(address, &h->address));
	h->loopback = address_is_loopback(&h->address);
	s->addresses = list;
}

/* The place answered with this status of HTTP. */
static inline void case_status(struct place *p, uint16_t status)
{
	p->talk = (struct talk_job){.end = TALK_ANSWERED,
		.http = true,
		.connected = true,
		.received = 100,
		.response = {.status = status, .head_complete = true, .complete = true}};
	p->accepted = p->accepted_known = p->question_read = p->question_read_known = true;
}

static inline struct owner_vitals *case_vitals(struct case_file *k, const struct owner *o,
	char state)
{
	struct owner_vitals *v = &k->q.vitals[k->q.vitals_count++];

	v->owner = o;
	v->first = (struct vitals){.pid = o->pid,
		.state = state,
		.threads = 1,
		.cpu_ms = 10,
		.main_cpu_ms = 10,
		.fd_count = VITALS_UNKNOWN,
		.fd_limit = VITALS_UNKNOWN,
		.fd_sockets = VITALS_UNKNOWN,
		.throttled_us = VITALS_UNKNOWN,
		.throttled_times = VITALS_UNKNOWN,
		.oom_kills = VITALS_UNKNOWN,
		.seccomp = -1};
	v->second = v->first;
	return v;
}

/* Joins sockets and places; call it before facts of places that depend on a listener are changed. */
static inline void case_take(struct case_file *k)
{
	if (k->q.snapshot)
		return;
	k->q.snapshot = (struct snapshot *)snap_take(&k->world);
	for (size_t i = 0; i < k->q.place_count; i++)
		gather_listener(&k->q, &k->q.places[i]);
}

/* Observes and runs one check: its best finding when that explains what was observed, else NULL. */
static inline const struct finding *case_answer(struct case_file *k,
	const struct diagnose_check *check)
{
	const struct diagnose_check *const list[] = {check, NULL};

	case_take(k);
	observe(&k->q);
	checks_run(&k->q, list, &k->findings, &k->count);
	return k->count && k->findings[0].severity == SEVERITY_FAULT ? &k->findings[0] : NULL;
}

/* The cause that the check names for what was observed; NULL = it explains nothing. */
static inline const char *case_cause(struct case_file *k, const struct diagnose_check *check)
{
	const struct finding *f = case_answer(k, check);

	return f ? f->id : NULL;
}

/* True when any text of the finding's evidence or fixes (commands too) holds the words. */
static inline bool case_says(const struct finding *f, const char *words)
{
	if (!f)
		return false;
	for (size_t i = 0; i < f->evidence_count; i++)
		if (strstr(f->evidence[i].text, words) || strstr(f->evidence[i].source, words))
			return true;
	for (size_t i = 0; i < f->fix_count; i++)
		if (strstr(f->fixes[i].text, words) ||
			(f->fixes[i].command && strstr(f->fixes[i].command, words)))
			return true;
	return strstr(f->sentence, words) != NULL;
}

/* True when it has a fix with just this command. */
static inline bool case_fix(const struct finding *f, const char *command)
{
	for (size_t i = 0; f && i < f->fix_count; i++)
		if (f->fixes[i].command && strcmp(f->fixes[i].command, command) == 0)
			return true;
	return false;
}

/* The finding with this id among all that were made, remarks too; NULL = there is none. */
static inline const struct finding *case_find(const struct case_file *k, const char *id)
{
	for (size_t i = 0; i < k->count; i++)
		if (strcmp(k->findings[i].id, id) == 0)
			return &k->findings[i];
	return NULL;
}

static inline void case_free(struct case_file *k)
{
	vec_fini(&k->q.blind);
	free(k->q.vitals);
	snap_fini(&k->world);
	arena_free(k->arena);
	free(k);
}

AUTO_DEFINE(case, struct case_file *, case_free)
