/*
 * ends - see ends.h.
 *
 * An accepted socket is often held by a process that does not listen itself (a database's backend,
 * an ssh session). Such processes are counted to the service first; only then is asked whose the
 * other ends are, so that what a backend connects to leaves from the database.
 */
#include "map/ends.h"

#include "base/must.h"
#include "base/str.h"
#include "map/plumbing.h"

#define SCRIPT_MAX 60

bool graph_ends_connected(const struct socket *socket)
{
	switch (socket->local.proto) {
	case PROTO_TCP:
	case PROTO_SCTP:
		return socket->remote_port != 0 && socket->state != SOCKET_TIME_WAIT;
	case PROTO_UNIX_STREAM:
	case PROTO_UNIX_SEQPACKET:
		return socket->state == SOCKET_ESTABLISHED;
	default:
		return false;
	}
}

static bool is_stream(enum proto p)
{
	return p == PROTO_TCP || p == PROTO_SCTP || p == PROTO_UNIX_STREAM ||
		p == PROTO_UNIX_SEQPACKET;
}

/* Programs that open listeners for others: what they hold says nothing about who serves. */
static bool is_activator(const struct owner *o)
{
	const char *program = owner_program(o);

	return str_eq(program, "systemd") || str_eq(program, "xinetd") || str_eq(program, "inetd");
}

static uint32_t owner_index(const struct graph_ends *e, const struct owner *o)
{
	uint64_t index = NODE_NONE;

	map_get(&e->owner_by_pointer, (uintptr_t)o, &index);
	return (uint32_t)index;
}

static const char *container_text(struct arena *arena, const struct container *c)
{
	if (c->name)
		return c->name;
	return arena_strndup(arena, c->id, strnlen(c->id, 12));
}

static void describe_place(struct graph_ends *e, struct graph_node *n, const struct container *c,
	const char *netns_label)
{
	struct arena *arena = e->parts->arena;

	if (c) {
		n->container = container_text(arena, c);
		n->context = arena_printf(arena, "%s: %s", runtime_name(c->runtime), n->container);
	} else if (netns_label) {
		n->context = arena_printf(arena, "in %s", netns_label);
	}
}

/* Who stands for a service: the first of its owners that does not only hold it for others. */
static const struct owner *first_owner(const struct service *service)
{
	for (size_t i = 0; i < service->owner_count; i++)
		if (!is_activator(service->owners[i]))
			return service->owners[i];
	return NULL;
}

static bool is_left_out(const struct service *service)
{
	for (size_t i = 0; i < service->listener_count; i++) {
		const char *path = service->listeners[i].endpoint.path;
		if (path && plumbing_path(path))
			return true;
	}
	return false;
}

static uint32_t new_service_node(struct graph_ends *e, const struct service *service)
{
	uint32_t node = graph_parts_node(e->parts, GRAPH_SERVICE);

	if (node == NODE_NONE)
		return node;
	struct graph_node *n = &e->parts->nodes.items[node];
	n->name = service->name;
	n->port = service->port;
	n->project = service->project ? service->project->name : NULL;
	describe_place(e, n, service->container, service->netns_label);
	n->id = service->listeners[0].text;
	if (n->context)
		n->id = arena_printf(e->parts->arena, "%s@%s", n->id,
			n->container ? n->container : service->netns_label);
	return node;
}

/* Services of one first owner are one node; the other owners then belong to it too. */
static void make_services(struct graph_ends *e)
{
	const struct snapshot *s = e->s;

	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		e->node_of_service[i] = NODE_NONE;
		if (!is_stream(service->proto) || service->listener_count == 0)
			continue;
		if (!e->plumbing && is_left_out(service)) {
			e->left_out_services++;
			continue;
		}
		const struct owner *first = first_owner(service);
		uint32_t owner = first ? owner_index(e, first) : NODE_NONE;
		if (owner != NODE_NONE && e->node_of_owner[owner] != NODE_NONE) {
			e->node_of_service[i] = e->node_of_owner[owner];
			continue;
		}
		e->node_of_service[i] = new_service_node(e, service);
		if (owner != NODE_NONE)
			e->node_of_owner[owner] = e->node_of_service[i];
	}
	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		for (size_t k = 0; e->node_of_service[i] != NODE_NONE && k < service->owner_count;
			k++) {
			uint32_t owner = owner_index(e, service->owners[k]);
			if (owner != NODE_NONE && e->node_of_owner[owner] == NODE_NONE &&
				!is_activator(service->owners[k]))
				e->node_of_owner[owner] = e->node_of_service[i];
		}
	}
}

