/*
 * websocket - the upgrade of HTTP to a WebSocket (RFC 6455 section 4) does not happen: a proxy drops the
 * headers, the path is wrong, or the server knows no WebSockets.
 */
#include "base/str.h"
#include "diagnose/say.h"

static bool is_websocket(const struct inquiry *q)
{
	return (q->aim.scheme && (str_eq(q->aim.scheme, "ws") || str_eq(q->aim.scheme, "wss"))) ||
		TEXT_SAYS(q, "websocket");
}

static bool is_behind_proxy(const struct place *p)
{
	const char *server = response_header(&p->talk.response, "Server");

	return response_header(&p->talk.response, "Via") ||
		SAYS(server, "nginx", "envoy", "haproxy", "apache", "traefik", "caddy") ||
		(p->socket && p->socket->owner &&
			SAYS(owner_program(p->socket->owner), "nginx", "haproxy", "envoy",
				"apache2", "traefik", "caddy"));
}

static void blocked(const struct inquiry *q, struct claims *c, const struct place *p)
{
	unsigned status = p->talk.response.status;
	bool proxy = is_behind_proxy(p);

	claim(c, "websocket-upgrade-blocked", CERTAINTY_PROVED,
		OBSERVED_HTTP | OBSERVED_AUTH | OBSERVED_REPORTED,
		proxy ? "The WebSocket is not opened: the proxy in front answers %u and does not "
			"pass the upgrade on."
		      : "The WebSocket is not opened: the server answers the upgrade with %u "
			"instead of 101.",
		status);
	claim_evidence(c, "probe", "a request with \"Upgrade: websocket\" for %s gets %s",
		q->aim.path ? inquiry_foreign(q, q->aim.path, 80) : "/", say_status(q, &p->talk));
	if (proxy)
		claim_evidence(c, "probe", "a proxy stands in front: %s", say_server(q, p));
	say_listener(q, c, p);
	say_text(q, c);
	if (proxy)
		claim_fix(c, NULL,
			"let the proxy pass it on; nginx: proxy_http_version 1.1; proxy_set_header "
			"Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";");
	claim_fix(c, NULL, "check the path: %s may be no WebSocket endpoint",
		q->aim.path ? inquiry_foreign(q, q->aim.path, 80) : "/");
	say_log_fix(q, c, p);
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);

	if (!p || !is_websocket(q))
		return;
	unsigned status = p->talk.response.status;
	if (status && status != 101 && status < 500 && (p->wrong || q->symptom.http_status))
		blocked(q, c, p);
}

const struct diagnose_check diagnose_websocket = {
	.summary = "whether a WebSocket can be opened",
	.causes = "websocket-upgrade-blocked",
	.needs = FACT_SOCKETS | FACT_TALKS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
