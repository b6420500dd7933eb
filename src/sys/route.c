/*
 * route - see route.h.
 *
 * RTM_GETROUTE asks the very look-up that connect(2) makes, so its error is what connect would say:
 * a rule or route that prohibits is EACCES, a blackhole EINVAL, an unreachable one ENETUNREACH or
 * EHOSTUNREACH (fib_props in net/ipv4/fib_semantics.c, fib4_rule_action). No packet is sent.
 */
#include "sys/route.h"

#include "base/must.h"
#include "base/text.h"
#include "base/vec.h"
#include "sys/netlink.h"
#include "sys/route_part.h"
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#define RULES_MAX   32768
#define REQUEST_MAX 128

/* A request that grows attribute by attribute; only our own data goes in. */
struct request {
	char bytes[REQUEST_MAX];
	size_t len;
};

static void request_add(struct request *q, uint16_t type, const void *data, size_t len)
{
	struct rtattr header = {(uint16_t)(sizeof(header) + len), type};

	must(q->len + sizeof(header) + RTA_ALIGN(len) <= sizeof(q->bytes));
	memcpy(q->bytes + q->len, &header, sizeof(header));
	memcpy(q->bytes + q->len + sizeof(header), data, len);
	q->len += sizeof(header) + RTA_ALIGN(len);
}

static struct request request_of(const void *header, size_t len)
{
	struct request q = {.len = len};

	memcpy(q.bytes, header, len);
	return q;
}

/* --- links --- */

struct link_job {
	struct arena *arena;
	struct link_facts link;
};

bool route_parse_link(struct arena *arena, struct reader payload, struct link_facts *out)
{
	AUTO(buf) struct buf text = BUF_INIT(256);
	struct netlink_attribute a;
	struct ifinfomsg m;

	if (!reader_copy(&payload, &m, sizeof(m)) || m.ifi_index <= 0)
		return false;
	*out = (struct link_facts){.there = true,
		.up = (m.ifi_flags & IFF_UP) != 0,
		.index = (uint32_t)m.ifi_index};
	while (netlink_attribute(&payload, &a)) {
		size_t len = strnlen((const char *)a.data, a.len);
		if (a.type == IFLA_MTU)
			netlink_u32(&a, &out->mtu);
		if ((a.type != IFLA_IFNAME && a.type != IFLA_QDISC) || len >= IFNAMSIZ)
			continue;
		buf_clear(&text);
		text_escape(&text, (const char *)a.data, len);
		if (a.type == IFLA_IFNAME)
			out->name = arena_strdup(arena, text.data);
		else
			out->qdisc = arena_strdup(arena, text.data);
	}
	return true;
}

static int on_link(void *ctx, uint16_t type, struct reader payload)
{
	struct link_job *job = ctx;

	if (type == RTM_NEWLINK && !route_parse_link(job->arena, payload, &job->link))
		return -EBADMSG;
	return 0;
}

static int on_qdisc(void *ctx, uint16_t type, struct reader payload)
{
	struct link_job *job = ctx;

	if (type == RTM_NEWQDISC)
		route_parse_qdisc(job->arena, payload, &job->link);
	return 0;
}

static void forget_nothing(void *ctx)
{
	(void)ctx; /* each answer about the root discipline replaces the one before */
}

int link_read(struct arena *arena, const char *name, struct link_facts *out, struct err *err)
{
	AUTO(close) int fd = netlink_open(NETLINK_ROUTE, err);
	struct request q = request_of(&(struct ifinfomsg){0}, sizeof(struct ifinfomsg));
	struct link_job job = {arena, {.name = arena_strdup(arena, name)}};

	if (fd < 0)
		return fd;
	if (!*name || strlen(name) >= IFNAMSIZ) {
		*out = job.link;
		return 0;
	}
	request_add(&q, IFLA_IFNAME, name, strlen(name) + 1);
	int r = netlink_ask(fd, RTM_GETLINK, q.bytes, q.len, on_link, &job);
	if (r < 0 && r != -ENODEV)
		return err_set(err, r, "cannot read the interface '%s': %m", name);
	if (job.link.there) {
		/* without it the name of the discipline still stands: a kernel without CONFIG_NET_SCHED */
		struct tcmsg m = {.tcm_ifindex = (int)job.link.index};
		netlink_dump(fd, RTM_GETQDISC, &m, sizeof(m), on_qdisc, forget_nothing, &job);
	}
	*out = job.link;
	return 0;
}

/* --- one route --- */

static const char *const route_types[__RTN_MAX] = {
	[RTN_UNICAST] = "unicast",
	[RTN_LOCAL] = "local",
	[RTN_BROADCAST] = "broadcast",
	[RTN_ANYCAST] = "anycast",
	[RTN_MULTICAST] = "multicast",
	[RTN_BLACKHOLE] = "blackhole",
	[RTN_UNREACHABLE] = "unreachable",
	[RTN_PROHIBIT] = "prohibit",
	[RTN_THROW] = "throw",
	[RTN_NAT] = "nat",
};

static bool take_address(const struct netlink_attribute *a, uint8_t family, struct address *out)
{
	size_t len = family == AF_INET ? 4 : 16;

	if (a->len != len || (family != AF_INET && family != AF_INET6))
		return false;
	*out = (struct address){.family = family};
	memcpy(out->bytes, a->data, len);
	return true;
}

