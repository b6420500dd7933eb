/*
 * find - see find.h.
 *
 * A name is asked in steps, from what a person most likely means to what is only similar: the
 * service's name, its project, its unit, its container, its program. The first step that matches
 * decides, and it must lead to one thing: two work trees that are both called "shop" are two.
 */
#include "inventory/find.h"

#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "inventory/select.h"
#include <errno.h>
#include <limits.h>
#include <strings.h>

#define ADDRESSES_MAX 16
#define SOCKETS_MAX   65536
#define ID_SHORT      4 /* of a container's id, so many digits name it */

/* --- addresses --- */

static int not_here(const struct target *t, const struct address *first, struct err *err)
{
	AUTO(buf) struct buf shown = BUF_INIT(400);

	if (!first) {
		text_escape(&shown, t->host, strlen(t->host));
		return err_set(err, -EINVAL,
			"'%s' is not a name of this machine: it is neither localhost nor in /etc/hosts",
			shown.data);
	}
	address_format(&shown, first);
	return err_set(err, -EINVAL, "%s is not an address of this machine", shown.data);
}

int find_addresses(const struct host *host, struct arena *arena, const struct snapshot *s,
	const struct target *t, const struct address **out, size_t *out_count, struct err *err)
{
	struct address found[ADDRESSES_MAX];
	size_t count = 1;

	if (t->address.family != AF_UNSPEC)
		found[0] = t->address;
	else
		count = select_addresses(host, t->host ? t->host : "localhost", found,
			ADDRESSES_MAX);
	if (count == 0)
		return not_here(t, NULL, err);
	for (size_t i = 0; i < count; i++)
		if (!select_is_own(s, &found[i]))
			return not_here(t, &found[i], err);
	*out = arena_memdup(arena, found, count * sizeof(found[0]));
	*out_count = count;
	return 0;
}

/* --- services --- */

static bool has_owner(const struct service *service, const struct owner *o)
{
	for (size_t i = 0; i < service->owner_count; i++)
		if (service->owners[i] == o)
			return true;
	return false;
}

static bool same_place(const struct service *service, const struct socket *socket)
{
	if (service->proto != socket->local.proto || service->netns != socket->netns)
		return false;
	for (size_t i = 0; i < service->listener_count; i++) {
		const struct endpoint *e = &service->listeners[i].endpoint;
		if (proto_is_unix(e->proto)) {
			if (e->path && socket->local.path && str_eq(e->path, socket->local.path))
				return true;
		} else if (e->port == socket->local.port &&
			address_eq(&e->address, &socket->local.address) &&
			e->ifindex == socket->local.ifindex) {
			return true;
		}
	}
	return false;
}

const struct service *find_service(const struct snapshot *s, const struct socket *socket)
{
	const struct owner *first = socket->owner;

	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		if (!same_place(service, socket))
			continue;
		if (first ? has_owner(service, first)
			  : service->owner_count == 0 && service->uid == socket->uid)
			return service;
	}
	return NULL;
}

/* --- names --- */

static bool same_word(const char *a, const char *b)
{
	return a && strcasecmp(a, b) == 0;
}

static bool by_name(const struct service *service, const char *name)
{
	return same_word(service->name, name);
}

static bool by_project(const struct service *service, const char *name)
{
	const struct project *p = service->project;

	return p && (same_word(p->name, name) || same_word(p->worktree, name));
}

static bool by_unit(const struct service *service, const char *name)
{
	const char *unit = service->owner_count ? service->owners[0]->unit : NULL;
	size_t len = strlen(name);

	return unit &&
		(same_word(unit, name) ||
			(strncasecmp(unit, name, len) == 0 && str_eq(unit + len, ".service")));
}

static bool is_container(const struct container *c, const char *name)
{
	return c &&
		(same_word(c->name, name) ||
			(c->id && strlen(name) >= ID_SHORT && str_starts(c->id, name)));
}

static bool by_container(const struct service *service, const char *name)
{
	return is_container(service->container, name) ||
		(service->owner_count && is_container(service->owners[0]->container, name));
}

static bool by_program(const struct service *service, const char *name)
{
	return service->owner_count && same_word(owner_program(service->owners[0]), name);
}

/* What must be the same for two services that one name may mean together. */
static bool same_thing(const struct service *a, const struct service *b)
{
	if (a->container && b->container)
		return str_eq(a->container->id, b->container->id);
	if (a->project && b->project)
		return str_eq(a->project->root, b->project->root);
	if (a->owner_count == 0 || b->owner_count == 0)
		return a->owner_count == b->owner_count && a->uid == b->uid;
	const struct owner *x = a->owners[0], *y = b->owners[0];
	return x == y ||
		(x->unit && y->unit && str_ends(x->unit, ".service") && str_eq(x->unit, y->unit));
}

struct matches {
	VEC(const struct service *) v;
};

static int ambiguous(const struct matches *m, const char *name, struct err *err)
{
	AUTO(buf) struct buf shown = BUF_INIT(300);
	AUTO(buf) struct buf list = BUF_INIT(400);

	text_escape(&shown, name, strlen(name));
	for (size_t i = 0; i < m->v.count && i < 4; i++) {
		const struct service *service = m->v.items[i];
		buf_printf(&list, "%s%s (", i ? ", " : "", service->listeners[0].text);
		service_owner_text(service, &list);
		buf_char(&list, ')');
	}
	if (m->v.count > 4)
		buf_str(&list, " ...");
	err_set(err, -EINVAL, "'%s' is the name of several things: %s", shown.data, list.data);
	err_fix(err, "say which port");
	return -EINVAL;
}

