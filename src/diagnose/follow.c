/* follow - see follow.h. */
#include "diagnose/follow.h"

#include "base/clock.h"
#include "base/str.h"
#include "diagnose/dependency.h"
#include "diagnose/upstream.h"
#include "inventory/forward.h"
#include "inventory/select.h"
#include "sys/links.h"
#include "sys/netns.h"

#define DEPTH_MAX     2
#define FOLLOW_MS     1000
#define FOLLOW_MIN_MS 300
#define IN_ALL_MS     3100

static bool is_local(const struct inquiry *q, const struct target *t)
{
	struct address found[8];

	if (t->address.family != AF_UNSPEC)
		return select_is_own(q->snapshot, &t->address);
	size_t count = t->host ? select_addresses(q->host, t->host, found, 8) : 0;
	for (size_t i = 0; i < count; i++)
		if (!select_is_own(q->snapshot, &found[i]))
			return false;
	return count > 0;
}

/* A name that no file of this machine knows: whether it leads anywhere the C library can tell. */
static bool is_unknown_name(const struct inquiry *q, const struct target *t)
{
	struct address found[8];

	return t->host && !select_addresses(q->host, t->host, found, 8);
}

static bool is_same_place(const struct inquiry *q, const struct target *t)
{
	bool tls = t->scheme && str_eq(t->scheme, "https");

	return t->port == q->aim.port && tls == q->aim.tls;
}

/* What is left of the time that a person waits for an answer. */
static unsigned time_left(const struct inquiry *q)
{
	uint64_t spent_ms = (clock_mono_ns() - q->gathered_ns) / 1000000;

	return spent_ms + FOLLOW_MIN_MS > IN_ALL_MS
		? FOLLOW_MIN_MS
		: MIN(FOLLOW_MS, IN_ALL_MS - (unsigned)spent_ms);
}

static void examine(struct inquiry *q, const struct target *t, const char *by, const char *source)
{
	struct diagnose_query query = {.target = t,
		.environment = q->query->environment,
		.uid = q->query->uid,
		.browser = q->query->browser,
		/* a dependency is silent, as a rule: its facts tell what there is to know */
		.passive = q->query->passive || str_eq(by, "dependency"),
		.deadline_ms = time_left(q),
		.depth = q->query->depth + 1};
	struct diagnosis *beyond = arena_new_of(q->arena, struct diagnosis);

	if (diagnose_run(q->host, q->arena, &query, beyond, NULL) < 0)
		return;
	q->beyond = beyond;
	q->beyond_by = by;
	q->beyond_to = beyond->title;
	q->beyond_source = source;
}

static void follow_text(struct inquiry *q, const char *to, const char *by, const char *source)
{
	struct target *t = arena_new_of(q->arena, struct target);

	bool redirect = str_eq(by, "redirect");

	if (target_parse(q->arena, to, t, NULL) < 0 || !t->has_port)
		return;
	if (is_local(q, t) ? !(redirect && is_same_place(q, t)) : redirect && is_unknown_name(q, t))
		examine(q, t, by, source);
}

static bool follow_redirect(struct inquiry *q, const struct place *p)
{
	unsigned status = p->talk.response.status;
	const char *to = response_header(&p->talk.response, "Location");

	if (status < 300 || status >= 400 || !to || !strstr(to, "://"))
		return false; /* a path on the same server answers as it does */
	follow_text(q, to, "redirect", "Location");
	return q->beyond != NULL;
}

struct search {
	struct address address;
	struct arena *arena;
	bool found;
};

static int look_for_address(void *arg)
{
	struct search *s = arg;
	struct host_address *list = NULL;
	size_t count = 0;

	if (links_addresses(s->arena, &list, &count, NULL) < 0)
		return -1;
	s->found = links_is_own(list, count, &s->address);
	return 0;
}

/* The namespace that has the container's address; a process of it must be open to us. */
static uint32_t find_container(const struct inquiry *q, const struct address *address)
{
	for (size_t i = 1; address->family != AF_UNSPEC && i < q->snapshot->namespace_count; i++) {
		const struct netns *ns = &q->snapshot->namespaces[i];
		struct search s = {.address = *address, .arena = q->arena};
		if (ns->seen && ns->pid && netns_run(q->host, ns->pid, look_for_address, &s) == 0 &&
			s.found)
			return (uint32_t)i;
	}
	return 0;
}

static bool is_forwarder(struct inquiry *q, const struct owner *o)
{
	struct forward f;

	if (!forward_find(q->arena, o, q->aim.port, &f) || !f.port)
		return false;
	q->forward = f;
	q->forward_owner = o;
	return true;
}

/* Who listens may be hidden, but the command lines of all processes may be read by anybody. */
static bool find_forwarder(struct inquiry *q, const struct service *s)
{
	for (size_t i = 0; i < s->owner_count; i++)
		if (is_forwarder(q, s->owners[i]))
			return true;
	for (size_t i = 0; service_is_hidden(s) && i < q->process_count; i++)
		if (q->processes[i]->uid == s->uid && is_forwarder(q, q->processes[i]))
			return true;
	return false;
}

static bool follow_forward(struct inquiry *q, const struct place *p)
{
	if (!p->service || !find_forwarder(q, p->service))
		return false;
	/* over a published port the namespace is another one: its listeners tell more than we can */
	if (q->forward.publishes)
		q->forward_netns = find_container(q, &q->forward.container);
	else
		follow_text(q, q->forward.to, "forward", "arguments");
	return true;
}

static bool follow_upstream(struct inquiry *q, const struct place *p)
{
	unsigned status = p->talk.response.status;
	struct upstream up;

	if (status < 502 || status > 504 || !p->service || !upstream_find(q, p, &up))
		return false;
	follow_text(q, up.to, "upstream", up.source);
	if (!q->beyond) {
		q->beyond_by = "upstream";
		q->beyond_to = inquiry_foreign(q, up.to, 100);
		q->beyond_source = up.source;
	}
	return true;
}

static bool follow_dependency(struct inquiry *q, const struct place *p)
{
	struct dependency d;

	if (p->talk.end != TALK_SILENT || !dependency_find(q, p, &d) || !d.port)
		return false;
	follow_text(q, d.to, "dependency", "sock_diag");
	return q->beyond != NULL;
}

void follow(struct inquiry *q)
{
	if (q->query->depth >= DEPTH_MAX || q->symptom.op == OPERATION_BIND)
		return;
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (follow_forward(q, p) ||
			(p->talked &&
				(follow_redirect(q, p) || follow_upstream(q, p) ||
					follow_dependency(q, p))))
			return;
	}
}
