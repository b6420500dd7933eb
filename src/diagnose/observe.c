/*
 * observe - see observe.h.
 *
 * A name leads to several addresses, and clients fall back from one that refuses to the next: so what
 * is wrong with a name is what is wrong with the address that got furthest, and nothing when one of them
 * works. After a connection stands no client falls back any more.
 */
#include "diagnose/observe.h"

#include "base/str.h"
#include "diagnose/converse.h"
#include "diagnose/proxy.h"
#include "diagnose/siblings.h"
#include "diagnose/stuck.h"
#include "explain/port_facts.h"
#include "inventory/select.h"
#include "run/attempt.h"
#include <errno.h>

#define EARLY_NS     (140 * 1000000ull) /* before anything was said to a service that may speak first */
#define SLOW_NS	     1000000000ull
#define LATE_NS	     (2150 * 1000000ull) /* a first byte that late is no healthy answer */
#define SYN_AGAIN_NS (900 * 1000000ull)
#define STEP_LOW_NS  (36 * 1000000ull)
#define STEP_HIGH_NS (60 * 1000000ull)

static bool knows_protocol(const struct inquiry *q)
{
	return q->aim.http || q->aim.expects || q->aim.tls;
}

/* Hanging up on a question that it did not understand is no fault. */
static bool is_rightful(const struct inquiry *q, const struct place *p)
{
	const struct talk_job *t = &p->talk;

	return !knows_protocol(q) && t->total_ns - t->connect_ns > EARLY_NS;
}

static uint32_t of_failure(const struct talk_job *t)
{
	if (t->error == ECONNREFUSED)
		return OBSERVED_REFUSED;
	return t->error == ETIMEDOUT ? OBSERVED_UNANSWERED : OBSERVED_UNREACHABLE;
}

static uint32_t of_silence(const struct inquiry *q, const struct place *p)
{
	if (p->asks_names) /* it asks a name server about us, and keeps us waiting */
		return OBSERVED_SILENT;
	bool taken =
		p->accepted_known && p->accepted && (p->question_read || !p->question_read_known);

	return !taken || knows_protocol(q) ? OBSERVED_SILENT : 0;
}

bool observe_minds_certificate(const struct inquiry *q)
{
	return q->symptom.op == OPERATION_UNKNOWN ||
		(q->symptom.error && str_starts(q->symptom.error, "TLS_") &&
			!str_eq(q->symptom.error, "TLS_WRONG_VERSION"));
}

static bool is_old_version(const char *version)
{
	return version &&
		(str_eq(version, "TLSv1") || str_eq(version, "TLSv1.1") ||
			str_eq(version, "SSLv3"));
}

/* What a browser, curl and their like would complain about. */
static uint32_t of_handshake(const struct inquiry *q, const struct talk_tls *tls)
{
	bool wants_h2 = q->aim.expects && str_eq(q->aim.expects, "h2");

	if (!q->aim.tls || !tls->done)
		return 0;
	if (is_old_version(tls->version) || (wants_h2 && !tls->alpn))
		return OBSERVED_TLS;
	if (!tls->has_leaf || !observe_minds_certificate(q))
		return 0;
	bool dates = tls->leaf.not_before_ms <= q->now_ms && q->now_ms <= tls->leaf.not_after_ms;
	return dates && tls->trusted && tls->name_fits ? 0 : OBSERVED_TLS;
}

