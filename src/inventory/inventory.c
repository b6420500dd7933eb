/*
 * inventory - see inventory.h.
 *
 * Order: list the sockets of our namespace, find who holds them (which also shows the other
 * namespaces), list those namespaces' sockets, join. Owners come by the cheaper rung: on a small
 * machine a walk through /proc beats loading a BPF program (3 to 7 ms), on a large one the iterator
 * is ten times faster than any walk.
 */
#include "inventory/inventory.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "inventory/owners.h"
#include "inventory/services.h"
#include "sys/caps.h"
#include "sys/holders.h"
#include "sys/links.h"
#include "sys/netns.h"
#include "sys/procnet.h"
#include "sys/sock_diag.h"
#include <errno.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sys/sysinfo.h>

/* What a walk costs: a process about 15 µs, an open file 2; loading the iterator about 5 ms. */
#define WALK_PROCESS_US 15
#define WALK_FILE_US	2
#define WALK_MAX_US	8000
#define FACTS_MAX	(8u << 20)
#define BLIND_MAX	64

struct build {
	const struct host *host;
	const struct inventory_query *query;
	struct snapshot *s;
	struct sock_query sockets_wanted;
	struct socket_list sockets;
	struct holder_list facts;
	VEC(struct netns) namespaces;
	VEC(struct holder) holders;
	VEC(struct blind_spot) blind;
	struct owner_table *owners;
	struct map by_inode; /* socket inode -> index */
	struct walk_report walk;
	bool walked, iterated;
	bool may_enter; /* other namespaces, by setns */
	int iterate_result;
	struct err iterate_err;
	struct err *err;
};

static void add_blind(struct build *b, const char *what, const char *why, const char *needs,
	uint64_t count)
{
	struct blind_spot *spot = vec_push(&b->blind);

	if (spot)
		*spot = (struct blind_spot){what, why, needs, count};
}

static int list_sockets(struct build *b, uint32_t netns)
{
	AUTO(close) int fd = netlink_open(NETLINK_SOCK_DIAG, b->err);

	if (fd < 0)
		return fd;
	int r = sock_diag_list(fd, &b->sockets_wanted, netns, b->s->arena, &b->sockets, b->err);
	if (r == -EAGAIN) {
		b->s->complete = false;
		add_blind(b, "part of the sockets",
			"they changed faster than the kernel could list them", "run it again", 1);
		return 0;
	}
	return r;
}

static int list_in_namespace(void *arg)
{
	struct build *b = arg;

	return list_sockets(b, (uint32_t)(b->namespaces.count - 1));
}

static void add_namespace(struct build *b, uint32_t inode, pid_t pid)
{
	struct netns *ns = vec_push(&b->namespaces);

	if (!ns)
		return;
	*ns = (struct netns){.inode = inode, .pid = pid};
	int r = -EPERM;
	if (b->may_enter)
		r = netns_run(b->host, pid, list_in_namespace, b);
	if (r == -EPERM)
		r = procnet_list(b->host, pid, &b->sockets_wanted,
			(uint32_t)(b->namespaces.count - 1), &b->sockets);
	if (r == -ESRCH || r == -ENOENT)
		b->namespaces
			.count--; /* its last process ended meanwhile, and the namespace with it */
	else
		b->namespaces.items[b->namespaces.count - 1].seen = r == 0;
}

/*
 * The namespaces that the iterator's records name, each through a holder that is inside: dockerd
 * opens the name server's sockets in each container's namespace and stays outside itself.
 */
static void namespaces_of_facts(struct build *b)
{
	AUTO(map) struct map inside = {0}; /* namespace -> 1 when a way in was found, else 0 */
	uint64_t closed = 0, found;
	pid_t last = 0;

	map_set(&inside, b->host->net_inode, 1);
	VEC_EACH (&b->facts.v, fact) {
		bool known = fact->netns == 0 || map_get(&inside, fact->netns, &found);
		if (fact->netns == 0 || (known && (found || fact->pid == last)))
			continue;
		last = fact->pid;
		found = netns_holds(b->host, fact->netns, fact->pid);
		map_set(&inside, fact->netns, found);
		closed += !known;
		if (!found)
			continue;
		closed--;
		add_namespace(b, fact->netns, fact->pid);
	}
	if (closed)
		add_blind(b,
			arena_printf(b->s->arena, "%llu network namespace%s",
				(unsigned long long)closed, closed == 1 ? "" : "s"),
			"no process that has sockets there is inside", NULL, closed);
}

