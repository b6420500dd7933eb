/*
 * look - see look.h. One connection goes through these phases:
 *
 *	CONNECTING -> LISTENING -> ASKED -> REFINING
 *
 * LISTENING waits for a server that speaks first; once it has begun to, nothing is sent to it any
 * more. REFINING has recognised the answer and waits a moment for the rest that says more (a page's
 * title), or that shows a one-byte answer to be the start of something else.
 */
#include "inventory/look.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "decode/line.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#define READ_MAX  (16u << 10)
#define MORE_MS	  50
#define ANSWER_MS 50 /* at least this long, when time is short */
#define HEARD_MAX 120

enum phase { IDLE, STARTING, CONNECTING, LISTENING, ASKED, REFINING };

static void connect_now(struct look *l);
static void on_timer(void *data);

void look_stop(struct look *l)
{
	if (l->phase == IDLE)
		return;
	loop_timer_stop(&l->timer);
	loop_timer_stop(&l->deadline);
	loop_fd_remove(&l->fd);
	if (l->socket >= 0)
		close(l->socket);
	buf_fini(&l->in);
	buf_fini(&l->out);
	l->phase = IDLE;
}

static void finish(struct look *l, const char *why_not)
{
	l->why_not = l->found ? NULL : why_not;
	look_stop(l);
	l->done(l);
}

/* Keeps the first line of an answer that is not known here, for people to look at. */
static void note_heard(struct look *l)
{
	size_t len = 0;

	if (!l->in.len || l->heard)
		return;
	while (len < l->in.len && (uint8_t)l->in.data[len] >= ' ')
		len++;
	l->heard = line_copy(l->arena, l->in.data, len, HEARD_MAX);
	if (!l->heard)
		l->heard = arena_printf(l->arena, "%zu bytes that are no text", l->in.len);
}

/* Why nothing was recognised, although it took a connection. */
static const char *disappointment(const struct look *l)
{
	if (l->heard)
		return "not recognised";
	return l->closed ? "closed at once" : "silent";
}

static void on_deadline(void *data)
{
	struct look *l = data;

	note_heard(l);
	if (l->phase == CONNECTING && l->connections == 1)
		finish(l, "timed out");
	else
		finish(l, disappointment(l));
}

static void wait_ms(struct look *l, uint64_t ms)
{
	loop_timer_start(l->loop, &l->timer, clock_mono_ns() + ms * LOOP_MS, on_timer, l);
}

/* Half of the time that is left, so that there is some for the next step; all of it in the last. */
static void wait_for_answer(struct look *l)
{
	uint64_t now = clock_mono_ns(), left = l->deadline_ns > now ? l->deadline_ns - now : 0;
	bool last = l->following || l->step + 1 == l->step_count;

	if (last || l->plan[l->step].patient)
		loop_timer_stop(&l->timer); /* the deadline is enough */
	else
		wait_ms(l, MAX(left / LOOP_MS / 2, (uint64_t)ANSWER_MS));
}

/* This connection has told all it will; `closed` by the peer, or silent. */
static void give_up(struct look *l, bool closed)
{
	bool spoke_first = l->in.len && !l->asked;

	note_heard(l);
	l->closed = l->closed || (closed && !l->in.len);
	if (l->found || spoke_first || l->step + 1 == l->step_count ||
		l->connections == LOOK_STEPS_MAX) {
		finish(l, disappointment(l));
		return;
	}
	l->step++;
	connect_now(l);
}

static void refused(struct look *l, int error)
{
	static const struct {
		int error;
		const char *text;
	} rows[] = {{ECONNREFUSED, "refused"}, {ETIMEDOUT, "timed out"}, {EACCES, "not permitted"},
		{EPERM, "not permitted"}, {ENOENT, "gone"}, {EAGAIN, "its queue is full"},
		{ENAMETOOLONG, "its path is too long"},
		{EADDRNOTAVAIL, "not an address of this computer"}};

	if (l->connections > 1) { /* it took a connection before, so this says nothing new */
		give_up(l, true);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].error == error) {
			finish(l, rows[i].text);
			return;
		}
	}
	finish(l, arena_printf(l->arena, "cannot connect: %s", strerror(error)));
}

/* --- the answer --- */

/* A server that only sends back what it hears is none of ours. */
static bool is_echo(const struct look *l)
{
	return l->out.len && l->in.len <= l->out.len &&
		memcmp(l->in.data, l->out.data, l->in.len) == 0;
}

/* The decoder that recognises the bytes so far, or NULL; *out_open when one of them could yet. */
static const struct decoder *judge(struct look *l, struct decoded *out, bool *out_open)
{
	if (is_echo(l)) {
		*out_open = l->in.len < l->out.len;
		return NULL;
	}
	return decoder_recognise(l->arena, l->in.data, l->in.len, l->asked,
		l->phase == REFINING ? l->found : NULL, out, out_open);
}

/* Follows decoded.rather once, on a connection of its own; true when it does. */
static bool follow(struct look *l)
{
	const struct decoder *rather = l->decoded.rather ? decoder_find(l->decoded.rather) : NULL;

	if (!rather || rather == l->asked || l->following || l->connections == LOOK_STEPS_MAX)
		return false;
	l->following = true;
	l->http_inside = str_eq(rather->name, "tls") && str_eq(l->found->name, "http");
	l->plan[l->step] = (struct look_step){.ask = rather};
	connect_now(l);
	return true;
}

