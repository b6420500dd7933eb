/*
 * talk - see talk.h. One conversation goes through these phases:
 *
 *	CONNECTING -> SHAKING -> LISTENING -> ASKED -> LINGERING -> OVER
 *	                      -> SETTLING ->
 *
 * SETTLING is for TLS 1.3: there the client is done before the server has judged the client's
 * certificate, so a refusal comes as an alert after the handshake. LISTENING waits for a server that
 * speaks first; once it has begun to, nothing is sent to it any more. When an answer is at its end
 * is answer.c's to say.
 */
#include "http/talk.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "http/answer.h"
#include "loop/loop.h"
#include "net/dial.h"
#include "net/tls.h"
#include "sys/links.h"
#include <errno.h>

#define AT_ONCE	  256
#define SETTLE_MS 150
#define RAW_MAX	  (4u * TALK_BYTES_MAX) /* with TLS's own bytes, and those after the answer */

enum phase { CONNECTING, SHAKING, SETTLING, LISTENING, ASKED, LINGERING, OVER };

struct talk {
	struct runner *runner;
	struct talk_job *job;
	int phase;
	struct endpoint dialled;
	struct dial dial;
	struct tls *tls; /* NULL = plain */
	size_t raw;	 /* bytes that came, TLS or not */
	bool reset;
	struct loop_fd fd;
	struct loop_timer timer, watch, limit;
	bool watched;
	struct buf in;	/* the answer */
	struct buf out; /* to be sent, from `sent` on */
	size_t sent;
	uint64_t started_ns, answered_ns;
	struct answer answer;
};

struct runner {
	struct arena *arena;
	struct loop *loop;
	struct talk *talks;
	size_t count, next, open;
	struct loop_timer refill;
	struct host_address *own;
	size_t own_count;
};

static void on_refill(void *data);
static void on_timer(void *data);

static uint64_t since(uint64_t start_ns)
{
	return MAX(clock_mono_ns() - start_ns, 1ull);
}

static void wait_ms(struct talk *t, unsigned ms)
{
	loop_timer_start(t->runner->loop, &t->timer, clock_mono_ns() + ms * LOOP_MS, on_timer, t);
}

/* --- sending --- */

