/*
 * dependency - see dependency.h.
 *
 * An idle connection of a pool looks like one that is waited on. So those go first that tell more: a
 * connection that is still being made, one whose other end does not read, one that was not there before
 * our question.
 */
#include "diagnose/dependency.h"

#include "diagnose/stuck.h"

static bool is_of(const struct place *p, const struct owner *o)
{
	if (p->taken_by && (o->pid == p->taken_by->pid || o->ppid == p->taken_by->pid))
		return true;
	for (size_t i = 0; p->service && i < p->service->owner_count; i++) {
		const struct owner *own = p->service->owners[i];
		if (o->pid == own->pid || o->ppid == own->pid)
			return true;
	}
	return false;
}

/* The server's end of a connection that others made to it has the port of a listener. */
static bool is_served(const struct snapshot *s, const struct socket *socket)
{
	for (size_t i = 0; i < s->service_count; i++)
		if (s->services[i]->port == socket->local.port &&
			s->services[i]->netns == socket->netns &&
			s->services[i]->proto == PROTO_TCP)
			return true;
	return false;
}

static const struct socket *peer_of(const struct snapshot *s, const struct socket *socket)
{
	return socket->peer ? &s->sockets[socket->peer - 1] : NULL;
}

static bool is_outgoing(const struct inquiry *q, const struct snapshot *s,
	const struct socket *socket)
{
	if (proto_is_unix(socket->local.proto)) {
		const struct socket *peer = peer_of(s, socket);
		return socket->state == SOCKET_ESTABLISHED && !socket->local.path && peer &&
			peer->local.path;
	}
	return socket->local.proto == PROTO_TCP && socket->remote_port &&
		(socket->state == SOCKET_SYN_SENT || socket->state == SOCKET_ESTABLISHED) &&
		socket->local.port != q->aim.port && !is_served(s, socket);
}

static bool was_there(const struct inquiry *q, const struct socket *socket)
{
	for (size_t i = 0; i < q->snapshot->socket_count; i++)
		if (q->snapshot->sockets[i].inode == socket->inode &&
			q->snapshot->sockets[i].local.proto == socket->local.proto)
			return true;
	return false;
}

static bool is_stopped(const struct owner *o)
{
	return o && (o->state == 'T' || o->state == 't');
}

static int weight(const struct inquiry *q, const struct snapshot *s, const struct socket *socket)
{
	const struct socket *peer = peer_of(s, socket);
	bool fresh = s != q->snapshot && !was_there(q, socket);

	if (socket->state == SOCKET_SYN_SENT)
		return 9;
	if (is_stopped(socket->peer_owner))
		return 8;
	int more = fresh ? 4 : 0;
	if ((peer && peer->rqueue) || (!proto_is_unix(socket->local.proto) && socket->wqueue))
		return 3 + more;
	/* many programs hold idle connections to the log or the bus */
	return proto_is_unix(socket->local.proto) ? more : 2 + more;
}

static void fill(const struct inquiry *q, const struct snapshot *s, const struct socket *socket,
	struct dependency *out)
{
	const struct socket *peer = peer_of(s, socket);
	bool is_unix = proto_is_unix(socket->local.proto);

	*out = (struct dependency){.owner = socket->owner,
		.socket = socket,
		.peer = socket->peer_owner ? socket->peer_owner
			: peer		   ? peer->owner
					   : NULL,
		.port = is_unix ? 0 : socket->remote_port,
		.to = is_unix ? inquiry_foreign(q, peer->local.path, 100)
			      : inquiry_endpoint(q, &socket->remote, socket->remote_port),
		.unread = (peer && peer->rqueue) || (!is_unix && socket->wqueue),
		.fresh = s != q->snapshot && !was_there(q, socket)};
}

bool dependency_find(const struct inquiry *q, const struct place *p, struct dependency *out)
{
	const struct snapshot *s = q->later ? q->later : q->snapshot;
	int best = 0;

	for (size_t i = 0; s && i < s->socket_count; i++) {
		const struct socket *socket = &s->sockets[i];
		if (socket->netns || !socket->owner || !is_of(p, socket->owner) ||
			!is_outgoing(q, s, socket))
			continue;
		int w = weight(q, s, socket);
		if (w <= best)
			continue;
		best = w;
		fill(q, s, socket, out);
	}
	return best > 0;
}
