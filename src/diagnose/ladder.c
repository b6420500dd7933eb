/* ladder - see ladder.h. One function a rung; a rung that was not reached is left out. */
#include "diagnose/ladder.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "diagnose/converse.h"
#include "diagnose/fence.h"
#include "diagnose/proxy.h"

#define RUNGS_MAX 16

struct making {
	const struct inquiry *q;
	struct ladder_rung *rungs;
	size_t count;
	struct buf text;
	int state;
};

static void begin(struct making *m)
{
	buf_clear(&m->text);
	m->state = RUNG_OK;
}

static void note_state(struct making *m, int state)
{
	if (state == RUNG_BAD || m->state == RUNG_OK)
		m->state = state;
}

static void end(struct making *m, const char *name)
{
	if (m->text.len && m->count < RUNGS_MAX)
		m->rungs[m->count++] = (struct ladder_rung){name, m->state,
			arena_strdup(m->q->arena, m->text.data)};
}

/* Separates what is said about several addresses. */
static void part(struct making *m)
{
	if (m->text.len)
		buf_str(&m->text, "; ");
}

static const char *at(const struct making *m, const struct place *p)
{
	return inquiry_endpoint(m->q, &p->address, m->q->aim.port);
}

static void add_name(struct making *m)
{
	const struct inquiry *q = m->q;

	if (!q->aim.host || q->aim.literal)
		return;
	begin(m);
	buf_printf(&m->text, "%s ", inquiry_foreign(q, q->aim.host, 60));
	if (q->looked_up && (q->lookup.failure || q->lookup.timed_out)) {
		buf_printf(&m->text, "leads nowhere: %s",
			q->lookup.timed_out		 ? "no answer in time"
				: q->lookup.failure_text ? q->lookup.failure_text
							 : "it cannot be resolved");
		note_state(m, RUNG_BAD);
	} else {
		buf_str(&m->text, "→ ");
		for (size_t i = 0; i < q->place_count; i++) {
			if (i)
				buf_str(&m->text, ", ");
			address_format(&m->text, &q->places[i].address);
		}
	}
	if (q->predicted.source && str_eq(q->predicted.source, "files"))
		buf_printf(&m->text, "   (/etc/hosts line %u)", q->predicted.line);
	else if (q->predicted.source)
		buf_printf(&m->text, "   (%s)", q->predicted.source);
	if (q->observed & OBSERVED_NAME)
		note_state(m, RUNG_BAD);
	end(m, "name");
}

static void add_proxy(struct making *m)
{
	struct proxy_choice proxy;

	proxy_choose(m->q, &proxy);
	if (!proxy.variable)
		return;
	begin(m);
	buf_printf(&m->text, "%s sends it to %s first", proxy.variable,
		inquiry_foreign(m->q, proxy.value, 60));
	note_state(m, RUNG_BAD);
	end(m, "proxy");
}

static void add_route(struct making *m)
{
	const struct inquiry *q = m->q;
	const char *device = NULL;
	bool same = true;

	begin(m);
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (p->has_route && p->route.error) {
			part(m);
			address_format(&m->text, &p->address);
			buf_printf(&m->text, ": %s%s%s", strerror(p->route.error),
				p->route.type ? ", " : "", p->route.type ? p->route.type : "");
			note_state(m, RUNG_BAD);
		} else if (p->has_route && p->route.device) {
			same = same && (!device || str_eq(device, p->route.device));
			device = p->route.device;
		}
	}
	if (device && same) {
		part(m);
		buf_printf(&m->text, "by %s", inquiry_foreign(q, device, 20));
		if (str_eq(device, "lo") && !q->lo.up) {
			buf_str(&m->text, ", which is down");
			note_state(m, RUNG_BAD);
		}
	}
	end(m, "route");
}

