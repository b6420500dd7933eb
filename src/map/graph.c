/*
 * graph - see graph.h.
 *
 * The kernel does not say which end of a connection opened it: the end whose address a listener
 * takes is the server. Ends in two namespaces are listed apart; addresses and ports match them.
 */
#include "map/graph.h"

#include "base/str.h"
#include "map/ends.h"
#include "map/plumbing.h"

struct build {
	const struct snapshot *s;
	struct graph *g;
	struct graph_parts parts;
	struct graph_ends ends;
	struct map strangers; /* both ends of a connection -> socket: to find it from elsewhere */
};

/* What was reached by a connection. */
struct reached {
	uint32_t service; /* or SERVICE_NONE */
	struct endpoint at;
	int via;
	bool waiting, guessed;
};

static void connect_nodes(struct build *b, uint32_t from, uint32_t to, const struct reached *r)
{
	AUTO(buf) struct buf text;

	buf_init(&text, 1024);
	endpoint_format(&text, &r->at);
	graph_parts_edge(&b->parts,
		&(struct graph_edge){
			.from = from,
			.to = to,
			.service = r->service == SERVICE_NONE ? NULL : b->s->services[r->service],
			.endpoint = text.data,
			.port = proto_is_unix(r->at.proto) ? 0 : r->at.port,
			.via = r->via,
			.connections = 1,
			.waiting = r->waiting,
			.guessed = r->guessed,
		});
}

static bool is_counted(const struct socket *socket)
{
	return socket->state == SOCKET_ESTABLISHED && graph_ends_connected(socket);
}

/* Which of the two ends was connected to; the other one connected. */
static size_t server_end(const struct build *b, size_t one, size_t two, bool *out_guessed)
{
	const struct socket *a = &b->s->sockets[one], *z = &b->s->sockets[two];
	uint32_t a_service = b->ends.service_of[one], z_service = b->ends.service_of[two];
	bool a_serves = a_service != SERVICE_NONE, z_serves = z_service != SERVICE_NONE;

	*out_guessed = false;
	if (a_serves && z_serves) {
		a_serves = graph_ends_sure(&b->ends, a, a_service);
		z_serves = graph_ends_sure(&b->ends, z, z_service);
	}
	if (a_serves != z_serves)
		return a_serves ? one : two;
	if (proto_is_unix(a->local.proto) && str_empty(a->local.path) != str_empty(z->local.path))
		return str_empty(a->local.path) ? two : one;
	*out_guessed = true;
	if (a->local.port != z->local.port)
		return a->local.port < z->local.port ? one : two;
	return MIN(one, two);
}

static int via_between(const struct socket *a, const struct socket *b)
{
	if (proto_is_unix(a->local.proto))
		return VIA_UNIX;
	if (a->netns != b->netns)
		return VIA_NAMESPACE;
	return address_is_loopback(&a->local.address) ? VIA_LOOPBACK : VIA_ADDRESS;
}

static bool is_left_out(const struct build *b, const struct socket *server, uint32_t service)
{
	if (service != SERVICE_NONE)
		return b->ends.node_of_service[service] == NODE_NONE;
	return !b->ends.plumbing && server->local.path && plumbing_path(server->local.path);
}

static void add_pair(struct build *b, size_t one, size_t two)
{
	const struct socket *sockets = b->s->sockets;
	struct reached r = {.via = via_between(&sockets[one], &sockets[two])};
	size_t server_index = server_end(b, one, two, &r.guessed);
	const struct socket *server = &sockets[server_index];
	const struct socket *client = &sockets[server_index == one ? two : one];

	r.service = b->ends.service_of[server_index];
	if (proto_is_unix(server->local.proto) && str_empty(server->local.path)) {
		b->g->pairs++;
		return;
	}
	if (is_left_out(b, server, r.service)) {
		b->g->left_out++;
		return;
	}
	r.at = server->local;
	r.waiting = server->ownerless == OWNERLESS_NOT_ACCEPTED;
	uint32_t from = graph_ends_holder(&b->ends, client);
	uint32_t to = r.service == SERVICE_NONE ? graph_ends_holder(&b->ends, server)
						: b->ends.node_of_service[r.service];
	connect_nodes(b, from, to, &r);
}

static bool is_own_address(const struct build *b, const struct address *address)
{
	struct address a = address_unmap(address);

	if (address_is_loopback(&a))
		return true;
	for (size_t i = 0; i < b->s->address_count; i++) {
		const struct address *own = &b->s->addresses[i].address;
		if (own->family == a.family && memcmp(own->bytes, a.bytes, 16) == 0)
			return true;
	}
	return false;
}

