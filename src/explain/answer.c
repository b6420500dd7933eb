/*
 * answer - the one sentence that comes first, a hint below it, and what to do next.
 */
#include "explain/parts.h"

#include "base/str.h"
#include "sys/procfs.h"

#define STEPS_MAX 6

static const char *proto_word(enum proto p)
{
	switch (p) {
	case PROTO_UDP:
		return "UDP";
	case PROTO_UDPLITE:
		return "UDP-Lite";
	case PROTO_SCTP:
		return "SCTP";
	default:
		return "TCP";
	}
}

/* What the person typed, without what they already know: "127.0.0.1:3000", "port 3000". */
static const char *subject(struct explaining *x)
{
	const struct target *t = x->t;

	if (t->kind == TARGET_PORT)
		return t->proto == PROTO_TCP
			? arena_printf(x->arena, "port %u", t->port)
			: arena_printf(x->arena, "%s port %u", proto_word(t->proto), t->port);
	if (x->sel.count &&
		(t->kind == TARGET_NAME || t->kind == TARGET_PID || t->kind == TARGET_CONTAINER))
		return explain_escaped(x, x->sel.services[0]->listeners[0].text);
	if (t->kind == TARGET_URL && x->sel.address_count)
		return arena_printf(x->arena, "%s:%u",
			t->host ? t->host : x->out->addresses[0].text, t->port);
	return explain_escaped(x, t->text);
}

static const char *article(const char *word)
{
	return strchr("aeiou", word[0]) ? "an" : "a";
}

/* "web server", but "database" and "debugger": words that name the thing by themselves stay alone. */
static const char *role_noun(struct explaining *x, const char *role)
{
	static const char *const kinds[] = {"web", "api", "file", "mail", "media", "mock", "docs",
		"git", "chat", "test", "auth", "search", "ai", "game", "log", "time", "dns"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(role, kinds[i]))
			return arena_printf(x->arena, "%s server", role);
	return role;
}

/* "the web server of your project shop (vite)", "redis 7", "node" */
static const char *what_it_is(struct explaining *x, const struct service *service)
{
	const char *name = explain_escaped(x, service->name);
	const char *program =
		service->owner_count ? explain_escaped(x, owner_program(service->owners[0])) : NULL;
	bool yours = service->uid == x->host->uid;

	if (service->project && service->role)
		return arena_printf(x->arena, "the %s of %s project %s%s",
			role_noun(x, service->role), yours ? "your" : "the",
			explain_escaped(x, service->project->name),
			program ? arena_printf(x->arena, " (%s)", program) : "");
	if (service->project && str_starts(name, explain_escaped(x, service->project->name)))
		return arena_printf(x->arena, "%s project %s%s", yours ? "your" : "the", name,
			program ? arena_printf(x->arena, " (%s)", program) : "");
	if (service->project)
		return arena_printf(x->arena, "%s, run in %s project %s", name,
			yours ? "your" : "the", explain_escaped(x, service->project->name));
	if (service->role && !strstr(name, service->role))
		return arena_printf(x->arena, "%s, %s %s", name, article(service->role),
			role_noun(x, service->role));
	return name;
}

static const char *who_can_reach(const struct service *service)
{
	switch (service->reach) {
	case REACH_COMPUTER:
		return "Only this computer can reach it";
	case REACH_NETWORK:
	case REACH_PUBLISHED:
		return "Other computers on your network can reach it too";
	case REACH_NAMESPACE:
		return "It lives in another network namespace; this computer's 127.0.0.1 does not "
		       "lead there";
	default:
		return NULL;
	}
}

/* Who holds a service whose process may not be seen: "a process of root, perhaps sshd 811". */
static const char *unseen(struct explaining *x, const struct service *service)
{
	const char *perhaps = strstr(service->held_by, ", perhaps ");

	if (!service_is_hidden(service))
		return explain_escaped(x, service->held_by);
	return explain_escaped(x,
		arena_printf(x->arena, "a process of %.*s%s",
			(int)strcspn(service->held_by, "(") - 1, service->held_by,
			perhaps ? perhaps : ""));
}

/* Several processes on one address: a reuseport group that does not belong to one family. */
static bool share_address(const struct service *a, const struct service *b)
{
	for (size_t i = 0; i < a->listener_count; i++)
		for (size_t k = 0; k < b->listener_count; k++)
			if (address_eq(&a->listeners[i].endpoint.address,
				    &b->listeners[k].endpoint.address) &&
				a->listeners[i].endpoint.ifindex ==
					b->listeners[k].endpoint.ifindex)
				return true;
	return false;
}

