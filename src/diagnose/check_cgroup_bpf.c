/*
 * cgroup_bpf - a BPF program on the cgroup of the server or of the client drops its packets or forbids
 * connect(2): IPAddressDeny and RestrictNetworkInterfaces of systemd, Cilium and their like.
 *
 * That a program is there proves nothing, since most let all pass: so a claim needs a connection that
 * nothing else explains. connect(2) over TCP says EPERM only where a program (or a module) said no.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/fence.h"
#include <errno.h>

static const struct cgroup_program *find(const struct inquiry *q, const char *cgroup,
	const char *hook, const char *other)
{
	for (size_t i = 0; i < q->cgroup_program_count; i++) {
		const struct cgroup_program *p = &q->cgroup_programs[i];
		if ((str_eq(p->hook, hook) || (other && str_eq(p->hook, other))) &&
			fence_applies(p, cgroup))
			return p;
	}
	return NULL;
}

static void say_program(const struct inquiry *q, struct claims *c, const char *whose,
	const struct cgroup_program *p)
{
	claim_evidence(c, "bpf", "program %u%s%s is attached to cgroup %s (%s) of %s", p->id,
		p->name ? " " : "", p->name ? inquiry_foreign(q, p->name, 40) : "",
		inquiry_foreign(q, p->path, 120), p->hook, whose);
}

/* The name of a hook in bpftool-cgroup(8). */
static const char *detach_name(const struct inquiry *q, const char *hook)
{
	if (str_eq(hook, "ingress") || str_eq(hook, "egress"))
		return arena_printf(q->arena, "cgroup_inet_%s", hook);
	if (str_eq(hook, "sock_create"))
		return "cgroup_inet_sock_create";
	return arena_printf(q->arena, "cgroup_inet%c_%.*s", hook[strlen(hook) - 1],
		(int)strlen(hook) - 1, hook);
}

static void advise(const struct inquiry *q, struct claims *c, const struct cgroup_program *p)
{
	const char *unit = str_basename(p->path);
	AUTO(buf) struct buf path = BUF_INIT(4000);
	bool is_unit =
		str_ends(unit, ".service") || str_ends(unit, ".scope") || str_ends(unit, ".slice");

	if (is_unit)
		claim_fix(c,
			arena_printf(q->arena, "systemctl cat %s", inquiry_foreign(q, unit, 100)),
			"if the unit has IPAddressDeny=, add IPAddressAllow=localhost and restart it");
	str_shell_quote(&path, arena_printf(q->arena, "/sys/fs/cgroup%s", p->path));
	claim_fix(c,
		arena_printf(q->arena, "sudo bpftool cgroup detach %s %s id %u", path.data,
			detach_name(q, p->hook), p->id),
		"detach the program now; what attached it may do so again");
}

/* connect(2) itself said EPERM. */
static bool at_client(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *hook = p->address.family == AF_INET ? "connect4" : "connect6";
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);

	if (!p->talked || p->talk.error != EPERM || p->talk.icmp)
		return false;
	const struct cgroup_program *program = find(q, q->self.cgroup, hook, "sock_create");
	/* a seccomp filter of our own says the same; then the sandbox is the nearer reason */
	if (!program && q->self.seccomp > 0)
		return false;
	claim(c, "cgroup-bpf-deny", program ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_UNREACHABLE,
		"A BPF program on the client's cgroup forbids it to connect to %s.", at);
	claim_evidence(c, "probe", "connect() to %s: %s (EPERM), before a packet was sent", at,
		strerror(EPERM));
	if (program)
		say_program(q, c, "the client", program);
	if (q->self.cgroup)
		claim_evidence(c, "/proc/self/cgroup", "the client runs in %s",
			inquiry_foreign(q, q->self.cgroup, 120));
	claim_evidence(c, "sock_diag", "%s", fence_listener(q, p));
	if (program) {
		advise(q, c, program);
	} else {
		claim_would_prove(c, "root: BPF programs of cgroups");
		claim_fix(c, "sudo bpftool cgroup tree", "find the program");
	}
	claim_fix(c, NULL, "or run the client outside of that cgroup");
	return true;
}

/* SYNs, or the answers to them, that get lost, and no rule of a packet filter does it. */
static bool at_server(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct cgroup_program *program = find(q, p->cgroup, "ingress", "egress");
	const char *whose = "the server's socket";

	if (!(p->wrong & OBSERVED_UNANSWERED) || !fence_is_riddle(q, p))
		return false;
	if (!program) {
		program = find(q, q->self.cgroup, "egress", "ingress");
		whose = "the client";
	}
	if (!program)
		return false;
	claim(c, "cgroup-bpf-deny", CERTAINTY_INFERRED, OBSERVED_UNANSWERED | OBSERVED_SLOW,
		"A BPF program on the cgroup of %s drops the packets to %s.",
		p->cgroup && str_eq(whose, "the client") ? whose : inquiry_holder(q, p->socket),
		inquiry_endpoint(q, &p->address, q->aim.port));
	say_program(q, c, whose, program);
	claim_evidence(c, "sock_diag", "%s", fence_listener(q, p));
	if (p->has_filter && !p->filter.unseen)
		claim_evidence(c, "nft", "none of the %zu firewall rules drops it",
			p->filter.rules_read);
	claim_evidence(c, "probe", "no answer to the SYN, though the queue has room");
	advise(q, c, program);
	return true;
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].ours &&
			(at_client(q, c, &q->places[i]) || at_server(q, c, &q->places[i])))
			return;
}

const struct diagnose_check diagnose_cgroup_bpf = {
	.summary = "whether a BPF program on a cgroup drops packets or forbids connect()",
	.causes = "cgroup-bpf-deny",
	.needs = FACT_SOCKETS | FACT_LOOPBACK | FACT_FILTER | FACT_VITALS | FACT_TALKS | FACT_MORE,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
