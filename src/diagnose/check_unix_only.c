/*
 * unix_only - nothing listens on the port, but the service that usually has it is up on a unix socket.
 */
#include "base/str.h"
#include "diagnose/say.h"
#include "explain/port_facts.h"

static bool port_is_open(const struct inquiry *q)
{
	const struct socket *s = NULL;

	while ((s = inquiry_next_socket(q, PROTO_TCP, q->aim.port, s)))
		if (s->state == SOCKET_LISTEN)
			return true;
	return false;
}

/* What should answer there: said by the client, or the usual service of the port. */
static const char *wanted(const struct inquiry *q)
{
	if (q->aim.expects && !str_eq(q->aim.expects, "http"))
		return q->aim.expects;
	return port_speaks(PROTO_TCP, q->aim.port);
}

/* A PostgreSQL socket names its port: ".s.PGSQL.5433". */
static bool names_another_port(const struct inquiry *q, const char *path)
{
	const char *last = strrchr(path, '.');
	uint64_t port;

	return strstr(path, ".s.PGSQL.") && last && str_u64(last + 1, 65535, &port) &&
		port != q->aim.port;
}

static const struct listener *find(const struct inquiry *q, const char *speaks,
	const struct service **out)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (!proto_is_unix(s->proto) || !s->speaks || !str_eq(s->speaks, speaks))
			continue;
		for (size_t j = 0; j < s->listener_count; j++) {
			const char *path = s->listeners[j].endpoint.path;
			if (path && path[0] == '/' && !names_another_port(q, path)) {
				*out = s;
				return &s->listeners[j];
			}
		}
	}
	return NULL;
}

static void fix(const struct inquiry *q, struct claims *c, const char *speaks, const char *path)
{
	char *folder = arena_strdup(q->arena, path);
	char *slash = strrchr(folder, '/');

	if (slash && slash != folder)
		*slash = '\0';
	if (str_eq(speaks, "postgres")) {
		claim_fix(c,
			arena_printf(q->arena, "psql -h %s -p %u", say_word(q, folder),
				q->aim.port),
			"connect by the socket");
		claim_fix(c, NULL,
			"or set listen_addresses = 'localhost' in postgresql.conf and restart it");
	} else if (str_eq(speaks, "mysql")) {
		claim_fix(c, arena_printf(q->arena, "mysql --socket=%s", say_word(q, path)),
			"connect by the socket");
		claim_fix(c, NULL, "or take skip-networking out of the server's configuration");
	} else if (str_eq(speaks, "redis")) {
		claim_fix(c, arena_printf(q->arena, "redis-cli -s %s", say_word(q, path)),
			"connect by the socket");
		claim_fix(c, NULL, "or set \"port %u\" in redis.conf", q->aim.port);
	} else {
		claim_fix(c, NULL, "connect by the socket %s, or let the service listen by TCP",
			inquiry_foreign(q, path, 100));
	}
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct service *s = NULL;
	const char *speaks = q->aim.has_port ? wanted(q) : NULL;

	if (!speaks || port_is_open(q))
		return;
	const struct listener *l = find(q, speaks, &s);
	if (!l)
		return;
	const char *path = inquiry_foreign(q, l->endpoint.path, 100);
	claim(c, "listens-unix-socket-only",
		s->speaks_by == KNOWN_PROBE ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		OBSERVED_REFUSED, "The %s server is up, but listens on the unix socket %s only.",
		speaks, path);
	claim_evidence(c, "unix_diag", "LISTEN %s %s", path,
		inquiry_holder(q, &q->snapshot->sockets[l->socket]));
	claim_evidence(c, "sock_diag", "no tcp socket listens on port %u", q->aim.port);
	fix(q, c, speaks, l->endpoint.path);
}

const struct diagnose_check diagnose_unix_only = {
	.summary = "whether the service of the port listens on a unix socket instead",
	.causes = "listens-unix-socket-only",
	.needs = FACT_SOCKETS,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
