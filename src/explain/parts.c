/*
 * parts - address, port, listeners, chain, reach. Clients and the answer have files of their
 * own (clients.c, answer.c).
 */
#include "explain/parts.h"

#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "explain/address_facts.h"

#define LISTENS_MAX 16
#define CHAIN_MAX   32

const char *explain_escaped(struct explaining *x, const char *s)
{
	AUTO(buf) struct buf text = BUF_INIT(64 << 10);

	if (!s)
		return NULL;
	text_escape(&text, s, strlen(s));
	return arena_strdup(x->arena, text.data);
}

const char *explain_owner(struct explaining *x, const struct service *service)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);

	service_owner_text(service, &text);
	return arena_strdup(x->arena, text.data);
}

static const char *address_text(struct explaining *x, const struct address *a)
{
	AUTO(buf) struct buf text = BUF_INIT(128);

	address_format(&text, a);
	return arena_strdup(x->arena, text.data);
}

static const char *endpoint_text(struct explaining *x, const struct address *a, uint16_t port)
{
	struct endpoint e = {PROTO_TCP, *a, port, 0, NULL};
	AUTO(buf) struct buf text = BUF_INIT(128);

	endpoint_format(&text, &e);
	return arena_strdup(x->arena, text.data);
}

void explain_address(struct explaining *x)
{
	struct explained_address *list =
		arena_array(x->arena, struct explained_address, ARRAY_SIZE(x->sel.addresses));

	for (size_t i = 0; i < x->sel.address_count; i++) {
		const struct address *a = &x->sel.addresses[i];
		list[i] = (struct explained_address){
			.text = address_text(x, a),
			.class = address_class_name(address_class(a)),
			.meaning = address_meaning(x->arena, a),
			.own = select_is_own(x->s, a),
		};
	}
	x->out->addresses = list;
	x->out->address_count = x->sel.address_count;
}

void explain_port(struct explaining *x)
{
	struct port_facts *facts;

	if (x->sel.port == 0)
		return;
	facts = arena_new_of(x->arena, struct port_facts);
	port_facts_get(x->host, x->arena, x->t->proto, x->sel.port, facts);
	x->out->port = facts;
}

/* The listener that takes what is sent to an address, the most specific one first. */
static const struct service *answering(struct explaining *x, const struct address *a,
	const struct listener **out)
{
	const struct service *best = NULL;

	*out = NULL;
	for (size_t i = 0; i < x->s->service_count; i++) {
		const struct service *service = x->s->services[i];
		if (service->proto != x->t->proto || service->netns != 0)
			continue;
		for (size_t k = 0; k < service->listener_count; k++) {
			const struct listener *l = &service->listeners[k];
			if (!endpoint_accepts(&l->endpoint, l->v6only, a, x->sel.port))
				continue;
			bool exact = address_eq(&l->endpoint.address, a);
			bool same_family = l->endpoint.address.family == a->family;
			if (best && !exact && !(same_family && (*out)->dual_stack))
				continue;
			best = service;
			*out = l;
			if (exact)
				return best;
		}
	}
	return best;
}

static const char *listen_note(struct explaining *x, const struct listener *l,
	const struct address *a)
{
	if (l->socket_count > 1)
		return arena_printf(x->arena, "%u sockets share it (reuseport)", l->socket_count);
	if (l->dual_stack && a->family == AF_INET)
		return "through the IPv6 socket";
	return NULL;
}

static void add_listen(struct explaining *x, struct explained_listen *list, size_t *count,
	const struct address *a)
{
	const struct listener *l;
	const char *text = endpoint_text(x, a, x->sel.port);

	if (*count == LISTENS_MAX)
		return;
	for (size_t i = 0; i < *count; i++)
		if (str_eq(list[i].text, text))
			return;
	const struct service *service = answering(x, a, &l);
	list[(*count)++] = (struct explained_listen){
		.text = text,
		.answered = service != NULL,
		.by = service ? explain_owner(x, service) : NULL,
		.note = service ? listen_note(x, l, a) : NULL,
	};
}

void explain_listens(struct explaining *x)
{
	struct explained_listen *list = arena_array(x->arena, struct explained_listen, LISTENS_MAX);
	size_t count = 0;

	if (x->sel.port == 0 || x->sel.count + x->sel.nearby_count == 0)
		return;
	for (size_t i = 0; i < x->sel.address_count; i++)
		if (!address_is_any(&x->sel.addresses[i]))
			add_listen(x, list, &count, &x->sel.addresses[i]);
	add_listen(x, list, &count, &ADDRESS_LOOPBACK4);
	add_listen(x, list, &count, &ADDRESS_LOOPBACK6);
	for (size_t i = 0; i < x->s->service_count; i++) {
		const struct service *service = x->s->services[i];
		for (size_t k = 0; k < service->listener_count; k++) {
			const struct listener *l = &service->listeners[k];
			if (service->netns == 0 && service->proto == x->t->proto &&
				l->endpoint.port == x->sel.port &&
				!address_is_any(&l->endpoint.address))
				add_listen(x, list, &count, &l->endpoint.address);
		}
	}
	x->out->listens = list;
	x->out->listen_count = count;
}

