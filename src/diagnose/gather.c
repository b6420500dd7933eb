/*
 * gather - see gather.h. The name is asked for first, on a thread of its own, while the rest is read.
 */
#include "diagnose/gather.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/str.h"
#include "diagnose/fence.h"
#include "diagnose/path.h"
#include "diagnose/pid_file.h"
#include "inventory/owners.h"
#include "inventory/select.h"
#include "sys/bind_probe.h"
#include "sys/borrow.h"
#include "sys/links.h"
#include "sys/netns.h"
#include "sys/procfs.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOKUP_MS	2500
#define VITALS_MAX	32
#define APART_MS	100 /* less is too coarse: the kernel counts CPU time by 10 ms */
#define PROCESSES_MAX	20000
#define HOSTS_LOOKED_AT (64u << 10)
#define OOMS_MAX	8
#define PROTOS_WANTED	(PROTO_BIT(PROTO_TCP) | PROTO_BIT(PROTO_UDP) | PROTO_BITS_UNIX)

void inquiry_blind(struct inquiry *q, const char *what, const char *why, const char *needs)
{
	VEC_EACH (&q->blind, it)
		if (str_eq(it->what, what))
			return;
	struct blind_spot *b = vec_push(&q->blind);
	if (b)
		*b = (struct blind_spot){.what = what, .why = why, .needs = needs, .count = 1};
}

/* --- names and places --- */

static void add_place(struct inquiry *q, const struct address *a)
{
	struct address plain = address_unmap(a);

	for (size_t i = 0; i < q->place_count; i++)
		if (address_eq(&q->places[i].address, &plain))
			return;
	if (q->place_count < PLACES_MAX)
		q->places[q->place_count++].address = plain;
}

static bool has_address(const struct inquiry *q, const struct address *a)
{
	for (size_t i = 0; q->snapshot && i < q->snapshot->address_count; i++)
		if (address_eq(&q->snapshot->addresses[i].address, a))
			return true;
	return false;
}

/* The addresses that the text itself names with the aim's port: what the client really tried. */
static void places_of_text(struct inquiry *q)
{
	for (size_t i = 0; i < q->symptom.endpoint_count; i++) {
		const struct symptom_endpoint *e = &q->symptom.endpoints[i];
		struct address a;
		if (e->host && e->has_port == q->aim.has_port && e->port == q->aim.port &&
			address_parse(e->host, &a))
			add_place(q, &a);
	}
}

/* A server that is told no address binds all of them; a client without a host means this machine. */
static void places_of_port(struct inquiry *q)
{
	bool bind = q->symptom.op == OPERATION_BIND;

	if (bind)
		add_place(q, &ADDRESS_ANY6);
	add_place(q, bind ? &ADDRESS_ANY4 : &ADDRESS_LOOPBACK4);
	if (!bind && has_address(q, &ADDRESS_LOOPBACK6))
		add_place(q, &ADDRESS_LOOPBACK6);
}

static void places_of_name(struct inquiry *q)
{
	for (size_t i = 0; i < q->lookup.address_count; i++)
		add_place(q, &q->lookup.addresses[i]);
	if (q->place_count)
		return;
	for (size_t i = 0; i < q->predicted.address_count; i++)
		add_place(q, &q->predicted.addresses[i]);
	/* the name does not work, but its service may: curl and browsers know localhost by heart */
	if (!q->place_count && inquiry_is_localhost(q)) {
		add_place(q, &ADDRESS_LOOPBACK4);
		if (has_address(q, &ADDRESS_LOOPBACK6))
			add_place(q, &ADDRESS_LOOPBACK6);
	}
}

static void find_places(struct inquiry *q)
{
	struct address address;

	if (!q->aim.host && !q->aim.has_port)
		return; /* a socket's file, a pid file: no address is asked */
	if (!q->query->target)
		places_of_text(q);
	if (q->place_count)
		return;
	if (!q->aim.host)
		places_of_port(q);
	else if (address_parse(q->aim.host, &address))
		add_place(q, &address);
	else
		places_of_name(q);
}

