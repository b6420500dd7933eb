/* fence - see fence.h. */
#include "diagnose/fence.h"

#include "base/fs.h"
#include "base/str.h"
#include "diagnose/gather.h"
#include "inventory/inventory.h"
#include "inventory/select.h"
#include <errno.h>
#include <net/if.h>

/* --- facts --- */

static unsigned count_reserved(const struct inquiry *q)
{
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	struct port_range r;
	unsigned count = 0;

	if (fs_read_at(q->host->root, "proc/sys/net/ipv4/ip_local_reserved_ports", &text) < 0)
		return 0;
	for (const char *at = text.data; sysctl_next_range(&at, &r);) {
		unsigned low = MAX(r.low, q->local_range.low);
		unsigned high = MIN(r.high, q->local_range.high);
		if (low <= high)
			count += high - low + 1;
	}
	return count;
}

static void read_security_modules(struct inquiry *q)
{
	char text[300];
	uint64_t enforcing = 0;

	if (fs_read_small(q->host->root, "sys/kernel/security/lsm", text, sizeof(text)) > 0)
		q->security_modules = arena_strdup(q->arena, text);
	q->selinux_enforcing =
		host_read_u64(q->host, "sys/fs/selinux/enforce", &enforcing) && enforcing;
}

/*
 * A packet for one of our own outer addresses, as another machine would send it. Its sender is made up: a
 * neighbour in the same network.
 */
static void judge_arrival(struct inquiry *q, struct place *p)
{
	struct filter_flow flow = {.proto = q->aim.proto,
		.from = p->address,
		.to = p->address,
		.to_port = q->aim.port,
		.arrives = true,
		.from_uid = UINT32_MAX,
		.to_uid = UINT32_MAX};
	size_t last = p->address.family == AF_INET ? 3 : 15;

	if (address_is_loopback(&p->address) || address_is_any(&p->address))
		return;
	for (size_t i = 0; i < q->snapshot->address_count; i++)
		if (address_eq(&q->snapshot->addresses[i].address, &p->address))
			flow.device = q->snapshot->addresses[i].device;
	if (!flow.device)
		return;
	p->arrives_by = flow.device;
	flow.device_index = if_nametoindex(flow.device);
	flow.from.bytes[last] ^= 1;
	p->has_arrival = filter_judge(q->host, q->arena, &flow, &p->arrival, NULL) == 0;
	const char *setting =
		arena_printf(q->arena, "proc/sys/net/ipv4/conf/%s/route_localnet", flow.device);
	uint64_t all = 0, own = 0;
	host_read_u64(q->host, "proc/sys/net/ipv4/conf/all/route_localnet", &all);
	host_read_u64(q->host, setting, &own);
	p->route_localnet = all || own;
}

static bool has_program(const struct cgroup_program *list, size_t count,
	const struct cgroup_program *p)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].id == p->id && str_eq(list[i].hook, p->hook) &&
			str_eq(list[i].path, p->path))
			return true;
	return false;
}

static void add_programs(struct inquiry *q, const char *cgroup)
{
	struct cgroup_program *found = NULL;
	size_t count = 0, kept = q->cgroup_program_count;

	if (!cgroup || cgroup_bpf_list(q->host, q->arena, cgroup, &found, &count, NULL) < 0 ||
		!count)
		return;
	struct cgroup_program *all = arena_array(q->arena, struct cgroup_program, kept + count);
	for (size_t i = 0; i < kept; i++)
		all[i] = q->cgroup_programs[i];
	for (size_t i = 0; i < count; i++)
		if (!has_program(all, kept, &found[i]))
			all[kept++] = found[i];
	q->cgroup_programs = all;
	q->cgroup_program_count = kept;
}

/* A socket stays in the cgroup it was made in, wherever its process goes. */
static void read_cgroups(struct inquiry *q)
{
	add_programs(q, q->self.cgroup);
	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		if (!p->socket || !p->socket->cgroup_id)
			continue;
		p->cgroup = cgroup_path_of(q->host, q->arena, p->socket->cgroup_id);
		add_programs(q, p->cgroup);
	}
}

void fence_read(struct inquiry *q)
{
	q->local_reserved = count_reserved(q);
	read_security_modules(q);
	vitals_read(q->host, q->arena, q->host->self, &q->self);
	if (q->symptom.op == OPERATION_BIND || !q->aim.has_port || q->aim.proto != PROTO_TCP)
		return;
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].ours)
			judge_arrival(q, &q->places[i]);
	read_cgroups(q);
}

