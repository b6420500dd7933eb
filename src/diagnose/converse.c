/*
 * converse - see converse.h.
 *
 * First round: what the client would do, to all addresses side by side. When a passive fact tells
 * already that no answer will come (a stopped owner, a full queue, a rule that drops), the round is short:
 * it only confirms. Second round: one question more for those that did not answer as they should.
 */
#include "diagnose/converse.h"

#include "base/clock.h"
#include "base/str.h"
#include "diagnose/gather.h"
#include "diagnose/stuck.h"
#include "inventory/probe.h"
#include "inventory/speaks.h"
#include "model/scheme.h"

#define LISTEN_MS   150
#define WATCH_MS    200
#define SURE_MS	    450	 /* when the silence is expected */
#define FIRST_MS    2200 /* of the first round: a compiling dev server takes its time */
#define UNKNOWN_MS  700	 /* after the watch, when nobody says what the server speaks */
#define SECOND_MS   400	 /* a handshake on one machine takes some 10 ms */
#define THIRD_MS    400
#define QUICK_NS    (300 * 1000000ull) /* what answers so fast may be asked again */
#define STEP_NS	    (30 * 1000000ull)
#define REQUEST_MAX (16u << 10)
#define ALERT_ALPN  120 /* RFC 7301 section 3.2 */

/* --- what the kernel knows of a conversation that stands --- */

static bool belongs_to_listener(const struct place *p, const struct owner *o)
{
	for (size_t i = 0; p->service && i < p->service->owner_count; i++) {
		const struct owner *own = p->service->owners[i];
		if (own->pid == o->pid || own->pid == o->ppid)
			return true; /* a worker serves what its master listens on */
	}
	return false;
}

/* The process that took our connection may be a worker that holds nothing on the port. */
static void note_taker(struct inquiry *q, struct place *p, const struct owner *o)
{
	struct owner *kept = arena_memdup(q->arena, o, sizeof(*o)); /* its strings live on */

	p->taken_by = kept;
	p->answered_by_other = p->service && p->service->owner_count && !belongs_to_listener(p, o);
	gather_vitals(q, kept);
}

/* The other end of the conversation, as a snapshot has it; true when an owner of it was kept. */
static bool find_far_end(struct inquiry *q, struct place *p, const struct talk_job *job,
	const struct snapshot *s)
{
	for (size_t i = 0; i < s->socket_count; i++) {
		const struct socket *far = &s->sockets[i];
		if (proto_is_unix(far->local.proto) || far->netns ||
			far->remote_port != job->local.port || far->local.port == job->local.port ||
			!far->remote_port)
			continue;
		p->far = *far;
		p->far.local.path = NULL;
		p->far.tcp = NULL;
		p->far.owner = p->far.peer_owner = NULL;
		/* an end that has begun to close, or spoke, was accepted before its process let it go */
		p->accepted = far->inode != 0 || job->received || job->peer_closed ||
			(far->state != SOCKET_ESTABLISHED && far->state != SOCKET_SYN_RECV);
		p->accepted_known = true;
		p->question_read = p->accepted && far->rqueue == 0;
		p->question_read_known = p->accepted;
		p->answered_by_other = false;
		if (far->owner)
			note_taker(q, p, far->owner);
		else
			p->answered_by_other = far->local.port != q->aim.port;
		return far->owner != NULL;
	}
	return false;
}

static void look_at_far_end(struct inquiry *q, struct place *p, const struct talk_job *job)
{
	const struct inventory_query query = {.protos = PROTO_BIT(PROTO_TCP),
		.all_states = true,
		.port = job->local.port};
	AUTO(snapshot) struct snapshot *s = NULL;

	if (inventory_take(q->host, &query, &s, NULL) < 0 || !find_far_end(q, p, job, s))
		return;
	snapshot_give(steal(&s), q->arena);
}

/* Silent to the end: now whatever the server waits for can be seen too. */
static void look_at_silence(struct inquiry *q, struct place *p, const struct talk_job *job)
{
	const struct inventory_query query = {.protos = PROTO_BIT(PROTO_TCP) | PROTO_BITS_UNIX,
		.all_states = true,
		.exhaustive = true};

	if (!q->later)
		inventory_take(q->host, &query, &q->later, NULL);
	if (q->later)
		find_far_end(q, p, job, q->later);
}

/* One that took the question and speaks some protocol that nobody told us is not waited for long. */
static bool may_be_cut_short(const struct inquiry *q, const struct place *p)
{
	return p->accepted_known && p->accepted && !q->aim.http && !q->aim.tls && !q->aim.expects;
}

