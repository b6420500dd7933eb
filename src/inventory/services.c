/*
 * services - see services.h.
 *
 * Sockets with the same protocol, port, namespace and first owner are one service; inside it, sockets
 * on the same address are one listener (a reuseport group, or a family that inherited one socket).
 * docker-proxy and its like run one process an address: they are one service when they forward to
 * the same place.
 */
#include "inventory/services.h"

#include "base/map.h"
#include "base/must.h"
#include "base/str.h"
#include "base/vec.h"
#include "inventory/published.h"
#include "inventory/service_index.h"
#include "inventory/speaks.h"
#include <net/if.h>

#define SERVICES_MAX 1000000

struct draft {
	struct service *service;
	VEC(struct listener) listeners;
	VEC(const struct owner *) owners;
	struct forward forward; /* to is NULL when it forwards nothing */
};

struct drafts {
	const struct host *host;
	struct snapshot *s;
	VEC(struct draft) v;
	struct map by_key; /* hash of the grouping key -> index of the last draft with it */
};

static uint64_t draft_key(const struct snapshot *s, const struct socket *socket,
	const struct forward *forward)
{
	struct {
		uint32_t proto, port, netns, owner;
		uint64_t path, forward;
	} key = {socket->local.proto, socket->local.port, socket->netns, UINT32_MAX, 0, 0};

	if (socket->holder_count)
		key.owner = s->holders[socket->holder_first].owner;
	else
		key.path = socket->uid + 1ull;
	if (socket->local.path)
		key.path = map_hash(socket->local.path, strlen(socket->local.path));
	if (socket->local.proto == PROTO_PACKET)
		key.path = socket->local.ifindex + 1ull;
	if (forward) {
		key.owner = 0;
		key.forward = map_hash(forward->to, strlen(forward->to));
	}
	return map_hash(&key, sizeof(key));
}

static void add_owner(struct draft *d, const struct owner *o)
{
	VEC_EACH (&d->owners, it)
		if (*it == o)
			return;
	const struct owner **slot = vec_push(&d->owners);
	if (slot)
		*slot = o;
}

static void add_queue(struct listener *l, const struct socket *socket)
{
	bool unknown = l->backlog == BACKLOG_UNKNOWN || socket->wqueue == BACKLOG_UNKNOWN;

	l->waiting += socket->rqueue;
	l->backlog = unknown ? BACKLOG_UNKNOWN : l->backlog + socket->wqueue;
}

static void add_listener(struct snapshot *s, struct draft *d, const struct socket *socket)
{
	VEC_EACH (&d->listeners, l) {
		if (address_eq(&l->endpoint.address, &socket->local.address) &&
			l->endpoint.ifindex == socket->local.ifindex && !socket->local.path) {
			l->socket_count++;
			if (socket->state == SOCKET_LISTEN)
				add_queue(l, socket);
			return;
		}
	}
	struct listener *l = vec_push(&d->listeners);
	AUTO(buf) struct buf text = BUF_INIT(4096);
	if (!l)
		return;
	endpoint_format(&text, &socket->local);
	*l = (struct listener){
		.endpoint = socket->local,
		.text = arena_strdup(s->arena, text.data),
		.v6only = socket->v6only,
		.dual_stack = socket->dual_stack,
		.socket = (uint32_t)(socket - s->sockets),
		.socket_count = 1,
	};
	if (socket->state == SOCKET_LISTEN)
		add_queue(l, socket);
}

static struct draft *new_draft(struct drafts *ds, const struct socket *socket)
{
	struct draft *d = vec_push(&ds->v);
	struct snapshot *s = ds->s;

	if (!d)
		return NULL;
	d->service = arena_new_of(s->arena, struct service);
	d->listeners.max = d->owners.max = SERVICES_MAX;
	d->service->port = proto_is_unix(socket->local.proto) ? 0 : socket->local.port;
	d->service->proto = socket->local.proto;
	d->service->netns = socket->netns;
	d->service->netns_label = s->namespaces[socket->netns].label;
	d->service->uid = socket->uid;
	d->service->ownerless = socket->ownerless;
	d->service->since_ms = -1;
	return d;
}

