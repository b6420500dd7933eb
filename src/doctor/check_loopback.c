/* loopback - is the interface lo up, with 127.0.0.1/8? Without it nothing local works. */
#include "doctor/check.h"

static const struct host_address *find(const struct exam *e, const struct address *a)
{
	for (size_t i = 0; i < e->address_count; i++)
		if (address_eq(&e->addresses[i].address, a))
			return &e->addresses[i];
	return NULL;
}

static void run(const struct exam *e, struct report *r)
{
	const struct host_address *v4 = find(e, &ADDRESS_LOOPBACK4);

	if (!v4) {
		report_add(r, "loopback-missing", SEVERITY_FAULT,
			"this machine has no 127.0.0.1, so nothing can talk to itself");
		report_evidence(r, "getifaddrs", "no interface has the address");
		report_fix(r, "bring the loopback interface up", "sudo ip link set lo up");
		return;
	}
	if (!v4->up || !v4->loopback) {
		report_add(r, "loopback-down", SEVERITY_FAULT,
			v4->up ? "127.0.0.1 is on an interface that leads elsewhere"
			       : "the loopback interface is down, so nothing can talk to itself");
		report_evidence(r, v4->device, "%s",
			v4->up ? "is no loopback interface" : "is down");
		report_fix(r, "bring the loopback interface up", "sudo ip link set lo up");
		return;
	}
	if (v4->prefix_bits != 8) {
		report_add(r, "loopback-narrow", SEVERITY_LOW,
			"only a part of 127.0.0.0/8 is on the loopback interface");
		report_evidence(r, v4->device, "127.0.0.1/%u", v4->prefix_bits);
		report_fix(r, "give it the usual width", "sudo ip addr add 127.0.0.1/8 dev lo");
		return;
	}
	report_add(r, "loopback", SEVERITY_OK, "the loopback interface is up");
	report_evidence(r, v4->device, "127.0.0.1/8%s",
		exam_has_address(e, &ADDRESS_LOOPBACK6) ? ", ::1" : "");
}

const struct doctor_check doctor_loopback = {
	.subject = "loopback",
	.summary = "whether the interface lo is up, with 127.0.0.1/8",
	.run = run,
};