/*
 * While nothing came: does the one who took our connection wait for a name server? Then it wants to know
 * who we are.
 */
static void look_for_name_server(struct inquiry *q, struct place *p)
{
	const struct inventory_query query = {.protos = PROTO_BIT(PROTO_TCP) | PROTO_BIT(PROTO_UDP),
		.all_states = true,
		.port = 53};
	AUTO(snapshot) struct snapshot *s = NULL;

	if (!p->taken_by || inventory_take(q->host, &query, &s, NULL) < 0)
		return;
	for (size_t i = 0; i < s->socket_count; i++) {
		const struct socket *it = &s->sockets[i];
		if (it->remote_port == 53 && it->netns == 0 && it->owner &&
			it->owner->pid == p->taken_by->pid)
			p->asks_names = inquiry_endpoint(q, &it->remote, 53);
	}
}

static void watch_place(struct inquiry *q, struct place *p, const struct talk_job *job)
{
	look_at_far_end(q, p, job);
	if (!job->first_byte_ns && !job->peer_closed)
		look_for_name_server(q, p);
}

static void on_watch(struct talk_job *job, void *data)
{
	struct inquiry *q = data;

	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		if (p->watched != job)
			continue;
		if (job->end == TALK_SILENT)
			look_at_silence(q, p, job);
		else
			watch_place(q, p, job);
		if (may_be_cut_short(q, p))
			job->patience_ms = UNKNOWN_MS;
	}
}

/* --- questions --- */

static bool is_websocket(const struct inquiry *q)
{
	return q->aim.scheme && (str_eq(q->aim.scheme, "ws") || str_eq(q->aim.scheme, "wss"));
}

/* RFC 6455 section 4.1; the key may be any 16 bytes. */
#define CLOSE_HEADERS "Connection: close\r\n"
#define KEEP_HEADERS  "Connection: keep-alive\r\n"
#define UPGRADE_HEADERS                                                                            \
	"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"               \
	"Sec-WebSocket-Key: bG9vcHNjb3BlIGxvb2tzLg==\r\n"

static const char *request_text(const struct inquiry *q, const char *method, const char *host,
	const char *headers)
{
	const char *path = q->aim.path ? q->aim.path : "/";
	AUTO(buf) struct buf text = BUF_INIT(REQUEST_MAX);
	unsigned usual = q->aim.tls ? 443 : 80;

	buf_printf(&text, "%s ", method);
	for (const char *p = path; *p; p++) /* what a URL may not hold would be another request */
		if ((unsigned char)*p <= ' ' || (unsigned char)*p == 0x7f)
			buf_printf(&text, "%%%02X", (unsigned char)*p);
		else
			buf_char(&text, *p);
	buf_printf(&text, " HTTP/1.1\r\nHost: %s", host);
	if (q->aim.port != usual)
		buf_printf(&text, ":%u", q->aim.port);
	buf_printf(&text, "\r\nUser-Agent: loopscope\r\nAccept: */*\r\n%s\r\n", headers);
	return arena_strdup(q->arena, text.data);
}

/* The host as it stands in a Host header. */
static const char *host_text(const struct inquiry *q, const struct place *p)
{
	AUTO(buf) struct buf text = BUF_INIT(300);

	if (q->aim.host && !q->aim.literal)
		return q->aim.host;
	if (p->address.family == AF_INET6)
		buf_char(&text, '[');
	address_format(&text, &p->address);
	if (p->address.family == AF_INET6)
		buf_char(&text, ']');
	return arena_strdup(q->arena, text.data);
}

static void ask_http(struct inquiry *q, struct talk_job *job, const char *host)
{
	job->hello =
		request_text(q, "GET", host, is_websocket(q) ? UPGRADE_HEADERS : CLOSE_HEADERS);
	job->hello_len = strlen(job->hello);
	job->http = true;
}

static void ask_decoder(struct inquiry *q, struct talk_job *job, const struct decoder *d)
{
	AUTO(buf) struct buf hello = BUF_INIT(4096);

	decoder_hello(d, q->aim.port, &hello);
	if (!hello.len) {
		job->listen_ms = 500; /* the server speaks first */
		return;
	}
	job->hello = arena_memdup(q->arena, hello.data, hello.len);
	job->hello_len = hello.len;
}

/* What the one who listens there would like to hear, when nobody says what is expected of it. */
static const struct decoder *guess(const struct place *p)
{
	const char *speaks = p->service ? p->service->speaks : NULL;

	if (!speaks)
		return NULL;
	return decoder_find(str_eq(speaks, "https") ? "tls" : speaks);
}