static void add_socket(struct drafts *ds, const struct socket *socket)
{
	struct snapshot *s = ds->s;
	const struct owner *first = socket->owner;
	struct forward forward = {0};
	bool forwards = first && forward_find(s->arena, first, socket->local.port, &forward);
	uint64_t key = draft_key(s, socket, forwards ? &forward : NULL), index;
	struct draft *d;

	if (map_get(&ds->by_key, key, &index)) {
		d = &ds->v.items[index];
	} else {
		map_set(&ds->by_key, key, ds->v.count);
		d = new_draft(ds, socket);
		if (!d)
			return;
		d->forward = forward;
	}
	add_listener(s, d, socket);
	for (uint32_t i = 0; i < socket->holder_count; i++)
		add_owner(d, s->owners[s->holders[socket->holder_first + i].owner]);
}

static int by_age(const void *pa, const void *pb)
{
	const struct owner *a = *(const struct owner *const *)pa;
	const struct owner *b = *(const struct owner *const *)pb;

	if (a->gone != b->gone) /* what vanished meanwhile says little */
		return a->gone ? 1 : -1;
	if (a->start_ticks != b->start_ticks)
		return a->start_ticks < b->start_ticks ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int by_address(const void *pa, const void *pb)
{
	const struct listener *a = pa, *b = pb;

	if (a->endpoint.address.family != b->endpoint.address.family)
		return a->endpoint.address.family == AF_INET ? -1 : 1;
	return memcmp(a->endpoint.address.bytes, b->endpoint.address.bytes, 16);
}

static const char *user_name(struct snapshot *s, const struct service *service)
{
	for (size_t i = 0; i < s->owner_count; i++)
		if (s->owners[i]->uid == service->uid && s->owners[i]->user)
			return s->owners[i]->user;
	return service->uid == 0 ? "root" : arena_printf(s->arena, "user %u", service->uid);
}

static const char *held_by(struct snapshot *s, const struct service *service)
{
	switch (service->ownerless) {
	case OWNERLESS_KERNEL:
		return "the kernel";
	case OWNERLESS_VANISHED:
		return "closed meanwhile";
	case OWNERLESS_NO:
		return "not looked up";
	default:
		break;
	}
	if (s->suspect && s->suspect->uid == service->uid)
		return arena_printf(s->arena, "%s (hidden), perhaps %s %d", user_name(s, service),
			owner_program(s->suspect), s->suspect->pid);
	return arena_printf(s->arena, "%s (process hidden)", user_name(s, service));
}

static bool has_network(const struct snapshot *s, uint8_t family)
{
	for (size_t i = 0; i < s->address_count; i++)
		if (s->addresses[i].up && !s->addresses[i].loopback &&
			(s->addresses[i].address.family == family || family == AF_UNSPEC))
			return true;
	return false;
}

/* Bound to a loopback interface, whatever the address says. */
static bool on_loopback(const struct snapshot *s, const struct listener *l)
{
	for (size_t i = 0; l->endpoint.ifindex && i < s->address_count; i++)
		if (s->addresses[i].loopback &&
			if_nametoindex(s->addresses[i].device) == l->endpoint.ifindex)
			return true;
	return false;
}

static bool reaches_network(const struct snapshot *s, const struct listener *l)
{
	const struct address *a = &l->endpoint.address;

	if (proto_is_unix(l->endpoint.proto) || address_is_loopback(a) || on_loopback(s, l))
		return false;
	if (!address_is_any(a))
		return true;
	return has_network(s, l->dual_stack ? AF_UNSPEC : a->family);
}

static enum reach judge_reach(const struct snapshot *s, const struct draft *d)
{
	bool network = false;

	if (d->service->netns != 0)
		return REACH_NAMESPACE;
	if (d->service->proto == PROTO_RAW || d->service->proto == PROTO_PACKET)
		return REACH_COMPUTER;
	VEC_EACH (&d->listeners, l)
		network = network || reaches_network(s, l);
	if (!network)
		return REACH_COMPUTER;
	return d->forward.publishes ? REACH_PUBLISHED : REACH_NETWORK;
}

static bool only_family(const struct draft *d, uint8_t family)
{
	VEC_EACH (&d->listeners, l)
		if (address_unmap(&l->endpoint.address).family != family || l->dual_stack)
			return false;
	return d->listeners.count > 0;
}

static const char *judge_note(struct snapshot *s, const struct draft *d)
{
	const struct service *service = d->service;
	const struct listener *l = &d->listeners.items[0];
	struct address at = address_unmap(&l->endpoint.address);

	if (service->problems & PROBLEM_STOPPED)
		return "stopped";
	if (service->problems & PROBLEM_QUEUE_FULL)
		return "queue full";
	if (service->problems & PROBLEM_ORPHANED)
		return "left over";
	char device[IF_NAMESIZE];
	if (l->endpoint.ifindex && service->netns == 0 && service->proto != PROTO_PACKET &&
		if_indextoname(l->endpoint.ifindex, device))
		return arena_printf(s->arena, "only on %s", device);
	if (only_family(d, AF_INET6))
		return address_is_loopback(&at) ? "::1 only" : "IPv6 only";
	if (d->listeners.count == 1 && at.family == AF_INET && address_is_loopback(&at) &&
		!address_eq(&at, &ADDRESS_LOOPBACK4)) {
		AUTO(buf) struct buf text = BUF_INIT(100);
		address_format(&text, &at);
		return arena_printf(s->arena, "%s only", text.data);
	}
	if (l->socket_count > 1)
		return arena_printf(s->arena, "%u sockets", l->socket_count);
	return NULL;
}

static uint32_t judge_problems(const struct draft *d)
{
	uint32_t bits = 0;
	const struct owner *first = d->owners.count ? d->owners.items[0] : NULL;

	VEC_EACH (&d->listeners, l)
		if (d->service->proto == PROTO_TCP && l->waiting > l->backlog)
			bits |= PROBLEM_QUEUE_FULL;
	if (first) {
		if (first->orphaned)
			bits |= PROBLEM_ORPHANED;
		if (first->exe_deleted)
			bits |= PROBLEM_EXE_GONE;
	}
	bool all_stopped = first != NULL;
	VEC_EACH (&d->owners, o)
		all_stopped = all_stopped && ((*o)->state == 'T' || (*o)->state == 't');
	return all_stopped ? bits | PROBLEM_STOPPED : bits;
}

const char *services_url(struct snapshot *s, const struct service *service)
{
	const struct endpoint *e = &service->listeners[0].endpoint;
	bool tls = service->speaks && str_eq(service->speaks, "https");

	if (!service->speaks || !(tls || str_eq(service->speaks, "http")) || service->netns != 0)
		return NULL;
	if (address_is_any(&e->address) || address_eq(&e->address, &ADDRESS_LOOPBACK4) ||
		address_eq(&e->address, &ADDRESS_LOOPBACK6))
		return arena_printf(s->arena, "%s://localhost:%u", tls ? "https" : "http",
			service->port);
	AUTO(buf) struct buf text = BUF_INIT(200);
	endpoint_format(&text, e);
	return arena_printf(s->arena, "%s://%s", tls ? "https" : "http", text.data);
}

static void complete(struct drafts *ds, struct draft *d)
{
	struct snapshot *s = ds->s;
	struct service *service = d->service;

	vec_sort(&d->owners, by_age);
	vec_sort(&d->listeners, by_address);
	service->listeners = arena_memdup(s->arena, d->listeners.items,
		d->listeners.count * sizeof(*d->listeners.items));
	service->listener_count = d->listeners.count;
	service->owners =
		arena_memdup(s->arena, d->owners.items, d->owners.count * sizeof(*d->owners.items));
	service->owner_count = d->owners.count;
	if (service->owner_count) {
		const struct owner *first = service->owners[0];
		service->uid = first->uid;
		service->container = first->container;
		service->project = first->project;
		service->since_ms = first->started_ms;
	} else {
		service->held_by = held_by(s, service);
	}
	if (d->forward.publishes)
		service->container = published_container(ds->host, s, &d->forward);
	service->problems = judge_problems(d);
	service->reach = judge_reach(s, d);
	if (service->reach == REACH_NETWORK || service->reach == REACH_PUBLISHED)
		service->problems |= PROBLEM_EXPOSED;
	service->note = judge_note(s, d);
	speaks_guess(s->arena, service);
	service->url = services_url(s, service);
}

static bool listeners_overlap(const struct listener *x, const struct listener *y)
{
	const struct endpoint *a = &x->endpoint, *b = &y->endpoint;
	struct address at = address_unmap(&a->address), to = address_unmap(&b->address);

	if (a->ifindex && b->ifindex && a->ifindex != b->ifindex)
		return false; /* each on an interface of its own */
	if (endpoint_accepts(a, x->v6only, &to, b->port) ||
		endpoint_accepts(b, y->v6only, &at, a->port))
		return true;
	/* "localhost" is both: two programs behind one name */
	return address_is_loopback(&at) && address_is_loopback(&to) && at.family != to.family;
}

bool services_overlap(const struct service *a, const struct service *b)
{
	if (a->proto != b->proto || a->port != b->port || a->netns != b->netns)
		return false;
	for (size_t i = 0; i < a->listener_count; i++)
		for (size_t k = 0; k < b->listener_count; k++)
			if (listeners_overlap(&a->listeners[i], &b->listeners[k]))
				return true;
	return false;
}

/* Services are sorted by port, so those that may shadow each other stand together. */
static void judge_shadows(struct drafts *ds)
{
	for (size_t i = 0; i < ds->v.count; i++) {
		struct service *a = ds->v.items[i].service;
		if (a->proto != PROTO_TCP)
			continue;
		for (size_t k = i + 1; k < ds->v.count; k++) {
			struct service *b = ds->v.items[k].service;
			if (b->port != a->port)
				break;
			if (services_overlap(a, b)) {
				a->problems |= PROBLEM_SHADOWED;
				b->problems |= PROBLEM_SHADOWED;
			}
		}
	}
}

static int by_port(const void *pa, const void *pb)
{
	const struct service *a = ((const struct draft *)pa)->service;
	const struct service *b = ((const struct draft *)pb)->service;
	bool ua = proto_is_unix(a->proto), ub = proto_is_unix(b->proto);

	if (ua != ub)
		return ua ? 1 : -1;
	if (ua)
		return strcmp(a->listeners[0].text, b->listeners[0].text);
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->netns != b->netns)
		return a->netns < b->netns ? -1 : 1;
	return strcmp(a->listeners[0].text, b->listeners[0].text);
}

