/* where - see where.h. */
#include "run/where.h"

#include "base/str.h"
#include "base/text.h"
#include "inventory/find.h"
#include "inventory/select.h"
#include "sys/links.h"
#include "sys/sock_diag.h"
#include <errno.h>
#include <linux/netlink.h>

#define SOCKETS_MAX 100000

struct places {
	struct ready_place *out;
	size_t count;
};

static void add(struct places *p, const struct endpoint *e, bool v6only, bool listening)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct endpoint *have = &p->out[i].endpoint;
		bool same = proto_is_unix(e->proto)
			? have->path && str_eq(have->path, e->path)
			: address_eq(&have->address, &e->address) && have->port == e->port;
		if (same && have->proto == e->proto) {
			p->out[i].listening = p->out[i].listening || listening;
			return;
		}
	}
	if (p->count < READY_ENDPOINTS_MAX)
		p->out[p->count++] = (struct ready_place){*e, v6only, listening};
}

static bool is_by_name(const struct target *t)
{
	return t->kind == TARGET_NAME || t->kind == TARGET_CONTAINER || t->kind == TARGET_PID;
}

/* Where a client dials what is bound to "any". */
static struct endpoint dialled(const struct socket *s)
{
	struct endpoint e = s->local;

	if (address_is_any(&e.address))
		e.address = e.address.family == AF_INET || s->dual_stack ? ADDRESS_LOOPBACK4
									 : ADDRESS_LOOPBACK6;
	return e;
}

/* --- by snapshot: names, containers, processes --- */

static struct snapshot *take(struct where *w, bool owners)
{
	struct snapshot *s = NULL;
	struct inventory_query query = {.protos = select_protos(w->target),
		.port = select_port(w->target),
		.exhaustive = owners,
		.rung = owners ? RUNG_AUTO : RUNG_NONE};

	return inventory_take(w->host, &query, &s, NULL) == 0 ? s : NULL;
}

static int find_by_name(struct where *w, struct places *p, struct err *err)
{
	AUTO(snapshot) struct snapshot *s = take(w, true);
	const uint32_t *found;
	size_t count;
	bool inside = false;

	if (!s)
		return err_set(err, -EIO, "the kernel does not list its sockets");
	int r = find_listeners(w->host, s->arena, s, w->target, &found, &count, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const struct socket *socket = &s->sockets[found[i]];
		struct endpoint e = w->gone ? socket->local : dialled(socket);
		inside = inside || socket->netns;
		if ((socket->netns == 0 && socket->local.proto == PROTO_TCP) || w->gone)
			add(p, &e, socket->v6only, true);
	}
	if (p->count)
		return 0;
	if (inside)
		return err_set(err, -ENOENT, "it listens only inside its own network");
	if (w->target->kind == TARGET_PID)
		return err_set(err, -ENOENT, "process %d listens on no port", w->target->pid);
	return err_set(err, -ENOENT, "it listens on no port");
}

/* --- by socket list: ports and paths --- */

static bool list(struct where *w, struct arena *arena, struct socket_list *out)
{
	AUTO(close) int fd = netlink_open(NETLINK_SOCK_DIAG, NULL);
	const struct target *t = w->target;
	struct sock_query query = {.protos = t->kind == TARGET_UNIX ? PROTO_BITS_UNIX
								    : PROTO_BIT(t->proto),
		.states = SOCKET_BITS_LISTENERS,
		.port = t->kind == TARGET_UNIX ? 0 : t->port};

	return fd >= 0 && sock_diag_list(fd, &query, 0, arena, out, NULL) >= 0;
}

/* A connection to one address says more than the list; a datagram socket cannot be connected to. */
static bool needs_list(const struct where *w)
{
	return w->gone || w->target->kind == TARGET_PORT || w->target->proto == PROTO_UDP ||
		w->target->proto == PROTO_UDPLITE;
}

static bool answers_at(const struct socket *s, const struct address *a)
{
	struct address to = *a;

	if (address_is_any(&to))
		to = to.family == AF_INET ? ADDRESS_LOOPBACK4 : ADDRESS_LOOPBACK6;
	return endpoint_accepts(&s->local, s->v6only, &to, s->local.port);
}

/* Does a listener keep `a` from being bound? */
static bool hinders(const struct socket *s, const struct address *a, bool any_address)
{
	if (any_address || endpoint_covers(&s->local, s->v6only, a, s->local.port))
		return true;
	return address_is_any(a) &&
		(a->family == AF_INET6 || s->local.address.family == AF_INET || s->dual_stack);
}