static bool says(const char *text, const char *const words[])
{
	for (size_t i = 0; text && words[i]; i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

/* A service that is known answers, and says that it will not serve anyone now, or not so. */
static uint32_t of_service(const struct inquiry *q, const struct talk_job *t)
{
	static const char *const refuses[] = {"max number of clients", "too many clients",
		"too many connections", "LOADING ", "system is starting up", "error 1040",
		"connection slots are reserved", NULL};
	static const char *const insists[] = {"sslmode=require", "sslmode=verify", "ssl=true",
		NULL};

	if (says(t->decoded.detail, refuses))
		return OBSERVED_AUTH;
	if (t->decoded.detail && str_eq(t->decoded.detail, "no TLS") && says(q->aim.path, insists))
		return OBSERVED_TLS;
	return 0;
}

static bool is_websocket(const struct inquiry *q)
{
	return q->aim.scheme && (str_eq(q->aim.scheme, "ws") || str_eq(q->aim.scheme, "wss"));
}

/* "not found" at the root is how many an API greets; the path that was asked for is another matter. */
static bool asked_for_path(const struct inquiry *q, unsigned status)
{
	return q->aim.shown_path || q->symptom.http_status == status;
}

static uint32_t of_status(const struct inquiry *q, const struct place *p)
{
	unsigned status = p->talk.response.status, other = p->host_try.response.status;

	/* without credentials of ours the root may well turn us away: what was asked for may not */
	if ((status == 401 && (asked_for_path(q, status) || is_websocket(q))) || status == 407)
		return OBSERVED_AUTH;
	if (p->host_tried && other && other < 400)
		return OBSERVED_HTTP; /* the same question with another Host is answered */
	if (p->tls_tried && p->tls_try.tls_seen.done)
		return OBSERVED_PROTOCOL;
	if (is_websocket(q) && status != 101)
		return OBSERVED_HTTP;
	if (status < 400)
		return 0;
	if (status >= 500 || status == 400 || status == 421 || status == 431 || status == 408 ||
		status == 429)
		return OBSERVED_HTTP;
	return asked_for_path(q, status) ? OBSERVED_HTTP : 0;
}

/* An answer that took its time while the quota held the server back. */
static uint32_t of_pace(const struct inquiry *q, const struct place *p)
{
	const struct owner_vitals *v = NULL;

	if (p->talk.first_byte_ns < SLOW_NS || stuck_at(q, p, &v) != STUCK_THROTTLED)
		return 0;
	return OBSERVED_SLOW;
}

static uint32_t of_answer(const struct inquiry *q, const struct place *p)
{
	const struct talk_job *t = &p->talk;
	uint32_t bits = of_handshake(q, &t->tls_seen) | of_service(q, t) | of_pace(q, p);

	if (t->response.status) {
		bool expected = q->aim.http || !q->aim.expects;
		bits |= expected ? of_status(q, p) : OBSERVED_PROTOCOL;
		if (expected && t->response.head_complete && !t->response.complete &&
			(t->peer_closed || t->end == TALK_RESET))
			bits |= OBSERVED_HTTP; /* cut off */
		return bits;
	}
	if (t->found)
		return bits |
			(q->aim.expects && !str_eq(q->aim.expects, t->found->name)
					? OBSERVED_PROTOCOL
					: 0);
	return bits | (knows_protocol(q) ? OBSERVED_PROTOCOL : 0);
}

/* What would happen, by the facts alone. */
static uint32_t predicted(const struct inquiry *q, const struct place *p)
{
	if (q->lo.there && !q->lo.up && address_is_loopback(&p->address))
		return OBSERVED_UNANSWERED;
	if (p->has_route && p->route.error)
		return OBSERVED_UNREACHABLE;
	for (size_t i = 0; i < p->filter.count; i++)
		if (p->filter.rules[i].sure && p->filter.rules[i].deed == FILTER_DROP)
			return OBSERVED_UNANSWERED;
		else if (p->filter.rules[i].sure && p->filter.rules[i].deed == FILTER_REJECT)
			return OBSERVED_REFUSED;
	if (!p->service)
		return OBSERVED_REFUSED;
	if (stuck_queue_full(p))
		return OBSERVED_UNANSWERED;
	return stuck_before(q, p) ? OBSERVED_SILENT : 0;
}

/* The connection came out at another port of ours than the one where somebody listens: NAT. */
static bool is_led_astray(const struct inquiry *q, const struct place *p)
{
	return p->service && p->answered_by_other && p->far.state && p->far.netns == 0 &&
		p->far.local.port != q->aim.port;
}

static uint32_t of_talk(const struct inquiry *q, const struct place *p)
{
	if (p->other_taken && p->talk.end != TALK_ANSWERED)
		return 0; /* what is spoken inside is not known */
	switch (p->talk.end) {
	case TALK_FAILED:
		return of_failure(&p->talk);
	case TALK_UNANSWERED:
		return OBSERVED_UNANSWERED;
	case TALK_SILENT:
		return of_silence(q, p);
	case TALK_CLOSED:
		return is_rightful(q, p) ? 0 : OBSERVED_CLOSED;
	case TALK_RESET:
		return is_rightful(q, p) ? 0 : OBSERVED_RESET;
	case TALK_TLS:
		return OBSERVED_TLS;
	case TALK_ANSWERED:
		return of_answer(q, p);
	default:
		return 0;
	}
}

static uint32_t of_place(const struct inquiry *q, const struct place *p)
{
	if (!p->ours)
		return 0;
	if (!p->talked)
		return predicted(q, p);
	return of_talk(q, p) | (is_led_astray(q, p) ? OBSERVED_PROTOCOL : 0);
}

#define BEFORE_CONNECTION (OBSERVED_UNREACHABLE | OBSERVED_REFUSED | OBSERVED_UNANSWERED)

/* How far the client got: the later a thing goes wrong, the more it says. */
static int progress(uint32_t wrong)
{
	if (wrong & OBSERVED_UNREACHABLE)
		return 0;
	if (wrong & OBSERVED_REFUSED)
		return 1;
	if (wrong & OBSERVED_UNANSWERED)
		return 2;
	return 3;
}

/* It was not asked, and nothing that was seen stands in its way: clients fall back to it. */
static bool is_left_alone(const struct place *p)
{
	return p->ours && !p->talked && !p->wrong && p->service;
}

static bool counts(const struct place *p)
{
	return p->ours && (p->talked || p->wrong || is_left_alone(p));
}

static uint32_t of_places(struct inquiry *q)
{
	const struct place *first = NULL, *furthest = NULL;
	bool works = false;

	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		p->wrong = of_place(q, p);
		if (!counts(p))
			continue;
		first = first ? first : p;
		works = works || !p->wrong;
		if (!furthest || progress(p->wrong) > progress(furthest->wrong))
			furthest = p;
	}
	if (!first)
		return 0;
	struct siblings pair;
	uint32_t bits =
		siblings_by_address(q, &pair) || siblings_by_luck(q, &pair) ? OBSERVED_DIVIDED : 0;
	if (works && (first->wrong & OBSERVED_UNANSWERED))
		return bits | OBSERVED_SLOW; /* clients wait for it before they try the next */
	if (works && (!first->wrong || (first->wrong & BEFORE_CONNECTION)))
		return bits;
	return bits | (works ? first->wrong : furthest->wrong);
}

/*
 * A line of /etc/hosts gives the name an address that is not of this machine, while the very port is
 * served here: the line is from another day.
 */
static bool is_stale_entry(const struct inquiry *q)
{
	if (!q->predicted.source || !str_eq(q->predicted.source, "files") || !q->aim.has_port)
		return false;
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].ours)
			return false;
	for (size_t i = 0; i < q->snapshot->service_count; i++)
		if (q->snapshot->services[i]->netns == 0 &&
			q->snapshot->services[i]->port == q->aim.port &&
			q->snapshot->services[i]->proto == q->aim.proto)
			return true;
	return false;
}

