/* service - see service.h. The field table is the order of columns in `loopscope ls`. */
#include "model/service.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "model/socket.h"
#include <net/if.h>

const char *reach_name(int reach)
{
	static const char *const names[] = {"unknown", "computer", "namespace", "network",
		"published"};

	return names[reach];
}

const char *reach_text(int reach)
{
	static const char *const texts[] = {"?", "this computer", "its container", "the network",
		"the network"};

	return texts[reach];
}

const char *knowledge_name(int knowledge)
{
	static const char *const names[] = {"unknown", "guess", "probe"};

	return names[knowledge];
}

static void escaped(struct buf *out, const char *s)
{
	if (s)
		text_escape(out, s, strlen(s));
}

void service_owner_text(const struct service *s, struct buf *out)
{
	if (s->container) {
		buf_printf(out, "%s: ", runtime_name(s->container->runtime));
		if (s->container->name)
			escaped(out, s->container->name);
		else
			text_escape(out, s->container->id,
				MIN(strlen(s->container->id), (size_t)12));
		return;
	}
	if (s->owner_count == 0) {
		escaped(out, s->held_by);
		return;
	}
	escaped(out, owner_program(s->owners[0]));
	buf_printf(out, " %d", s->owners[0]->pid);
	if (s->owner_count > 1)
		buf_printf(out, " +%zu", s->owner_count - 1);
}

bool service_is_hidden(const struct service *s)
{
	return s->owner_count == 0 && !s->container &&
		(s->ownerless == OWNERLESS_HIDDEN || s->ownerless == OWNERLESS_NAMESPACE);
}

static void owner_text(const void *record, struct buf *out)
{
	service_owner_text(record, out);
}

static void name_text(const void *record, struct buf *out)
{
	const struct service *s = record;

	escaped(out, s->name);
	if (s->project && s->project->branch) {
		buf_str(out, "  ");
		escaped(out, s->project->branch);
	}
}

static void port_text(const void *record, struct buf *out)
{
	const struct service *s = record;

	if (s->proto == PROTO_TCP)
		buf_printf(out, "%u", s->port);
	else if (!proto_is_unix(s->proto))
		buf_printf(out, "%u/%s", s->port, proto_name(s->proto));
}

static void speaks_text(const void *record, struct buf *out)
{
	const struct service *s = record;

	escaped(out, s->speaks);
	if (s->speaks && s->speaks_by == KNOWN_GUESS)
		buf_char(out, '?');
}

static void address_text(const void *record, struct buf *out)
{
	const struct service *s = record;

	for (size_t i = 0; i < s->listener_count; i++) {
		const struct endpoint *e = &s->listeners[i].endpoint;
		if (i)
			buf_char(out, ' ');
		if (proto_is_unix(e->proto))
			escaped(out, e->path);
		else if (address_is_any(&e->address) && e->address.family == AF_INET)
			buf_str(out, "0.0.0.0");
		else if (s->listeners[i].dual_stack)
			buf_char(out, '*');
		else
			address_format(out, &e->address);
	}
}

static void reach_field_text(const void *record, struct buf *out)
{
	const struct service *s = record;

	if (s->reach == REACH_NAMESPACE && !s->container)
		buf_str(out, "its namespace");
	else
		buf_str(out, reach_text(s->reach));
}

static void since_text(const void *record, struct buf *out)
{
	const struct service *s = record;

	if (s->since_ms >= 0)
		clock_age(out, clock_real_ms() - s->since_ms);
}

static const char *proto_name_of(int p)
{
	return proto_name((enum proto)p);
}

static void device_text(const void *record, struct buf *out)
{
	const struct listener *l = record;
	char name[IF_NAMESIZE];

	if (l->endpoint.ifindex && if_indextoname(l->endpoint.ifindex, name))
		buf_str(out, name);
}

static bool has_backlog(const void *record)
{
	return ((const struct listener *)record)->backlog != BACKLOG_UNKNOWN;
}

