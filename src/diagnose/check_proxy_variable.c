/*
 * proxy_variable - the client does not go to this machine at all: http_proxy and its like send even
 * localhost to a proxy, unless no_proxy names it. curl, Python, Java and npm obey, Go never does that for
 * localhost, browsers have settings of their own.
 */
#include "base/str.h"
#include "diagnose/proxy.h"
#include "diagnose/say.h"

/* A proxy is written as "http://127.0.0.1:3128/", or without the scheme. */
static bool proxy_target(const struct inquiry *q, const char *value, struct target *out)
{
	const char *text =
		strstr(value, "://") ? value : arena_printf(q->arena, "http://%s", value);

	return target_parse(q->arena, text, out, NULL) == 0 && out->has_port;
}

static bool is_aim(const struct inquiry *q, const struct target *t)
{
	if (t->port != q->aim.port || !q->aim.has_port)
		return false;
	if (t->address.family == AF_UNSPEC)
		return t->host && q->aim.host && str_eq(t->host, q->aim.host);
	for (size_t i = 0; i < q->place_count; i++)
		if (address_eq(&q->places[i].address, &t->address))
			return true;
	return false;
}

/* The text or the command ended at the proxy itself: which variable names it? */
static const char *leads_to_aim(const struct inquiry *q)
{
	static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy",
		"HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
	struct target t;

	for (size_t i = 0; variables[i]; i++) {
		const char *value = inquiry_env(q, variables[i]);
		if (value && proxy_target(q, value, &t) && is_aim(q, &t))
			return variables[i];
	}
	return NULL;
}

static const struct service *listens_at(const struct inquiry *q, uint16_t port)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns == 0 && s->proto == PROTO_TCP && s->port == port)
			return s;
	}
	return NULL;
}

static void say_proxy(const struct inquiry *q, struct claims *c, const char *value)
{
	struct target t;

	if (!proxy_target(q, value, &t))
		return;
	bool here = t.address.family != AF_UNSPEC ? address_is_loopback(&t.address)
						  : t.host && str_eq(t.host, "localhost");
	if (!here)
		return;
	const struct service *s = listens_at(q, t.port);
	if (s)
		claim_evidence(c, "sock_diag", "the proxy on port %u is %s", t.port,
			inquiry_holder(q, &q->snapshot->sockets[s->listeners[0].socket]));
	else
		claim_evidence(c, "sock_diag",
			"nothing listens on port %u, where the proxy should be", t.port);
}

static void say_no_proxy(const struct inquiry *q, struct claims *c)
{
	const char *name = inquiry_env(q, "no_proxy") ? "no_proxy" : "NO_PROXY";
	const char *list = inquiry_env(q, name);
	const char *host = q->aim.host ? inquiry_foreign(q, q->aim.host, 60) : "localhost";

	if (list)
		claim_evidence(c, "environment", "%s=%s does not cover %s", name,
			inquiry_foreign(q, list, 100), host);
	else
		claim_evidence(c, "environment", "no_proxy is not set, so nothing is exempt");
}

static void advise(const struct inquiry *q, struct claims *c, const char *variable)
{
	const char *old = inquiry_env(q, "no_proxy");

	old = old ? old : inquiry_env(q, "NO_PROXY");
	AUTO(buf) struct buf value = BUF_INIT(4000);
	buf_printf(&value, "%s%slocalhost,127.0.0.1,::1", old ? old : "", old ? "," : "");
	if (q->aim.host && !q->aim.literal && !inquiry_is_localhost(q))
		buf_printf(&value, ",%s", q->aim.host);
	AUTO(buf) struct buf word = BUF_INIT(8000);
	str_shell_quote(&word, value.data);
	const char *quoted = inquiry_foreign(q, word.data, 2000);
	claim_fix(c, arena_printf(q->arena, "export no_proxy=%s NO_PROXY=%s", quoted, quoted),
		"exempt this machine from the proxy: set no_proxy, in both cases");
	claim_fix(c, arena_printf(q->arena, "unset %s", variable),
		"or take %s away where no proxy is needed", variable);
}

static void say_direct(const struct inquiry *q, struct claims *c)
{
	const struct place *p = inquiry_working_place(q);

	if (!p)
		return;
	if (p->talk.response.status)
		claim_evidence(c, "probe", "asked directly it works: %s", say_status(q, &p->talk));
	else
		claim_evidence(c, "probe", "asked directly it works");
	say_listener(q, c, p);
}

static void hijacked(const struct inquiry *q, struct claims *c, const struct proxy_choice *proxy)
{
	claim(c, "proxy-env-hijack", CERTAINTY_PROVED, OBSERVED_PROXY | OBSERVED_REPORTED,
		"%s sends your client to a proxy (%s) instead of %s.", proxy->variable,
		inquiry_foreign(q, proxy->value, 60),
		q->aim.host ? inquiry_foreign(q, q->aim.host, 60) : "this computer");
	claim_evidence(c, "environment", "%s=%s", proxy->variable,
		inquiry_foreign(q, proxy->value, 100));
	say_no_proxy(q, c);
	say_proxy(q, c, proxy->value);
	say_direct(q, c);
	say_text(q, c);
	advise(q, c, proxy->variable);
}

static void ended_at_proxy(const struct inquiry *q, struct claims *c, const char *variable)
{
	const char *value = inquiry_env(q, variable);

	claim(c, "proxy-env-hijack", CERTAINTY_PROVED,
		OBSERVED_REFUSED | OBSERVED_UNANSWERED | OBSERVED_UNREACHABLE | OBSERVED_SILENT |
			OBSERVED_HTTP | OBSERVED_AUTH | OBSERVED_PROXY | OBSERVED_REPORTED,
		"%s sent your client to the proxy %s, and that is what fails.", variable,
		inquiry_foreign(q, value, 60));
	claim_evidence(c, "environment", "%s=%s", variable, inquiry_foreign(q, value, 100));
	say_no_proxy(q, c);
	say_proxy(q, c, value);
	say_text(q, c);
	advise(q, c, variable);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const char *variable = leads_to_aim(q);
	struct proxy_choice proxy;

	if (variable && (q->observed || q->symptom.op)) {
		ended_at_proxy(q, c, variable);
		return;
	}
	proxy_choose(q, &proxy);
	if (proxy.variable && (q->observed & OBSERVED_PROXY))
		hijacked(q, c, &proxy);
}

const struct diagnose_check diagnose_proxy_variable = {
	.summary = "whether a proxy variable sends the client elsewhere",
	.causes = "proxy-env-hijack",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