static void plan_first(struct inquiry *q, struct place *p)
{
	struct talk_job *job = &p->talk;
	const struct decoder *wanted = q->aim.expects ? decoder_find(q->aim.expects) : NULL;

	*job = (struct talk_job){.endpoint = {.proto = PROTO_TCP,
					 .address = p->address,
					 .port = q->aim.port},
		.host = q->aim.host && !q->aim.literal ? q->aim.host : NULL,
		.tls = q->aim.tls,
		.alpn = q->aim.tls ? (wanted && str_eq(wanted->name, "h2") ? "h2" : "http/1.1")
				   : NULL,
		.watch = on_watch,
		.watch_ms = WATCH_MS,
		.data = q};
	p->watched = job;
	if (q->aim.http) {
		ask_http(q, job, host_text(q, p));
		return;
	}
	if (!wanted)
		wanted = guess(p);
	if (wanted && str_eq(wanted->name, "tls")) {
		job->tls = true;
		ask_http(q, job, host_text(q, p));
	} else if (wanted && !str_eq(wanted->name, "http")) {
		ask_decoder(q, job, wanted);
	} else {
		if (!wanted)
			job->listen_ms = LISTEN_MS;
		ask_http(q, job, host_text(q, p));
	}
}

const char *converse_refusal(const struct inquiry *q, const struct place *p)
{
	if (!p->ours)
		return "it is an address of another machine";
	return p->service ? speaks_leave_alone(p->service) : NULL;
}

/* --- how long --- */

static bool is_out_of_descriptors(const struct inquiry *q, const struct place *p)
{
	const struct owner_vitals *v = NULL;

	return stuck_at(q, p, &v) == STUCK_DESCRIPTORS;
}

/* A fact says already that nobody will answer. */
static bool expects_silence(const struct inquiry *q, const struct place *p)
{
	if (q->lo.there && !q->lo.up && address_is_loopback(&p->address))
		return true;
	if (stuck_queue_full(p))
		return true;
	for (size_t i = 0; i < p->filter.count; i++)
		if (p->filter.rules[i].sure && p->filter.rules[i].deed == FILTER_DROP)
			return true;
	return stuck_before(q, p) || is_out_of_descriptors(q, p);
}

/* --- the second round --- */

static bool said_nothing(const struct talk_job *job)
{
	return job->end == TALK_SILENT || job->end == TALK_CLOSED || job->end == TALK_RESET;
}

static bool wants_tls_try(const struct inquiry *q, const struct place *p)
{
	const struct talk_job *t = &p->talk;

	if (q->aim.tls || t->tls || !t->connected || (p->accepted_known && !p->accepted))
		return false;
	bool refuses_plain = t->response.status == 400 && t->received;
	bool looks_like_tls = t->found && str_eq(t->found->name, "tls");
	return t->http &&
		(said_nothing(t) || refuses_plain || looks_like_tls ||
			(t->end == TALK_ANSWERED && !t->response.status && !t->found));
}

static bool wants_plain_try(const struct place *p)
{
	return p->talk.tls && p->talk.connected && !p->talk.tls_seen.done &&
		!p->talk.tls_seen.alert && !(p->accepted_known && !p->accepted);
}

/* Turned away for want of a common protocol inside TLS: what would it choose? */
static bool wants_alpn_try(const struct place *p)
{
	return p->talk.tls && p->talk.tls_seen.alert == ALERT_ALPN;
}

/* Who closes without reading what came resets the connection by that: asked nothing, it tells more. */
static bool wants_quiet_try(const struct place *p)
{
	return p->talk.end == TALK_RESET && !p->talk.received && !p->talk.tls &&
		!(p->accepted_known && !p->accepted);
}

static bool wants_cors_try(const struct inquiry *q, const struct place *p)
{
	bool complains = (q->symptom.error && str_eq(q->symptom.error, "CORS")) ||
		(q->symptom.browser &&
			(str_eq(q->symptom.browser, "CORS") ||
				strcasestr(q->symptom.browser, "network access")));

	return complains && p->talk.response.status;
}

static bool wants_host_try(const struct inquiry *q, const struct place *p)
{
	unsigned status = p->talk.response.status;

	if (q->aim.host && str_eq(q->aim.host, "localhost"))
		return false;
	if (status == 404) /* a virtual host: of an address nobody expects one */
		return q->aim.host && !q->aim.literal;
	return status == 400 || status == 403 || status == 421;
}