static uint32_t of_name(const struct inquiry *q)
{
	uint32_t bits = 0;

	if (!q->aim.host || q->aim.literal)
		return 0;
	if (q->looked_up && (q->lookup.failure || q->lookup.timed_out))
		bits |= OBSERVED_NAME;
	else if (q->looked_up && q->lookup.took_ns > SLOW_NS)
		bits |= OBSERVED_SLOW;
	if (!q->looked_up && !q->predicted.address_count && !inquiry_is_localhost(q))
		bits |= OBSERVED_NAME;
	for (size_t i = 0; inquiry_is_localhost(q) && i < q->place_count; i++)
		if (!address_is_loopback(&q->places[i].address))
			bits |= OBSERVED_NAME;
	if (is_stale_entry(q))
		bits |= OBSERVED_NAME;
	return bits;
}

static uint32_t of_path(const struct inquiry *q)
{
	const struct path_facts *f = &q->file;

	if (!q->aim.socket_path || !(q->gathered & FACT_PATH))
		return 0;
	if (q->symptom.op == OPERATION_BIND)
		return f->sight == FILE_ABSENT ? 0 : OBSERVED_BIND;
	if (f->connect_error >= 0)
		return f->connect_error ? OBSERVED_SOCKET_FILE : 0;
	return f->sight == FILE_SOCKET && f->listed ? 0 : OBSERVED_SOCKET_FILE;
}

static uint32_t of_bind(const struct inquiry *q)
{
	bool says_access = q->symptom.error &&
		(str_eq(q->symptom.error, "EACCES") || str_eq(q->symptom.error, "EPERM"));

	if (q->symptom.op != OPERATION_BIND || !q->aim.has_port)
		return 0;
	if (q->bind_error > 0 || q->bind_error_reuse > 0)
		return OBSERVED_BIND;
	/* root may bind what another user may not */
	return says_access && q->aim.port < q->unprivileged_start ? OBSERVED_BIND : 0;
}