/* Each to the service that accepted it: 127.0.0.1 and ::1 of one port may be two. */
static void count_connections(struct drafts *ds)
{
	const struct snapshot *s = ds->s;
	AUTO(service_index) struct service_index ix = {0};

	for (size_t i = 0; i < s->socket_count; i++) {
		const struct socket *socket = &s->sockets[i];
		if (socket->state != SOCKET_ESTABLISHED || proto_is_unix(socket->local.proto))
			continue;
		if (!ix.s) /* a list of listeners alone needs none */
			service_index_init(&ix, s);
		uint32_t index = service_index_accepted(&ix, socket);
		if (index != SERVICE_NONE)
			ds->v.items[index].service->connections++;
	}
}

void services_build(const struct host *host, struct snapshot *s)
{
	struct drafts ds = {.host = host, .s = s, .v = VEC_INIT(SERVICES_MAX)};

	map_init(&ds.by_key);
	for (size_t i = 0; i < s->socket_count; i++)
		if (socket_is_listener(&s->sockets[i]))
			add_socket(&ds, &s->sockets[i]);
	VEC_EACH (&ds.v, d)
		complete(&ds, d);
	vec_sort(&ds.v, by_port);
	judge_shadows(&ds);

	const struct service **list = arena_array(s->arena, const struct service *, ds.v.count);
	for (size_t i = 0; i < ds.v.count; i++) {
		list[i] = ds.v.items[i].service;
		vec_fini(&ds.v.items[i].listeners);
		vec_fini(&ds.v.items[i].owners);
	}
	s->services = list;
	s->service_count = ds.v.count;
	count_connections(&ds);
	vec_fini(&ds.v);
	map_fini(&ds.by_key);
}