static void plan_like_first(struct inquiry *q, const struct place *p, struct talk_job *job,
	bool tls, const char *host)
{
	*job = (struct talk_job){.endpoint = p->talk.endpoint,
		.host = p->talk.host,
		.tls = tls,
		.alpn = tls ? "h2,http/1.1" : NULL};
	ask_http(q, job, host);
}

/* The page that was blocked: the text names it beside the place that it asked, "from origin ...". */
static const char *origin_of(const struct inquiry *q)
{
	for (size_t i = 0; i < q->symptom.endpoint_count; i++) {
		const struct symptom_endpoint *e = &q->symptom.endpoints[i];
		if (!e->scheme || !e->host || (e->has_port && e->port == q->aim.port))
			continue;
		if (!e->has_port || e->port == scheme_port(e->scheme))
			return arena_printf(q->arena, "%s://%s", e->scheme, e->host);
		return arena_printf(q->arena, "%s://%s:%u", e->scheme, e->host, e->port);
	}
	return q->aim.port == 3000 ? "http://localhost:5173" : "http://localhost:3000";
}

static bool is_header_safe(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

static size_t plan_cors(struct inquiry *q, struct place *p, struct talk_job *jobs,
	struct talk_job **back)
{
	q->origin = origin_of(q);
	if (!is_header_safe(q->origin))
		q->origin = "http://localhost:3000";
	p->cors_tried = true;
	for (size_t i = 0; i < 2; i++) {
		plan_like_first(q, p, &jobs[i], p->talk.tls, host_text(q, p));
		jobs[i].hello = request_text(q, i ? "OPTIONS" : "GET", host_text(q, p),
			arena_printf(q->arena, "Origin: %s\r\n%s" CLOSE_HEADERS, q->origin,
				i ? "Access-Control-Request-Method: GET\r\n"
				    "Access-Control-Request-Private-Network: true\r\n"
				  : ""));
		jobs[i].hello_len = strlen(jobs[i].hello);
		back[i] = i ? &p->cors_ask : &p->cors_get;
	}
	return 2;
}

static void second_round(struct inquiry *q, unsigned left_ms)
{
	struct talk_job jobs[PLACES_MAX * 6];
	struct talk_job *back[PLACES_MAX * 6];
	size_t count = 0;

	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		if (!p->talked)
			continue;
		if (wants_tls_try(q, p) || wants_alpn_try(p)) {
			p->tls_tried = true;
			plan_like_first(q, p, &jobs[count], true, host_text(q, p));
			back[count++] = &p->tls_try;
		}
		if (wants_plain_try(p)) {
			p->plain_tried = true;
			plan_like_first(q, p, &jobs[count], false, host_text(q, p));
			back[count++] = &p->plain_try;
		}
		if (wants_host_try(q, p)) {
			p->host_tried = true;
			plan_like_first(q, p, &jobs[count], p->talk.tls, "localhost");
			back[count++] = &p->host_try;
		}
		if (wants_quiet_try(p)) {
			p->quiet_tried = true;
			jobs[count] = (struct talk_job){.endpoint = p->talk.endpoint,
				.listen_ms = LISTEN_MS};
			back[count++] = &p->quiet_try;
		}
		if (wants_cors_try(q, p))
			count += plan_cors(q, p, &jobs[count], &back[count]);
	}
	if (count)
		talk_run(q->arena, jobs, count, MIN(left_ms, (unsigned)SECOND_MS));
	for (size_t i = 0; i < count; i++)
		*back[i] = jobs[i];
}

/* A port was named and no scheme: whatever it speaks is right, so the try that was answered counts. */
static void take_other(struct inquiry *q)
{
	if (q->aim.scheme || q->aim.is_text || q->aim.expects || q->aim.http || q->aim.tls)
		return;
	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		if (p->tls_tried && p->tls_try.tls_seen.done) {
			p->talk = p->tls_try;
			p->tls_tried = false;
			p->other_taken = true;
		} else if (p->plain_tried && p->plain_try.response.status) {
			p->talk = p->plain_try;
			p->plain_tried = false;
			p->other_taken = true;
		}
	}
}

/* --- kept connections, where all seems well --- */

static bool is_quick(const struct place *p)
{
	const struct talk_job *t = &p->talk;

	return p->talked && t->response.complete && t->response.minor >= 1 &&
		t->response.status >= 200 && t->response.status < 400 && t->total_ns < QUICK_NS;
}

static void keep(struct inquiry *q, struct place *p, struct talk_job *job, unsigned linger_ms,
	unsigned left_ms)
{
	plan_like_first(q, p, job, p->talk.tls, host_text(q, p));
	job->alpn = p->talk.alpn;
	job->hello = request_text(q, "GET", host_text(q, p), KEEP_HEADERS);
	job->hello_len = strlen(job->hello);
	job->linger_ms = linger_ms;
	talk_run(q->arena, job, 1, linger_ms ? left_ms : MIN(left_ms, (unsigned)THIRD_MS));
}