static int unknown_name(const struct snapshot *s, const char *name, struct err *err)
{
	AUTO(buf) struct buf shown = BUF_INIT(300);
	AUTO(buf) struct buf near = BUF_INIT(300);
	unsigned best = 3;

	text_escape(&shown, name, strlen(name));
	for (size_t i = 0; i < s->service_count; i++) {
		const char *candidate = s->services[i]->name;
		unsigned d = str_distance(name, candidate);
		if (d < best && d < strlen(name)) {
			best = d;
			buf_clear(&near);
			text_escape(&near, candidate, strlen(candidate));
		}
	}
	if (near.len)
		return err_set(err, -ENOENT, "no service is called '%s'; did you mean '%s'?",
			shown.data, near.data);
	return err_set(err, -ENOENT, "no service is called '%s'", shown.data);
}

static int match_name(const struct snapshot *s, const char *name, bool containers_only,
	struct matches *out, struct err *err)
{
	static bool (*const steps[])(const struct service *, const char *) = {by_name, by_project,
		by_unit, by_container, by_program};

	for (size_t step = 0; step < ARRAY_SIZE(steps) && out->v.count == 0; step++) {
		if (containers_only && steps[step] != by_container)
			continue;
		for (size_t i = 0; i < s->service_count; i++) {
			if (!steps[step](s->services[i], name))
				continue;
			const struct service **slot = vec_push(&out->v);
			if (slot)
				*slot = s->services[i];
		}
	}
	if (out->v.count == 0 && containers_only) {
		AUTO(buf) struct buf shown = BUF_INIT(300);
		text_escape(&shown, name, strlen(name));
		return err_set(err, -ENOENT, "no container '%s' with an open port is known here",
			shown.data);
	}
	if (out->v.count == 0)
		return unknown_name(s, name, err);
	for (size_t i = 1; i < out->v.count; i++)
		if (!same_thing(out->v.items[0], out->v.items[i]))
			return ambiguous(out, name, err);
	return 0;
}

/* --- listeners --- */

static bool collides(const struct socket *socket, const struct address *a)
{
	struct address at = address_unmap(&socket->local.address);

	if (address_is_any(a))
		return a->family == AF_INET6 || at.family == AF_INET || socket->dual_stack;
	return endpoint_covers(&socket->local, socket->v6only, a, socket->local.port);
}

static bool held_by(const struct snapshot *s, const struct socket *socket, pid_t pid)
{
	for (uint32_t i = 0; i < socket->holder_count; i++)
		if (s->owners[s->holders[socket->holder_first + i].owner]->pid == pid)
			return true;
	return false;
}

static bool same_path(const char *asked, const char *bound)
{
	char a[PATH_MAX], b[PATH_MAX];

	if (!bound)
		return false;
	if (str_eq(asked, bound))
		return true;
	return asked[0] != '@' && bound[0] != '@' && realpath(asked, a) && realpath(bound, b) &&
		str_eq(a, b);
}

struct wanted {
	const struct target *t;
	const struct address *addresses;
	size_t address_count;
	struct matches services;
};

static bool is_wanted(const struct wanted *w, const struct snapshot *s, const struct socket *socket)
{
	const struct target *t = w->t;

	switch (t->kind) {
	case TARGET_PID:
		return held_by(s, socket, t->pid);
	case TARGET_UNIX:
		return proto_is_unix(socket->local.proto) && same_path(t->path, socket->local.path);
	case TARGET_NAME:
	case TARGET_CONTAINER: {
		const struct service *service = find_service(s, socket);
		for (size_t i = 0; i < w->services.v.count; i++)
			if (w->services.v.items[i] == service)
				return true;
		return false;
	}
	default:
		break;
	}
	if (socket->netns != 0 || socket->local.proto != t->proto || socket->local.port != t->port)
		return false;
	if (t->kind == TARGET_PORT)
		return true;
	for (size_t i = 0; i < w->address_count; i++)
		if (collides(socket, &w->addresses[i]))
			return true;
	return false;
}

static int prepare(const struct host *host, struct arena *arena, const struct snapshot *s,
	struct wanted *w, struct err *err)
{
	switch (w->t->kind) {
	case TARGET_NAME:
	case TARGET_CONTAINER:
		return match_name(s, w->t->name, w->t->kind == TARGET_CONTAINER, &w->services, err);
	case TARGET_ENDPOINT:
	case TARGET_HOST:
	case TARGET_URL:
		if (w->t->has_port)
			return find_addresses(host, arena, s, w->t, &w->addresses,
				&w->address_count, err);
		break;
	case TARGET_ADDRESS:
		break;
	default:
		return 0;
	}
	err_set(err, -EINVAL, "'%s' names no port", w->t->text);
	err_fix(err, strchr(w->t->text, ':') ? "write [%s]:3000" : "write %s:3000", w->t->text);
	return -EINVAL;
}

int find_listeners(const struct host *host, struct arena *arena, const struct snapshot *s,
	const struct target *t, const uint32_t **out, size_t *out_count, struct err *err)
{
	struct wanted w = {.t = t, .services.v = VEC_INIT(SOCKETS_MAX)};
	VEC(uint32_t) found = VEC_INIT(SOCKETS_MAX);
	int r = prepare(host, arena, s, &w, err);

	for (size_t i = 0; r == 0 && i < s->socket_count; i++) {
		if (!socket_is_listener(&s->sockets[i]) || !is_wanted(&w, s, &s->sockets[i]))
			continue;
		uint32_t *slot = vec_push(&found);
		if (slot)
			*slot = (uint32_t)i;
	}
	if (r == 0) {
		*out = arena_memdup(arena, found.items, found.count * sizeof(*found.items));
		*out_count = found.count;
	}
	vec_fini(&found);
	vec_fini(&w.services.v);
	return r;
}
