/*
 * siblings - see siblings.h.
 *
 * Workers of one server may hold a port in many ways: forked by one master, started side by side by
 * one supervisor, or as the two ends of a forwarder, one for each family. Those are one server.
 */
#include "diagnose/siblings.h"

#include "base/str.h"
#include "diagnose/stuck.h"
#include "inventory/forward.h"

#define TOGETHER_MS 2000  /* workers are started together */
#define APART_MS    60000 /* the same thing started anew */
#define GROUP_MAX   64

static bool is_ancestor(const struct owner *o, const struct owner *of)
{
	for (const struct owner *up = of; up; up = up->parent)
		if (up->pid == o->pid)
			return true;
	return false;
}

/* A parent that starts whatever it is told to, so that its children need not belong together. */
static bool is_anybody(const struct owner *parent)
{
	static const char *const names[] = {"sh", "bash", "dash", "zsh", "fish", "tmux", "screen",
		"systemd", "init", "setsid", "make"};

	if (!parent || parent->pid <= 1)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(owner_program(parent), names[i]))
			return true;
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return !a || !b || str_eq(a, b);
}

static bool same_arguments(const struct owner *a, const struct owner *b)
{
	if (!a->argc || !b->argc)
		return true;
	if (a->argc != b->argc)
		return false;
	for (size_t i = 0; i < a->argc; i++)
		if (!str_eq(a->argv[i], b->argv[i]))
			return false;
	return true;
}

static bool same_program(const struct owner *a, const struct owner *b)
{
	return same_text(a->exe, b->exe) && same_text(a->cwd, b->cwd) &&
		a->exe_deleted == b->exe_deleted && a->cwd_deleted == b->cwd_deleted;
}

static int64_t age_between(const struct owner *a, const struct owner *b)
{
	if (a->started_ms < 0 || b->started_ms < 0)
		return 0;
	return a->started_ms < b->started_ms ? b->started_ms - a->started_ms
					     : a->started_ms - b->started_ms;
}

static bool is_family(const struct owner *a, const struct owner *b)
{
	if (is_ancestor(a, b) || is_ancestor(b, a))
		return true;
	return a->ppid == b->ppid && !is_anybody(a->parent) && a->parent;
}

static bool lead_to_one(const struct inquiry *q, const struct owner *a, const struct owner *b)
{
	struct forward fa, fb;

	return forward_find(q->arena, a, q->aim.port, &fa) &&
		forward_find(q->arena, b, q->aim.port, &fb) && str_eq(fa.to, fb.to);
}

/* --- one for each address --- */

static bool is_one_server(const struct inquiry *q, const struct place *a, const struct place *b)
{
	const struct owner *first = stuck_owner(a), *second = stuck_owner(b);

	if (a->service == b->service)
		return true;
	if (!first && !second) /* both hidden: nothing says that they are two, but another user */
		return a->service->uid == b->service->uid;
	if (!first || !second)
		return a->service->uid == b->service->uid && a->service->uid == 0;
	return is_family(first, second) || lead_to_one(q, first, second) ||
		(same_program(first, second) && a->service->uid == b->service->uid &&
			age_between(first, second) < TOGETHER_MS && first->argc &&
			first->argc == second->argc);
}

bool siblings_by_address(const struct inquiry *q, struct siblings *out)
{
	const struct place *first = NULL;

	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (!p->talked || !p->talk.connected || !p->service || p->answered_by_other)
			continue;
		if (first && !is_one_server(q, first, p)) {
			*out = (struct siblings){.a = first->socket,
				.b = p->socket,
				.first = stuck_owner(first),
				.second = stuck_owner(p),
				.at = first,
				.other = p};
			return true;
		}
		first = first ? first : p;
	}
	return false;
}

/* --- a group on one address --- */

static bool is_stopped(const struct inquiry *q, const struct owner *o)
{
	const struct owner_vitals *v = inquiry_vitals(q, o);

	return v ? stuck_how(v) <= STUCK_FROZEN : o->state == 'T' || o->state == 't';
}

static const char *difference(const struct inquiry *q, const struct owner *a, const struct owner *b)
{
	if (is_stopped(q, a) != is_stopped(q, b))
		return "one of them is stopped";
	if (is_family(a, b))
		return NULL;
	if (a->exe_deleted != b->exe_deleted || a->cwd_deleted != b->cwd_deleted)
		return "one of them runs files that were deleted or replaced since";
	if (!same_text(a->exe, b->exe))
		return "they run different programs";
	if (!same_text(a->cwd, b->cwd))
		return "they run in different folders";
	if (!same_arguments(a, b))
		return "they were started with different arguments";
	return age_between(a, b) > APART_MS ? "one of them is older by far" : NULL;
}

static bool is_older(const struct owner *a, const struct owner *b)
{
	return a->started_ms == b->started_ms ? a->start_ticks < b->start_ticks
					      : a->started_ms < b->started_ms;
}

static bool pair_up(const struct inquiry *q, const struct socket *a, const struct socket *b,
	struct siblings *out)
{
	const char *differ = difference(q, a->owner, b->owner);

	if (!differ)
		return false;
	bool swap = is_older(b->owner, a->owner);
	*out = (struct siblings){.a = swap ? b : a,
		.b = swap ? a : b,
		.first = swap ? b->owner : a->owner,
		.second = swap ? a->owner : b->owner,
		.differ = differ};
	return true;
}

bool siblings_by_luck(const struct inquiry *q, struct siblings *out)
{
	const struct socket *list[GROUP_MAX];
	size_t count = inquiry_sockets(q, q->aim.proto, q->aim.port, list, GROUP_MAX);

	for (size_t i = 0; i < q->place_count; i++) {
		const struct socket *mine = q->places[i].socket;
		if (!q->places[i].service || !mine)
			continue;
		for (size_t j = 0; j < count * count; j++) {
			const struct socket *a = list[j / count], *b = list[j % count];
			if (a < b && a->state == SOCKET_LISTEN && b->state == SOCKET_LISTEN &&
				a->owner && b->owner && a->owner->pid != b->owner->pid &&
				address_eq(&a->local.address, &mine->local.address) &&
				address_eq(&b->local.address, &mine->local.address) &&
				pair_up(q, a, b, out))
				return true;
		}
	}
	return false;
}