static void shared(struct explaining *x)
{
	const struct service *one = x->sel.services[0], *two = x->sel.services[1];
	const char *programs = x->sel.count == 2
		? "Two programs share"
		: arena_printf(x->arena, "%zu programs share", x->sel.count);
	const char *among = x->sel.count == 2 ? "" : "among them ";

	x->out->answer = arena_printf(x->arena, "%s %s: %s%s on %s, and %s on %s.", programs,
		subject(x), among, explain_owner(x, one), one->listeners[0].text,
		explain_owner(x, two), two->listeners[0].text);
	x->out->hint = share_address(one, two)
		? "The kernel deals connections out among those on the same address (reuseport)."
		: "Which one answers depends on the address that a client picks.";
}

static void somebody(struct explaining *x)
{
	const struct service *first = x->sel.services[0];
	const char *reach = who_can_reach(first);

	if (x->sel.count > 1 && (x->t->has_port || x->sel.port)) {
		shared(x);
		return;
	}
	if (first->owner_count == 0 && !first->container) {
		x->out->answer = arena_printf(x->arena, "%s is in use by %s.%s%s%s", subject(x),
			unseen(x, first), reach ? " " : "", reach ? reach : "", reach ? "." : "");
		if (service_is_hidden(first))
			x->out->hint = "Which program it is takes more rights to see.";
		return;
	}
	x->out->answer = arena_printf(x->arena, "%s is %s.%s%s%s", subject(x), what_it_is(x, first),
		reach ? " " : "", reach ? reach : "", reach ? "." : "");
	if (first->problems & PROBLEM_STOPPED)
		x->out->hint = "It is suspended and cannot answer until it is continued.";
	else if (first->problems & PROBLEM_QUEUE_FULL)
		x->out->hint = "Its queue is full: it does not accept new connections.";
	else if (first->problems & PROBLEM_ORPHANED)
		x->out->hint = arena_printf(x->arena, "It is left over: %s.",
			first->owners[0]->orphan_why ? first->owners[0]->orphan_why
						     : "whoever started it is gone");
	else if (x->sel.count > 1)
		x->out->hint = arena_printf(x->arena, "'%s' means %zu services; this is the first.",
			explain_escaped(x, x->t->text), x->sel.count);
}

static const struct explained_client *client_with(struct explaining *x, const char *role)
{
	for (size_t i = 0; i < x->out->client_count; i++)
		if (str_eq(x->out->clients[i].role, role))
			return &x->out->clients[i];
	return NULL;
}

/* Nobody listens, but the port is not idle either. */
static bool port_is_used(struct explaining *x)
{
	const struct explained_client *c;

	if ((c = client_with(x, "bound, not listening"))) {
		x->out->answer = arena_printf(x->arena,
			"%s holds %s but does not listen, so a connection is refused.", c->who,
			subject(x));
		x->out->hint = "Other programs cannot take the port as long as that one runs.";
		return true;
	}
	if ((c = client_with(x, "outgoing"))) {
		x->out->answer = arena_printf(x->arena,
			"%s is the near end of a connection that %s made; nobody listens there.",
			subject(x), c->who);
		x->out->hint = "The number was picked by the system and is gone when that "
			       "connection ends.";
		return true;
	}
	if (client_with(x, "time-wait")) {
		x->out->answer = arena_printf(x->arena,
			"Nobody listens on %s any more; the kernel keeps it for up to 60 s after the "
			"last connection.",
			subject(x));
		return true;
	}
	return false;
}

static void nearby(struct explaining *x)
{
	const struct service *other = x->sel.nearby[0];

	if (other->proto != x->t->proto) {
		x->out->answer = arena_printf(x->arena,
			"Nobody listens on %s for %s; %s uses the same number for %s.", subject(x),
			proto_word(x->t->proto), explain_owner(x, other), proto_word(other->proto));
		return;
	}
	if (other->netns != 0) {
		x->out->answer = arena_printf(x->arena,
			"Nobody listens on %s here; %s listens on that port in %s.", subject(x),
			explain_owner(x, other),
			other->netns_label ? explain_escaped(x, other->netns_label)
					   : "another namespace");
		return;
	}
	x->out->answer = arena_printf(x->arena,
		"Nobody listens on %s, so a connection is refused; %s listens on %s instead.",
		subject(x), explain_owner(x, other), other->listeners[0].text);
}

