/*
 * ipv6 - is there a ::1, does localhost name it, and do servers on :: take IPv4 too?
 *
 * A missing ::1 hurts only when a name leads to it; sysctl bindv6only makes a server on "all
 * addresses" deaf for 127.0.0.1.
 */
#include "doctor/check.h"

static bool names_v6(const struct exam *e)
{
	for (size_t i = 0; i < e->localhost.address_count; i++)
		if (address_eq(&e->localhost.addresses[i], &ADDRESS_LOOPBACK6))
			return true;
	return false;
}

static void why_off(const struct exam *e, struct report *r)
{
	static const char *const paths[] = {"proc/sys/net/ipv6/conf/all/disable_ipv6",
		"proc/sys/net/ipv6/conf/lo/disable_ipv6"};
	uint64_t off;
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		bool there = host_read_u64(e->host, paths[i], &off);
		any = any || there;
		if (there && off)
			report_evidence(r, arena_printf(e->arena, "/%s", paths[i]), "1");
	}
	if (!any)
		report_evidence(r, "/proc/sys/net/ipv6", "the kernel has no IPv6");
}

static void run(const struct exam *e, struct report *r)
{
	uint64_t only = 0;

	if (!exam_has_address(e, &ADDRESS_LOOPBACK6) && names_v6(e)) {
		report_add(r, "ipv6-off-but-named", SEVERITY_LOW,
			"localhost leads to ::1, but this machine has no ::1");
		why_off(e, r);
		report_fix(r, "turn IPv6 on for the loopback interface",
			"sudo sysctl net.ipv6.conf.lo.disable_ipv6=0");
		report_fix(r, "or take ::1 localhost out of /etc/hosts", NULL);
		return;
	}
	if (!exam_has_address(e, &ADDRESS_LOOPBACK6)) {
		report_add(r, "ipv6-off", SEVERITY_OK,
			"IPv6 is off, and localhost does not use it");
		why_off(e, r);
		return;
	}
	if (host_read_u64(e->host, "proc/sys/net/ipv6/bindv6only", &only) && only) {
		report_add(r, "ipv6-only", SEVERITY_LOW,
			"servers that listen on all IPv6 addresses do not take 127.0.0.1");
		report_evidence(r, "/proc/sys/net/ipv6/bindv6only", "1");
		report_fix(r, "let them take both, as is usual",
			"sudo sysctl net.ipv6.bindv6only=0");
		return;
	}
	report_add(r, "ipv6", SEVERITY_OK, "IPv6 works on the loopback interface");
	report_evidence(r, "lo", "::1");
}

const struct doctor_check doctor_ipv6 = {
	.subject = "ipv6",
	.summary = "whether there is a ::1, and whether servers on :: take 127.0.0.1 too",
	.run = run,
};
