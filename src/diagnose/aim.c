/*
 * aim - see aim.h.
 *
 * A text may name several endpoints (wget lists each address it tried; nginx the client's request and
 * the upstream). The first that has a port is what failed; a name with the same port says what
 * the client was given, so it comes before the addresses it led to.
 */
#include "diagnose/aim.h"

#include "base/str.h"
#include "inventory/select.h"
#include "model/scheme.h"

/* What a scheme means for the conversation. */
static void scheme_set(struct aim *a)
{
	static const struct {
		const char *scheme, *decoder;
		bool tls;
	} rows[] = {
		{"https", "http", true},
		{"wss", "http", true},
		{"http", "http", false},
		{"ws", "http", false},
		{"redis", "redis", false},
		{"rediss", "redis", true},
		{"postgres", "postgres", false},
		{"postgresql", "postgres", false},
		{"mysql", "mysql", false},
		{"mariadb", "mysql", false},
		{"mongodb", "mongodb", false},
		{"amqp", "amqp", false},
		{"amqps", "amqp", true},
		{"mqtt", "mqtt", false},
		{"mqtts", "mqtt", true},
		{"nats", "nats", false},
		{"kafka", "kafka", false},
		{"smtp", "smtp", false},
		{"ssh", "ssh", false},
		{"grpc", "h2", false},
		{"grpcs", "h2", true},
		{"h2c", "h2", false},
	};

	for (size_t i = 0; a->scheme && i < ARRAY_SIZE(rows); i++)
		if (str_eq(a->scheme, rows[i].scheme)) {
			a->expects = rows[i].decoder;
			a->tls = rows[i].tls;
		}
	a->http = a->expects && str_eq(a->expects, "http");
}

static void host_set(struct inquiry *q, const char *host)
{
	struct address address;

	q->aim.host = host && str_eq(host, "*") ? NULL : host;
	q->aim.literal = !q->aim.host || address_parse(host, &address);
}

static bool from_target(struct inquiry *q, const struct target *t)
{
	AUTO(buf) struct buf text = BUF_INIT(200);

	q->aim.proto = t->proto;
	q->aim.port = t->port;
	q->aim.has_port = t->has_port;
	q->aim.scheme = t->scheme;
	if (t->kind == TARGET_UNIX) {
		q->aim.socket_path = t->path;
		return true;
	}
	if (t->kind == TARGET_URL) {
		q->aim.path = t->path;
		q->aim.shown_path = t->path && !str_eq(t->path, "/");
	}
	if (t->address.family != AF_UNSPEC) {
		address_format(&text, &t->address);
		host_set(q, arena_strdup(q->arena, text.data));
	} else {
		host_set(q, t->host);
	}
	return q->aim.has_port || q->aim.host;
}

static bool has_better_host(const struct symptom_endpoint *e, const struct symptom_endpoint *old)
{
	struct address address;

	return e->host && old->host && e->port == old->port && e->has_port == old->has_port &&
		address_parse(old->host, &address) && !address_parse(e->host, &address);
}

static bool from_symptom(struct inquiry *q)
{
	const struct symptom *s = &q->symptom;
	const struct symptom_endpoint *chosen = NULL;

	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct symptom_endpoint *e = &s->endpoints[i];
		if (!chosen || (e->has_port && !chosen->has_port) || has_better_host(e, chosen))
			chosen = e;
	}
	q->aim.is_text = true;
	q->aim.socket_path = s->path;
	if (!chosen) {
		host_set(q, s->name);
		q->aim.expects = s->expects;
		return q->aim.host || s->path || s->pid_file;
	}
	q->aim.proto = chosen->proto;
	q->aim.port = chosen->port;
	q->aim.has_port = chosen->has_port;
	q->aim.scheme = chosen->scheme;
	q->aim.path = chosen->path;
	q->aim.shown_path = chosen->path && !str_eq(chosen->path, "/");
	host_set(q, chosen->host);
	return true;
}

/* Those that ask for TLS in their own protocol, which is spoken before it. */
static bool begins_plain(const char *decoder)
{
	return decoder &&
		(str_eq(decoder, "postgres") || str_eq(decoder, "mysql") ||
			str_eq(decoder, "smtp") || str_eq(decoder, "imap") ||
			str_eq(decoder, "ftp"));
}

bool aim_set(struct inquiry *q)
{
	bool found = q->query->target ? from_target(q, q->query->target) : from_symptom(q);

	scheme_set(&q->aim);
	if (!q->aim.expects)
		q->aim.expects = q->symptom.expects;
	if (!q->aim.scheme && q->symptom.op == OPERATION_TLS && !begins_plain(q->aim.expects))
		q->aim.tls = true;
	if (q->aim.expects && str_eq(q->aim.expects, "http"))
		q->aim.http = true;
	if (q->symptom.http_status)
		q->aim.http = true;
	return found;
}

const char *aim_title(const struct inquiry *q)
{
	AUTO(buf) struct buf text = BUF_INIT(2000);
	const struct aim *a = &q->aim;
	bool v6 = a->host && strchr(a->host, ':');

	if (a->socket_path && !a->has_port)
		return arena_printf(q->arena, "unix:%s", inquiry_foreign(q, a->socket_path, 200));
	if (!a->host && !a->has_port && q->symptom.pid_file)
		return inquiry_foreign(q, q->symptom.pid_file, 200);
	if (a->scheme)
		buf_printf(&text, "%s://", a->scheme);
	buf_printf(&text, "%s%s%s", v6 && (a->has_port || a->scheme) ? "[" : "",
		a->host		    ? inquiry_foreign(q, a->host, 200)
			: a->scheme ? "localhost"
				    : "",
		v6 && (a->has_port || a->scheme) ? "]" : "");
	if (a->has_port && !(a->scheme && scheme_port(a->scheme) == a->port))
		buf_printf(&text, a->host || a->scheme ? ":%u" : "port %u", a->port);
	if (a->path)
		buf_str(&text, inquiry_foreign(q, a->path, 200));
	return arena_strdup(q->arena, text.data);
}