static void namespaces_of_processes(struct build *b)
{
	struct netns_list list = {0};

	if (netns_list(b->host, &list, NULL) == 0)
		VEC_EACH (&list.v, ref)
			add_namespace(b, ref->inode, ref->pid);
	vec_fini(&list.v);
}

static bool wants_owner(const struct socket *s)
{
	return s->inode != 0;
}

static void index_sockets(struct build *b)
{
	for (size_t i = 0; i < b->sockets.v.count; i++)
		if (wants_owner(&b->sockets.v.items[i]))
			map_set(&b->by_inode, b->sockets.v.items[i].inode, i);
}

static int iterate(struct build *b)
{
	struct holder_query q = {b->sockets_wanted.protos, b->sockets_wanted.states,
		b->sockets_wanted.port};
	int r = holders_iterate(&q, &b->facts, &b->iterate_err);

	b->iterated = r == 0;
	return r;
}

static void *iterate_thread(void *arg)
{
	struct build *b = arg;

	b->iterate_result = iterate(b);
	return NULL;
}

/* The iterator's pass and the kernel's list of sockets take about as long: side by side. */
static int list_and_iterate(struct build *b)
{
	pthread_t thread;
	bool beside = pthread_create(&thread, NULL, iterate_thread, b) == 0;
	int r = list_sockets(b, 0);

	if (beside)
		pthread_join(thread, NULL);
	else
		iterate_thread(b);
	if (r == 0 && b->iterate_result < 0 && b->query->rung == RUNG_BPF) {
		if (b->err)
			*b->err = b->iterate_err;
		return b->iterate_result;
	}
	return r;
}

/* Open files of the whole system, the first number of file-nr; proc(5). */
static uint64_t open_files(const struct host *host)
{
	uint64_t count;

	return host_read_u64(host, "proc/sys/fs/file-nr", &count) ? count : 0;
}

static bool prefers_iterator(const struct build *b)
{
	struct sysinfo info;

	if (!b->host->live || b->query->rung == RUNG_PROC || b->query->rung == RUNG_NONE)
		return false;
	if (b->query->rung == RUNG_BPF)
		return true;
	if (!holders_can_iterate() || sysinfo(&info) < 0)
		return false;
	return info.procs * WALK_PROCESS_US + open_files(b->host) * WALK_FILE_US > WALK_MAX_US;
}

static int find_holders(struct build *b)
{
	if (b->query->rung == RUNG_NONE)
		return 0;
	b->walked = true;
	int r = holders_walk(b->host, &b->by_inode, b->query->exhaustive, &b->facts, &b->walk,
		b->err);
	if (r < 0)
		return r;
	/* a walk that was denied may have missed owners which the iterator can show */
	bool missed = b->walk.denied && b->walk.found < b->by_inode.count;
	if (missed && b->query->rung == RUNG_AUTO && b->host->live && holders_can_iterate())
		b->walked = iterate(b) < 0; /* what both find is joined once */
	return 0;
}

static int gather(struct build *b)
{
	int r = prefers_iterator(b) ? list_and_iterate(b) : list_sockets(b, 0);

	if (r < 0)
		return r;
	b->may_enter = b->host->live && caps_have(CAPS_SYS_ADMIN);
	if (!b->query->own_namespace_only) {
		if (b->iterated)
			namespaces_of_facts(b);
		else
			namespaces_of_processes(b);
	}
	index_sockets(b);
	return b->iterated ? 0 : find_holders(b);
}

