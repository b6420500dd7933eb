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

/*
 * The command says that it could not connect, and the kernel never heard of it: a seccomp filter answers
 * before the call begins, and before it can be watched.
 */
static bool never_got_through(const struct inquiry *q)
{
	const struct attempt_run *run = q->query->attempt;

	if (!run || !str_eq(run->rung, "bpf") || !run->status || run->folded ||
		q->symptom.op != OPERATION_CONNECT)
		return false;
	for (size_t i = 0; i < run->attempt_count; i++)
		if (run->attempts[i].kind == ATTEMPT_CONNECT)
			return false;
	return true;
}

/*
 * It could not connect, and right afterwards all that it could have meant works for us. What it was told is
 * not known: its calls could not be watched, and its text does not say.
 */
static bool fails_alone(const struct inquiry *q)
{
	const struct attempt_run *run = q->query->attempt;

	if (!run || !run->status || run->timed_out || run->interrupted ||
		str_eq(run->rung, "bpf") || q->symptom.error || q->symptom.op != OPERATION_CONNECT)
		return false;
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		int64_t began = q->now_ms - (int64_t)(run->took_ns / 1000000);
		if (!p->talk.connected || p->wrong || !p->socket || !p->socket->owner ||
			p->socket->owner->started_ms < 0 || p->socket->owner->started_ms >= began)
			return false; /* it may not have been there yet */
	}
	return q->place_count > 0;
}

static void guess_sandbox(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *who = q->symptom.client ? q->symptom.client : q->query->attempt->argv[0];
	const char *at = inquiry_endpoint(q, &p->address, q->aim.port);

	claim(c, "sandbox-denies-network", CERTAINTY_GUESSED, OBSERVED_REPORTED,
		"Only %s cannot connect to %s; perhaps a sandbox around it forbids it.",
		inquiry_foreign(q, str_basename(who), 30), at);
	claim_last_resort(c);
	claim_would_prove(c, "root: what the command tried");
	claim_evidence(c, "attempt", "the command ended with an error: %s",
		inquiry_foreign(q, q->symptom.said ? q->symptom.said : "it cannot connect", 120));
	claim_evidence(c, "probe", "right afterwards our own connection to %s works", at);
	claim_evidence(c, "errno", "a sandbox answers EPERM (seccomp) or EACCES (Landlock)");
	claim_evidence(c, "sock_diag", "%s", fence_listener(q, p));
	claim_fix(c, NULL,
		"if it runs in a sandbox (seccomp, Landlock, snap, flatpak), let it reach the network "
		"there");
	claim_fix(c, "sudo loopscope diagnose -- COMMAND", "run it once more, watched by root");
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
	if (never_got_through(q))
		claim_evidence(c, "attempt",
			"the command says that it cannot connect, but no connect() of it reached the "
			"kernel: a seccomp filter answers before that");
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
		"A sandbox around %s forbids it to connect to %s%s%s%s; others may.", who,
		inquiry_endpoint(q, &p->address, q->aim.port), error ? " (" : "",
		error ? error : "", error ? ")" : "");
	say_common(q, c, p);
	if (q->self.seccomp > 0 && p->talk.error)
		claim_evidence(c, "/proc/self/status", "Seccomp: %d, NoNewPrivs: %d",
			q->self.seccomp, q->self.no_new_privs);
	if (error)
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
		bool told = q->observed == OBSERVED_REPORTED && p->talk.connected &&
			(is_refusal(q->symptom.error) || never_got_through(q));
		bool same = ours_fails(q, p);
		if (i == 0 && q->observed == OBSERVED_REPORTED && fails_alone(q)) {
			guess_sandbox(q, c, p);
			return;
		}
		if (!p->ours || (!told && !same) || (p->has_route && p->route.error))
			continue;
		const char *error = same	       ? strerrorname_np(p->talk.error)
			: is_refusal(q->symptom.error) ? q->symptom.error
						       : NULL;
		bool module = q->selinux_enforcing || confined(q) || (same && q->self.lsm_label);
		if (module && error && !str_eq(error, "EAFNOSUPPORT"))
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
