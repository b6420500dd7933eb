/*
 * stuck - see stuck.h.
 *
 * The state letter is of one moment; a busy or a waiting process is called so when two readings agree. A
 * frozen process looks asleep (S): only its control group tells.
 */
#include "diagnose/stuck.h"

#define BUSY_PERCENT	  60 /* of one CPU, alone */
#define BUSY_AT_BOTH	  8  /* running at both readings: it wants more, and others want it too */
#define THROTTLED_PERCENT 30

static const struct vitals *latest(const struct owner_vitals *v)
{
	return v->second.pid && !v->second.gone ? &v->second : &v->first;
}

static bool both(const struct owner_vitals *v, char state)
{
	return v->first.state == state && latest(v)->state == state;
}

static bool is_out_of_descriptors(const struct vitals *v)
{
	return v->fd_count != VITALS_UNKNOWN && v->fd_limit != VITALS_UNKNOWN && v->fd_limit &&
		v->fd_count >= v->fd_limit;
}

enum stuck stuck_how(const struct owner_vitals *v)
{
	const struct vitals *now = latest(v);

	if (now->state == 't')
		return STUCK_TRACED;
	if (now->state == 'T')
		return now->tracer ? STUCK_TRACED : STUCK_STOPPED;
	if (now->frozen)
		return STUCK_FROZEN;
	if (both(v, 'D'))
		return STUCK_UNINTERRUPTIBLE;
	if (is_out_of_descriptors(now))
		return STUCK_DESCRIPTORS;
	if (v->throttled_percent >= THROTTLED_PERCENT)
		return STUCK_THROTTLED;
	if (v->main_percent >= BUSY_PERCENT || (v->main_percent >= BUSY_AT_BOTH && both(v, 'R')))
		return STUCK_BUSY;
	return STUCK_NOT;
}

const struct owner *stuck_owner(const struct place *p)
{
	if (p->taken_by)
		return p->taken_by;
	if (p->socket && p->socket->owner)
		return p->socket->owner;
	return p->service && p->service->owner_count ? p->service->owners[0] : NULL;
}

enum stuck stuck_at(const struct inquiry *q, const struct place *p, const struct owner_vitals **out)
{
	const struct owner *main = stuck_owner(p);
	enum stuck best = STUCK_NOT;

	*out = main ? inquiry_vitals(q, main) : NULL;
	if (*out)
		best = stuck_how(*out);
	if (p->taken_by && *out)
		return best;
	for (size_t i = 0; p->service && i < p->service->owner_count; i++) {
		const struct owner_vitals *v = inquiry_vitals(q, p->service->owners[i]);
		if (v && stuck_how(v) < best) {
			best = stuck_how(v);
			*out = v;
		}
	}
	return best;
}

bool stuck_before(const struct inquiry *q, const struct place *p)
{
	size_t stuck = 0;

	for (size_t i = 0; p->service && i < p->service->owner_count; i++) {
		const struct owner_vitals *v = inquiry_vitals(q, p->service->owners[i]);
		stuck += v && (v->first.state == 'T' || v->first.state == 't' || v->first.frozen);
	}
	return stuck && stuck == p->service->owner_count;
}

bool stuck_queue_full(const struct place *p)
{
	return p->listener && p->listener->backlog != BACKLOG_UNKNOWN &&
		p->listener->waiting > p->listener->backlog;
}

bool stuck_in_queue(const struct place *p)
{
	return p->talked && p->talk.connected && p->accepted_known && !p->accepted;
}