static int compare_holders(const void *pa, const void *pb)
{
	const struct holder *a = pa, *b = pb;

	if (a->socket != b->socket)
		return a->socket < b->socket ? -1 : 1;
	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

/* Reads all that hold a wanted socket at once, which several threads can do. */
static void read_owners(struct build *b)
{
	AUTO(free) pid_t *pids = must_calloc(b->facts.v.count + 1, sizeof(*pids));
	size_t count = 0;

	VEC_EACH (&b->facts.v, fact)
		if (map_get(&b->by_inode, fact->inode, NULL) &&
			(count == 0 || pids[count - 1] != fact->pid))
			pids[count++] = fact->pid;
	owner_table_add_all(b->owners, pids, count);
}

static void join_holders(struct build *b)
{
	b->holders.max = FACTS_MAX;
	read_owners(b);
	VEC_EACH (&b->facts.v, fact) {
		uint64_t index;
		if (!map_get(&b->by_inode, fact->inode, &index))
			continue;
		struct holder *h = vec_push(&b->holders);
		if (h)
			*h = (struct holder){(uint32_t)index, owner_table_add(b->owners, fact->pid),
				fact->fd};
	}
	vec_sort(&b->holders, compare_holders);

	size_t kept = 0;
	for (size_t i = 0; i < b->holders.count; i++) {
		struct holder *h = &b->holders.items[i];
		if (kept && compare_holders(h, &b->holders.items[kept - 1]) == 0)
			continue;
		b->holders.items[kept] = *h;
		struct socket *s = &b->sockets.v.items[h->socket];
		if (s->holder_count++ == 0)
			s->holder_first = (uint32_t)kept;
		kept++;
	}
	b->holders.count = kept;

	/* MPTCP subflows and SCTP associations bear the inode of the one socket that a process holds */
	VEC_EACH (&b->sockets.v, s) {
		uint64_t first;
		if (s->holder_count || !map_get(&b->by_inode, s->inode, &first))
			continue;
		s->holder_first = b->sockets.v.items[first].holder_first;
		s->holder_count = b->sockets.v.items[first].holder_count;
	}
}

static enum ownerless why_ownerless(const struct build *b, const struct socket *s)
{
	switch (s->state) {
	case SOCKET_TIME_WAIT:
		return OWNERLESS_TIME_WAIT;
	case SOCKET_SYN_RECV:
	case SOCKET_NEW_SYN_RECV:
		return OWNERLESS_NOT_ACCEPTED;
	case SOCKET_FIN_WAIT1:
	case SOCKET_FIN_WAIT2:
	case SOCKET_LAST_ACK:
	case SOCKET_CLOSING:
		if (s->inode == 0)
			return OWNERLESS_ORPHAN;
		break;
	case SOCKET_ESTABLISHED:
	case SOCKET_CLOSE_WAIT:
		if (s->inode == 0)
			return OWNERLESS_NOT_ACCEPTED;
		break;
	default:
		break;
	}
	if (s->inode == 0)
		return OWNERLESS_KERNEL;
	if (b->query->rung == RUNG_NONE)
		return OWNERLESS_NO;
	if (b->walk.denied)
		return OWNERLESS_HIDDEN;
	/* everything could be read and no process holds it: the kernel's own, or closed meanwhile */
	return s->state == SOCKET_LISTEN || s->state == SOCKET_CLOSE ? OWNERLESS_KERNEL
								     : OWNERLESS_VANISHED;
}

static uint64_t pair_key(const struct socket *s, const struct address *a, uint16_t ap,
	const struct address *b, uint16_t bp)
{
	struct {
		uint8_t a[16], b[16];
		uint16_t ap, bp;
		uint32_t netns, proto;
	} key = {.ap = ap, .bp = bp, .netns = s->netns, .proto = s->local.proto};
	struct address x = address_unmap(a), y = address_unmap(b);

	memcpy(key.a, x.bytes, 16);
	memcpy(key.b, y.bytes, 16);
	return map_hash(&key, sizeof(key));
}

/* Both ends of a loopback connection are ours: find the socket that mirrors each one. */
static void match_peers(struct build *b)
{
	AUTO(map) struct map ends = {0};
	struct socket *sockets = b->sockets.v.items;

	for (size_t i = 0; i < b->sockets.v.count; i++) {
		struct socket *s = &sockets[i];
		if (s->remote_port)
			map_set(&ends,
				pair_key(s, &s->local.address, s->local.port, &s->remote,
					s->remote_port),
				i);
	}
	for (size_t i = 0; i < b->sockets.v.count; i++) {
		struct socket *s = &sockets[i];
		uint64_t other;
		if (s->unix_peer_inode && map_get(&b->by_inode, s->unix_peer_inode, &other)) {
			s->peer = (uint32_t)other + 1;
		} else if (s->remote_port &&
			map_get(&ends,
				pair_key(s, &s->remote, s->remote_port, &s->local.address,
					s->local.port),
				&other) &&
			other != i) {
			s->peer = (uint32_t)other + 1;
		}
	}
}

static void load_owners(struct build *b)
{
	size_t count;
	struct owner *const *owners = owner_table_list(b->owners, &count);
	AUTO(free) bool *listens = must_calloc(count, sizeof(bool));

	for (size_t i = 0; i < b->holders.count; i++)
		if (socket_is_listener(&b->sockets.v.items[b->holders.items[i].socket]))
			listens[b->holders.items[i].owner] = true;
	for (size_t i = 0; i < count; i++)
		if (b->query->full_owners || listens[i])
			owner_table_load(b->owners, (uint32_t)i, OWNER_FULL);
	owners = owner_table_list(b->owners, &count);
	b->s->owners = arena_memdup(b->s->arena, owners, count * sizeof(*owners));
	b->s->owner_count = count;
}

/* Pointers beside the indexes, for those who only print. */
static void name_ends(struct build *b)
{
	VEC_EACH (&b->sockets.v, s) {
		s->netns_label = b->namespaces.items[s->netns].label;
		if (s->holder_count)
			s->owner = b->s->owners[b->holders.items[s->holder_first].owner];
	}
	VEC_EACH (&b->sockets.v, s)
		if (s->peer)
			s->peer_owner = b->sockets.v.items[s->peer - 1].owner;
}

static void label_namespaces(struct build *b)
{
	for (size_t i = 1; i < b->namespaces.count; i++) {
		struct netns *ns = &b->namespaces.items[i];
		uint32_t index = owner_table_add(b->owners, ns->pid);
		owner_table_load(b->owners, index, OWNER_FULL);
		size_t count;
		const struct owner *o = owner_table_list(b->owners, &count)[index];
		if (o->container && o->container->name)
			ns->label = o->container->name;
		else if (o->container)
			ns->label = arena_strndup(b->s->arena, o->container->id,
				strnlen(o->container->id, 12));
		else if (o->unit && str_ends(o->unit, ".service"))
			ns->label = o->unit;
		else
			ns->label = arena_printf(b->s->arena, "netns %u", ns->inode);
	}
}

static void count_blind(struct build *b)
{
	uint64_t hidden = 0, closed = 0;

	VEC_EACH (&b->sockets.v, s)
		hidden += s->ownerless == OWNERLESS_HIDDEN;
	for (size_t i = 1; i < b->namespaces.count; i++)
		closed += !b->namespaces.items[i].seen;
	bool all_rights = caps_have(CAPS_SYS_PTRACE) && caps_have(CAPS_DAC_READ_SEARCH);
	if (hidden)
		add_blind(b,
			arena_printf(b->s->arena, "the owner of %llu socket%s",
				(unsigned long long)hidden, hidden == 1 ? "" : "s"),
			all_rights ? "the process has capabilities that loopscope lacks"
				   : "the processes belong to other users",
			all_rights ? "every capability that it has"
				   : "sudo, or CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
			hidden);
	if (closed)
		add_blind(b,
			arena_printf(b->s->arena, "%llu network namespace%s",
				(unsigned long long)closed, closed == 1 ? "" : "s"),
			"entering is not permitted", "sudo, or CAP_SYS_ADMIN", closed);
	if (!b->query->own_namespace_only && b->host->live && !caps_have(CAPS_SYS_ADMIN))
		add_blind(b, "containers and other network namespaces",
			"looking into them needs more rights", "sudo, or CAP_SYS_ADMIN", 0);
}

static const char *rung_text(const struct build *b)
{
	if (b->iterated)
		return "bpf iterator";
	return b->walked ? "proc walk" : "none";
}

/*
 * Sockets that even the iterator shows no holder of: the kernel's own, or of a process that is kept
 * from us (it has capabilities which we lack). If exactly one process is, it is probably that one.
 */
static void look_for_hidden(struct build *b)
{
	bool missing = false;

	VEC_EACH (&b->sockets.v, s)
		missing = missing ||
			(s->inode && s->holder_count == 0 && s->state != SOCKET_TIME_WAIT);
	if (!missing || b->query->rung == RUNG_NONE)
		return;
	if (b->iterated && !b->walked)
		holders_denied(b->host, &b->walk, NULL);
	if (b->walk.denied == 1) {
		uint32_t index = owner_table_add(b->owners, b->walk.denied_pid);
		size_t count;
		b->s->suspect = owner_table_list(b->owners, &count)[index];
	}
}

static void finish(struct build *b)
{
	struct snapshot *s = b->s;

	join_holders(b);
	look_for_hidden(b);
	VEC_EACH (&b->sockets.v, socket)
		if (socket->holder_count == 0)
			socket->ownerless = why_ownerless(b, socket);
	if (b->query->all_states)
		match_peers(b);
	label_namespaces(b);
	load_owners(b);
	name_ends(b);
	count_blind(b);

	s->rung = rung_text(b);
	s->sockets = b->sockets.v.items; /* owned by the snapshot from here on */
	s->socket_count = b->sockets.v.count;
	s->holders = arena_memdup(s->arena, b->holders.items,
		b->holders.count * sizeof(*b->holders.items));
	s->holder_count = b->holders.count;
	s->namespaces = arena_memdup(s->arena, b->namespaces.items,
		b->namespaces.count * sizeof(*b->namespaces.items));
	s->namespace_count = b->namespaces.count;
	services_build(b->host, s);
	s->blind = arena_memdup(s->arena, b->blind.items, b->blind.count * sizeof(*b->blind.items));
	s->blind_count = b->blind.count;
}

static void prepare(struct build *b)
{
	uint32_t protos = b->query->protos ? b->query->protos : PROTO_BIT(PROTO_TCP);

	b->s->arena = arena_new();
	b->s->taken_ms = clock_real_ms();
	b->s->complete = true;
	b->facts.v.max = FACTS_MAX;
	b->namespaces.max = 4096;
	b->blind.max = BLIND_MAX;
	b->sockets_wanted = (struct sock_query){
		.protos = protos,
		.states = SOCKET_BITS_ALL,
		.port = b->query->port,
		.tcp_details = b->query->tcp_details,
	};
	if (!b->query->all_states)
		b->sockets_wanted.states = protos == PROTO_BIT(PROTO_TCP)
			? SOCKET_BIT(SOCKET_LISTEN)
			: SOCKET_BITS_LISTENERS;
	map_init(&b->by_inode);
	b->owners = owner_table_new(b->host, b->s->arena);
	*vec_push(&b->namespaces) = (struct netns){.inode = b->host->net_inode, .seen = true};
}

int inventory_take(const struct host *host, const struct inventory_query *query,
	struct snapshot **out, struct err *err)
{
	AUTO(snapshot) struct snapshot *s = must_calloc(1, sizeof(*s));
	struct build b = {.host = host, .query = query, .s = s, .err = err};
	uint64_t start = clock_mono_ns();
	struct host_address *addresses = NULL;

	prepare(&b);
	int r = links_addresses(s->arena, &addresses, &s->address_count, err);
	s->addresses = addresses;
	if (r == 0)
		r = gather(&b);
	if (r == 0) {
		finish(&b);
		s->took_ns = clock_mono_ns() - start;
		*out = steal(&s);
	} else {
		vec_fini(&b.sockets.v);
	}
	vec_fini(&b.facts.v);
	vec_fini(&b.namespaces);
	vec_fini(&b.holders);
	vec_fini(&b.blind);
	map_fini(&b.by_inode);
	owner_table_free(b.owners);
	return r;
}