/* The client was cut off, and now it works: perhaps its connection had been idle for too long. */
static bool wants_idle_try(const struct inquiry *q, const struct place *p)
{
	static const char *const errors[] = {"ECONNRESET", "EOF", "EPIPE", "ECONNABORTED"};
	bool complains = q->symptom.http_status == 502;

	for (size_t i = 0; q->symptom.error && i < ARRAY_SIZE(errors); i++)
		complains = complains || str_eq(q->symptom.error, errors[i]);
	return complains && !response_header(&p->keep_try.response, "Keep-Alive");
}

static unsigned left(uint64_t end_ns)
{
	uint64_t now = clock_mono_ns();

	return now >= end_ns ? 0 : (unsigned)((end_ns - now) / 1000000);
}

static void keep_round(struct inquiry *q, uint64_t end_ns)
{
	struct place *p = NULL;

	for (size_t i = 0; i < q->place_count && !p; i++)
		if (is_quick(&q->places[i]))
			p = &q->places[i];
	/* a healthy server that nobody complains about is left in peace */
	if (!p || is_websocket(q) || q->symptom.op == OPERATION_UNKNOWN)
		return;
	p->keep_tried = true;
	keep(q, p, &p->keep_try, 0, left(end_ns));
	const struct talk_job *t = &p->keep_try;
	if (t->response.complete && t->total_ns - t->first_byte_ns > STEP_NS && left(end_ns) > 100)
		keep(q, p, &p->keep_again, 0, left(end_ns));
	if (wants_idle_try(q, p) && left(end_ns) > 500) {
		p->idle_tried = true;
		keep(q, p, &p->idle_try, left(end_ns) - 100, left(end_ns));
	}
}

/* --- what else could it be? --- */

static bool is_expected(const struct inquiry *q, const struct talk_job *t)
{
	if (t->response.status)
		return q->aim.http || !q->aim.expects;
	if (!t->found)
		return false;
	return !q->aim.expects || str_eq(t->found->name, q->aim.expects);
}

static bool wants_look(const struct inquiry *q, const struct place *p)
{
	const struct talk_job *t = &p->talk;

	if (!p->talked || !t->connected || p->other_taken || is_expected(q, t) ||
		(p->accepted_known && !p->accepted))
		return false;
	if (t->found && !t->tls)
		return false; /* it said what it is already */
	if (p->tls_tried && p->tls_try.tls_seen.done)
		return false;
	if (p->plain_tried && p->plain_try.response.status)
		return false;
	/* silent, and nobody said what it should speak: it is not pestered with guesses */
	return q->aim.expects || q->aim.tls || t->end != TALK_SILENT;
}

static void look_around(struct inquiry *q, unsigned left_ms)
{
	struct probe_job jobs[PLACES_MAX] = {0};
	struct place *back[PLACES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		if (!wants_look(q, p))
			continue;
		jobs[count] =
			(struct probe_job){.endpoint = p->talk.endpoint, .service = p->service};
		back[count++] = p;
	}
	if (count)
		probe_run(q->arena, jobs, count, left_ms);
	for (size_t i = 0; i < count; i++) {
		back[i]->speaks = jobs[i].speaks;
		back[i]->speaks_detail = jobs[i].detail;
	}
}

void converse(struct inquiry *q, unsigned deadline_ms)
{
	uint64_t end_ns = clock_mono_ns() + deadline_ms * 1000000ull;
	struct talk_job jobs[PLACES_MAX];
	struct place *back[PLACES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < q->place_count; i++) {
		struct place *p = &q->places[i];
		if (converse_refusal(q, p))
			continue;
		plan_first(q, p);
		if (expects_silence(q, p))
			p->talk.limit_ms = SURE_MS;
		jobs[count] = p->talk;
		p->watched = &jobs[count];
		p->talked = true;
		back[count++] = p;
	}
	if (count)
		talk_run(q->arena, jobs, count, MIN(FIRST_MS, deadline_ms * 3 / 4));
	for (size_t i = 0; i < count; i++)
		back[i]->talk = jobs[i];
	if (left(end_ns) > 100)
		second_round(q, left(end_ns));
	take_other(q);
	if (left(end_ns) > 100)
		look_around(q, left(end_ns));
	if (left(end_ns) > 100)
		keep_round(q, end_ns);
}