static bool serves(const struct graph_ends *e, uint32_t owner)
{
	uint32_t node = e->node_of_owner[owner];

	return node != NODE_NONE && e->parts->nodes.items[node].kind == GRAPH_SERVICE;
}

static bool is_older(const struct owner *a, const struct owner *b)
{
	return a->start_ticks != b->start_ticks ? a->start_ticks < b->start_ticks : a->pid < b->pid;
}

/* The holder of a socket that says most about whose it is: one that serves, else the oldest. */
static uint32_t holder_of(const struct graph_ends *e, const struct socket *socket)
{
	uint32_t best = NODE_NONE;

	for (uint32_t i = 0; i < socket->holder_count; i++) {
		uint32_t owner = e->s->holders[socket->holder_first + i].owner;
		bool better = best == NODE_NONE || (serves(e, owner) && !serves(e, best));
		if (better ||
			(serves(e, owner) == serves(e, best) &&
				is_older(e->s->owners[owner], e->s->owners[best])))
			best = owner;
	}
	return best;
}

static int is_own_service(void *arg, uint32_t service)
{
	const struct graph_ends *e = arg;

	if (e->judged_owner == NODE_NONE || e->node_of_service[service] == NODE_NONE)
		return 1;
	return e->node_of_owner[e->judged_owner] == e->node_of_service[service] ? 2 : 1;
}

/* Which service accepted each connection; those who hold such sockets belong to it. */
static void find_accepted(struct graph_ends *e)
{
	const struct snapshot *s = e->s;

	for (size_t i = 0; i < s->socket_count; i++) {
		const struct socket *socket = &s->sockets[i];
		e->service_of[i] = SERVICE_NONE;
		if (!graph_ends_connected(socket))
			continue;
		e->judged_owner = holder_of(e, socket);
		e->service_of[i] = service_index_find(&e->index, &socket->local, socket->netns,
			is_own_service, e);
	}
	for (size_t i = 0; i < s->socket_count; i++) {
		uint32_t service = e->service_of[i];
		if (service == SERVICE_NONE || e->node_of_service[service] == NODE_NONE)
			continue;
		uint32_t owner = holder_of(e, &s->sockets[i]);
		if (owner != NODE_NONE && e->node_of_owner[owner] == NODE_NONE &&
			!is_activator(s->owners[owner]))
			e->node_of_owner[owner] = e->node_of_service[service];
	}
}

/* A node for everything with the same key; *made says that it is new and wants a description. */
static uint32_t group(struct graph_ends *e, int kind, uint64_t key, bool *made)
{
	uint64_t node;
	uint64_t whole[] = {(uint64_t)kind, key};
	uint64_t hash = map_hash(whole, sizeof(whole));

	*made = false;
	if (map_get(&e->groups, hash, &node))
		return (uint32_t)node;
	node = graph_parts_node(e->parts, kind);
	if (node != NODE_NONE) {
		*made = true;
		map_set(&e->groups, hash, node);
	}
	return (uint32_t)node;
}

static uint64_t text_key(const char *s)
{
	return s ? map_hash(s, strlen(s)) : 0;
}

/* "python client.py": what an interpreter runs says more than which one it is. */
static const char *client_name(struct arena *arena, const struct owner *o)
{
	static const char *const interpreters[] = {"bash", "bun", "deno", "node", "perl", "php",
		"python", "ruby", "sh"};
	const char *program = owner_program(o), *script = NULL;
	bool interprets = false;

	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++)
		interprets = interprets || str_eq(program, interpreters[i]);
	for (size_t i = 1; interprets && !script && i < o->argc; i++) {
		const char *word = o->argv[i];
		if (str_eq(word, "-c") || str_eq(word, "-e"))
			break;
		if (str_eq(word, "-m") && i + 1 < o->argc)
			script = o->argv[i + 1];
		else if (word[0] && word[0] != '-')
			script = str_basename(word);
	}
	if (str_empty(script) || strlen(script) > SCRIPT_MAX)
		return program;
	return arena_printf(arena, "%s %s", program, script);
}