bool route_parse_route(struct reader payload, struct route_answer *out, uint32_t *out_device)
{
	struct netlink_attribute a;
	struct rtmsg m;
	int32_t error;

	*out_device = 0;
	if (!reader_copy(&payload, &m, sizeof(m)))
		return false;
	*out = (struct route_answer){.table = m.rtm_table};
	if (m.rtm_type < ARRAY_SIZE(route_types))
		out->type = route_types[m.rtm_type];
	while (netlink_attribute(&payload, &a)) {
		if (a.type == RTA_TABLE)
			netlink_u32(&a, &out->table);
		else if (a.type == RTA_OIF)
			netlink_u32(&a, out_device);
		else if (a.type == RTA_PREFSRC)
			take_address(&a, m.rtm_family, &out->from);
		else if (a.type == RTA_CACHEINFO && a.len >= sizeof(struct rta_cacheinfo)) {
			memcpy(&error, a.data + offsetof(struct rta_cacheinfo, rta_error),
				sizeof(error));
			if (error) /* old kernels say it here and not as the answer; no sign agreed on */
				out->error = error < 0 ? -error : error;
		}
	}
	return true;
}

struct route_job {
	struct route_answer answer;
	uint32_t device;
	bool answered;
};

static int on_route(void *ctx, uint16_t type, struct reader payload)
{
	struct route_job *job = ctx;

	if (type == RTM_NEWROUTE)
		job->answered = route_parse_route(payload, &job->answer, &job->device);
	return 0;
}

/* Which error is the look-up's answer and not a failure to ask it. */
static const struct {
	int code, means;
	const char *type;
} refusals[] = {
	{-EACCES, EACCES, "prohibit"},
	{-EINVAL, EINVAL, "blackhole"},
	{-EHOSTUNREACH, EHOSTUNREACH, "unreachable"},
	{-ENETUNREACH, ENETUNREACH, NULL}, /* a rule, or no route at all */
	{-ENETDOWN, ENETDOWN, NULL},
	{-ENODEV, ENETUNREACH, NULL},
	{-EADDRNOTAVAIL, EADDRNOTAVAIL, NULL},
	{-EAFNOSUPPORT, EAFNOSUPPORT, NULL}, /* this kernel has no IPv6 */
	{-EOPNOTSUPP, EAFNOSUPPORT, NULL},
};

static int note_refusal(int code, struct route_answer *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (refusals[i].code == code) {
			*out = (struct route_answer){.error = refusals[i].means,
				.type = refusals[i].type};
			return 0;
		}
	}
	return code;
}

int route_find(struct arena *arena, const struct address *to, uint32_t uid,
	struct route_answer *out, struct err *err)
{
	struct address a = address_unmap(to);
	AUTO(buf) struct buf text = BUF_INIT(128);
	AUTO(close) int fd = netlink_open(NETLINK_ROUTE, err);
	uint8_t bits = a.family == AF_INET ? 32 : 128;
	struct rtmsg m = {.rtm_family = a.family,
		.rtm_dst_len = bits,
		.rtm_flags = RTM_F_LOOKUP_TABLE};
	struct request q = request_of(&m, sizeof(m));
	struct route_job job = {0};
	char name[IF_NAMESIZE];

	must(a.family == AF_INET || a.family == AF_INET6);
	if (fd < 0)
		return fd;
	if (address_is_any(&a)) /* connect(2) to it means this computer */
		a = a.family == AF_INET ? ADDRESS_LOOPBACK4 : ADDRESS_LOOPBACK6;
	request_add(&q, RTA_DST, a.bytes, bits / 8);
	request_add(&q, RTA_UID, &uid, sizeof(uid));
	if (a.scope)
		request_add(&q, RTA_OIF, &a.scope, sizeof(a.scope));
	int r = netlink_ask(fd, RTM_GETROUTE, q.bytes, q.len, on_route, &job);
	if (r < 0)
		r = note_refusal(r, &job.answer);
	else if (!job.answered)
		r = -EBADMSG;
	if (r < 0) {
		address_format(&text, &a);
		return err_set(err, r, "cannot ask for the route to %s: %m", text.data);
	}
	if (job.device && if_indextoname(job.device, name))
		job.answer.device = arena_strdup(arena, name);
	*out = job.answer;
	return 0;
}

/* --- policy rules --- */

struct rules_job {
	struct arena *arena;
	VEC(struct policy_rule) v;
};

static int on_rule(void *ctx, uint16_t type, struct reader payload)
{
	struct rules_job *job = ctx;
	struct policy_rule rule;

	if (type != RTM_NEWRULE || !route_parse_rule(job->arena, payload, &rule))
		return 0;
	struct policy_rule *slot = vec_push(&job->v);
	if (!slot)
		return -EOVERFLOW;
	*slot = rule;
	return 0;
}

static void forget_rules(void *ctx)
{
	((struct rules_job *)ctx)->v.count = 0;
}

int policy_rules(struct arena *arena, int family, struct policy_rule **out, size_t *out_count,
	struct err *err)
{
	AUTO(close) int fd = netlink_open(NETLINK_ROUTE, err);
	struct fib_rule_hdr m = {.family = (uint8_t)family};
	struct rules_job job = {arena, VEC_INIT(RULES_MAX)};

	if (fd < 0)
		return fd;
	int r = netlink_dump(fd, RTM_GETRULE, &m, sizeof(m), on_rule, forget_rules, &job);
	if (r == -EAFNOSUPPORT || r == -EOPNOTSUPP) /* no rules in this kernel, or no IPv6 */
		r = 0;
	if (r < 0) {
		vec_fini(&job.v);
		return err_set(err, r, "cannot list the policy rules: %m");
	}
	route_name_removal(arena, family, job.v.items, job.v.count);
	*out = arena_memdup(arena, job.v.items, job.v.count * sizeof(*job.v.items));
	*out_count = job.v.count;
	vec_fini(&job.v);
	return 0;
}
