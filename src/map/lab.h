/*
 * lab - snapshots made by hand, for the tests of graphs. Not part of the program.
 *
 *   struct lab *lab = lab_new();
 *   struct owner *web = lab_owner(lab, 10, "node");
 *   lab_service(lab, web, "shop web", "127.0.0.1", 3000);
 *   lab_pair(lab, lab_owner(lab, 20, "chromium"), web, "127.0.0.1", 40000, 3000);
 *   ... lab_graph(lab) ...
 *   lab_free(lab);
 */
#pragma once

#include "base/must.h"
#include "base/vec.h"
#include "map/graph.h"
#include <string.h>

struct lab {
	struct arena *arena;
	VEC(struct socket) sockets;
	VEC(struct owner *) owners;
	VEC(struct holder) holders;
	VEC(const struct service *) services;
	struct netns namespaces[4];
	struct host_address addresses[2];
	struct snapshot s;
};

static inline struct address lab_address(const char *text)
{
	struct address a;

	must(address_parse(text, &a));
	return a;
}

static inline struct lab *lab_new(void)
{
	struct lab *lab = must_calloc(1, sizeof(*lab));

	lab->arena = arena_new();
	lab->sockets.max = lab->owners.max = lab->holders.max = lab->services.max = 1u << 20;
	lab->namespaces[1].label = "web";
	lab->addresses[0].address = ADDRESS_LOOPBACK4;
	lab->addresses[1].address = lab_address("192.0.2.10");
	return lab;
}

static inline void lab_free(struct lab *lab)
{
	vec_fini(&lab->sockets);
	vec_fini(&lab->owners);
	vec_fini(&lab->holders);
	vec_fini(&lab->services);
	arena_free(lab->arena);
	free(lab);
}

static inline struct owner *lab_owner(struct lab *lab, pid_t pid, const char *program)
{
	struct owner *o = arena_new_of(lab->arena, struct owner);

	o->pid = pid;
	o->start_ticks = (uint64_t)pid;
	o->uid = 1000;
	o->user = "mira";
	o->exe = arena_printf(lab->arena, "/usr/bin/%s", program);
	*vec_push(&lab->owners) = o;
	return o;
}

static inline void lab_hold(struct lab *lab, uint32_t socket, const struct owner *o)
{
	for (uint32_t i = 0; o && i < lab->owners.count; i++) {
		if (lab->owners.items[i] != o)
			continue;
		struct socket *s = &lab->sockets.items[socket];
		if (s->holder_count++ == 0)
			s->holder_first = (uint32_t)lab->holders.count;
		*vec_push(&lab->holders) = (struct holder){socket, i, -1};
	}
}

/* A service with one listener; `address` NULL and a path for a unix socket. */
static inline struct service *lab_listen(struct lab *lab, struct owner *o, const char *name,
	struct endpoint e)
{
	struct service *service = arena_new_of(lab->arena, struct service);
	struct listener *l = arena_new_of(lab->arena, struct listener);
	const struct owner **owners = arena_array(lab->arena, const struct owner *, 8);
	AUTO(buf) struct buf text;

	buf_init(&text, 400);
	endpoint_format(&text, &e);
	*l = (struct listener){.endpoint = e, .text = arena_strdup(lab->arena, text.data)};
	l->socket = (uint32_t)lab->sockets.count;
	owners[0] = o;
	*service = (struct service){.port = e.port,
		.proto = e.proto,
		.name = name,
		.listeners = l,
		.listener_count = 1,
		.owners = owners,
		.owner_count = o != NULL};
	*vec_push(&lab->sockets) = (struct socket){.local = e, .state = SOCKET_LISTEN};
	lab_hold(lab, (uint32_t)lab->sockets.count - 1, o);
	*vec_push(&lab->services) = service;
	return service;
}

static inline struct service *lab_service(struct lab *lab, struct owner *o, const char *name,
	const char *address, uint16_t port)
{
	return lab_listen(lab, o, name,
		(struct endpoint){PROTO_TCP, lab_address(address), port, 0, NULL});
}

static inline struct service *lab_unix(struct lab *lab, struct owner *o, const char *name,
	const char *path)
{
	return lab_listen(lab, o, name,
		(struct endpoint){.proto = PROTO_UNIX_STREAM, .path = path});
}

/* One end of a TCP connection; the owner may be NULL. */
static inline struct socket *lab_end(struct lab *lab, struct owner *o, const char *local,
	uint16_t port, const char *remote, uint16_t remote_port)
{
	struct socket *s = vec_push(&lab->sockets);

	*s = (struct socket){.local = {PROTO_TCP, lab_address(local), port, 0, NULL},
		.remote = lab_address(remote),
		.remote_port = remote_port,
		.state = SOCKET_ESTABLISHED};
	lab_hold(lab, (uint32_t)lab->sockets.count - 1, o);
	return s;
}

static inline void lab_marry(struct lab *lab)
{
	uint32_t count = (uint32_t)lab->sockets.count;

	lab->sockets.items[count - 1].peer = count - 1;
	lab->sockets.items[count - 2].peer = count;
}

/* Both ends of a TCP connection on one address of this machine. */
static inline void lab_pair(struct lab *lab, struct owner *client, struct owner *server,
	const char *address, uint16_t client_port, uint16_t server_port)
{
	lab_end(lab, client, address, client_port, address, server_port);
	lab_end(lab, server, address, server_port, address, client_port);
	lab_marry(lab);
}

static inline void lab_unix_pair(struct lab *lab, struct owner *client, struct owner *server,
	const char *path)
{
	for (int i = 0; i < 2; i++) {
		*vec_push(&lab->sockets) = (struct socket){.state = SOCKET_ESTABLISHED,
			.local = {.proto = PROTO_UNIX_STREAM, .path = i ? path : NULL}};
		lab_hold(lab, (uint32_t)lab->sockets.count - 1, i ? server : client);
	}
	lab_marry(lab);
}

static inline const struct snapshot *lab_snapshot(struct lab *lab)
{
	lab->s = (struct snapshot){
		.arena = lab->arena,
		.sockets = lab->sockets.items,
		.socket_count = lab->sockets.count,
		.owners = lab->owners.items,
		.owner_count = lab->owners.count,
		.holders = lab->holders.items,
		.holder_count = lab->holders.count,
		.namespaces = lab->namespaces,
		.namespace_count = 2,
		.addresses = lab->addresses,
		.address_count = 2,
		.services = lab->services.items,
		.service_count = lab->services.count,
	};
	return &lab->s;
}

static inline const struct graph *lab_graph(struct lab *lab)
{
	return graph_build(lab->arena, lab_snapshot(lab), false);
}

/* "name > name 2 (endpoint)\n" for every edge, then the nodes without one. */
static inline const char *lab_text(struct lab *lab, const struct graph *g)
{
	AUTO(buf) struct buf out;

	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < g->edge_count; i++) {
		const struct graph_edge *e = &g->edges[i];
		buf_printf(&out, "%s > %s %llu", g->nodes[e->from].name, g->nodes[e->to].name,
			(unsigned long long)e->connections);
		buf_printf(&out, " %s%s%s\n", e->endpoint ? e->endpoint : "...",
			e->guessed ? "?" : "", e->waiting ? " waiting" : "");
	}
	for (size_t i = 0; i < g->node_count; i++)
		if (g->nodes[i].in + g->nodes[i].out == 0)
			buf_printf(&out, "%s\n", g->nodes[i].name);
	return arena_strdup(lab->arena, out.data);
}
