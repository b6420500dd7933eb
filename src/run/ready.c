/*
 * ready - see ready.h.
 *
 * One try connects to all places side by side, and is over when one of them is as wanted or all have
 * said why not. connect(2) on loopback answers at once: refused, or accepted by the kernel as soon as
 * there is room in the queue. A full queue drops the handshake without a word (tcp(7)), which is why a
 * connection that hangs is not taken for a slow network.
 */
#include "run/ready.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "loop/loop.h"
#include "sys/bind_probe.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PAUSE_FIRST_MS 10
#define PAUSE_MAX_MS   250
#define CONNECT_MS     1000
#define HUNG_MS	       50    /* loopback answers in less, even on a busy machine */
#define ANSWER_MS      10000 /* a development server may compile before its first answer */
#define HEAD_MAX       8192

struct waiter;

struct attempt {
	struct waiter *w;
	struct ready_place place;
	struct loop_fd fd;
	struct loop_timer timer;
	struct buf in, out;
	int socket; /* -1 = none */
	uint64_t start_ns;
	bool connected, busy;
};

struct waiter {
	const struct ready_query *q;
	struct ready_result *result;
	struct loop *loop;
	struct attempt attempts[READY_ENDPOINTS_MAX];
	size_t busy;
	struct ready_result best; /* of this try */
	uint64_t pause_ms, start_ns;
	struct loop_timer pause;
	struct loop_signal interrupt;
	struct loop_process watched;
	bool done, interrupted, ended;
};

static void try_now(void *data);

const char *ready_saw_name(int saw)
{
	static const char *const names[] = {"nothing", "refused", "unreached", "silent",
		"no-answer", "not-http", "status", "taken", "ready"};

	return names[saw];
}

/* --- the end of an attempt, and of a try --- */

static void attempt_close(struct attempt *a)
{
	loop_fd_remove(&a->fd);
	loop_timer_stop(&a->timer);
	if (a->socket >= 0)
		close(a->socket);
	a->socket = -1;
	buf_fini(&a->in);
	buf_fini(&a->out);
	if (a->busy)
		a->w->busy--;
	a->busy = false;
}

static void end_try(struct waiter *w)
{
	uint64_t tries = w->result->tries;

	*w->result = w->best;
	w->result->tries = tries;
	if (w->best.saw == READY_OK) {
		w->done = true;
		loop_stop(w->loop);
		return;
	}
	w->result->took_ns = clock_mono_ns() - w->start_ns;
	if (w->q->tried)
		w->q->tried(w->q->data, w->result);
	loop_timer_start(w->loop, &w->pause, clock_mono_ns() + w->pause_ms * LOOP_MS, try_now, w);
	w->pause_ms = MIN(w->pause_ms * 3 / 2, (uint64_t)PAUSE_MAX_MS);
}

static void note(struct waiter *w, const struct ready_place *place, int saw, uint16_t status,
	const char *why)
{
	if (saw <= w->best.saw)
		return;
	w->best.saw = saw;
	w->best.endpoint = place->endpoint;
	w->best.status = status;
	w->best.why = why;
}

static void finish(struct attempt *a, int saw, uint16_t status, const char *why)
{
	struct waiter *w = a->w;

	note(w, &a->place, saw, status, why);
	attempt_close(a);
	if (saw == READY_OK)
		for (size_t i = 0; i < READY_ENDPOINTS_MAX; i++)
			attempt_close(&w->attempts[i]);
	if (w->busy == 0)
		end_try(w);
}

/* --- HTTP --- */

/* RFC 9112 section 4: HTTP/1.x SP 3DIGIT. Returns the status, 0 for "not yet", -1 for "not HTTP". */
static int parse_status(const char *s, size_t len)
{
	static const char shape[] = "HTTP/1.? ???";

	for (size_t i = 0; i < MIN(len, strlen(shape)); i++) {
		bool digit = s[i] >= '0' && s[i] <= '9';
		if (shape[i] == '?' ? !digit : s[i] != shape[i])
			return -1;
	}
	if (len < strlen(shape))
		return 0;
	return (s[9] - '0') * 100 + (s[10] - '0') * 10 + (s[11] - '0');
}

/* Skips interim answers (1xx), which end with an empty line. */
static int final_status(const struct buf *in)
{
	const char *p = in->data, *end = in->data + in->len;

	for (;;) {
		int status = parse_status(p, (size_t)(end - p));
		if (status <= 0 || status >= 200 || status == 101)
			return status;
		const char *blank = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
		if (!blank)
			return 0;
		p = blank + 4;
	}
}

static bool fits(const struct ready_query *q, int status)
{
	for (size_t i = 0; i < q->status_count; i++)
		if (status >= q->statuses[i].low && status <= q->statuses[i].high)
			return true;
	return false;
}