/* Who has the port at addresses that were not asked: often the answer. */
static void add_elsewhere(struct making *m)
{
	const struct inquiry *q = m->q;

	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		if (s->netns != 0 || s->port != q->aim.port || proto_is_unix(s->proto))
			continue;
		for (size_t j = 0; j < s->listener_count; j++) {
			const struct listener *l = &s->listeners[j];
			bool asked = false;
			for (size_t k = 0; k < q->place_count; k++)
				asked = asked || q->places[k].listener == l;
			if (asked)
				continue;
			part(m);
			buf_printf(&m->text, "%s%s  %s", l->text,
				s->proto == q->aim.proto	? ""
					: s->proto == PROTO_UDP ? " (udp)"
								: " (tcp)",
				inquiry_holder(q, &q->snapshot->sockets[l->socket]));
		}
	}
}

static void add_listener(struct making *m)
{
	const struct inquiry *q = m->q;
	size_t listening = 0;

	if (!q->aim.has_port)
		return;
	begin(m);
	for (size_t i = 0; i < q->place_count; i++)
		listening += q->places[i].service != NULL;
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (!p->ours)
			continue;
		part(m);
		if (p->service) {
			buf_printf(&m->text, "%s  %s", at(m, p), inquiry_holder(q, p->socket));
		} else {
			buf_printf(&m->text, "%s  nobody", at(m, p));
			note_state(m,
				listening && !(q->observed & OBSERVED_REFUSED) ? RUNG_REMARK
									       : RUNG_BAD);
		}
	}
	add_elsewhere(m);
	end(m, "listener");
}

static void add_filter(struct making *m)
{
	const struct inquiry *q = m->q;
	size_t read = 0;
	bool seen = false, hidden = false;

	begin(m);
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (!p->has_filter)
			continue;
		hidden = hidden || p->filter.unseen;
		read = MAX(read, p->filter.rules_read);
		for (size_t j = 0; j < p->filter.count; j++) {
			const struct filter_rule *r = &p->filter.rules[j];
			part(m);
			buf_printf(&m->text, "%s %s %s: %s", r->system,
				inquiry_foreign(q, r->table, 40), inquiry_foreign(q, r->chain, 40),
				inquiry_foreign(q, r->text, 120));
			note_state(m, r->sure ? RUNG_BAD : RUNG_REMARK);
		}
		seen = true;
	}
	if (!seen)
		return;
	if (!m->text.len && hidden) {
		buf_str(&m->text, "the rules of the firewall may only be read by root");
		note_state(m, RUNG_NOT_SEEN);
	} else if (!m->text.len) {
		buf_printf(&m->text,
			read ? "no rule touches it (%zu looked at)" : "there are no rules", read);
	}
	end(m, "filter");
}

static void say_accept(struct making *m, const struct place *p)
{
	const struct talk_job *t = &p->talk;

	part(m);
	buf_printf(&m->text, "%s ", at(m, p));
	if (t->connected) {
		buf_str(&m->text, "connected in ");
		clock_duration(&m->text, t->connect_ns);
		if (p->accepted_known && !p->accepted) {
			buf_str(&m->text, ", but no process took the connection");
			note_state(m, RUNG_BAD);
		}
		return;
	}
	if (t->end == TALK_UNANSWERED) {
		buf_str(&m->text, "no answer in ");
		clock_duration(&m->text, t->total_ns);
	} else if (t->icmp) {
		buf_printf(&m->text, "turned away by an ICMP message (type %u, code %u)",
			t->icmp_type, t->icmp_code);
	} else {
		buf_printf(&m->text, "%s", strerror(t->error));
	}
	note_state(m, m->q->observed & p->wrong ? RUNG_BAD : RUNG_REMARK);
}

static void add_accept(struct making *m)
{
	begin(m);
	for (size_t i = 0; i < m->q->place_count; i++) {
		const struct place *p = &m->q->places[i];
		if (p->talked)
			say_accept(m, p);
		else if (p->service && converse_refusal(m->q, p)) {
			part(m);
			buf_printf(&m->text, "%s was left alone: %s", at(m, p),
				converse_refusal(m->q, p));
			note_state(m, RUNG_NOT_SEEN);
		}
	}
	end(m, "accept");
}