static void flush(struct talk *t)
{
	while (t->sent < t->out.len) {
		ssize_t n = send(t->dial.socket, t->out.data + t->sent, t->out.len - t->sent,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* when the peer is gone, reading says so, but not why */
			t->reset = t->reset || (n < 0 && errno == ECONNRESET);
			break;
		}
		t->sent += (size_t)n;
	}
	bool more = t->sent < t->out.len && errno == EAGAIN;
	loop_fd_change(&t->fd, more ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* --- the end --- */

static void lose_patience(void *data);

static void call_watch(void *data)
{
	struct talk *t = data;

	if (t->watched || !t->job->connected || !t->job->watch)
		return;
	t->watched = true;
	t->job->watch(t->job, t->job->data);
	if (t->job->patience_ms && t->phase != OVER && !t->in.len)
		loop_timer_start(t->runner->loop, &t->limit,
			clock_mono_ns() + t->job->patience_ms * LOOP_MS, lose_patience, t);
}

static void give_up(struct talk *t);

static void lose_patience(void *data)
{
	struct talk *t = data;

	if (!t->raw)
		give_up(t);
}

static void keep_answer(struct talk *t)
{
	struct talk_job *job = t->job;

	job->received = job->byte_count = t->in.len;
	job->bytes = arena_strndup(t->runner->arena, t->in.data, t->in.len);
	if (!t->in.len)
		return;
	if (job->http)
		response_parse(t->runner->arena, t->in.data, t->in.len, job->peer_closed, job->head,
			&job->response);
	answer_end(&t->answer, t->in.data, t->in.len);
	job->echo = t->answer.echo;
	job->found = t->answer.found;
	job->decoded = t->answer.decoded;
}

/* Ends the conversation; what came is kept, whatever the end is. */
static void finish(struct talk *t, int end)
{
	struct runner *r = t->runner;

	if (t->phase == OVER)
		return;
	if (t->phase != LINGERING)
		t->job->end = end;
	if (end == TALK_SILENT) /* what it is like now tells more than a moment after the start */
		t->watched = false;
	call_watch(t);
	if (t->tls) { /* a server that is left without a farewell may log that */
		tls_close(t->tls, &t->out);
		flush(t);
	}
	t->phase = OVER;
	keep_answer(t);
	loop_timer_stop(&t->timer);
	loop_timer_stop(&t->watch);
	loop_timer_stop(&t->limit);
	loop_fd_remove(&t->fd);
	dial_fini(&t->dial);
	tls_free(steal(&t->tls));
	buf_fini(&t->in);
	buf_fini(&t->out);
	t->job->total_ns = since(t->started_ns);
	r->open--;
	if (r->next < r->count) /* not from within a callback of this one */
		loop_timer_start(r->loop, &r->refill, 0, on_refill, r);
}

/* The answer is there: holds the connection open for a while, or ends. */
static void answered(struct talk *t)
{
	struct talk_job *job = t->job;

	job->end = TALK_ANSWERED;
	job->answered_ns = since(t->started_ns);
	if (!job->linger_ms || job->peer_closed) {
		finish(t, TALK_ANSWERED);
		return;
	}
	t->phase = LINGERING;
	t->answered_ns = clock_mono_ns();
	wait_ms(t, job->linger_ms);
}

/* What it means that no more is waited for. */
static void give_up(struct talk *t)
{
	struct talk_job *job = t->job;

	switch (t->phase) {
	case CONNECTING:
		job->error = ETIMEDOUT;
		finish(t, TALK_UNANSWERED);
		break;
	case SHAKING:
		tls_give_up(t->tls, "the handshake took too long");
		finish(t, t->raw ? TALK_TLS : TALK_SILENT);
		break;
	case SETTLING:
		finish(t, TALK_CONNECTED);
		break;
	default:
		finish(t, t->in.len ? TALK_ANSWERED : TALK_SILENT);
		break;
	}
}

/* --- the answer --- */

/* More of the answer has come. */
static void consider(struct talk *t)
{
	struct talk_job *job = t->job;

	if (!job->first_byte_ns)
		job->first_byte_ns = since(t->started_ns);
	if (t->phase == LISTENING)
		job->greeted = true;
	if (t->phase == SETTLING) { /* it says more, so it has taken us */
		finish(t, TALK_CONNECTED);
		return;
	}
	unsigned ms = answer_judge(&t->answer, t->in.data, t->in.len);
	if (ms == ANSWER_WHOLE || t->in.len >= TALK_BYTES_MAX)
		answered(t);
	else if (ms == ANSWER_PATIENT)
		loop_timer_stop(&t->timer);
	else
		wait_ms(t, ms);
}

/*
 * The peer will send no more. EPIPE is a reset too, but one after the peer had closed in an orderly
 * way: it only says that nobody will read what we sent.
 */
static void ended(struct talk *t, int error)
{
	struct talk_job *job = t->job;

	error = error == EPIPE ? 0 : error;
	job->peer_closed = true;
	if (t->phase == LINGERING) {
		job->linger_ns = since(t->answered_ns);
		finish(t, TALK_ANSWERED);
	} else if (t->phase == SHAKING && t->raw) {
		tls_give_up(t->tls, "the connection ended in the handshake");
		finish(t, error && !job->tls_seen.plain ? TALK_RESET : TALK_TLS);
	} else if (error) {
		finish(t, TALK_RESET);
	} else if (!t->in.len) {
		finish(t, TALK_CLOSED);
	} else {
		answered(t);
	}
}

/* --- the connection --- */

static void ask(struct talk *t)
{
	struct talk_job *job = t->job;

	if (!job->hello_len) {
		if (t->phase == LISTENING && job->listen_ms)
			give_up(t);
		return;
	}
	t->phase = ASKED;
	t->answer.http = job->http;
	t->answer.head = job->head;
	t->answer.hello = job->hello;
	t->answer.hello_len = job->hello_len;
	t->answer.asked = answer_asked(job->hello, job->hello_len, job->endpoint.port);
	if (t->tls)
		tls_write(t->tls, job->hello, job->hello_len, &t->out);
	else
		buf_add(&t->out, job->hello, job->hello_len);
	flush(t);
}

/* The way is free, as far as it goes: now the two can talk. */
static void begin(struct talk *t)
{
	struct talk_job *job = t->job;

	if (job->connect_only) {
		const struct talk_tls *seen = &job->tls_seen;
		if (!seen->asks_client_certificate || !str_eq(seen->version, "TLSv1.3")) {
			finish(t, TALK_CONNECTED);
			return;
		}
		t->phase = SETTLING;
		wait_ms(t, SETTLE_MS);
		return;
	}
	t->phase = LISTENING;
	if (job->listen_ms)
		wait_ms(t, job->listen_ms);
	else
		ask(t);
}

static void on_timer(void *data)
{
	struct talk *t = data;

	if (t->phase == LISTENING && !t->in.len)
		ask(t);
	else if (t->phase == LINGERING)
		finish(t, TALK_ANSWERED);
	else if (t->phase == SETTLING)
		finish(t, TALK_CONNECTED);
	else
		answered(t);
}

/* --- TLS --- */

static void take_tls(struct talk *t, const char *bytes, size_t len);

static void shake(struct talk *t)
{
	struct talk_job *job = t->job;
	struct tls_ask ask = {.host = job->host,
		.address = t->dialled.proto == PROTO_TCP ? &t->dialled.address : NULL,
		.alpn = job->alpn};

	t->phase = SHAKING;
	t->tls = tls_new(t->runner->arena, &ask, &job->tls_seen);
	if (t->tls)
		take_tls(t, NULL, 0);
	else
		finish(t, TALK_TLS);
}

/* What came instead of TLS may be known all the same. */
static void tls_failed(struct talk *t)
{
	struct talk_job *job = t->job;
	const struct talk_tls *seen = &job->tls_seen;
	bool open;

	if (seen->plain)
		job->found = decoder_recognise(t->runner->arena, seen->plain, seen->plain_len, NULL,
			NULL, &job->decoded, &open);
	if (t->phase == LINGERING)
		ended(t, 0);
	else
		finish(t, TALK_TLS);
}

static void opened(struct talk *t)
{
	t->job->tls_ns = since(t->started_ns);
	begin(t);
}

static void take_tls(struct talk *t, const char *bytes, size_t len)
{
	AUTO(buf) struct buf rest = BUF_INIT(TALK_BYTES_MAX); /* what comes after the answer */
	size_t before = t->in.len;

	enum tls_state state =
		tls_step(t->tls, bytes, len, t->phase == LINGERING ? &rest : &t->in, &t->out);
	flush(t);
	if (state == TLS_FAILED) {
		tls_failed(t);
		return;
	}
	if (t->phase == SHAKING && state != TLS_SHAKING)
		opened(t);
	if (t->phase != OVER && t->in.len > before)
		consider(t);
	if (t->phase != OVER && state == TLS_CLOSED)
		ended(t, 0);
}

/* --- the connection: outcome and reading --- */

static void connected(struct talk *t)
{
	struct talk_job *job = t->job;
	struct dial *d = &t->dial;

	dial_finish(d);
	job->connected = d->connected;
	if (!d->connected) {
		job->error = d->error;
		job->icmp = d->icmp;
		job->icmp_type = d->icmp_type;
		job->icmp_code = d->icmp_code;
		finish(t, d->error == ETIMEDOUT ? TALK_UNANSWERED : TALK_FAILED);
		return;
	}
	job->local = d->local;
	job->connect_ns = since(t->started_ns);
	if (d->error) {
		ended(t, d->error);
		return;
	}
	loop_fd_change(&t->fd, EPOLLIN);
	if (job->watch)
		loop_timer_start(t->runner->loop, &t->watch,
			clock_mono_ns() + job->watch_ms * LOOP_MS, call_watch, t);
	if (job->tls)
		shake(t);
	else
		begin(t);
}

/* Bytes that come while the connection is only held open are of no interest. */
static void take(struct talk *t, const char *bytes, size_t len)
{
	t->raw += len;
	if (t->raw > RAW_MAX) {
		give_up(t);
	} else if (t->tls) {
		take_tls(t, bytes, len);
	} else if (t->phase != LINGERING) {
		buf_add(&t->in, bytes, len);
		consider(t);
	}
}

static void read_some(struct talk *t)
{
	char bytes[16 << 10];

	ssize_t n = recv(t->dial.socket, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0)
		take(t, bytes, (size_t)n);
	else if (n == 0)
		ended(t, t->reset ? ECONNRESET : 0);
	else if (errno != EAGAIN && errno != EINTR)
		ended(t, errno);
}

static void on_ready(void *data, uint32_t events)
{
	struct talk *t = data;

	if (t->phase == CONNECTING) {
		connected(t);
		return;
	}
	if (events & EPOLLOUT)
		flush(t);
	if (events & ~(uint32_t)EPOLLOUT)
		read_some(t);
}

/* --- the jobs --- */

static bool is_ours(struct runner *r, const struct endpoint *e)
{
	if (e->proto != PROTO_TCP || address_is_any(&e->address) ||
		address_is_loopback(&e->address))
		return true;
	if (!r->own && links_addresses(r->arena, &r->own, &r->own_count, NULL) < 0)
		return false;
	return links_is_own(r->own, r->own_count, &e->address);
}

static struct endpoint dialled(const struct talk_job *job)
{
	struct endpoint e = job->endpoint;

	if (e.proto == PROTO_TCP && address_is_any(&e.address))
		e.address = e.address.family == AF_INET || address_is_v4_mapped(&e.address)
			? ADDRESS_LOOPBACK4
			: ADDRESS_LOOPBACK6;
	return e;
}

static void start(struct talk *t)
{
	struct talk_job *job = t->job;

	t->dialled = dialled(job);
	t->phase = CONNECTING;
	t->started_ns = clock_mono_ns();
	t->answer.arena = t->runner->arena;
	t->runner->open++;
	if (!is_ours(t->runner, &t->dialled)) {
		finish(t, TALK_NOT_OURS);
		return;
	}
	int error = dial_start(&t->dial, &t->dialled) ? 0 : t->dial.error;
	if (!error)
		error = -loop_fd_add(t->runner->loop, &t->fd, t->dial.socket, EPOLLOUT, on_ready,
			t);
	if (error) {
		job->error = error;
		finish(t, TALK_FAILED);
	} else if (job->limit_ms) {
		loop_timer_start(t->runner->loop, &t->limit,
			t->started_ns + job->limit_ms * LOOP_MS, lose_patience, t);
	}
}

static void on_refill(void *data)
{
	struct runner *r = data;

	while (r->next < r->count && r->open < AT_ONCE)
		start(&r->talks[r->next++]);
}

static void clear_result(struct talk_job *job)
{
	size_t from = offsetof(struct talk_job, end);

	memset((char *)job + from, 0, sizeof(*job) - from);
}

void talk_run(struct arena *arena, struct talk_job *jobs, size_t count, unsigned deadline_ms)
{
	AUTO(loop) struct loop *loop = NULL;
	uint64_t deadline_ns = clock_mono_ns() + deadline_ms * LOOP_MS;

	for (size_t i = 0; i < count; i++)
		clear_result(&jobs[i]);
	if (!count || !deadline_ms || loop_new(&loop, NULL) < 0)
		return;
	AUTO(free) struct talk *talks = must_calloc(count, sizeof(*talks));
	struct runner r = {.arena = arena, .loop = loop, .talks = talks, .count = count};
	for (size_t i = 0; i < count; i++) {
		talks[i] = (struct talk){.runner = &r, .job = &jobs[i], .dial = DIAL_INIT};
		buf_init(&talks[i].in, TALK_BYTES_MAX);
		buf_init(&talks[i].out, SIZE_MAX / 2);
	}
	loop_timer_start(loop, &r.refill, 0, on_refill, &r);
	loop_run(loop, deadline_ns);
	loop_timer_stop(&r.refill);
	size_t started = r.next;
	r.next = r.count; /* no more are started */
	for (size_t i = 0; i < started; i++) {
		if (talks[i].phase != OVER)
			give_up(&talks[i]);
	}
}

const char *talk_end_name(int end)
{
	static const char *const names[] = {
		[TALK_NOT_DONE] = "not done",
		[TALK_NOT_OURS] = "not ours",
		[TALK_FAILED] = "failed",
		[TALK_UNANSWERED] = "unanswered",
		[TALK_SILENT] = "silent",
		[TALK_CLOSED] = "closed",
		[TALK_RESET] = "reset",
		[TALK_TLS] = "tls",
		[TALK_ANSWERED] = "answered",
		[TALK_CONNECTED] = "connected",
	};

	return end >= 0 && (size_t)end < ARRAY_SIZE(names) ? names[end] : "unknown";
}