static const struct field listener_fields[] = {
	FIELD_OF(struct listener, text, "endpoint", FIELD_TEXT, "ENDPOINT", "address and port"),
	FIELD_OF(struct listener, endpoint.address, "address", FIELD_ADDRESS, "ADDRESS",
		"the address alone"),
	FIELD_OF(struct listener, endpoint.port, "port", FIELD_UINT16, "PORT", "the port alone"),
	FIELD_OF(struct listener, endpoint.path, "path", FIELD_TEXT, "PATH", "unix sockets"),
	{.name = "device",
		.kind = FIELD_COMPUTED,
		.title = "DEVICE",
		.text = device_text,
		.help = "the one interface it is bound to"},
	FIELD(struct listener, v6only, FIELD_BOOL, "V6ONLY", "an IPv6 socket that refuses IPv4"),
	FIELD(struct listener, dual_stack, FIELD_BOOL, "DUAL", "one socket for IPv6 and IPv4"),
	FIELD_OF(struct listener, socket_count, "sockets", FIELD_UINT32, "SOCKETS",
		"more than one: a reuseport group"),
	FIELD(struct listener, waiting, FIELD_UINT32, "WAITING",
		"connections that wait to be accepted"),
	FIELD(struct listener, backlog, FIELD_UINT32, "BACKLOG", "how many may wait",
		.has = has_backlog),
};

const struct record_type listener_type = RECORD_TYPE("listener", struct listener, listener_fields);

static const struct field service_fields[] = {
	FIELD(struct service, port, FIELD_UINT16, "PORT", "the port", .text = port_text,
		.align_right = true),
	FIELD_OF(struct service, name, "service", FIELD_TEXT, "SERVICE", "what a person calls it",
		.text = name_text),
	FIELD(struct service, speaks, FIELD_TEXT, "SPEAKS",
		"the protocol; '?' marks a guess, --probe asks", .text = speaks_text,
		.priority = 3),
	{.name = "owner",
		.kind = FIELD_COMPUTED,
		.title = "OWNER",
		.text = owner_text,
		.help = "the process or container behind it"},
	FIELD_OF(struct service, since_ms, "since", FIELD_TIME, "SINCE", "when the owner started",
		.text = since_text, .align_right = true, .priority = 4),
	{.name = "reach",
		.kind = FIELD_ENUM,
		.offset = offsetof(struct service, reach),
		.name_of = reach_name,
		.title = "REACH",
		.text = reach_field_text,
		.help = "who can connect"},
	{.name = "address",
		.kind = FIELD_COMPUTED,
		.title = "ADDRESS",
		.text = address_text,
		.priority = 5,
		.table_only = true,
		.help = "the addresses it listens on; * is all, IPv4 and IPv6"},
	FIELD(struct service, note, FIELD_TEXT, "NOTE", "what is worth knowing", .priority = 2),
	FIELD(struct service, proto, FIELD_ENUM, "PROTO", "tcp, udp, unix ...",
		.name_of = proto_name_of, .priority = PRIORITY_HIDDEN),
	FIELD(struct service, role, FIELD_TEXT, "ROLE", "web, api, database ...",
		.priority = PRIORITY_HIDDEN),
	FIELD(struct service, version, FIELD_TEXT, "VERSION", "of the program, when it is known",
		.priority = PRIORITY_HIDDEN),
	FIELD(struct service, banner, FIELD_TEXT, "BANNER", "what it said when it was probed",
		.priority = PRIORITY_HIDDEN),
	FIELD(struct service, speaks_by, FIELD_ENUM, "KNOWN BY", "guess or probe",
		.name_of = knowledge_name, .priority = PRIORITY_HIDDEN),
	FIELD(struct service, uid, FIELD_UINT32, "UID", "the user who opened the socket",
		.align_right = true, .priority = PRIORITY_HIDDEN),
	FIELD(struct service, connections, FIELD_UINT64, "CONNS", "connections established now",
		.align_right = true, .priority = PRIORITY_HIDDEN),
	FIELD(struct service, url, FIELD_TEXT, "URL", "where to open it",
		.priority = PRIORITY_HIDDEN),
	FIELD_OF(struct service, held_by, "held_by", FIELD_TEXT, "HELD BY",
		"when no process is visible", .priority = PRIORITY_HIDDEN),
	FIELD_OF(struct service, netns_label, "namespace", FIELD_TEXT, "NAMESPACE",
		"another network namespace; empty for this one", .priority = 3),
	FIELD(struct service, container, FIELD_RECORD, NULL, "the container",
		.type = &container_type),
	FIELD(struct service, project, FIELD_RECORD, NULL, "the project", .type = &project_type),
	FIELD(struct service, listeners, FIELD_RECORDS, NULL, "its endpoints",
		.count_offset = offsetof(struct service, listener_count), .type = &listener_type),
	FIELD(struct service, owners, FIELD_POINTERS, NULL, "the processes that hold it",
		.count_offset = offsetof(struct service, owner_count), .type = &owner_type),
};

const struct record_type service_type = RECORD_TYPE("service", struct service, service_fields);
