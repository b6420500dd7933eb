/*
 * tried - see tried.h.
 *
 * What a command was seen to try is better than what it says: a text may name no port (Python's
 * bind), or another one. Of several attempts the last that failed is the one that ended it; what
 * failed on the same port before (the other family) belongs to it.
 */
#include "diagnose/tried.h"

#include "base/str.h"
#include "sys/bind_probe.h"
#include <errno.h>
#include <sys/wait.h>

static const char *errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "EIO";
}

static const struct attempt *last_that_matters(const struct attempt_run *run)
{
	const struct attempt *failed = NULL, *last = NULL;

	for (size_t i = 0; i < run->attempt_count; i++) {
		const struct attempt *a = &run->attempts[i];
		if (a->kind == ATTEMPT_LISTEN && !a->error)
			continue;
		last = a;
		if (a->error)
			failed = a;
	}
	return failed ? failed : last;
}

static const char *host_of(struct inquiry *q, const struct address *a)
{
	AUTO(buf) struct buf text = BUF_INIT(100);

	if (a->family == AF_UNSPEC)
		return NULL;
	address_format(&text, a);
	return arena_strdup(q->arena, text.data);
}

static const struct symptom_endpoint *named_with(const struct symptom *s, uint16_t port)
{
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].has_port && s->endpoints[i].port == port)
			return &s->endpoints[i];
	return NULL;
}

static void take_attempts(struct inquiry *q, const struct attempt_run *run,
	const struct attempt *main, const struct symptom *named)
{
	struct symptom *s = &q->symptom;
	const struct symptom_endpoint *old = named_with(s, main->endpoint.port);
	const struct symptom_endpoint *word = old ? old : named_with(named, main->endpoint.port);
	const char *scheme = word ? word->scheme : NULL, *path = word ? word->path : NULL;
	const char *name = word ? word->host : NULL;
	struct address literal;

	s->endpoint_count = 0;
	if (name && !address_parse(name, &literal) && main->kind == ATTEMPT_CONNECT)
		s->endpoints[s->endpoint_count++] = (struct symptom_endpoint){.host = name,
			.port = main->endpoint.port,
			.has_port = true,
			.scheme = scheme,
			.path = path};
	for (size_t i = 0; i < run->attempt_count && s->endpoint_count < SYMPTOM_ENDPOINTS_MAX;
		i++) {
		const struct attempt *a = &run->attempts[i];
		if (a->kind != main->kind || a->endpoint.port != main->endpoint.port ||
			a->endpoint.proto != main->endpoint.proto)
			continue;
		s->endpoints[s->endpoint_count++] =
			(struct symptom_endpoint){.host = host_of(q, &a->endpoint.address),
				.port = a->endpoint.port,
				.has_port = true,
				.scheme = scheme,
				.path = path,
				.proto = a->endpoint.proto};
	}
}

/* A number on the command line is a port when the kernel says that just this port is in use. */
static void take_numbers(struct inquiry *q, const struct symptom *named)
{
	struct symptom *s = &q->symptom;

	for (size_t i = 0; i < named->endpoint_count; i++) {
		const struct symptom_endpoint *e = &named->endpoints[i];
		struct endpoint wanted = {.proto = e->proto,
			.address = ADDRESS_ANY4,
			.port = e->port};
		if (!e->has_port || !e->port)
			continue;
		if (e->host)
			address_parse(e->host, &wanted.address);
		if (e->default_port &&
			(s->op != OPERATION_BIND ||
				bind_probe(&wanted, false, true) != -EADDRINUSE))
			continue;
		s->endpoints[s->endpoint_count++] = *e;
	}
}

/* The client was told a socket: the host in its URL, and in its message, is only a word then. */
static void take_path(struct symptom *s, const struct symptom *named)
{
	s->path = named->path;
	s->endpoint_count = 0;
}

/* It ended well and is no client: what its arguments name need not be there. */
static bool is_content(const struct attempt_run *run, const struct symptom *named)
{
	return WIFEXITED(run->status) && WEXITSTATUS(run->status) == 0 && !run->timed_out &&
		!named->client;
}

void symptom_of_attempt(struct inquiry *q, const struct attempt_run *run)
{
	const struct attempt *main = last_that_matters(run);
	struct symptom *s = &q->symptom, *named = arena_new_of(q->arena, struct symptom);
	int argc = 0;

	while (run->argv[argc])
		argc++;
	symptom_parse_command(q->arena, argc, run->argv, named);
	if (!s->client)
		s->client = named->client;
	if (!s->expects)
		s->expects = named->expects;
	if (main && s->op == OPERATION_UNKNOWN && (main->error || main->kind != ATTEMPT_CONNECT))
		s->op = main->kind == ATTEMPT_CONNECT ? OPERATION_CONNECT : OPERATION_BIND;
	if (main && main->error && !s->error && main->error != EINPROGRESS)
		s->error = errno_name(main->error);
	if (main && proto_is_unix(main->endpoint.proto))
		s->path = main->endpoint.path;
	else if (main && (main->error || !s->endpoint_count))
		take_attempts(q, run, main, named);
	else if (!main && !s->path && named->path)
		take_path(s, named);
	else if (!s->endpoint_count && !s->path && !is_content(run, named))
		take_numbers(q, named);
}

void symptom_of_target(struct inquiry *q)
{
	struct symptom *s = &q->symptom;

	if (q->aim.has_port || q->aim.host)
		s->endpoints[s->endpoint_count++] = (struct symptom_endpoint){.host = q->aim.host,
			.port = q->aim.port,
			.has_port = q->aim.has_port,
			.scheme = q->aim.scheme,
			.path = q->aim.path,
			.proto = q->aim.proto};
	s->path = q->aim.socket_path;
	for (size_t i = 0; i < q->place_count && !s->error; i++) {
		const struct place *p = &q->places[i];
		if (p->talked && p->wrong && p->talk.error)
			s->error = errno_name(p->talk.error);
	}
	if (s->op != OPERATION_UNKNOWN)
		return;
	s->op = q->observed & OBSERVED_NAME	  ? OPERATION_RESOLVE
		: q->observed & OBSERVED_TLS	  ? OPERATION_TLS
		: q->observed & OBSERVED_HTTP	  ? OPERATION_HTTP
		: q->observed & OBSERVED_PROTOCOL ? OPERATION_PROTOCOL
		: q->observed & (OBSERVED_SILENT | OBSERVED_CLOSED | OBSERVED_RESET)
		? OPERATION_READ
		: OPERATION_CONNECT;
}