void gather_listener(const struct inquiry *q, struct place *p)
{
	const struct snapshot *s = q->snapshot;
	bool exact = false;

	if (!q->aim.has_port)
		return;
	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		if (service->netns != 0 || service->proto != q->aim.proto)
			continue;
		for (size_t j = 0; j < service->listener_count; j++) {
			const struct listener *l = &service->listeners[j];
			if (exact ||
				!endpoint_accepts(&l->endpoint, l->v6only, &p->address,
					q->aim.port))
				continue;
			exact = !address_is_any(&l->endpoint.address);
			p->service = service;
			p->listener = l;
			p->socket = &s->sockets[l->socket];
		}
	}
}

static void judge_filter(struct inquiry *q, struct place *p, struct filter_answer *out)
{
	struct filter_flow flow = {.proto = q->aim.proto,
		.from = p->has_route && p->route.from.family == p->address.family ? p->route.from
										  : p->address,
		.to = p->address,
		.to_port = q->aim.port,
		.device = p->has_route && p->route.device ? p->route.device : "lo",
		.from_uid = q->uid,
		.to_uid = p->socket ? p->socket->uid : UINT32_MAX};

	flow.device_index = if_nametoindex(flow.device);
	p->has_filter = filter_judge(q->host, q->arena, &flow, out, NULL) == 0;
	if (p->has_filter && out->unseen)
		inquiry_blind(q, arena_printf(q->arena, "firewall rules (%s)", out->unseen),
			out->why, out->needs);
}

static void fill_places(struct inquiry *q, uint32_t facts)
{
	bool client = q->symptom.op != OPERATION_BIND;

	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		p->ours = select_is_own(q->snapshot, &p->address);
		gather_listener(q, p);
		if (client && (facts & FACT_LOOPBACK))
			p->has_route =
				route_find(q->arena, &p->address, q->uid, &p->route, NULL) == 0;
		if (client && p->ours && q->aim.has_port && (facts & FACT_FILTER))
			judge_filter(q, p, &p->filter);
	}
}

/* --- processes --- */

void gather_vitals(struct inquiry *q, const struct owner *o)
{
	if (!o || !q->vitals || q->vitals_count >= VITALS_MAX || inquiry_vitals(q, o))
		return;
	struct owner_vitals *v = &q->vitals[q->vitals_count++];
	v->owner = o;
	v->first_ns = clock_mono_ns();
	vitals_read(q->host, q->arena, o->pid, &v->first);
}

static void add_service(struct inquiry *q, const struct service *service)
{
	for (size_t i = 0; service && i < service->owner_count; i++)
		gather_vitals(q, service->owners[i]);
}

/* Whoever holds a socket on the aim's port or path, listener or not. */
static void find_vitals(struct inquiry *q)
{
	const struct snapshot *s = q->snapshot;

	q->vitals = arena_array(q->arena, struct owner_vitals, VITALS_MAX);
	for (size_t i = 0; i < q->place_count; i++)
		add_service(q, q->places[i].service);
	if (q->file.socket)
		gather_vitals(q, q->file.socket->owner);
	for (size_t i = 0; q->aim.has_port && i < s->service_count; i++)
		if (s->services[i]->port == q->aim.port)
			add_service(q, s->services[i]);
	for (size_t i = 0; q->aim.has_port && i < s->socket_count; i++)
		if (s->sockets[i].netns == 0 && s->sockets[i].local.port == q->aim.port &&
			!proto_is_unix(s->sockets[i].local.proto))
			gather_vitals(q, s->sockets[i].owner);
}

static unsigned share(uint64_t before, uint64_t after, uint64_t whole)
{
	if (before == VITALS_UNKNOWN || after == VITALS_UNKNOWN || after < before || !whole)
		return 0;
	return (unsigned)((after - before) * 100 / whole);
}

static void read_vitals_again(struct inquiry *q)
{
	for (size_t i = 0; i < q->vitals_count; i++) {
		struct owner_vitals *v = &q->vitals[i];
		uint64_t apart_ms = (clock_mono_ns() - v->first_ns) / 1000000;
		const struct vitals *a = &v->first, *b = &v->second;
		vitals_read(q->host, q->arena, v->owner->pid, &v->second);
		if (b->gone || apart_ms < APART_MS)
			continue;
		v->cpu_percent = share(a->cpu_ms, b->cpu_ms, apart_ms);
		v->main_percent = share(a->main_cpu_ms, b->main_cpu_ms, apart_ms);
		v->throttled_percent = share(a->throttled_us, b->throttled_us, apart_ms * 1000);
	}
}