static void recognised(struct look *l, const struct decoder *d, const struct decoded *decoded,
	bool ended)
{
	l->found = d;
	l->decoded = *decoded;
	if (follow(l))
		return;
	if (!decoded->more || ended) {
		finish(l, NULL);
	} else if (l->phase != REFINING) {
		l->phase = REFINING;
		wait_ms(l, MORE_MS);
	}
}

static void consider(struct look *l, bool ended)
{
	struct decoded decoded;
	bool open = true;
	const struct decoder *d = l->in.len ? judge(l, &decoded, &open) : NULL;

	ended = ended || l->in.len == READ_MAX;
	if (d) {
		recognised(l, d, &decoded, ended);
		return;
	}
	if (l->phase == REFINING && !open)
		l->found = NULL; /* the byte that looked like an answer was the start of another */
	if (ended || !open) {
		give_up(l, ended);
	} else if (l->phase == LISTENING && l->in.len) {
		l->phase = ASKED; /* it speaks first: let it finish */
		wait_for_answer(l);
	}
}

/* --- the connection --- */

static void ask(struct look *l)
{
	const struct decoder *d = l->plan[l->step].ask;

	if (!d || !decoder_has_hello(d)) {
		give_up(l, false);
		return;
	}
	decoder_hello(d, l->endpoint.port, &l->out);
	l->asked = d;
	l->phase = ASKED;
	wait_for_answer(l);
	/* A hello fits any socket buffer; when the peer is gone, reading will say so. */
	(void)!send(l->socket, l->out.data, l->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_timer(void *data)
{
	struct look *l = data;

	if (l->phase == STARTING)
		connect_now(l);
	else if (l->phase == LISTENING)
		ask(l);
	else if (l->phase == REFINING)
		finish(l, NULL);
	else
		give_up(l, false);
}

static void read_answer(struct look *l)
{
	bool ended = false;

	while (l->in.len < READ_MAX && buf_reserve(&l->in, READ_MAX - l->in.len)) {
		ssize_t n = recv(l->socket, l->in.data + l->in.len, READ_MAX - l->in.len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		ended = n == 0 || (n < 0 && errno != EAGAIN);
		if (n <= 0)
			break;
		l->in.len += (size_t)n;
		l->in.data[l->in.len] = '\0';
	}
	consider(l, ended);
}

/* A connect to a port of the local range that nobody holds any more can meet itself. */
static bool met_itself(int fd)
{
	struct sockaddr_storage local = {0}, remote = {0};
	socklen_t a = sizeof(local), b = sizeof(remote);

	return getsockname(fd, (struct sockaddr *)&local, &a) == 0 &&
		getpeername(fd, (struct sockaddr *)&remote, &b) == 0 &&
		local.ss_family != AF_UNIX && a == b && memcmp(&local, &remote, a) == 0;
}

static void connected(struct look *l)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(l->socket, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (!error && met_itself(l->socket))
		error = ECONNREFUSED;
	if (error) {
		refused(l, error);
		return;
	}
	loop_fd_change(&l->fd, EPOLLIN);
	l->phase = LISTENING;
	if (l->plan[l->step].listen_ms)
		wait_ms(l, l->plan[l->step].listen_ms);
	else
		ask(l);
}

static void on_ready(void *data, uint32_t events)
{
	struct look *l = data;

	if (l->phase == CONNECTING)
		connected(l);
	else
		read_answer(l);
}

static int open_socket(const struct endpoint *e, int *out_error)
{
	struct sockaddr_storage address;
	socklen_t len;

	if (proto_is_unix(e->proto)) {
		struct sockaddr_un un = {.sun_family = AF_UNIX};
		size_t path = strlen(e->path);
		if (path >= sizeof(un.sun_path)) {
			*out_error = ENAMETOOLONG;
			return -1;
		}
		bool abstract = e->path[0] == '@';
		memcpy(un.sun_path, e->path, path);
		if (abstract)
			un.sun_path[0] = '\0';
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path + !abstract);
		memcpy(&address, &un, sizeof(un));
	} else {
		len = address_to_sockaddr(&e->address, e->port, &address);
	}
	AUTO(close)
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	*out_error = fd < 0 ? errno : 0;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, len) < 0 && errno != EINPROGRESS)
		*out_error = errno;
	return *out_error ? -1 : steal_fd(&fd);
}

static void connect_now(struct look *l)
{
	int error;

	loop_timer_stop(&l->timer);
	loop_fd_remove(&l->fd);
	if (l->socket >= 0)
		close(l->socket);
	buf_clear(&l->in);
	buf_clear(&l->out);
	l->asked = NULL;
	l->phase = CONNECTING;
	l->connections++;
	l->socket = open_socket(&l->endpoint, &error);
	if (l->socket >= 0)
		error = -loop_fd_add(l->loop, &l->fd, l->socket, EPOLLOUT, on_ready, l);
	if (error)
		refused(l, error);
}

void look_start(struct look *l)
{
	must(l->phase == IDLE && l->step_count >= 1 && l->step_count <= LOOK_STEPS_MAX);
	l->found = NULL;
	l->decoded = (struct decoded){0};
	l->why_not = l->heard = NULL;
	l->step = l->connections = 0;
	l->http_inside = l->following = l->closed = false;
	l->socket = -1;
	buf_init(&l->in, READ_MAX);
	buf_init(&l->out, READ_MAX);
	l->phase = STARTING;
	wait_ms(l, 0);
	loop_timer_start(l->loop, &l->deadline, l->deadline_ns, on_deadline, l);
}