static void nobody(struct explaining *x)
{
	if (x->sel.nearby_count) {
		nearby(x);
		return;
	}
	if (x->t->kind == TARGET_NAME || x->t->kind == TARGET_PID ||
		x->t->kind == TARGET_CONTAINER) {
		x->out->answer = x->t->kind == TARGET_PID
			? arena_printf(x->arena,
				  procfs_alive(x->host, x->t->pid)
					  ? "Process %d listens on nothing."
					  : "There is no process %d.",
				  x->t->pid)
			: arena_printf(x->arena, "Nothing on this machine is called '%s'.",
				  explain_escaped(x, x->t->name));
		return;
	}
	if (x->t->kind == TARGET_UNIX) {
		x->out->answer = arena_printf(x->arena, "Nobody listens at %s.", subject(x));
		return;
	}
	if (x->t->has_port && x->t->port == 0) {
		x->out->answer = "Port 0 is no port to connect to: a program that asks for it is "
				 "given any free one.";
		return;
	}
	if (x->sel.port && port_is_used(x))
		return;
	x->out->answer = arena_printf(x->arena,
		"Nobody is listening on %s, so a connection is refused at once.", subject(x));
	x->out->hint = "Nothing is wrong with your network.";
}

/* An address without a port: what it is, and how many answer there. */
static void an_address(struct explaining *x)
{
	x->out->answer =
		arena_printf(x->arena, "%s is %s.", subject(x), x->out->addresses[0].meaning);
	if (x->sel.count)
		x->out->hint = arena_printf(x->arena, "%zu service%s there.", x->sel.count,
			x->sel.count == 1 ? " answers" : "s answer");
}

static bool addresses_are_own(const struct explaining *x)
{
	for (size_t i = 0; i < x->out->address_count; i++)
		if (!x->out->addresses[i].own)
			return false;
	return true;
}

/* A sentence may begin with "port": in the arena, so it may be changed in place. */
static const char *capitalised(const char *sentence)
{
	if (str_starts(sentence, "port "))
		*(char *)sentence = 'P';
	return sentence;
}

void explain_answer(struct explaining *x)
{
	if (x->sel.port == 0 && x->sel.address_count && addresses_are_own(x)) {
		an_address(x);
	} else if (!addresses_are_own(x)) {
		x->out->answer = arena_printf(x->arena, "%s is not on this machine.", subject(x));
		x->out->hint = "loopscope looks at this machine only and sends nothing there.";
	} else if (x->sel.count) {
		somebody(x);
	} else {
		nobody(x);
	}
	x->out->answer = capitalised(x->out->answer);
}

static void step(struct explaining *x, struct explained_step *list, const char *command,
	const char *text)
{
	if (x->out->next_count < STEPS_MAX)
		list[x->out->next_count++] = (struct explained_step){command, text};
}

/* A number alone means TCP. */
static const char *udp_suffix(const struct service *service)
{
	return service->proto == PROTO_UDP ? "/udp" : "";
}

void explain_next(struct explaining *x)
{
	struct explained_step *list = arena_array(x->arena, struct explained_step, STEPS_MAX);
	const struct service *first = x->sel.count ? x->sel.services[0] : NULL;

	x->out->next = list;
	if (first && x->sel.port == 0 && x->sel.address_count) {
		step(x, list, arena_printf(x->arena, "loopscope %s", first->listeners[0].text),
			"one of them in full");
		return;
	}
	if (!first) {
		if (x->sel.nearby_count && x->sel.nearby[0]->netns == 0)
			step(x, list,
				arena_printf(x->arena, "loopscope explain %s%s",
					x->sel.nearby[0]->listeners[0].text,
					udp_suffix(x->sel.nearby[0])),
				"the one that does listen");
		else if (x->sel.port && addresses_are_own(x))
			step(x, list, arena_printf(x->arena, "loopscope wait %u", x->sel.port),
				"waits until something listens there");
		step(x, list, "loopscope ls", "everything that listens on this machine");
		return;
	}
	if (x->sel.count > 1)
		step(x, list,
			arena_printf(x->arena, "loopscope who %s", explain_escaped(x, x->t->text)),
			"all of them, a line each");
	if (first->owner_count == 0 && first->ownerless == OWNERLESS_HIDDEN && x->host->uid != 0)
		step(x, list,
			arena_printf(x->arena, "sudo loopscope %s", explain_escaped(x, x->t->text)),
			"see which program it is");
	if (first->problems & PROBLEM_STOPPED)
		step(x, list, arena_printf(x->arena, "kill -CONT %d", first->owners[0]->pid),
			"let it go on");
	if (first->url)
		step(x, list, arena_printf(x->arena, "curl %s", first->url), "ask it something");
	if (first->port) {
		bool own = first->uid == x->host->uid || x->host->uid == 0;
		step(x, list,
			arena_printf(x->arena, "%sloopscope free %u%s", own ? "" : "sudo ",
				first->port, udp_suffix(first)),
			"stop it and get the port back");
		if (first->proto == PROTO_TCP) /* the map shows connections */
			step(x, list, arena_printf(x->arena, "loopscope map %u", first->port),
				"who talks to it");
	}
}