/* Is a refusal without a cause one because the server just went away? */
static void look_again(struct inquiry *q)
{
	const struct inventory_query query = {.protos = PROTO_BIT(PROTO_TCP), .port = q->aim.port};
	AUTO(snapshot) struct snapshot *s = NULL;

	if (inventory_take(q->host, &query, &s, NULL) < 0)
		return;
	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		p->vanished = p->socket != NULL;
		for (size_t j = 0; j < s->socket_count && p->vanished; j++)
			if (s->sockets[j].cookie == p->socket->cookie)
				p->vanished = false;
	}
}

void fence_read_again(struct inquiry *q)
{
	bool refused = false;

	filter_conntrack_read(q->host, &q->conntrack_after);
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		refused = refused || (p->talked && p->service && !p->talk.connected);
	}
	if (refused)
		look_again(q);
}

/* --- questions --- */

bool fence_queue_full(const struct inquiry *q, const struct place *p)
{
	if (p->listener && p->listener->backlog != BACKLOG_UNKNOWN &&
		p->listener->waiting > p->listener->backlog)
		return true;
	return q->has_counters &&
		q->counters_after.listen_overflows > q->counters_before.listen_overflows;
}

static bool is_stuck(const struct inquiry *q, const struct owner *o)
{
	const struct owner_vitals *v = inquiry_vitals(q, o);

	return v && (v->first.state == 'T' || v->first.state == 't' || v->first.frozen);
}

static bool owners_run(const struct inquiry *q, const struct service *s)
{
	size_t stuck = 0;

	for (size_t i = 0; i < s->owner_count; i++)
		stuck += is_stuck(q, s->owners[i]);
	return !stuck || stuck < s->owner_count;
}

bool fence_is_riddle(const struct inquiry *q, const struct place *p)
{
	if (!p->ours || !p->talked || !p->service || p->vanished || p->talk.connected)
		return false;
	if (q->lo.there && !q->lo.up)
		return false;
	if (p->has_route &&
		(p->route.error ||
			(address_is_loopback(&p->address) && p->route.device &&
				!str_eq(p->route.device, "lo"))))
		return false;
	if (p->wrong & OBSERVED_REFUSED)
		return true;
	if (p->wrong & OBSERVED_UNREACHABLE)
		return p->talk.icmp;
	return (p->wrong & OBSERVED_UNANSWERED) && !fence_queue_full(q, p) &&
		owners_run(q, p->service);
}

bool fence_is_hidden(const struct place *p)
{
	return !p->has_filter || p->filter.unseen;
}

const struct filter_rule *fence_later(const struct place *p, const struct filter_rule *r)
{
	for (size_t i = 0; i < p->filter_after.count; i++) {
		const struct filter_rule *o = &p->filter_after.rules[i];
		if (str_eq(o->system, r->system) && str_eq(o->family, r->family) &&
			str_eq(o->table, r->table) && str_eq(o->chain, r->chain) &&
			o->policy == r->policy && o->handle == r->handle && o->number == r->number)
			return o;
	}
	return NULL;
}

bool fence_moved(const struct place *p, const struct filter_rule *r)
{
	const struct filter_rule *later = fence_later(p, r);

	return p->talked && r->counted && later && later->packets > r->packets;
}

bool fence_applies(const struct cgroup_program *p, const char *at)
{
	size_t len = strlen(p->path);

	if (!at || !str_starts(at, p->path))
		return false;
	return str_eq(p->path, "/") || !at[len] || at[len] == '/';
}

/* --- words --- */

const char *fence_listener(const struct inquiry *q, const struct place *p)
{
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);

	if (!p->service)
		return arena_printf(q->arena, "nobody listens at %s", at);
	return arena_printf(q->arena, "%s listens at %s, %u of %u waiting in its queue",
		inquiry_holder(q, p->socket), at, p->listener->waiting,
		p->listener->backlog == BACKLOG_UNKNOWN ? 0 : p->listener->backlog);
}

const char *fence_rule(const struct inquiry *q, const struct filter_rule *r)
{
	AUTO(buf) struct buf text = BUF_INIT(4000);

	buf_printf(&text, "table %s %s, chain %s (hook %s)", r->family,
		inquiry_foreign(q, r->table, 60), inquiry_foreign(q, r->chain, 60), r->hook);
	if (r->handle)
		buf_printf(&text, ", handle %llu", (unsigned long long)r->handle);
	else if (r->number)
		buf_printf(&text, ", rule %u", r->number);
	buf_printf(&text, ": %s", inquiry_foreign(q, r->text, 200));
	if (r->comment && !strstr(r->text, r->comment))
		buf_printf(&text, ", comment \"%s\"", inquiry_foreign(q, r->comment, 80));
	return arena_strdup(q->arena, text.data);
}
