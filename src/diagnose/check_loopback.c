/*
 * loopback - the interface lo itself: down, without its addresses, with IPv6 off, or shaped by a queueing
 * discipline that somebody forgot.
 */
#include "base/str.h"
#include "diagnose/say.h"

static bool any_place(const struct inquiry *q, uint8_t family)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].address.family == family &&
			(address_is_loopback(&q->places[i].address) ||
				address_is_any(&q->places[i].address)))
			return true;
	return false;
}

static bool has_address(const struct inquiry *q, const struct address *a)
{
	for (size_t i = 0; i < q->snapshot->address_count; i++)
		if (address_eq(&q->snapshot->addresses[i].address, a))
			return true;
	return false;
}

/*
 * What a lost address explains: how connections to it, or to its family, end; that the other family is
 * refused too has another reason.
 */
static uint32_t gone(const struct inquiry *q, uint8_t family)
{
	uint32_t wrong = OBSERVED_UNREACHABLE | OBSERVED_BIND | OBSERVED_REPORTED;

	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].address.family == family)
			wrong |= q->places[i].wrong & (OBSERVED_UNANSWERED | OBSERVED_REFUSED);
	return wrong;
}

static void down(const struct inquiry *q, struct claims *c)
{
	claim(c, "loopback-down", CERTAINTY_PROVED,
		OBSERVED_UNANSWERED | OBSERVED_UNREACHABLE | OBSERVED_REFUSED | OBSERVED_BIND,
		"The loopback interface is down, so this machine cannot talk to itself.");
	claim_evidence(c, "rtnetlink", "lo is down (IFF_UP is not set)");
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].talked && q->places[i].talk.error)
			claim_evidence(c, "probe", "%s: %s",
				inquiry_endpoint(q, &q->places[i].address, q->aim.port),
				strerror(q->places[i].talk.error));
	claim_fix(c, "sudo ip link set lo up", "bring it up");
}

static void v4_missing(const struct inquiry *q, struct claims *c)
{
	claim(c, "loopback-address-missing", CERTAINTY_PROVED, gone(q, AF_INET),
		"The loopback interface has lost its address 127.0.0.1.");
	claim_evidence(c, "rtnetlink", "lo has no address in 127.0.0.0/8");
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].has_route && q->places[i].route.error)
			claim_evidence(c, "route", "%s: %s",
				inquiry_endpoint(q, &q->places[i].address, q->aim.port),
				strerror(q->places[i].route.error));
	claim_fix(c, "sudo ip addr add 127.0.0.1/8 dev lo", "give it back");
}

static void say_v4_instead(const struct inquiry *q, struct claims *c)
{
	if (q->symptom.op == OPERATION_BIND)
		claim_fix(c, NULL, "bind 127.0.0.1:%u instead of ::1 or [::]", q->aim.port);
	else
		claim_fix(c, NULL, "dial 127.0.0.1:%u instead of ::1 or localhost", q->aim.port);
}

static void v6_off(const struct inquiry *q, struct claims *c)
{
	claim(c, "ipv6-disabled", CERTAINTY_PROVED, gone(q, AF_INET6),
		"IPv6 is turned off on this machine, so ::1 does not exist.");
	if (!q->v6_module)
		claim_evidence(c, "/proc/sys/net/ipv6",
			"the kernel has no IPv6 (ipv6.disable=1 or no module)");
	if (q->v6_off_all)
		claim_evidence(c, "/proc/sys/net/ipv6/conf/all/disable_ipv6", "disable_ipv6 is 1");
	if (q->v6_off_lo)
		claim_evidence(c, "/proc/sys/net/ipv6/conf/lo/disable_ipv6", "disable_ipv6 is 1");
	claim_evidence(c, "rtnetlink", "no interface has ::1");
	say_v4_instead(q, c);
	if (q->v6_module)
		claim_fix(c,
			"sudo sysctl net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0",
			"or turn IPv6 on");
}