/* TLS answers a plain request with an alert: content type 21, version 3.x (RFC 8446 section 5.1). */
static bool is_tls(const struct buf *in)
{
	return in->len >= 2 && in->data[0] == 21 && in->data[1] == 3;
}

static void judge_answer(struct attempt *a, bool closed)
{
	int status = final_status(&a->in);

	if (status > 0)
		finish(a, fits(a->w->q, status) ? READY_OK : READY_STATUS, (uint16_t)status, NULL);
	else if (status < 0)
		finish(a, READY_NOT_HTTP, 0, is_tls(&a->in) ? "speaks TLS, not plain HTTP" : NULL);
	else if (closed || a->in.overflow)
		finish(a, READY_NO_ANSWER, 0, NULL);
}

static void on_answer(void *data, uint32_t events)
{
	struct attempt *a = data;
	char bytes[2048];
	ssize_t n;

	while ((n = recv(a->socket, bytes, sizeof(bytes), 0)) > 0) {
		buf_add(&a->in, bytes, (size_t)n);
		if (a->in.overflow)
			break;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		judge_answer(a, false);
	else
		judge_answer(a, true);
}

static void send_request(struct attempt *a)
{
	const struct ready_query *q = a->w->q;

	buf_printf(&a->out,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: loopscope/" LOOPSCOPE_VERSION
		"\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		q->path, q->host);
	/* far smaller than any socket buffer, so it goes out whole or not at all */
	ssize_t n = send(a->socket, a->out.data, a->out.len, MSG_NOSIGNAL);
	if (n != (ssize_t)a->out.len) {
		finish(a, READY_NO_ANSWER, 0, NULL);
		return;
	}
	loop_fd_remove(&a->fd);
	must(loop_fd_add(a->w->loop, &a->fd, a->socket, EPOLLIN, on_answer, a) == 0);
}

/* --- connecting --- */

static const char *why_unreached(int code)
{
	switch (code) {
	case EACCES:
	case EPERM:
		return "permission denied";
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "no route to it";
	case EADDRNOTAVAIL:
		return "no local port is left to connect from";
	default:
		return NULL;
	}
}

static void connect_failed(struct attempt *a, int code)
{
	const char *why = why_unreached(code);

	if (code == ECONNREFUSED || code == ENOENT || code == ENOTSOCK)
		finish(a, READY_REFUSED, 0, NULL);
	else if (code == EAGAIN || code == ETIMEDOUT || code == EINPROGRESS)
		finish(a, READY_SILENT, 0, NULL);
	else
		finish(a, READY_UNREACHED, 0, why ? why : "the connection failed");
}

static void on_late(void *data)
{
	struct attempt *a = data;

	if (a->connected)
		finish(a, READY_NO_ANSWER, 0, NULL);
	else
		finish(a, READY_SILENT, 0, NULL);
}

static void connected(struct attempt *a)
{
	struct waiter *w = a->w;

	a->connected = true;
	if (w->q->want == READY_ACCEPTS) {
		finish(a, READY_OK, 0, NULL);
		return;
	}
	loop_timer_start(w->loop, &a->timer, clock_mono_ns() + ANSWER_MS * LOOP_MS, on_late, a);
	send_request(a);
}

static void on_connect(void *data, uint32_t events)
{
	struct attempt *a = data;
	int code = 0;
	socklen_t len = sizeof(code);

	if (getsockopt(a->socket, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		code = errno;
	if (code)
		connect_failed(a, code);
	else
		connected(a);
}

static socklen_t address_of(const struct endpoint *e, struct sockaddr_storage *out)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len;

	if (!proto_is_unix(e->proto)) {
		struct address to = e->address;
		if (address_is_any(&to))
			to = to.family == AF_INET ? ADDRESS_LOOPBACK4 : ADDRESS_LOOPBACK6;
		return address_to_sockaddr(&to, e->port, out);
	}
	len = str_copy(un.sun_path, sizeof(un.sun_path), e->path);
	if (un.sun_path[0] == '@')
		un.sun_path[0] = '\0'; /* an abstract name has no NUL at its end */
	memcpy(out, &un, sizeof(un));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (e->path[0] != '@'));
}

static int socket_type(enum proto p)
{
	return p == PROTO_UNIX_SEQPACKET ? SOCK_SEQPACKET : SOCK_STREAM;
}

static void start_attempt(struct attempt *a)
{
	struct waiter *w = a->w;
	struct sockaddr_storage to;
	socklen_t len = address_of(&a->place.endpoint, &to);

	a->start_ns = clock_mono_ns();
	a->socket = socket(to.ss_family,
		socket_type(a->place.endpoint.proto) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->socket < 0) {
		finish(a, READY_UNREACHED, 0, "no socket can be opened");
		return;
	}
	int r = connect(a->socket, (struct sockaddr *)&to, len);
	if (r == 0) {
		connected(a);
	} else if (errno == EINPROGRESS) {
		must(loop_fd_add(w->loop, &a->fd, a->socket, EPOLLOUT, on_connect, a) == 0);
		loop_timer_start(w->loop, &a->timer, clock_mono_ns() + CONNECT_MS * LOOP_MS,
			on_late, a);
	} else {
		connect_failed(a, errno);
	}
}

/* --- one try --- */

static void judge_gone(struct waiter *w, const struct ready_place *places, size_t count)
{
	w->best.saw = READY_OK;
	for (size_t i = 0; i < count; i++) {
		if (!places[i].listening &&
			bind_probe(&places[i].endpoint, places[i].v6only, true) != -EADDRINUSE)
			continue;
		w->best.saw = READY_TAKEN;
		w->best.endpoint = places[i].endpoint;
		break;
	}
	end_try(w);
}

/* Datagrams have no handshake: that somebody has bound the port is all that can be seen. */
static bool is_datagram(enum proto p)
{
	return p == PROTO_UDP || p == PROTO_UDPLITE || p == PROTO_UNIX_DGRAM;
}

static void try_now(void *data)
{
	struct waiter *w = data;
	struct ready_place places[READY_ENDPOINTS_MAX];
	const char *why = NULL;
	size_t count = w->q->find(w->q->data, places, &why);

	w->result->tries++;
	w->best = (struct ready_result){.saw = READY_NOTHING, .why = why};
	if (w->q->want == READY_GONE) {
		judge_gone(w, places, count);
		return;
	}
	/* all are busy before the first starts, so that a quick failure does not end the try */
	for (size_t i = 0; i < count; i++) {
		w->attempts[i] = (struct attempt){.w = w,
			.place = places[i],
			.socket = -1,
			.busy = true,
			.in = BUF_INIT(HEAD_MAX),
			.out = BUF_INIT(HEAD_MAX * 2)};
		w->busy++;
	}
	for (size_t i = 0; i < count; i++) {
		struct attempt *a = &w->attempts[i];
		if (!a->busy)
			continue; /* another one was as wanted */
		if (is_datagram(a->place.endpoint.proto))
			finish(a, a->place.listening ? READY_OK : READY_REFUSED, 0, NULL);
		else
			start_attempt(a);
	}
	if (count == 0)
		end_try(w);
}

/* --- all of it --- */

static void on_interrupt(void *data, int signo)
{
	struct waiter *w = data;

	w->interrupted = true;
	loop_stop(w->loop);
}

static void on_watched_end(void *data, int status)
{
	struct waiter *w = data;

	if (w->q->want == READY_GONE) { /* perhaps it was the one that held it: look at once */
		loop_timer_stop(&w->pause);
		try_now(w);
		return;
	}
	if (status == 0)
		return; /* a daemon that went to the background: its child goes on */
	w->ended = true;
	loop_stop(w->loop);
}

/* A try that was under way for a while tells more than the one before it. */
static void note_unfinished(struct waiter *w)
{
	uint64_t tries = w->result->tries;

	for (size_t i = 0; i < READY_ENDPOINTS_MAX; i++) {
		const struct attempt *a = &w->attempts[i];
		if (a->busy && clock_mono_ns() - a->start_ns >= HUNG_MS * LOOP_MS)
			note(w, &a->place, a->connected ? READY_NO_ANSWER : READY_SILENT, 0, NULL);
	}
	if (w->busy && w->best.saw >= w->result->saw)
		*w->result = w->best;
	w->result->tries = tries;
}

static int run(struct waiter *w, struct err *err)
{
	int r = loop_signal_add(w->loop, &w->interrupt, SIGINT, on_interrupt, w);

	if (r < 0)
		return err_set(err, r, "cannot watch signals: %m");
	if (w->q->watch > 0 &&
		loop_process_add(w->loop, &w->watched, w->q->watch, on_watched_end, w) < 0)
		w->ended = w->q->want != READY_GONE;
	if (!w->ended)
		try_now(w);
	if (!w->done && !w->ended)
		loop_run(w->loop,
			MAX(w->start_ns + w->q->timeout_ms * LOOP_MS,
				clock_mono_ns() + 2 * HUNG_MS * LOOP_MS));
	if (!w->done)
		note_unfinished(w);
	for (size_t i = 0; i < READY_ENDPOINTS_MAX; i++)
		attempt_close(&w->attempts[i]);
	loop_timer_stop(&w->pause);
	loop_process_remove(&w->watched);
	loop_signal_remove(&w->interrupt);
	return 0;
}

int ready_wait(const struct ready_query *q, struct ready_result *out, struct err *err)
{
	struct waiter w = {.q = q,
		.result = out,
		.pause_ms = PAUSE_FIRST_MS,
		.start_ns = clock_mono_ns()};
	AUTO(loop) struct loop *loop = NULL;

	*out = (struct ready_result){0};
	for (size_t i = 0; i < READY_ENDPOINTS_MAX; i++)
		w.attempts[i] =
			(struct attempt){.socket = -1, .in = BUF_INIT(0), .out = BUF_INIT(0)};
	int r = loop_new(&loop, err);
	if (r < 0)
		return r;
	w.loop = loop;
	r = run(&w, err);
	out->took_ns = clock_mono_ns() - w.start_ns;
	if (r < 0 || w.done)
		return r;
	if (w.interrupted)
		return err_set(err, -EINTR, "interrupted");
	if (w.ended)
		return err_set(err, -ESRCH, "process %d has ended", q->watch);
	return err_set(err, -ETIMEDOUT, "it was not ready in time");
}

/* --- words --- */

static bool parse_range(char *word, struct ready_range *out)
{
	char *dash = strchr(word, '-');
	uint64_t low, high;

	if (strlen(word) == 3 && word[0] >= '1' && word[0] <= '5' && str_eq(word + 1, "xx")) {
		out->low = (uint16_t)((word[0] - '0') * 100);
		out->high = out->low + 99;
		return true;
	}
	if (dash)
		*dash = '\0';
	if (!str_u64(word, 599, &low) || !str_u64(dash ? dash + 1 : word, 599, &high) ||
		low < 100 || low > high)
		return false;
	out->low = (uint16_t)low;
	out->high = (uint16_t)high;
	return true;
}

int ready_parse_statuses(const char *text, struct ready_query *q, struct err *err)
{
	AUTO(free) char *copy = must_strdup(*text ? text : "2xx,3xx");
	char *save;

	q->status_count = 0;
	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (q->status_count == READY_RANGES_MAX ||
			!parse_range(word, &q->statuses[q->status_count]))
			goto bad;
		q->status_count++;
	}
	if (q->status_count)
		return 0;
bad:
	err_set(err, -EINVAL, "'%s' is not an HTTP status", text);
	err_fix(err, "write 200, 2xx, 200-299 or several with commas");
	return -EINVAL;
}

void ready_text(const struct ready_result *r, struct buf *out)
{
	switch ((enum ready_saw)r->saw) {
	case READY_NOTHING:
		buf_str(out, r->why ? r->why : "nobody is there");
		return;
	case READY_REFUSED:
		buf_str(out, "refused");
		return;
	case READY_UNREACHED:
		buf_str(out, r->why);
		return;
	case READY_SILENT:
		buf_str(out, "does not accept: suspended, or its queue is full");
		return;
	case READY_NO_ANSWER:
		buf_str(out, "accepts but no HTTP answer");
		return;
	case READY_NOT_HTTP:
		buf_str(out, r->why ? r->why : "what it says is not HTTP");
		return;
	case READY_STATUS:
		buf_printf(out, "HTTP %u", r->status);
		return;
	case READY_TAKEN:
		buf_str(out, "still taken");
		return;
	case READY_OK:
		if (r->status)
			buf_printf(out, "HTTP %u", r->status);
		else
			buf_str(out, "accepts connections");
		return;
	}
}

static void endpoint_text(const void *record, struct buf *out)
{
	const struct ready_result *r = record;

	if (r->endpoint.port || r->endpoint.path)
		endpoint_format(out, &r->endpoint);
}

static void says_text(const void *record, struct buf *out)
{
	ready_text(record, out);
}

static bool has_status(const void *record)
{
	return ((const struct ready_result *)record)->status != 0;
}

static const struct field fields[] = {
	FIELD(struct ready_result, saw, FIELD_ENUM, "SAW",
		"nothing, refused, unreached, silent, no-answer, not-http, status, taken or ready",
		.name_of = ready_saw_name),
	{.name = "says",
		.kind = FIELD_COMPUTED,
		.title = "SAYS",
		.text = says_text,
		.help = "the same in words"},
	{.name = "endpoint",
		.kind = FIELD_COMPUTED,
		.title = "ENDPOINT",
		.text = endpoint_text,
		.help = "where it was seen"},
	FIELD(struct ready_result, status, FIELD_UINT16, "STATUS", "of the HTTP answer",
		.has = has_status),
	FIELD(struct ready_result, took_ns, FIELD_UINT64, "TOOK", "how long it took"),
	FIELD(struct ready_result, tries, FIELD_UINT64, "TRIES", "how often it was tried"),
};

const struct record_type ready_result_type =
	RECORD_TYPE("ready_result", struct ready_result, fields);