static const struct owner *main_owner(const struct explaining *x)
{
	if (x->sel.port == 0 && x->sel.address_count)
		return NULL; /* an address has no owner */
	if (x->sel.count && x->sel.services[0]->owner_count)
		return x->sel.services[0]->owners[0];
	return NULL;
}

/* What a person would type or read for one link of the chain. */
static void chain_link(struct explaining *x, struct buf *out, const struct owner *o, bool last)
{
	const char *program = owner_program(o);

	if (o->pid == 1) {
		text_escape(out, program, strlen(program));
		return;
	}
	if (str_starts(program, "tmux") || str_eq(program, "screen")) {
		const char *session = main_owner(x)->tmux;
		text_escape(out, program, strcspn(program, ":"));
		if (session) {
			buf_str(out, " \"");
			text_escape(out, session, strlen(session));
			buf_char(out, '"');
		}
		return;
	}
	/* npm run dev, make serve: short commands say more than the program's name */
	AUTO(buf) struct buf line = BUF_INIT(200);
	for (size_t i = 0; !last && i < o->argc && line.len < 60; i++)
		buf_printf(&line, "%s%s", i ? " " : "", i ? o->argv[i] : str_basename(o->argv[0]));
	bool useful = !last && o->argc > 1 && o->argc <= 4 && line.len <= 40;
	if (useful)
		text_escape(out, line.data, line.len);
	else
		text_escape(out, program, strlen(program));
	buf_printf(out, " %d", o->pid);
}

void explain_chain(struct explaining *x)
{
	const struct owner *links[CHAIN_MAX];
	size_t count = 0;
	AUTO(buf) struct buf line = BUF_INIT(4096);

	for (const struct owner *o = main_owner(x); o && count < CHAIN_MAX; o = o->parent)
		links[count++] = o;
	if (count == 0)
		return;
	const struct owner **chain = arena_array(x->arena, const struct owner *, count);
	for (size_t i = 0; i < count; i++) {
		chain[i] = links[count - 1 - i];
		if (i)
			buf_str(&line, " › ");
		chain_link(x, &line, chain[i], i == count - 1);
	}
	x->out->chain = chain;
	x->out->chain_count = count;
	x->out->started = arena_strdup(x->arena, line.data);
}

/* "192.168.1.5 (eth0)": the addresses under which the network finds this machine. */
static void network_addresses(struct explaining *x, struct buf *out, uint8_t family)
{
	size_t shown = 0;

	for (size_t i = 0; i < x->s->address_count; i++) {
		const struct host_address *h = &x->s->addresses[i];
		if (h->loopback || !h->up || (family != AF_UNSPEC && h->address.family != family))
			continue;
		if (address_class(&h->address) == ADDRESS_LINK_LOCAL)
			continue;
		if (shown++ < 3)
			buf_printf(out, "%s%s (%s)", shown > 1 ? ", " : "",
				address_text(x, &h->address), h->device);
	}
	if (shown > 3)
		buf_printf(out, " and %zu more", shown - 3);
}

void explain_reach(struct explaining *x)
{
	const struct service *service = x->sel.count ? x->sel.services[0] : NULL;
	AUTO(buf) struct buf text = BUF_INIT(1024);

	if (!service || (x->sel.port == 0 && x->sel.address_count))
		return;
	switch (service->reach) {
	case REACH_COMPUTER:
		x->out->reach = proto_is_unix(service->proto)
			? "programs on this computer that may open the path"
			: "only programs on this computer";
		return;
	case REACH_NAMESPACE:
		x->out->reach = arena_printf(x->arena, "inside %s, and what is forwarded into it",
			service->netns_label ? explain_escaped(x, service->netns_label)
					     : "its namespace");
		return;
	default:
		break;
	}
	uint8_t family = AF_INET6;
	for (size_t i = 0; i < service->listener_count; i++)
		if (service->listeners[i].endpoint.address.family == AF_INET ||
			service->listeners[i].dual_stack)
			family = AF_UNSPEC;
	buf_str(&text, "other computers too, at ");
	size_t before = text.len;
	network_addresses(x, &text, family);
	if (text.len == before)
		buf_str(&text, "any address this computer gets");
	buf_str(&text, "; firewall rules were not looked at");
	x->out->reach = arena_strdup(x->arena, text.data);
}