static uint32_t client_node(struct graph_ends *e, const struct owner *o, uint32_t netns)
{
	struct arena *arena = e->parts->arena;
	const char *program = client_name(arena, o);
	uint64_t key[] = {text_key(program), o->project ? text_key(o->project->root) : 0,
		o->container ? text_key(o->container->id) : netns, o->uid};
	bool made;
	uint32_t node = group(e, GRAPH_CLIENT, map_hash(key, sizeof(key)), &made);

	if (!made)
		return node;
	struct graph_node *n = &e->parts->nodes.items[node];
	n->name = program;
	n->project = o->project ? o->project->name : NULL;
	describe_place(e, n, o->container, e->s->namespaces[netns].label);
	if (!n->context)
		n->context = n->project;
	n->id = arena_printf(arena, "client:%s/%s", program,
		o->user ? o->user : arena_printf(arena, "%u", o->uid));
	if (o->container)
		n->id = arena_printf(arena, "%s@%s", n->id, n->container);
	else if (o->project)
		n->id = arena_printf(arena, "%s@%s", n->id, o->project->root);
	else if (netns)
		n->id = arena_printf(arena, "%s@%s", n->id, e->s->namespaces[netns].label);
	return node;
}

/* A child that runs its parent's program is part of the parent's service: a worker, a backend. */
static uint32_t node_of_family(struct graph_ends *e, const struct owner *o)
{
	uint64_t parent;

	if (!map_get(&e->owner_by_pid, (uint64_t)o->ppid, &parent))
		return NODE_NONE;
	uint32_t node = e->node_of_owner[parent];
	if (node == NODE_NONE || e->parts->nodes.items[node].kind != GRAPH_SERVICE ||
		!str_eq(owner_program(e->s->owners[parent]), owner_program(o)))
		return NODE_NONE;
	return node;
}

static const char *user_of(const struct graph_ends *e, uint32_t uid)
{
	for (size_t i = 0; i < e->s->owner_count; i++)
		if (e->s->owners[i]->uid == uid && e->s->owners[i]->user)
			return e->s->owners[i]->user;
	return uid == 0 ? "root" : arena_printf(e->parts->arena, "user %u", uid);
}

uint32_t graph_ends_unseen(struct graph_ends *e, const struct socket *socket)
{
	int why = socket ? socket->ownerless : -1;
	bool made;
	uint64_t key = (uint64_t)(why + 1) << 32 | (why == OWNERLESS_HIDDEN ? socket->uid : 0);
	uint32_t node = group(e, GRAPH_UNSEEN, key, &made);

	if (!made)
		return node;
	struct graph_node *n = &e->parts->nodes.items[node];
	switch (why) {
	case -1:
		n->name = "an end that is not listed";
		break;
	case OWNERLESS_HIDDEN:
		n->user = user_of(e, socket->uid);
		n->name = arena_printf(e->parts->arena, "%s (process hidden)", n->user);
		break;
	case OWNERLESS_KERNEL:
		n->name = "the kernel";
		break;
	case OWNERLESS_NAMESPACE:
		n->name = "a process in another namespace";
		break;
	case OWNERLESS_NO:
		n->name = "processes not looked up";
		break;
	default:
		n->name = "a process that is gone";
		break;
	}
	n->id = arena_printf(e->parts->arena, "unseen:%s%s%s", socket ? ownerless_name(why) : "end",
		n->user ? "/" : "", n->user ? n->user : "");
	return node;
}

uint32_t graph_ends_holder(struct graph_ends *e, const struct socket *socket)
{
	uint32_t owner = holder_of(e, socket);

	if (owner == NODE_NONE)
		return graph_ends_unseen(e, socket);
	if (e->node_of_owner[owner] == NODE_NONE) {
		uint32_t node = node_of_family(e, e->s->owners[owner]);
		e->node_of_owner[owner] = node != NODE_NONE
			? node
			: client_node(e, e->s->owners[owner], socket->netns);
	}
	return e->node_of_owner[owner];
}

uint32_t graph_ends_computer(struct graph_ends *e, int kind, const struct address *address)
{
	struct address a = address_unmap(address);
	bool made;
	uint64_t key[] = {map_hash(a.bytes, sizeof(a.bytes)), a.family, a.scope};
	uint32_t node = group(e, kind, map_hash(key, sizeof(key)), &made);

	if (!made)
		return node;
	AUTO(buf) struct buf text;
	buf_init(&text, 100);
	address_format(&text, &a);
	struct graph_node *n = &e->parts->nodes.items[node];
	n->address = a;
	n->name = arena_strdup(e->parts->arena, text.data);
	n->id = arena_printf(e->parts->arena, "%s:%s", kind == GRAPH_NETWORK_IN ? "from" : "to",
		text.data);
	return node;
}

static int by_age(const void *pa, const void *pb)
{
	const struct owner *a = *(const struct owner *const *)pa;
	const struct owner *b = *(const struct owner *const *)pb;

	return is_older(b, a) - is_older(a, b);
}

