/*
 * select - see select.h.
 *
 * Host names are never sent to a name server: `localhost` and names below it mean loopback (RFC 6761
 * section 6.3), others only what /etc/hosts says.
 */
#include "inventory/select.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "base/text.h"
#include <errno.h>
#include <strings.h>

#define HOSTS_MAX (4u << 20)

uint16_t select_port(const struct target *t)
{
	return t->has_port ? t->port : 0;
}

uint32_t select_protos(const struct target *t)
{
	return t->kind == TARGET_UNIX
		? PROTO_BITS_UNIX
		: PROTO_BIT(PROTO_TCP) | PROTO_BIT(PROTO_UDP) | PROTO_BIT(t->proto);
}

bool select_is_localhost(const char *name)
{
	return str_eq(name, "localhost") || str_ends(name, ".localhost") ||
		str_eq(name, "localhost.") || str_ends(name, ".localhost.");
}

/* One line of hosts(5): address, then names. */
static bool line_names(char *line, const char *name, struct address *out)
{
	char *save = NULL;

	line[strcspn(line, "#")] = '\0';
	char *word = strtok_r(line, " \t\r", &save);
	if (!word || !address_parse(word, out))
		return false;
	while ((word = strtok_r(NULL, " \t\r", &save)))
		if (strcasecmp(word, name) == 0)
			return true;
	return false;
}

size_t select_addresses(const struct host *host, const char *name, struct address *out, size_t max)
{
	AUTO(buf) struct buf text = BUF_INIT(HOSTS_MAX);
	size_t count = 0;
	char *save = NULL;

	if (select_is_localhost(name)) {
		out[count++] = ADDRESS_LOOPBACK4;
		if (count < max)
			out[count++] = ADDRESS_LOOPBACK6;
		return count;
	}
	if (fs_read_at(host->root, "etc/hosts", &text) < 0)
		return 0;
	for (char *line = strtok_r(text.data, "\n", &save); line && count < max;
		line = strtok_r(NULL, "\n", &save)) {
		struct address a;
		if (line_names(line, name, &a))
			out[count++] = a;
	}
	return count;
}

bool select_is_own(const struct snapshot *s, const struct address *a)
{
	struct address plain = address_unmap(a);

	if (address_is_any(&plain) || address_is_loopback(&plain))
		return true;
	for (size_t i = 0; i < s->address_count; i++)
		if (address_eq(&s->addresses[i].address, &plain))
			return true;
	return false;
}

struct picker {
	const struct snapshot *s;
	const struct target *t;
	struct selection *out;
};

static bool answers(const struct picker *p, const struct service *service)
{
	const struct selection *sel = p->out;

	if (service->netns != 0)
		return false;
	if (sel->address_count == 0)
		return true; /* a bare port means any address */
	for (size_t i = 0; i < service->listener_count; i++) {
		const struct listener *l = &service->listeners[i];
		for (size_t a = 0; a < sel->address_count; a++) {
			const struct address *dialled = &sel->addresses[a];
			uint16_t port = sel->port ? sel->port : l->endpoint.port;
			/* 0.0.0.0 and :: as a destination mean this computer */
			if (address_is_any(dialled) && address_is_loopback(&l->endpoint.address))
				return true;
			if (address_is_any(dialled))
				dialled = dialled->family == AF_INET ? &ADDRESS_LOOPBACK4
								     : &ADDRESS_LOOPBACK6;
			if (endpoint_accepts(&l->endpoint, l->v6only, dialled, port))
				return true;
		}
	}
	return false;
}

static bool has_name(const struct service *service, const char *name)
{
	const char *names[] = {
		service->name,
		service->project ? service->project->name : NULL,
		service->container ? service->container->name : NULL,
		service->netns_label,
		service->owner_count ? owner_program(service->owners[0]) : NULL,
		service->owner_count ? service->owners[0]->unit : NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i])
			continue;
		if (strcasecmp(names[i], name) == 0)
			return true;
		/* "shop" also means "shop web"; "nginx" also "nginx.service" */
		size_t n = strlen(name);
		if (strncasecmp(names[i], name, n) == 0 &&
			(names[i][n] == ' ' || str_eq(names[i] + n, ".service")))
			return true;
	}
	return false;
}

static bool is_container(const struct service *service, const char *name)
{
	const struct container *c = service->container;

	if (!c)
		return false;
	return (c->name && str_eq(c->name, name)) || (strlen(name) >= 4 && str_starts(c->id, name));
}

/* The process itself or one that it started; pid 1 started everything and means itself only. */
static bool is_of_pid(const struct service *service, pid_t pid)
{
	for (size_t i = 0; i < service->owner_count; i++) {
		const struct owner *o = service->owners[i];
		while (o && o->pid != pid && pid != 1)
			o = o->parent;
		if (o && o->pid == pid)
			return true;
	}
	return false;
}

static bool is_at_path(const struct service *service, const char *path)
{
	const char *own = service->listeners[0].endpoint.path;

	return own && str_eq(own, path);
}

static bool matches(const struct picker *p, const struct service *service, bool *out_nearby)
{
	const struct target *t = p->t;

	*out_nearby = false;
	switch (t->kind) {
	case TARGET_UNIX:
		return is_at_path(service, t->path);
	case TARGET_PID:
		return is_of_pid(service, t->pid);
	case TARGET_CONTAINER:
		return is_container(service, t->name);
	case TARGET_NAME:
		return has_name(service, t->name);
	case TARGET_ADDRESS:
	case TARGET_PORT:
	case TARGET_ENDPOINT:
	case TARGET_HOST:
	case TARGET_URL:
		break;
	}
	if (p->out->port == 0) /* an address alone: all that answers there */
		return p->out->address_count > 0 && service->proto == t->proto &&
			answers(p, service);
	if (service->port != p->out->port || proto_is_unix(service->proto))
		return false;
	if (service->proto == t->proto && answers(p, service))
		return true;
	*out_nearby = true;
	return false;
}

static int find_addresses(const struct host *host, const struct target *t, struct selection *out,
	struct err *err)
{
	AUTO(buf) struct buf shown = BUF_INIT(300);

	if (t->address.family != AF_UNSPEC) {
		out->addresses[out->address_count++] = t->address;
		return 0;
	}
	if (!t->host)
		return 0;
	out->address_count =
		select_addresses(host, t->host, out->addresses, ARRAY_SIZE(out->addresses));
	if (out->address_count)
		return 0;
	text_escape(&shown, t->host, strlen(t->host));
	err_set(err, -EINVAL, "'%s' is not a name of this machine: /etc/hosts does not list it",
		shown.data);
	return -EINVAL;
}

int select_services(const struct host *host, const struct snapshot *s, const struct target *t,
	struct selection *out, struct err *err)
{
	struct selection found = {.port = select_port(t)};
	struct picker p = {s, t, &found};
	int r = find_addresses(host, t, &found, err);

	if (r < 0)
		return r;
	found.services = arena_array(s->arena, const struct service *, s->service_count);
	found.nearby = arena_array(s->arena, const struct service *, s->service_count);
	for (size_t i = 0; i < s->service_count; i++) {
		bool nearby;
		if (matches(&p, s->services[i], &nearby))
			found.services[found.count++] = s->services[i];
		else if (nearby)
			found.nearby[found.nearby_count++] = s->services[i];
	}
	*out = found;
	return 0;
}
