/*
 * sandbox - connect() or socket() is forbidden to one program and works for everybody else: seccomp,
 * Landlock, a snap or flatpak, RestrictAddressFamilies of systemd, or a security module.
 *
 * Nothing on the way says so: no rule, no packet. What tells is the errno, and that our own connection to
 * the same place works.
 */
#include "diagnose/check.h"

#include "base/str.h"
#include "diagnose/fence.h"
#include <errno.h>
#include <stdlib.h>

static bool is_refusal(const char *error)
{
	return error &&
		(str_eq(error, "EPERM") || str_eq(error, "EACCES") ||
			str_eq(error, "EAFNOSUPPORT"));
}

/* The attempt of the command that was watched and turned away. */
static const struct attempt *forbidden_attempt(const struct inquiry *q)
{
	const struct attempt_run *run = q->query->attempt;

	for (size_t i = 0; run && i < run->attempt_count; i++) {
		const struct attempt *a = &run->attempts[i];
		if (a->kind == ATTEMPT_CONNECT && a->endpoint.port == q->aim.port &&
			(a->error == EPERM || a->error == EACCES || a->error == EAFNOSUPPORT))
			return a;
	}
	return NULL;
}

/* A running program of the client's name that a security module confines. */
static const struct owner_vitals *confined(const struct inquiry *q)
{
	for (size_t i = 0; q->symptom.client && i < q->vitals_count; i++) {
		const struct owner_vitals *v = &q->vitals[i];
		if (v->first.lsm_label && str_eq(owner_program(v->owner), q->symptom.client))
			return v;
	}
	return NULL;
}

static void say_common(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct attempt *a = forbidden_attempt(q);
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);

	if (a)
		claim_evidence(c, "attempt", "connect() of %s %d to %s: %s (%s)",
			inquiry_foreign(q, a->program, 20), (int)a->pid, at, strerror(a->error),
			strerrorname_np(a->error));
	else if (q->symptom.error)
		claim_evidence(c, "text", "the client was told %s", q->symptom.error);
	if (p->talk.connected)
		claim_evidence(c, "probe", "our own connection to %s works", at);
	claim_evidence(c, "sock_diag", "%s", fence_listener(q, p));
}

static void by_module(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct owner_vitals *v = confined(q);

	claim(c, "lsm-denial", CERTAINTY_INFERRED, OBSERVED_REPORTED | OBSERVED_UNREACHABLE,
		"%s forbids the client to connect to %s; others may.",
		q->selinux_enforcing ? "SELinux" : "A security module",
		inquiry_endpoint(q, &p->address, q->aim.port));
	say_common(q, c, p);
	if (q->security_modules)
		claim_evidence(c, "/sys/kernel/security/lsm", "%s",
			inquiry_foreign(q, q->security_modules, 100));
	if (q->selinux_enforcing)
		claim_evidence(c, "/sys/fs/selinux/enforce", "1");
	if (v)
		claim_evidence(c, arena_printf(q->arena, "/proc/%d/attr/current", v->first.pid),
			"%s is confined by %s", inquiry_owner(q, v->owner),
			inquiry_foreign(q, v->first.lsm_label, 80));
	if (q->selinux_enforcing) {
		claim_fix(c, "sudo ausearch -m avc -ts recent", "see what was denied");
		claim_fix(c, "sudo setsebool -P httpd_can_network_connect 1",
			"if it is a web server, let it connect");
	} else {
		claim_fix(c, "sudo dmesg | grep -i apparmor | tail", "see what was denied");
		claim_fix(c, NULL, "allow `network inet stream` in the profile of the client");
	}
	claim_would_prove(c, "root: audit log");
}

static void by_sandbox(const struct inquiry *q, struct claims *c, const struct place *p,
	const char *error)
{
	const struct attempt *a = forbidden_attempt(q);
	const char *who = a	    ? inquiry_foreign(q, a->program, 20)
		: q->symptom.client ? inquiry_foreign(q, q->symptom.client, 20)
				    : "the client";

	claim(c, "sandbox-denies-network", CERTAINTY_INFERRED,
		OBSERVED_REPORTED | OBSERVED_UNREACHABLE,
		"A sandbox around %s forbids it to connect to %s (%s); others may.", who,
		inquiry_endpoint(q, &p->address, q->aim.port), error);
	say_common(q, c, p);
	if (q->self.seccomp > 0 && p->talk.error)
		claim_evidence(c, "/proc/self/status", "Seccomp: %d, NoNewPrivs: %d",
			q->self.seccomp, q->self.no_new_privs);
	claim_evidence(c, "errno",
		str_eq(error, "EACCES")
			? "EACCES is what Landlock says, and leaves no mark in /proc"
			: str_eq(error, "EAFNOSUPPORT")
			? "EAFNOSUPPORT is what RestrictAddressFamilies= of systemd says"
			: "EPERM is what a seccomp filter says");
	claim_fix(c, NULL,
		"loosen the sandbox that starts it (seccomp or Landlock rules, snap or flatpak "
		"permissions, RestrictAddressFamilies=), or run it outside of the sandbox");
}

/* Our own connection is forbidden too: then it is our own sandbox, which the client shares. */
static bool ours_fails(const struct inquiry *q, const struct place *p)
{
	int error = p->talk.error;

	if (!p->talked || p->talk.connected || p->talk.icmp || !p->service ||
		(p->has_route && p->route.error))
		return false;
	return error == EACCES || (error == EPERM && q->self.seccomp > 0);
}

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		bool told = q->observed == OBSERVED_REPORTED && is_refusal(q->symptom.error) &&
			p->talk.connected;
		bool same = ours_fails(q, p);
		if (!p->ours || (!told && !same) || (p->has_route && p->route.error))
			continue;
		const char *error = same ? strerrorname_np(p->talk.error) : q->symptom.error;
		bool module = q->selinux_enforcing || confined(q) || (same && q->self.lsm_label);
		if (module && !str_eq(error, "EAFNOSUPPORT"))
			by_module(q, c, p);
		else
			by_sandbox(q, c, p, error);
		return;
	}
}

const struct diagnose_check diagnose_sandbox = {
	.summary = "whether a sandbox or a security module forbids the client to connect",
	.causes = "sandbox-denies-network lsm-denial",
	.needs = FACT_SOCKETS | FACT_LOOPBACK | FACT_VITALS | FACT_TALKS | FACT_MORE,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