static void say_tls(struct making *m, const struct place *p)
{
	const struct talk_tls *t = &p->talk.tls_seen;

	part(m);
	if (t->done) {
		buf_printf(&m->text, "%s", t->version ? t->version : "TLS");
		if (t->has_leaf && t->leaf.subject)
			buf_printf(&m->text, ", %s", inquiry_foreign(m->q, t->leaf.subject, 60));
		if (t->untrusted)
			buf_printf(&m->text, ", %s", inquiry_foreign(m->q, t->untrusted, 60));
	} else if (t->plain) {
		buf_printf(&m->text, "no TLS; it answered in plain: %s",
			inquiry_foreign(m->q, t->plain, 40));
	} else {
		buf_printf(&m->text, "no handshake: %s",
			inquiry_foreign(m->q, t->error ? t->error : "it was closed", 80));
	}
	if (p->wrong & (OBSERVED_TLS | OBSERVED_PROTOCOL))
		note_state(m, RUNG_BAD);
}

static void add_tls(struct making *m)
{
	begin(m);
	for (size_t i = 0; i < m->q->place_count; i++)
		if (m->q->places[i].talked && m->q->places[i].talk.tls &&
			m->q->places[i].talk.connected)
			say_tls(m, &m->q->places[i]);
	end(m, "tls");
}

static void say_answer(struct making *m, const struct place *p)
{
	const struct talk_job *t = &p->talk;

	part(m);
	if (t->response.status) {
		buf_printf(&m->text, "%u from %s%s in ", t->response.status, at(m, p),
			m->q->aim.path ? inquiry_foreign(m->q, m->q->aim.path, 60) : "");
		clock_duration(&m->text, t->first_byte_ns);
	} else if (t->found) {
		buf_printf(&m->text, "%s speaks %s", at(m, p), t->found->title);
	} else if (t->received) {
		buf_printf(&m->text, "%s said \"%s\"", at(m, p),
			inquiry_foreign(m->q, t->bytes, 40));
	} else {
		buf_printf(&m->text, "%s %s", at(m, p),
			t->end == TALK_CLOSED	       ? "closed without a byte"
				: t->end == TALK_RESET ? "reset the connection"
						       : "said nothing in ");
		if (t->end == TALK_SILENT)
			clock_duration(&m->text, t->total_ns);
	}
	if (p->wrong & ~(uint32_t)OBSERVED_TLS)
		note_state(m, RUNG_BAD);
	else if (!t->received)
		note_state(m, RUNG_REMARK);
}

static void add_answer(struct making *m)
{
	bool http = false;

	begin(m);
	for (size_t i = 0; i < m->q->place_count; i++) {
		const struct place *p = &m->q->places[i];
		if (!p->talked || !p->talk.connected || p->talk.end == TALK_TLS ||
			(p->accepted_known && !p->accepted))
			continue;
		http = http || p->talk.response.status;
		say_answer(m, p);
	}
	end(m, http ? "http" : "bytes");
}

static void add_beyond(struct making *m)
{
	const struct inquiry *q = m->q;

	if (!q->beyond)
		return;
	begin(m);
	buf_printf(&m->text, "%s: %s", q->beyond_to, q->beyond->answer);
	note_state(m,
		q->beyond->verdict == VERDICT_FAULT		? RUNG_BAD
			: q->beyond->verdict == VERDICT_HEALTHY ? RUNG_OK
								: RUNG_NOT_SEEN);
	end(m, q->beyond_by);
}

static void add_bind(struct making *m)
{
	const struct inquiry *q = m->q;

	begin(m);
	for (size_t i = 0; i < q->place_count; i++) {
		part(m);
		buf_str(&m->text, at(m, &q->places[i]));
	}
	end(m, "address");
	if (q->bind_error < 0)
		return;
	begin(m);
	if (q->bind_error_reuse) {
		buf_printf(&m->text, "bind() says: %s", strerror(q->bind_error_reuse));
		note_state(m, RUNG_BAD);
	} else if (q->bind_error) {
		buf_printf(&m->text, "bind() says: %s, but works with SO_REUSEADDR",
			strerror(q->bind_error));
		note_state(m, RUNG_BAD);
	} else {
		buf_str(&m->text, "bind() works now");
	}
	end(m, "bind");
}