/* The browser's own rules; its names for what any client may meet (refused, TLS) are none. */
static bool browser_refuses(const struct inquiry *q)
{
	static const char *const words[] = {"CORS", "HSTS", "private network", "mixed content",
		"CSP", "restricted", "UNSAFE_PORT", "BLOCKED_BY", NULL};

	return says(q->symptom.browser, words);
}

static bool is_blocked_port(const struct inquiry *q)
{
	return q->query->browser && q->aim.http && q->aim.has_port &&
		port_browser_blocked(q->aim.port);
}

/* Opened by a browser, http turns into https for all names below these (hstspreload.org). */
static bool is_forced(const struct inquiry *q)
{
	const char *host = q->aim.host;

	return q->query->browser && host && q->aim.scheme && str_eq(q->aim.scheme, "http") &&
		(str_ends(host, ".dev") || str_ends(host, ".app"));
}

/* What the text says about itself and nobody else can see: the client's own refusals, a password. */
static uint32_t of_symptom(const struct inquiry *q)
{
	/* on port 0 nobody can be asked for anything */
	if (q->aim.has_port && !q->aim.port && q->symptom.op != OPERATION_BIND)
		return OBSERVED_CLIENT;
	switch (q->symptom.op) {
	case OPERATION_AUTH:
		return OBSERVED_AUTH;
	case OPERATION_URL:
		return OBSERVED_CLIENT;
	case OPERATION_PROXY:
		return OBSERVED_PROXY;
	default:
		return browser_refuses(q) || is_forced(q) || is_blocked_port(q) ? OBSERVED_CLIENT
										: 0;
	}
}

/*
 * Whether the proxy that the variables name stands in the way. A text or a command that ended at the
 * aim itself shows that this client goes there directly, whatever they say.
 */
static bool goes_by_proxy(const struct inquiry *q)
{
	struct proxy_choice proxy;

	proxy_choose(q, &proxy);
	if (!proxy.variable || q->symptom.op == OPERATION_BIND)
		return false;
	if (!q->aim.is_text)
		return true;
	for (size_t i = 0; q->query->attempt && i < q->query->attempt->attempt_count; i++) {
		const struct attempt *a = &q->query->attempt->attempts[i];
		if (a->kind == ATTEMPT_CONNECT && a->endpoint.port == q->aim.port)
			return false;
	}
	return q->symptom.op == OPERATION_PROXY || q->symptom.op == OPERATION_HTTP ||
		q->symptom.op == OPERATION_UNKNOWN;
}

/* On kept connections the rest of the answer lags behind by the delay of an ACK; see check_slow.c. */
static bool is_late_step(const struct talk_job *t)
{
	uint64_t gap = t->total_ns - t->first_byte_ns;

	return t->response.complete && t->first_byte_ns && gap >= STEP_LOW_NS &&
		gap <= STEP_HIGH_NS;
}

static uint32_t of_time(const struct inquiry *q)
{
	bool complains = q->symptom.error && str_eq(q->symptom.error, "ETIMEDOUT");

	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		const struct talk_job *t = &p->talk;
		uint64_t wait = t->first_byte_ns - t->connect_ns;
		if (!p->talked || p->wrong || !t->connected)
			continue;
		if (t->connect_ns > SYN_AGAIN_NS ||
			(t->first_byte_ns && wait > (complains ? SLOW_NS / 2 : LATE_NS)) ||
			(p->keep_tried && is_late_step(&p->keep_try) &&
				is_late_step(&p->keep_again)))
			return OBSERVED_SLOW;
	}
	return 0;
}

void observe(struct inquiry *q)
{
	q->observed = of_name(q) | of_path(q) | of_bind(q) | of_symptom(q);
	if (q->symptom.op != OPERATION_BIND)
		q->observed |= of_places(q) | of_time(q);
	if (goes_by_proxy(q))
		q->observed |= OBSERVED_PROXY;
	if (q->beyond && q->beyond->verdict == VERDICT_FAULT && str_eq(q->beyond_by, "redirect"))
		q->observed |= OBSERVED_HTTP;
	if (!q->observed && q->restarts.seen > 1)
		q->observed = OBSERVED_DIVIDED; /* it works between two crashes */
	if (!q->observed && (q->symptom.error || q->symptom.op != OPERATION_UNKNOWN))
		q->observed = OBSERVED_REPORTED;
}

bool observed_anything(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (p->talked && p->talk.end != TALK_NOT_DONE && !p->wrong)
			return true;
	}
	return q->bind_error >= 0 || (q->aim.socket_path && q->file.connect_error >= 0);
}