static void find_by_path(struct where *w, const struct socket_list *sockets, struct places *p)
{
	struct endpoint e = {.proto = PROTO_UNIX_STREAM, .path = w->target->path};
	bool listening = false;

	VEC_EACH (&sockets->v, s) {
		if (!socket_is_listener(s) || !s->local.path ||
			!str_eq(s->local.path, w->target->path))
			continue;
		listening = true;
		e.proto = s->local.proto;
	}
	if (!w->gone || listening)
		add(p, &e, false, listening);
}

static void find_by_port(struct where *w, const struct socket_list *sockets, struct places *p)
{
	const struct target *t = w->target;
	bool any_address = t->kind == TARGET_PORT;

	for (size_t i = 0; i < w->address_count; i++) {
		struct endpoint e = {.proto = t->proto,
			.address = w->addresses[i],
			.port = t->port};
		bool listening = false;
		VEC_EACH (&sockets->v, s)
			listening = listening ||
				(socket_is_listener(s) &&
					(w->gone ? hinders(s, &e.address, any_address)
						 : answers_at(s, &e.address)));
		add(p, &e, false, listening);
	}
	/* a port alone may also be bound to another address of this machine */
	VEC_EACH (&sockets->v, s)
		if (any_address && !w->gone && socket_is_listener(s)) {
			struct endpoint e = dialled(s);
			add(p, &e, false, true);
		}
}

/* --- the interface --- */

int where_open(struct where *w, const struct host *host, struct arena *arena,
	const struct target *t, bool gone, struct err *err)
{
	static const struct address all[] = {{.family = AF_INET},
		{.family = AF_INET6}}; /* what a server binds for a port alone */
	struct snapshot own = {0};
	struct host_address *addresses = NULL;

	*w = (struct where){.host = host, .target = t, .gone = gone, .arena = arena};
	if (t->kind == TARGET_UNIX)
		return 0;
	if (is_by_name(t)) {
		struct ready_place places[READY_ENDPOINTS_MAX];
		struct places p = {places, 0};
		int r = find_by_name(w, &p, err);
		return r == -EINVAL ? r : 0;
	}
	if (!t->has_port) {
		err_set(err, -EINVAL, "'%s' names no port", t->text);
		err_fix(err, strchr(t->text, ':') ? "write [%s]:3000" : "write %s:3000", t->text);
		return -EINVAL;
	}
	/* a dump of the kernel's sockets takes 0 for "every port" */
	if (t->port == 0)
		return err_set(err, -EINVAL, "port 0 is no port to wait for");
	int r = links_addresses(arena, &addresses, &own.address_count, err);
	if (r < 0)
		return r;
	own.addresses = addresses;
	if (t->kind == TARGET_PORT && gone) {
		w->addresses = all;
		w->address_count = ARRAY_SIZE(all);
		return 0;
	}
	return find_addresses(host, arena, &own, t, &w->addresses, &w->address_count, err);
}

size_t where_find(void *data, struct ready_place *out, const char **why)
{
	struct where *w = data;
	struct places p = {out, 0};

	if (is_by_name(w->target)) {
		struct err err = {0};
		if (find_by_name(w, &p, &err) < 0) {
			str_copy(w->why, sizeof(w->why), err.text);
			*why = w->why;
		}
		return p.count;
	}
	AUTO(arena) struct arena *arena = arena_new();
	struct socket_list sockets = {.v.max = SOCKETS_MAX};
	if (needs_list(w) && !list(w, arena, &sockets))
		*why = "the kernel does not list its sockets";
	if (w->target->kind == TARGET_UNIX)
		find_by_path(w, &sockets, &p);
	else
		find_by_port(w, &sockets, &p);
	vec_fini(&sockets.v);
	return p.count;
}

void where_who(struct where *w, struct buf *out)
{
	AUTO(snapshot) struct snapshot *s = take(w, true);
	const uint32_t *found;
	size_t count;

	if (!s || find_listeners(w->host, s->arena, s, w->target, &found, &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count && i < 4; i++) {
		const struct owner *o = s->sockets[found[i]].owner;
		if (!o || (i && o == s->sockets[found[i - 1]].owner))
			continue;
		const char *program = owner_program(o);
		buf_str(out, out->len ? ", " : "");
		text_escape(out, program, strlen(program));
		buf_printf(out, " %d", o->pid);
	}
}

pid_t where_holder(struct where *w)
{
	AUTO(snapshot) struct snapshot *s = take(w, true);
	const uint32_t *found;
	size_t count;

	if (!s || find_listeners(w->host, s->arena, s, w->target, &found, &count, NULL) < 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (s->sockets[found[i]].owner)
			return s->sockets[found[i]].owner->pid;
	return 0;
}
