/* inquiry - see inquiry.h. Here: what checks ask of it, in words. */
#include "diagnose/inquiry.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "inventory/select.h"

#define COMMAND_WIDTH 60

const char *inquiry_env(const struct inquiry *q, const char *name)
{
	size_t len = strlen(name);

	for (const char *const *v = q->query->environment; v && *v; v++)
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return (*v)[len + 1] ? *v + len + 1 : NULL;
	return NULL;
}

const struct owner_vitals *inquiry_vitals(const struct inquiry *q, const struct owner *o)
{
	for (size_t i = 0; o && i < q->vitals_count; i++)
		if (q->vitals[i].owner == o || q->vitals[i].owner->pid == o->pid)
			return &q->vitals[i];
	return NULL;
}

const struct socket *inquiry_next_socket(const struct inquiry *q, enum proto proto, uint16_t port,
	const struct socket *last)
{
	size_t i = last && q->snapshot ? (size_t)(last - q->snapshot->sockets) + 1 : 0;

	for (; q->snapshot && i < q->snapshot->socket_count; i++) {
		const struct socket *s = &q->snapshot->sockets[i];
		if (s->netns == 0 && s->local.proto == proto && s->local.port == port)
			return s;
	}
	return NULL;
}

size_t inquiry_sockets(const struct inquiry *q, enum proto proto, uint16_t port,
	const struct socket **out, size_t max)
{
	const struct socket *s = NULL;
	size_t count = 0;

	while (count < max && (s = inquiry_next_socket(q, proto, port, s)))
		out[count++] = s;
	return count;
}

bool inquiry_is_outgoing(const struct inquiry *q, const struct socket *s)
{
	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *service = q->snapshot->services[i];
		for (size_t j = 0; service->netns == 0 && j < service->listener_count; j++)
			if (endpoint_accepts(&service->listeners[j].endpoint,
				    service->listeners[j].v6only, &s->remote, s->remote_port))
				return true;
	}
	/* the other end is elsewhere: a well-known port over there, one of the kernel's own range here */
	return !s->peer && s->remote_port < q->local_range.low &&
		s->local.port >= q->local_range.low;
}

bool inquiry_is_vacant(const struct inquiry *q)
{
	bool ours = false;

	for (size_t i = 0; i < q->place_count; i++) {
		if (q->places[i].ours && q->places[i].service)
			return false;
		ours = ours || q->places[i].ours;
	}
	return ours && q->aim.has_port;
}

const struct place *inquiry_working_place(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].talked && !q->places[i].wrong)
			return &q->places[i];
	return NULL;
}

bool inquiry_is_localhost(const struct inquiry *q)
{
	return q->aim.host && !q->aim.literal && select_is_localhost(q->aim.host);
}

const char *inquiry_endpoint(const struct inquiry *q, const struct address *a, uint16_t port)
{
	struct endpoint e = {.proto = q->aim.proto, .address = *a, .port = port};
	AUTO(buf) struct buf text = BUF_INIT(200);

	endpoint_format(&text, &e);
	return arena_strdup(q->arena, text.data);
}

const char *inquiry_foreign(const struct inquiry *q, const char *text, size_t max)
{
	AUTO(buf) struct buf escaped = BUF_INIT(16 << 10);
	AUTO(buf) struct buf cut = BUF_INIT(16 << 10);

	if (!text)
		return "";
	text_escape(&escaped, text, strnlen(text, 4000));
	text_cut_middle(&cut, escaped.data, max, true);
	return arena_strdup(q->arena, cut.data);
}

/* What it runs, without the path of the program itself: "server.js --port 3000". */
static void command_text(const struct owner *o, struct buf *out)
{
	for (size_t i = 0; i < o->argc && out->len < 4 * COMMAND_WIDTH; i++) {
		if (i)
			buf_char(out, ' ');
		buf_str(out, i ? o->argv[i] : str_basename(o->argv[i]));
	}
}

const char *inquiry_owner(const struct inquiry *q, const struct owner *o)
{
	AUTO(buf) struct buf text = BUF_INIT(4000);
	AUTO(buf) struct buf command = BUF_INIT(1000);
	AUTO(buf) struct buf where = BUF_INIT(1000);

	if (!o)
		return "a process that cannot be seen";
	buf_printf(&text, "%s %d", inquiry_foreign(q, owner_program(o), 40), (int)o->pid);
	command_text(o, &command);
	if (o->cwd)
		fs_short_path(&where, o->cwd, inquiry_env(q, "HOME"));
	bool says_more = command.len && !str_eq(command.data, owner_program(o));
	if (says_more || where.len)
		buf_str(&text, " (");
	if (says_more)
		buf_str(&text, inquiry_foreign(q, command.data, COMMAND_WIDTH));
	if (says_more && where.len)
		buf_str(&text, ", in ");
	else if (where.len)
		buf_str(&text, "in ");
	if (where.len)
		buf_str(&text, inquiry_foreign(q, where.data, COMMAND_WIDTH));
	if (says_more || where.len)
		buf_char(&text, ')');
	if (o->container && o->container->name)
		buf_printf(&text, " of container %s", inquiry_foreign(q, o->container->name, 40));
	return arena_strdup(q->arena, text.data);
}

const char *inquiry_holder(const struct inquiry *q, const struct socket *s)
{
	AUTO(buf) struct buf text = BUF_INIT(1000);

	if (s->owner)
		return inquiry_owner(q, s->owner);
	if (s->ownerless == OWNERLESS_HIDDEN)
		return s->uid ? arena_printf(q->arena, "a hidden process of user %u", s->uid)
			      : "a hidden process of root";
	socket_owner_text(s, &text);
	return arena_strdup(q->arena, text.data);
}
