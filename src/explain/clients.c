/*
 * clients - who is connected to the target, and who else uses its port: connections that
 * wait, TIME_WAIT, sockets bound but not listening, an outgoing connection's source port.
 */
#include "explain/parts.h"

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "inventory/service_index.h"

#define CLIENTS_MAX 10000

struct client_list {
	VEC(struct explained_client) v;
	struct map by_key;
	struct service_index services;
};

/* Accepted by one of the services that the target means? */
static bool has_listener(const struct explaining *x, const struct client_list *list,
	const struct socket *s)
{
	uint32_t index = service_index_accepted(&list->services, s);

	for (size_t i = 0; index != SERVICE_NONE && i < x->sel.count; i++)
		if (x->sel.services[i] == x->s->services[index])
			return true;
	return false;
}

/* "node 4188", "a process of root (hidden)" for one end that is on this machine. */
static const char *process_text(struct explaining *x, const struct socket *s, int32_t *out_pid)
{
	const struct owner *o = s->owner;

	*out_pid = -1;
	if (o) {
		*out_pid = o->pid;
		return arena_printf(x->arena, "%s %d", explain_escaped(x, owner_program(o)),
			o->pid);
	}
	switch (s->ownerless) {
	case OWNERLESS_TIME_WAIT:
		return "closed a moment ago";
	case OWNERLESS_ORPHAN:
		return "a process that ended, still being closed by the kernel";
	case OWNERLESS_NOT_ACCEPTED:
		return "not accepted yet";
	case OWNERLESS_KERNEL:
		return "the kernel";
	default:
		return s->uid == 0
			? "a process of root (hidden)"
			: arena_printf(x->arena, "a process of user %u (hidden)", s->uid);
	}
}

static const char *client_service(const struct explaining *x, const struct socket *s)
{
	const struct owner *o = s->owner;

	for (size_t i = 0; o && i < x->s->service_count; i++)
		for (size_t k = 0; k < x->s->services[i]->owner_count; k++)
			if (x->s->services[i]->owners[k] == o)
				return x->s->services[i]->name;
	return NULL;
}

static void add(struct client_list *list, struct explained_client c, const struct socket *server)
{
	uint64_t index, key = map_hash(c.who, strlen(c.who)) ^ map_hash(c.role, strlen(c.role));
	struct explained_client *slot;

	if (map_get(&list->by_key, key, &index)) {
		slot = &list->v.items[index];
	} else {
		slot = vec_push(&list->v);
		if (!slot)
			return;
		map_set(&list->by_key, key, list->v.count - 1);
		*slot = c;
	}
	slot->connections++;
	if (server && server->tcp) {
		slot->received_bytes += server->tcp->received_bytes;
		slot->sent_bytes += server->tcp->sent_bytes;
	}
}

static const char *remote_text(struct explaining *x, const struct socket *s)
{
	AUTO(buf) struct buf text = BUF_INIT(128);
	struct address plain = address_unmap(&s->remote);

	address_format(&text, &plain);
	return arena_strdup(x->arena, text.data);
}

/* The other end of a connection that our listener accepted. */
static void add_accepted(struct explaining *x, struct client_list *list, const struct socket *s)
{
	struct explained_client c = {.pid = -1, .role = "client"};

	if (s->state == SOCKET_TIME_WAIT) {
		c.who = "closed a moment ago";
		c.role = "time-wait";
	} else if (s->peer) {
		const struct socket *other = &x->s->sockets[s->peer - 1];
		c.who = process_text(x, other, &c.pid);
		c.service = client_service(x, other);
	} else {
		c.who = remote_text(x, s);
	}
	if (s->ownerless == OWNERLESS_NOT_ACCEPTED)
		c.role = "waiting";
	add(list, c, s);
}

static void add_other(struct explaining *x, struct client_list *list, const struct socket *s)
{
	struct explained_client c = {0};

	c.who = process_text(x, s, &c.pid);
	if (s->state == SOCKET_BOUND)
		c.role = "bound, not listening";
	else if (s->state == SOCKET_TIME_WAIT)
		c.role = "time-wait";
	else if (s->ownerless == OWNERLESS_ORPHAN)
		c.role = "orphan";
	else
		c.role = "outgoing";
	c.service = client_service(x, s);
	add(list, c, s);
}

static int by_connections(const void *pa, const void *pb)
{
	const struct explained_client *a = pa, *b = pb;

	if (a->connections != b->connections)
		return a->connections > b->connections ? -1 : 1;
	return strcmp(a->who, b->who);
}

static bool wanted_address(const struct explaining *x, const struct socket *s)
{
	for (size_t i = 0; i < x->sel.address_count; i++) {
		struct address local = address_unmap(&s->local.address);
		if (address_eq(&local, &x->sel.addresses[i]) ||
			address_is_any(&x->sel.addresses[i]) || address_is_any(&local))
			return true;
	}
	return x->sel.address_count == 0;
}

static void add_unix(struct explaining *x, struct client_list *list)
{
	const char *path = x->t->path;

	for (size_t i = 0; i < x->s->socket_count; i++) {
		const struct socket *s = &x->s->sockets[i];
		struct explained_client c = {.pid = -1, .role = "client"};
		if (s->state != SOCKET_ESTABLISHED || !s->peer || !s->local.path ||
			!str_eq(s->local.path, path))
			continue;
		c.who = process_text(x, &x->s->sockets[s->peer - 1], &c.pid);
		add(list, c, NULL);
	}
}

static void add_ports(struct explaining *x, struct client_list *list)
{
	for (size_t i = 0; i < x->s->socket_count; i++) {
		const struct socket *s = &x->s->sockets[i];
		if (socket_is_listener(s) || s->local.proto != x->t->proto)
			continue;
		if (x->sel.port && s->local.port != x->sel.port)
			continue;
		if (has_listener(x, list, s))
			add_accepted(x, list, s);
		else if (x->sel.port && s->netns == 0 && wanted_address(x, s))
			add_other(x, list, s);
	}
}

static void add_queues(struct explaining *x)
{
	bool known = true;

	for (size_t i = 0; i < x->sel.count; i++) {
		const struct service *service = x->sel.services[i];
		for (size_t k = 0; k < service->listener_count; k++) {
			x->out->waiting += service->listeners[k].waiting;
			x->out->backlog += service->listeners[k].backlog;
			known = known && service->listeners[k].backlog != BACKLOG_UNKNOWN;
		}
		if (service->proto == PROTO_TCP || proto_is_unix(service->proto))
			x->out->has_queue = true;
	}
	if (!known)
		x->out->backlog = BACKLOG_UNKNOWN;
}

void explain_clients(struct explaining *x)
{
	struct client_list list = {.v = VEC_INIT(CLIENTS_MAX)};

	if (x->sel.port == 0 && x->sel.address_count)
		return;
	map_init(&list.by_key);
	service_index_init(&list.services, x->s);
	if (x->t->kind == TARGET_UNIX)
		add_unix(x, &list);
	else
		add_ports(x, &list);
	vec_sort(&list.v, by_connections);
	x->out->clients =
		arena_memdup(x->arena, list.v.items, list.v.count * sizeof(*list.v.items));
	x->out->client_count = list.v.count;
	vec_fini(&list.v);
	map_fini(&list.by_key);
	service_index_fini(&list.services);

	add_queues(x);
}