/* Shares the owners and services out to their nodes; arrays of the right length, in order. */
static void fill_members(struct graph_ends *e)
{
	const struct snapshot *s = e->s;
	struct arena *arena = e->parts->arena;

	for (int round = 0; round < 2; round++) { /* count, then fill */
		if (round == 1) {
			VEC_EACH (&e->parts->nodes, n) {
				n->owners =
					arena_array(arena, const struct owner *, n->owner_count);
				n->services = arena_array(arena, const struct service *,
					n->service_count);
				n->owner_count = n->service_count = 0;
			}
		}
		for (size_t i = 0; i < s->owner_count; i++) {
			if (e->node_of_owner[i] == NODE_NONE)
				continue;
			struct graph_node *n = &e->parts->nodes.items[e->node_of_owner[i]];
			if (round == 1)
				((const struct owner **)n->owners)[n->owner_count] = s->owners[i];
			n->owner_count++;
		}
		for (size_t i = 0; i < s->service_count; i++) {
			if (e->node_of_service[i] == NODE_NONE)
				continue;
			struct graph_node *n = &e->parts->nodes.items[e->node_of_service[i]];
			if (round == 1)
				((const struct service **)n->services)[n->service_count] =
					s->services[i];
			n->service_count++;
		}
	}
}

static void fill_endpoints(struct arena *arena, struct graph_node *n)
{
	size_t count = 0;

	for (size_t i = 0; i < n->service_count; i++)
		count += n->services[i]->listener_count;
	n->endpoints = arena_array(arena, const char *, count);
	for (size_t i = 0; i < n->service_count; i++)
		for (size_t k = 0; k < n->services[i]->listener_count; k++)
			n->endpoints[n->endpoint_count++] = n->services[i]->listeners[k].text;
}

static void describe(struct graph_ends *e, struct graph_node *n)
{
	struct arena *arena = e->parts->arena;

	if (n->owner_count) {
		vec_qsort((void *)n->owners, n->owner_count, sizeof(*n->owners), by_age);
		n->pid = n->owners[0]->pid;
		n->processes = (uint32_t)n->owner_count;
		n->user = n->owners[0]->user;
	}
	if (n->kind == GRAPH_SERVICE) {
		fill_endpoints(arena, n);
		n->detail = n->services[0]->listeners[0].text;
		if (n->service_count > 1)
			n->detail = arena_printf(arena, "%s +%zu", n->detail, n->service_count - 1);
	} else if (n->kind == GRAPH_CLIENT) {
		n->detail = n->owner_count == 1
			? arena_printf(arena, "pid %d", n->pid)
			: arena_printf(arena, "%zu processes", n->owner_count);
	} else if (n->kind != GRAPH_UNSEEN) {
		n->detail = "the network";
	}
}

void graph_ends_describe(struct graph_ends *e)
{
	fill_members(e);
	VEC_EACH (&e->parts->nodes, n)
		describe(e, n);
}

bool graph_ends_sure(const struct graph_ends *e, const struct socket *socket, uint32_t service)
{
	uint32_t owner = holder_of(e, socket);

	return owner != NODE_NONE && e->node_of_service[service] != NODE_NONE &&
		e->node_of_owner[owner] == e->node_of_service[service];
}

uint32_t graph_ends_dialled(struct graph_ends *e, const struct endpoint *to, uint32_t netns)
{
	return service_index_find(&e->index, to, netns, NULL, NULL);
}

void graph_ends_init(struct graph_ends *e, const struct snapshot *s, struct graph_parts *parts,
	bool plumbing)
{
	*e = (struct graph_ends){.s = s, .parts = parts, .plumbing = plumbing};
	service_index_init(&e->index, s);
	map_init(&e->owner_by_pointer);
	map_init(&e->owner_by_pid);
	map_init(&e->groups);
	e->node_of_service = must_calloc(s->service_count + 1, sizeof(uint32_t));
	e->node_of_owner = must_calloc(s->owner_count + 1, sizeof(uint32_t));
	e->service_of = must_calloc(s->socket_count + 1, sizeof(uint32_t));
	for (size_t i = 0; i < s->owner_count; i++) {
		map_set(&e->owner_by_pointer, (uintptr_t)s->owners[i], i);
		map_set(&e->owner_by_pid, (uint64_t)s->owners[i]->pid, i);
		e->node_of_owner[i] = NODE_NONE;
	}
	make_services(e);
	find_accepted(e);
}

void graph_ends_fini(struct graph_ends *e)
{
	service_index_fini(&e->index);
	map_fini(&e->owner_by_pointer);
	map_fini(&e->owner_by_pid);
	map_fini(&e->groups);
	free(e->node_of_service);
	free(e->node_of_owner);
	free(e->service_of);
}
