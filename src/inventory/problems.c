/* problems - see problems.h. */
#include "inventory/problems.h"

#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "inventory/services.h"

struct report {
	const struct snapshot *s;
	struct arena *arena;
	VEC(struct finding) v;
};

/* Roles whose whole point is to be reached from other machines. */
static bool meant_for_network(const struct service *service)
{
	static const char *const roles[] = {"ssh", "time", "discovery", "vpn"};

	for (size_t i = 0; service->role && i < ARRAY_SIZE(roles); i++)
		if (str_eq(service->role, roles[i]))
			return true;
	return false;
}

static struct finding *add(struct report *r, const char *id, int severity,
	const struct service *service, const char *sentence)
{
	struct finding *f = vec_push(&r->v);

	if (f)
		*f = (struct finding){.id = id,
			.severity = severity,
			.sentence = sentence,
			.subject = arena_printf(r->arena, "%u", service->port)};
	return f;
}

static void set_fix(struct report *r, struct finding *f, const char *text, const char *command)
{
	struct fix *fix = arena_new_of(r->arena, struct fix);

	if (!f)
		return;
	*fix = (struct fix){text, command};
	f->fixes = fix;
	f->fix_count = 1;
}

static void set_evidence(struct report *r, struct finding *f, const char *source, const char *text)
{
	struct evidence *e = arena_new_of(r->arena, struct evidence);

	if (!f)
		return;
	*e = (struct evidence){source, text};
	f->evidence = e;
	f->evidence_count = 1;
}

static const char *owner_text(struct report *r, const struct service *service)
{
	AUTO(buf) struct buf text = BUF_INIT(400);

	service_owner_text(service, &text);
	return arena_strdup(r->arena, text.data);
}

static const char *escaped(struct report *r, const char *s)
{
	AUTO(buf) struct buf text = BUF_INIT(400);

	text_escape(&text, s, strlen(s));
	return arena_strdup(r->arena, text.data);
}

/* What hurts most when strangers can reach it. */
static bool holds_data(const char *role)
{
	static const char *const roles[] = {"database", "cache", "debugger", "broker", "queue",
		"search", "storage", "secrets"};

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (str_eq(role, roles[i]))
			return true;
	return false;
}

static void exposed(struct report *r, const struct service *service)
{
	bool data = service->role && holds_data(service->role);
	bool seen = service->owner_count || service->container;
	const char *what = seen ? escaped(r, service->name)
				: arena_printf(r->arena, "it: %s", owner_text(r, service));
	struct finding *f = add(r, "exposed", data ? SEVERITY_MEDIUM : SEVERITY_LOW, service,
		arena_printf(r->arena, "other computers on your network can reach %s", what));

	set_evidence(r, f, "sock_diag",
		arena_printf(r->arena, "it listens on %s", service->listeners[0].text));
	set_fix(r, f, "see who can reach it, and how to limit it",
		arena_printf(r->arena, "loopscope explain %u", service->port));
}

static void orphaned(struct report *r, const struct service *service)
{
	const struct owner *o = service->owners[0];
	struct finding *f = add(r, "left-over", SEVERITY_LOW, service,
		arena_printf(r->arena, "left over: %s",
			o->orphan_why ? o->orphan_why : "whoever started it is gone"));

	set_evidence(r, f, "proc",
		arena_printf(r->arena, "%s, parent %d", owner_text(r, service), o->ppid));
	/* a port number alone means our own namespace */
	set_fix(r, f, "stop it and free the port",
		service->netns ? arena_printf(r->arena, "loopscope free pid:%d", o->pid)
			       : arena_printf(r->arena, "loopscope free %u", service->port));
}

static void shadowed(struct report *r, const struct service *service, const struct service *other)
{
	struct finding *f = add(r, "shadowed", SEVERITY_MEDIUM, service,
		arena_printf(r->arena, "two programs share this port: %s answers on %s, %s on %s",
			owner_text(r, service), service->listeners[0].text, owner_text(r, other),
			other->listeners[0].text));

	set_fix(r, f, "see which address reaches which",
		arena_printf(r->arena, "loopscope explain %u", service->port));
}

static void stuck(struct report *r, const struct service *service)
{
	struct finding *f;

	if (service->problems & PROBLEM_STOPPED) {
		f = add(r, "stopped", SEVERITY_HIGH, service,
			arena_printf(r->arena, "%s is suspended and cannot answer",
				owner_text(r, service)));
		set_evidence(r, f, "proc", "state T (stopped)");
		set_fix(r, f, "let it go on",
			arena_printf(r->arena, "kill -CONT %d", service->owners[0]->pid));
		return;
	}
	const struct listener *l = &service->listeners[0];
	f = add(r, "queue-full", SEVERITY_HIGH, service,
		arena_printf(r->arena, "%s does not accept: its queue is full",
			owner_text(r, service)));
	set_evidence(r, f, "sock_diag",
		arena_printf(r->arena, "%u waiting of %u on %s", l->waiting, l->backlog, l->text));
	set_fix(r, f, "see the whole picture",
		arena_printf(r->arena, "loopscope explain %u", service->port));
}

/* The next one that shares its port; each pair is told once, with the first of the two. */
static const struct service *shadow_of(const struct snapshot *s, size_t i)
{
	const struct service *a = s->services[i];

	for (size_t k = i + 1; k < s->service_count && s->services[k]->port == a->port; k++)
		if (services_overlap(a, s->services[k]))
			return s->services[k];
	return NULL;
}

static int worst_first(const void *pa, const void *pb)
{
	const struct finding *a = pa, *b = pb;

	if (a->severity != b->severity)
		return b->severity - a->severity;
	return strverscmp(a->subject, b->subject); /* 3000 before 10000 */
}

const struct finding *problems_find(const struct snapshot *s, size_t *out_count)
{
	struct report r = {.s = s, .arena = s->arena, .v = VEC_INIT(10000)};

	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		const struct service *other;
		if (service->problems & (PROBLEM_STOPPED | PROBLEM_QUEUE_FULL))
			stuck(&r, service);
		if ((service->problems & PROBLEM_SHADOWED) && (other = shadow_of(s, i)))
			shadowed(&r, service, other);
		if ((service->problems & PROBLEM_ORPHANED) && service->owner_count)
			orphaned(&r, service);
		if ((service->problems & PROBLEM_EXPOSED) && !meant_for_network(service))
			exposed(&r, service);
	}
	vec_sort(&r.v, worst_first);
	*out_count = r.v.count;
	const struct finding *list =
		arena_memdup(s->arena, r.v.items, r.v.count * sizeof(*r.v.items));
	vec_fini(&r.v);
	return list;
}
