/*
 * snap - a snapshot made by hand: processes, the sockets they hold, and the services these make up.
 *
 *   AUTO(snap) struct snap w = snap_new();
 *   struct owner *node = snap_owner(&w, 4121, "/usr/bin/node");
 *   snap_listen(&w, "127.0.0.1", 3000, node);
 *   const struct snapshot *s = snap_take(&w);
 *
 * Owners may be changed until snap_take; more than one holder of a socket: snap_hold.
 */
#pragma once

#include "base/must.h"
#include "base/str.h"
#include "base/vec.h"
#include "inventory/services.h"

struct snap {
	struct snapshot *s; /* owned */
	VEC(struct socket) sockets;
	VEC(struct owner *) owners;
	VEC(struct holder) holders;
	uint32_t next_inode;
	size_t other_namespaces; /* besides our own; their sockets have netns 1 and so on */
};

static inline struct snap snap_new(void)
{
	struct snap w = {.s = must_calloc(1, sizeof(struct snapshot)), .next_inode = 1000};

	w.s->arena = arena_new();
	w.sockets.max = w.owners.max = w.holders.max = 10000;
	return w;
}

/* words ends with NULL; it is not copied. */
static inline void snap_set_argv(struct owner *o, const char **words)
{
	o->argc = 0;
	while (words[o->argc])
		o->argc++;
	o->argv = words;
}

/* snap_argv(&w, o, "node", "server.js"): the arguments of an owner. */
#define snap_argv(w, o, ...)                                                                       \
	snap_set_argv((o),                                                                         \
		arena_memdup((w)->s->arena, (const char *[]){__VA_ARGS__, NULL},                   \
			sizeof((const char *[]){__VA_ARGS__, NULL})))

static inline struct owner *snap_owner(struct snap *w, pid_t pid, const char *exe)
{
	struct owner *o = arena_new_of(w->s->arena, struct owner);

	*o = (struct owner){.pid = pid,
		.ppid = 1,
		.start_ticks = (uint64_t)pid * 10,
		.started_ms = -1,
		.uid = 1000,
		.user = "dev",
		.exe = exe,
		.cwd = "/home/dev/shop",
		.comm = str_basename(exe),
		.state = 'S',
		.session = pid,
		.pgrp = pid};
	snap_argv(w, o, str_basename(exe));
	*vec_push(&w->owners) = o;
	return o;
}

static inline void snap_parent(struct owner *child, const struct owner *parent)
{
	child->parent = parent;
	child->ppid = parent->pid;
	child->session = parent->session;
}

/* Another process holds the socket too. */
static inline void snap_hold(struct snap *w, size_t socket, const struct owner *o, int fd)
{
	uint32_t index = 0;

	while (w->owners.items[index] != o)
		index++;
	*vec_push(&w->holders) = (struct holder){(uint32_t)socket, index, fd};
}

/* A socket in any state; owner NULL: nobody is seen to hold it. Returns its index. */
static inline size_t snap_socket(struct snap *w, enum proto proto, int state, const char *address,
	uint16_t port, const struct owner *o)
{
	struct socket *socket = vec_push(&w->sockets);

	socket->local.proto = proto;
	socket->local.port = port;
	socket->state = (uint8_t)state;
	socket->inode = w->next_inode++;
	socket->cookie = socket->inode;
	socket->uid = o ? o->uid : 0;
	if (proto_is_unix(proto))
		socket->local.path = address;
	else
		must(address_parse(address, &socket->local.address));
	socket->dual_stack =
		socket->local.address.family == AF_INET6 && address_is_any(&socket->local.address);
	if (o)
		snap_hold(w, w->sockets.count - 1, o, 3);
	return w->sockets.count - 1;
}

static inline size_t snap_listen(struct snap *w, const char *address, uint16_t port,
	const struct owner *o)
{
	return snap_socket(w, PROTO_TCP, SOCKET_LISTEN, address, port, o);
}

/* An established pair on loopback: client's end first; returns the index of the server's end. */
static inline size_t snap_connect(struct snap *w, const struct owner *client, uint16_t from,
	const struct owner *server, uint16_t to)
{
	size_t a = snap_socket(w, PROTO_TCP, SOCKET_ESTABLISHED, "127.0.0.1", from, client);
	size_t b = snap_socket(w, PROTO_TCP, SOCKET_ESTABLISHED, "127.0.0.1", to, server);

	w->sockets.items[a].remote = w->sockets.items[b].remote = ADDRESS_LOOPBACK4;
	w->sockets.items[a].remote_port = to;
	w->sockets.items[b].remote_port = from;
	w->sockets.items[a].peer = (uint32_t)b + 1;
	w->sockets.items[b].peer = (uint32_t)a + 1;
	return b;
}

static inline int snap_by_socket(const void *pa, const void *pb)
{
	const struct holder *a = pa, *b = pb;

	if (a->socket != b->socket)
		return a->socket < b->socket ? -1 : 1;
	return (a->owner > b->owner) - (a->owner < b->owner);
}

/* Builds the services; nothing may be added afterwards. */
static inline const struct snapshot *snap_take(struct snap *w)
{
	struct host host = {.root = -1, .proc = -1, .uid = 1000, .self = 2};
	size_t namespace_count = w->other_namespaces + 1;

	VEC_EACH (&w->sockets, socket)
		namespace_count = MAX(namespace_count, (size_t)socket->netns + 1);
	struct netns *namespaces = arena_array(w->s->arena, struct netns, namespace_count);
	for (size_t i = 0; i < namespace_count; i++)
		namespaces[i] = (struct netns){.seen = true,
			.inode = (uint32_t)(4026531840 + i),
			.label = i && i <= w->other_namespaces ? "web" : NULL};
	vec_sort(&w->holders, snap_by_socket);
	for (size_t i = 0; i < w->holders.count; i++) {
		struct socket *socket = &w->sockets.items[w->holders.items[i].socket];
		if (socket->holder_count++ == 0) {
			socket->holder_first = (uint32_t)i;
			socket->owner = w->owners.items[w->holders.items[i].owner];
		}
	}
	VEC_EACH (&w->sockets, socket)
		if (socket->holder_count == 0 && socket->ownerless == OWNERLESS_NO)
			socket->ownerless = OWNERLESS_HIDDEN;
	w->s->sockets = w->sockets.items; /* owned by the snapshot from here on */
	w->s->socket_count = w->sockets.count;
	w->s->owners = w->owners.items;
	w->s->owner_count = w->owners.count;
	w->s->holders = w->holders.items;
	w->s->holder_count = w->holders.count;
	w->s->namespaces = namespaces;
	w->s->namespace_count = namespace_count;
	w->s->complete = true;
	services_build(&host, w->s);
	return w->s;
}

static inline void snap_fini(struct snap *w)
{
	if (!w->s->sockets)
		vec_fini(&w->sockets);
	snapshot_free(w->s);
	vec_fini(&w->owners);
	vec_fini(&w->holders);
}

AUTO_DEFINE_FINI(snap, struct snap)