static void add_holders(struct making *m)
{
	const struct socket *sockets[8];
	size_t count = inquiry_sockets(m->q, m->q->aim.proto, m->q->aim.port, sockets, 8);
	const char *last = NULL;

	begin(m);
	for (size_t i = 0; i < count; i++) {
		const char *holder = inquiry_holder(m->q, sockets[i]);
		if ((last && str_eq(last, holder)) ||
			(last && sockets[i]->state == SOCKET_TIME_WAIT))
			continue;
		part(m);
		last = holder;
		buf_printf(&m->text, "%s  %s  %s",
			inquiry_endpoint(m->q, &sockets[i]->local.address, sockets[i]->local.port),
			socket_state_name(sockets[i]->state), holder);
		if (m->q->observed & OBSERVED_BIND)
			note_state(m, RUNG_BAD);
	}
	if (!count)
		buf_str(&m->text, "nobody");
	end(m, "holder");
}

static void add_file(struct making *m)
{
	const struct path_facts *f = &m->q->file;
	const char *sight = f->sight == FILE_ABSENT ? "is not there"
		: f->sight == FILE_OTHER	    ? "is no socket"
		: f->sight == FILE_NO_ACCESS	    ? "may not be reached by this user"
						    : "is there";

	if (!m->q->aim.socket_path)
		return;
	begin(m);
	buf_printf(&m->text, "%s %s", inquiry_foreign(m->q, m->q->aim.socket_path, 100), sight);
	if (f->sight != FILE_SOCKET)
		note_state(m, RUNG_BAD);
	end(m, "file");
	begin(m);
	buf_str(&m->text, f->listed ? inquiry_holder(m->q, f->socket) : "nobody listens on it");
	if (!f->listed)
		note_state(m, RUNG_BAD);
	end(m, "listener");
}

void ladder_make(const struct inquiry *q, const struct ladder_rung **out, size_t *out_count)
{
	struct making m = {.q = q,
		.rungs = arena_array(q->arena, struct ladder_rung, RUNGS_MAX),
		.text = BUF_INIT(4000)};

	add_name(&m);
	if (q->aim.socket_path)
		add_file(&m);
	if (q->symptom.op == OPERATION_BIND && q->aim.has_port) {
		add_bind(&m);
		add_holders(&m);
	} else if (q->aim.has_port) {
		add_proxy(&m);
		add_route(&m);
		add_listener(&m);
		add_filter(&m);
		add_accept(&m);
		add_tls(&m);
		add_answer(&m);
		add_beyond(&m);
	}
	buf_fini(&m.text);
	*out = m.rungs;
	*out_count = m.count;
}

void ladder_not_it(const struct inquiry *q, const char *const **out, size_t *out_count)
{
	const char **list = arena_array(q->arena, const char *, 8);
	struct proxy_choice proxy;
	bool filters_seen = q->place_count > 0, rules = false, routes = true;
	size_t count = 0;

	for (size_t i = 0; i < q->place_count; i++) {
		filters_seen = filters_seen && q->places[i].has_filter &&
			!q->places[i].filter.unseen && !fence_is_riddle(q, &q->places[i]);
		rules = rules || q->places[i].filter.count;
		routes = routes && !q->places[i].route.error;
	}
	if (filters_seen && !rules)
		list[count++] = "firewall";
	proxy_choose(q, &proxy);
	if (q->aim.http && !proxy.variable)
		list[count++] = "proxy variables";
	if (q->aim.host && !q->aim.literal && !(q->observed & OBSERVED_NAME))
		list[count++] = "name resolution";
	if (q->place_count && routes && q->lo.up && !(q->observed & OBSERVED_UNREACHABLE))
		list[count++] = "routing";
	*out = list;
	*out_count = count;
}