static void mtu_too_small(const struct inquiry *q, struct claims *c)
{
	claim(c, "lo-mtu-disables-ipv6", CERTAINTY_PROVED, gone(q, AF_INET6),
		"The loopback interface has an MTU of %u, which is too small for IPv6: ::1 is gone.",
		q->lo.mtu);
	claim_evidence(c, "rtnetlink", "lo: mtu %u, IPv6 needs 1280; no address ::1", q->lo.mtu);
	claim_evidence(c, "/proc/sys/net/ipv6/conf/lo/disable_ipv6", "disable_ipv6 is 0");
	claim_fix(c, "sudo ip link set lo mtu 65536 && sudo ip addr add ::1/128 dev lo",
		"restore the MTU, and the address, which does not come back by itself");
}

static void v6_missing(const struct inquiry *q, struct claims *c)
{
	claim(c, "loopback-address-missing", CERTAINTY_PROVED, gone(q, AF_INET6),
		"The loopback interface has lost its address ::1.");
	claim_evidence(c, "rtnetlink",
		"lo has no ::1, although IPv6 is on (disable_ipv6 is 0, mtu %u)", q->lo.mtu);
	claim_fix(c, "sudo ip addr add ::1/128 dev lo", "give it back");
	say_v4_instead(q, c);
}

/* A discipline that was made to hurt, against those that only queue. */
static bool is_shaped(const struct link_facts *lo)
{
	static const char *const harmful[] = {"netem", "tbf", "htb", "cake", "red"};

	for (size_t i = 0; lo->qdisc && i < ARRAY_SIZE(harmful); i++)
		if (str_eq(lo->qdisc, harmful[i]))
			return true;
	return false;
}

static void shaped(const struct inquiry *q, struct claims *c)
{
	/* what a delay or a loss can do to a client; it refuses nobody */
	uint32_t explains = OBSERVED_UNANSWERED | OBSERVED_SILENT | OBSERVED_SLOW;

	if (q->symptom.intermittent || q->symptom.op == OPERATION_READ || error_is(q, "ETIMEDOUT"))
		explains |= OBSERVED_REPORTED;
	claim(c, "loopback-shaped", CERTAINTY_INFERRED, explains,
		"The loopback interface is slowed down on purpose (%s).",
		inquiry_foreign(q, q->lo.qdisc, 30));
	claim_evidence(c, "rtnetlink", "qdisc %s on lo%s%s; usual is noqueue",
		inquiry_foreign(q, q->lo.qdisc, 30), q->lo.qdisc_text ? ": " : "",
		inquiry_foreign(q, q->lo.qdisc_text, 100));
	claim_fix(c, "sudo tc qdisc del dev lo root", "take it away");
}

static void run(const struct inquiry *q, struct claims *c)
{
	bool v4 = any_place(q, AF_INET), v6 = any_place(q, AF_INET6);
	bool has6 = has_address(q, &ADDRESS_LOOPBACK6);

	if (!q->lo.there || (!v4 && !v6))
		return;
	if (!q->lo.up) {
		down(q, c);
		return;
	}
	if (is_shaped(&q->lo))
		shaped(q, c);
	if (v4 && !has_address(q, &ADDRESS_LOOPBACK4))
		v4_missing(q, c);
	if (!v6 || has6)
		return;
	if (!q->v6_module || q->v6_off_all || q->v6_off_lo)
		v6_off(q, c);
	else if (q->lo.mtu < 1280)
		mtu_too_small(q, c);
	else
		v6_missing(q, c);
}

const struct diagnose_check diagnose_loopback = {
	.summary = "whether the loopback interface is up, has its addresses and is not slowed down",
	.causes = "loopback-down loopback-address-missing ipv6-disabled lo-mtu-disables-ipv6 "
		  "loopback-shaped",
	.needs = FACT_LOOPBACK,
	.operations = OPERATIONS_ALL,
	.run = run,
};