/* One end is listed, and a service accepted it. */
static void add_incoming(struct build *b, const struct socket *socket, struct reached *r, bool own)
{
	if (is_left_out(b, socket, r->service))
		return;
	r->at = socket->local;
	r->waiting = socket->ownerless == OWNERLESS_NOT_ACCEPTED;
	uint32_t from = own ? graph_ends_unseen(&b->ends, NULL)
			    : graph_ends_computer(&b->ends, GRAPH_NETWORK_IN, &socket->remote);
	connect_nodes(b, from, b->ends.node_of_service[r->service], r);
}

/* One end is listed, and it was opened here. TCP can even be connected to itself. */
static void add_outgoing(struct build *b, const struct socket *socket, struct reached *r, bool own)
{
	bool itself = socket->local.port == socket->remote_port &&
		address_eq(&socket->local.address, &socket->remote);
	bool loopback = address_is_loopback(&socket->remote);
	uint32_t from = graph_ends_holder(&b->ends, socket), to;

	r->at = (struct endpoint){socket->local.proto, socket->remote, socket->remote_port, 0,
		NULL};
	if (own && !itself)
		r->service = graph_ends_dialled(&b->ends, &r->at, loopback ? socket->netns : 0);
	if (r->service != SERVICE_NONE && is_left_out(b, socket, r->service))
		return;
	if (itself)
		to = from;
	else if (r->service != SERVICE_NONE)
		to = b->ends.node_of_service[r->service];
	else
		to = own ? graph_ends_unseen(&b->ends, NULL)
			 : graph_ends_computer(&b->ends, GRAPH_NETWORK_OUT, &socket->remote);
	connect_nodes(b, from, to, r);
}

/* A connection with one end listed: the other is far away, gone, or behind an address translation. */
static void add_lone(struct build *b, size_t index)
{
	const struct socket *socket = &b->s->sockets[index];
	bool own = is_own_address(b, &socket->remote);
	struct reached r = {.service = b->ends.service_of[index],
		.via = own ? VIA_ADDRESS : VIA_NETWORK};

	if (address_is_loopback(&socket->remote))
		r.via = VIA_LOOPBACK;
	if (r.service != SERVICE_NONE)
		add_incoming(b, socket, &r, own);
	else
		add_outgoing(b, socket, &r, own);
}

static uint64_t ends_key(const struct address *a, uint16_t a_port, const struct address *z,
	uint16_t z_port)
{
	struct {
		uint8_t a[16], z[16];
		uint32_t a_port, z_port;
	} key = {.a_port = a_port, .z_port = z_port};
	struct address x = address_unmap(a), y = address_unmap(z);

	memcpy(key.a, x.bytes, x.family == AF_INET ? 4 : 16);
	memcpy(key.z, y.bytes, y.family == AF_INET ? 4 : 16);
	return map_hash(&key, sizeof(key));
}

static bool is_lone(const struct socket *socket)
{
	return socket->peer == 0 && is_counted(socket) && !proto_is_unix(socket->local.proto);
}

static void list_strangers(struct build *b)
{
	for (size_t i = 0; i < b->s->socket_count; i++) {
		const struct socket *socket = &b->s->sockets[i];
		if (is_lone(socket) && !address_is_loopback(&socket->remote))
			map_set(&b->strangers,
				ends_key(&socket->local.address, socket->local.port,
					&socket->remote, socket->remote_port),
				i);
	}
}

/* The other end, when it is in another namespace of this machine. */
static bool find_stranger(const struct build *b, const struct socket *socket, size_t *out)
{
	uint64_t index;

	if (address_is_loopback(&socket->remote) ||
		!map_get(&b->strangers,
			ends_key(&socket->remote, socket->remote_port, &socket->local.address,
				socket->local.port),
			&index) ||
		b->s->sockets[index].netns == socket->netns)
		return false;
	*out = index;
	return true;
}

static void make_edges(struct build *b)
{
	const struct snapshot *s = b->s;

	list_strangers(b);
	for (size_t i = 0; i < s->socket_count; i++) {
		const struct socket *socket = &s->sockets[i];
		size_t other = socket->peer ? socket->peer - 1 : i;
		if (!is_counted(socket))
			continue;
		if (is_lone(socket) && !find_stranger(b, socket, &other))
			add_lone(b, i);
		else if (other > i || (other != i && !is_counted(&s->sockets[other])))
			add_pair(b, i, other); /* each pair once */
	}
}

const struct graph *graph_build(struct arena *arena, const struct snapshot *s, bool plumbing)
{
	struct build b = {.s = s, .g = arena_new_of(arena, struct graph)};

	map_init(&b.strangers);
	graph_parts_init(&b.parts, arena);
	graph_ends_init(&b.ends, s, &b.parts, plumbing);
	make_edges(&b);
	graph_ends_describe(&b.ends);
	b.g->left_out_services = b.ends.left_out_services;
	graph_parts_finish(&b.parts, b.g);
	graph_ends_fini(&b.ends);
	graph_parts_fini(&b.parts);
	map_fini(&b.strangers);
	return b.g;
}
