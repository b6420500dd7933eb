/*
 * address - what was asked for is no address that anyone could connect to: port 0, a port above 65535,
 * a URL with a hole where a variable should have been.
 */
#include "base/str.h"
#include "diagnose/say.h"
#include "run/attempt.h"

/* What programs print for a variable that was never set. */
static const char *hole_in(const char *text)
{
	static const char *const words[] = {"undefined", "null", "NaN", "None", "nil",
		"[object Object]", "${", "{{", "%s", NULL};

	for (size_t i = 0; text && words[i]; i++)
		if (strstr(text, words[i]))
			return words[i];
	return NULL;
}

static bool is_hole(const char *host)
{
	return host &&
		(str_eq(host, "undefined") || str_eq(host, "null") || str_eq(host, "nan") ||
			str_eq(host, "NaN") || str_eq(host, "none") || str_eq(host, "nil"));
}

/* The same, where only the command line shows it. */
static const char *argument_with_hole(const struct inquiry *q)
{
	const struct attempt_run *run = q->query->attempt;

	for (size_t i = 1; run && run->argv[0] && run->argv[i]; i++)
		if (hole_in(run->argv[i]) &&
			(strchr(run->argv[i], ':') || strchr(run->argv[i], '/')))
			return run->argv[i];
	return NULL;
}

static void advise(const struct inquiry *q, struct claims *c, bool hole)
{
	if (!hole)
		claim_fix(c, NULL,
			"write it as http://localhost:3000/, with a port from 1 to 65535");
	if (hole || q->query->attempt || q->symptom.client)
		claim_fix(c, "env | grep -i -e port -e host -e url",
			"set the environment variable (or the setting) that the port or host is "
			"taken from, PORT perhaps");
	if (hole)
		claim_fix(c, NULL,
			"and write it as http://localhost:3000/, with a port from 1 to 65535");
}

static void hole(const struct inquiry *q, struct claims *c, const char *word)
{
	claim(c, "invalid-endpoint", CERTAINTY_PROVED,
		OBSERVED_CLIENT | OBSERVED_NAME | OBSERVED_BIND | OBSERVED_REPORTED,
		"The address holds \"%s\" where a host or port should be: a variable was not set.",
		word);
	if (q->aim.host)
		claim_evidence(c, "target", "the host is \"%s\"",
			inquiry_foreign(q, q->aim.host, 80));
	if (argument_with_hole(q))
		claim_evidence(c, "command", "it was given \"%s\"",
			inquiry_foreign(q, argument_with_hole(q), 120));
	say_text(q, c);
	advise(q, c, true);
}

static void malformed(const struct inquiry *q, struct claims *c)
{
	claim(c, "invalid-endpoint", CERTAINTY_PROVED,
		OBSERVED_CLIENT | OBSERVED_BIND | OBSERVED_REPORTED,
		"No client can use this address: its port or its URL is not valid.");
	say_text(q, c);
	claim_evidence(c, "rfc3986", "ports go from 1 to 65535; a URL is scheme://host:port/path");
	advise(q, c, false);
}

static void port_zero(const struct inquiry *q, struct claims *c)
{
	claim(c, "invalid-endpoint", CERTAINTY_PROVED,
		OBSERVED_CLIENT | OBSERVED_REFUSED | OBSERVED_UNREACHABLE | OBSERVED_REPORTED,
		"Nobody can be reached on port 0: it only means \"any free port\" to a server.");
	claim_evidence(c, "target", "port 0 was asked for (:0)");
	say_text(q, c);
	advise(q, c, false);
}

static void run(const struct inquiry *q, struct claims *c)
{
	bool bad = error_is(q, "BAD_ENDPOINT");
	const char *word = bad ? hole_in(q->symptom.said) : NULL;

	if (bad && !word)
		word = hole_in(argument_with_hole(q));
	if (is_hole(q->aim.host))
		word = inquiry_foreign(q, q->aim.host, 40);
	if (word)
		hole(q, c, word);
	else if (bad)
		malformed(q, c);
	else if (q->aim.has_port && !q->aim.port && q->symptom.op != OPERATION_BIND)
		port_zero(q, c);
}

const struct diagnose_check diagnose_address = {
	.summary = "whether the address is one that a client can use at all",
	.causes = "invalid-endpoint",
	.needs = 0, /* the text alone tells */
	.operations = OPERATIONS_ALL,
	.run = run,
};