static bool is_served(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].service)
			return true;
	return false;
}

/* Somebody listens on the port, but which process it is may not be seen. */
static bool is_hidden(const struct inquiry *q)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns == 0 && s->port == q->aim.port && s->proto == q->aim.proto &&
			service_is_hidden(s))
			return true;
	}
	return false;
}

static int list_pids(const struct inquiry *q, pid_t **out, size_t *out_count)
{
	pid_t *pids = arena_array(q->arena, pid_t, PROCESSES_MAX);
	int fd = openat(q->host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t pid;

	*out_count = 0;
	while (dir && (entry = readdir(dir)) && *out_count < PROCESSES_MAX)
		if (str_u64(entry->d_name, INT32_MAX, &pid) && (pid_t)pid != q->host->self)
			pids[(*out_count)++] = (pid_t)pid;
	*out = pids;
	return dir ? 0 : -errno;
}

static uint16_t port_variable(const struct inquiry *q, const struct owner *o)
{
	char text[16];
	uint64_t port;

	if (procfs_read_env(q->host, o->pid, "PORT", text, sizeof(text)) == 0 &&
		str_u64(text, 65535, &port))
		return (uint16_t)port;
	return 0;
}

/* Who asked for this diagnosis names the port too, and is no server: shells, sudo, a script. */
static size_t drop_above_us(const struct inquiry *q, struct owner **list, size_t count)
{
	pid_t up = getppid();

	for (int depth = 0; up > 1 && depth < 64; depth++) {
		size_t i = 0;
		while (i < count && list[i]->pid != up)
			i++;
		if (i == count)
			break;
		up = list[i]->ppid;
		memmove(&list[i], &list[i + 1], (--count - i) * sizeof(*list));
	}
	return count;
}

/* Those that hold a socket stand in the snapshot already; of the rest there are few. */
static size_t drop_known(const struct inquiry *q, pid_t *pids, size_t count)
{
	AUTO(map) struct map known = {0};
	size_t left = 0;

	for (size_t i = 0; i < q->snapshot->owner_count; i++)
		map_set(&known, (uint64_t)q->snapshot->owners[i]->pid, i);
	for (size_t i = 0; i < count; i++)
		if (!map_get(&known, (uint64_t)pids[i], NULL))
			pids[left++] = pids[i];
	return left;
}

static int by_pid(const void *a, const void *b)
{
	const struct owner *const *x = a, *const *y = b;

	return ((*x)->pid > (*y)->pid) - ((*x)->pid < (*y)->pid);
}

static void read_processes(struct inquiry *q)
{
	AUTO(owner_table) struct owner_table *table = owner_table_new(q->host, q->arena);
	const struct snapshot *s = q->snapshot;
	pid_t *pids = NULL;
	size_t count = 0;

	if (list_pids(q, &pids, &count) < 0)
		return;
	owner_table_add_all(table, pids, drop_known(q, pids, count));
	struct owner *const *list = owner_table_list(table, &count);
	struct owner **kept = arena_array(q->arena, struct owner *, count + s->owner_count + 1);
	for (size_t i = 0; i < count + s->owner_count; i++) {
		struct owner *o = i < count ? list[i] : s->owners[i - count];
		if (!o->gone && o->pid != q->host->self &&
			(!o->netns || o->netns == q->host->net_inode))
			kept[q->process_count++] = o;
	}
	qsort(kept, q->process_count, sizeof(*kept), by_pid); /* as /proc lists them */
	q->process_count = drop_above_us(q, kept, q->process_count);
	uint16_t *ports = arena_array(q->arena, uint16_t, q->process_count + 1);
	for (size_t i = 0; i < q->process_count; i++)
		ports[i] = kept[i]->argc ? port_variable(q, kept[i]) : 0;
	q->processes = kept;
	q->process_ports = ports;
}

/* --- the machine --- */

static void read_loopback(struct inquiry *q)
{
	struct policy_rule *rules = NULL;

	link_read(q->arena, "lo", &q->lo, NULL);
	q->v6_module =
		host_read_u64(q->host, "proc/sys/net/ipv6/conf/all/disable_ipv6", &q->v6_off_all);
	host_read_u64(q->host, "proc/sys/net/ipv6/conf/lo/disable_ipv6", &q->v6_off_lo);
	host_read_u64(q->host, "proc/sys/net/ipv6/bindv6only", &q->v6_only);
	sysctl_local_range(q->host, &q->local_range);
	sysctl_unprivileged_start(q->host, &q->unprivileged_start);
	if (policy_rules(q->arena, AF_INET, &rules, &q->rule4_count, NULL) == 0)
		q->rules4 = rules;
	if (policy_rules(q->arena, AF_INET6, &rules, &q->rule6_count, NULL) == 0)
		q->rules6 = rules;
}

static void read_more(struct inquiry *q)
{
	struct oom_kill *kills = arena_array(q->arena, struct oom_kill, OOMS_MAX);

	q->has_counters = net_counters_read(q->host, &q->counters_before);
	filter_conntrack_read(q->host, &q->conntrack);
	if (oom_kills(q->host, q->arena, kills, OOMS_MAX, &q->oom_count) < 0)
		q->ooms_unseen = "the kernel's log may only be read by root";
	q->ooms = kills;
}

/* The kernel itself is asked whether a server could bind there. */
static void ask_bind(struct inquiry *q)
{
	q->bind_error = q->bind_error_reuse = 0;
	for (size_t i = 0; i < q->place_count; i++) {
		struct endpoint e = {.proto = q->aim.proto,
			.address = q->places[i].address,
			.port = q->aim.port};
		int plain = bind_probe(&e, false, false), reuse = bind_probe(&e, false, true);
		/* without IPv6 a server on "all addresses" falls back to IPv4 */
		if (q->place_count > 1 && (plain == -EAFNOSUPPORT || plain == -EADDRNOTAVAIL))
			continue;
		if (plain < 0 && !q->bind_error)
			q->bind_error = -plain;
		if (reuse < 0 && !q->bind_error_reuse)
			q->bind_error_reuse = -reuse;
	}
}

/* Whether the holder of the port would share it; only who may look into its process can tell. */
static void look_at_holder(struct inquiry *q)
{
	const struct snapshot *s = q->snapshot;
	struct borrowed b;

	for (size_t i = 0; i < s->holder_count && !q->holder_shares; i++) {
		const struct socket *socket = &s->sockets[s->holders[i].socket];
		if (socket->netns || socket->local.port != q->aim.port ||
			socket->local.proto != q->aim.proto || s->holders[i].fd < 0 ||
			socket->state != SOCKET_LISTEN)
			continue;
		const struct owner *o = s->owners[s->holders[i].owner];
		q->holder_shares = borrow_socket(o->pid, s->holders[i].fd, &b) == 0 && b.reuse_port;
	}
}

/* Can the one who fails read it, and does it begin with text? */
static void read_hosts_file(struct inquiry *q)
{
	AUTO(buf) struct buf text = BUF_INIT(HOSTS_LOOKED_AT);
	struct stat st;

	q->hosts_there = fstatat(q->host->root, "etc/hosts", &st, 0) == 0;
	if (!q->hosts_there)
		return;
	q->hosts_mode = st.st_mode & 07777;
	q->hosts_uid = st.st_uid;
	q->hosts_readable = path_may(q, &st, 4);
	fs_read_regular_at(q->host->root, "etc/hosts", &text);
	q->hosts_bom = str_starts(text.data, "\xef\xbb\xbf");
	/* a CR before LF is a blank; alone it makes one line of all */
	const char *cr = strchr(text.data, '\r');
	q->hosts_cr = cr && cr[1] != '\n' && cr[1];
}

static int take_snapshot(struct inquiry *q, struct err *err)
{
	const struct inventory_query query = {.protos = PROTOS_WANTED,
		.all_states = true,
		.exhaustive = true};

	int r = inventory_take(q->host, &query, &q->snapshot, err);
	for (size_t i = 0; r == 0 && i < q->snapshot->blind_count; i++) {
		const struct blind_spot *b = &q->snapshot->blind[i];
		inquiry_blind(q, b->what, b->why, b->needs);
	}
	return r;
}

struct outside {
	struct arena *arena;
	const char *address; /* the first that is not loopback */
};

static int read_addresses(void *arg)
{
	struct outside *o = arg;
	struct host_address *list = NULL;
	size_t count = 0;

	if (links_addresses(o->arena, &list, &count, NULL) < 0)
		return -1;
	for (size_t i = 0; i < count && !o->address; i++) {
		AUTO(buf) struct buf text = BUF_INIT(100);
		if (list[i].loopback || list[i].address.family != AF_INET)
			continue;
		address_format(&text, &list[i].address);
		o->address = arena_strdup(o->arena, text.data);
	}
	return 0;
}

/* By which address the namespaces that serve the aim's port can be dialled from here. */
static void read_namespaces(struct inquiry *q)
{
	const struct snapshot *s = q->snapshot;

	q->namespace_addresses = arena_array(q->arena, const char *, s->namespace_count);
	q->namespace_address_count = s->namespace_count;
	for (size_t i = 0; q->aim.has_port && i < s->service_count; i++) {
		uint32_t ns = s->services[i]->netns;
		struct outside o = {.arena = q->arena};
		if (!ns || s->services[i]->port != q->aim.port || q->namespace_addresses[ns])
			continue;
		if (netns_run(q->host, s->namespaces[ns].pid, read_addresses, &o) == 0)
			q->namespace_addresses[ns] = o.address;
	}
	if (faccessat(q->host->root, ".dockerenv", F_OK, 0) == 0)
		q->container_mark = "/.dockerenv";
	else if (faccessat(q->host->root, "run/.containerenv", F_OK, 0) == 0)
		q->container_mark = "/run/.containerenv";
}

static void read_guest(struct inquiry *q)
{
	char version[300] = {0};

	fs_read_small(q->host->proc, "version", version, sizeof(version));
	if (strcasestr(version, "microsoft"))
		q->guest = "WSL";
}

static bool is_name(const struct inquiry *q)
{
	return q->aim.host && !q->aim.literal;
}

int gather_facts(struct inquiry *q, uint32_t facts, struct err *err)
{
	AUTO(lookup) struct lookup *lookup = NULL;

	q->file.connect_error = -1;
	if (is_name(q) && !q->query->passive)
		lookup = lookup_start(q->aim.host);
	int r = take_snapshot(q, err);
	if (r < 0)
		return r;
	resolver_read(q->host, q->arena, &q->resolver);
	read_namespaces(q);
	read_hosts_file(q);
	if (is_name(q))
		resolver_predict(&q->resolver, q->aim.host, &q->predicted);
	read_loopback(q);
	if (q->aim.socket_path && (facts & FACT_PATH))
		path_read(q);
	if (facts & FACT_MORE)
		read_more(q);
	if (lookup) {
		lookup_wait(lookup, LOOKUP_MS, &q->lookup);
		q->looked_up = true;
	}
	find_places(q);
	fill_places(q, facts);
	if (facts & FACT_MORE)
		fence_read(q);
	q->bind_error = q->bind_error_reuse = -1;
	if (q->symptom.op == OPERATION_BIND && q->aim.has_port && (facts & FACT_BIND)) {
		ask_bind(q);
		look_at_holder(q);
	}
	if (facts & FACT_VITALS)
		find_vitals(q);
	if (q->aim.has_port && (facts & FACT_PROCESSES) && (!is_served(q) || is_hidden(q)))
		read_processes(q);
	if (q->symptom.pid_file || (q->aim.has_port && (facts & FACT_PROCESSES) && !is_served(q)))
		pid_file_find(q);
	read_guest(q);
	q->gathered = facts | FACT_SOCKETS | FACT_NAMES | FACT_LOOPBACK;
	q->gathered_ns = clock_mono_ns();
	return 0;
}

void gather_again(struct inquiry *q)
{
	read_vitals_again(q);
	if (q->has_counters)
		net_counters_read(q->host, &q->counters_after);
	if (q->gathered & FACT_MORE)
		fence_read_again(q);
	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		if (p->talked && p->has_filter && p->filter.count)
			judge_filter(q, p, &p->filter_after);
	}
}
