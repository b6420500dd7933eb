/*
 * hangup - the connection is made and ends before, or in the midst of, an answer; or it is kept for longer
 * than the other side does.
 *
 * A reset says that the peer threw away what it was sent, or the whole connection (RFC 9293 section 3.10):
 * bytes that were not read when it closed, SO_LINGER 0, a crash. An orderly end without a byte says that it
 * was closed on purpose.
 */
#include "base/str.h"
#include "diagnose/say.h"

#define IDLE_SHORT_NS (65 * 1000000000ull)

static bool is_gone(const struct inquiry *q, const struct place *p)
{
	const struct owner_vitals *v = p->socket ? inquiry_vitals(q, p->socket->owner) : NULL;

	return v && v->second.gone;
}

static const char *asked_for(const struct place *p)
{
	return p->talk.http ? "a request" : "a question";
}

static void say_end(const struct inquiry *q, struct claims *c, const struct place *p)
{
	if (is_gone(q, p))
		claim_evidence(c, "proc", "process %d is gone since: it died of it",
			(int)say_pid(p));
	else if (say_pid(p))
		claim_evidence(c, "proc", "%s still runs", say_server(q, p));
	say_listener(q, c, p);
	say_text(q, c);
}

/* Asked nothing it closes in an orderly way: the reset was for the bytes that it did not read. */
static bool closes_when_quiet(const struct place *p)
{
	return p->quiet_tried && p->quiet_try.end == TALK_CLOSED;
}

static void closes(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool quiet = closes_when_quiet(p);

	claim(c, "server-closes-without-reply", CERTAINTY_PROVED,
		OBSERVED_CLOSED | OBSERVED_RESET | OBSERVED_REPORTED,
		"%s takes the connection and closes it without a byte of answer.",
		say_server(q, p));
	claim_last_resort(c);
	if (quiet)
		claim_evidence(c, "probe",
			"%s: connected, asked nothing, closed (FIN) after %s without a byte; asked "
			"something, it resets the connection without reading it",
			inquiry_endpoint(q, &p->address, q->aim.port),
			say_duration(q, p->quiet_try.total_ns));
	else
		claim_evidence(c, "probe",
			"%s: connected, sent %s, closed (FIN) after %s without a byte",
			inquiry_endpoint(q, &p->address, q->aim.port), asked_for(p),
			say_duration(q, p->talk.total_ns));
	say_end(q, c, p);
	say_log_fix(q, c, p);
	claim_fix(c, NULL,
		"see whether it only takes some clients (an allow list), or speaks "
		"another protocol");
}

static void resets(const struct inquiry *q, struct claims *c, const struct place *p)
{
	bool some = p->talk.received > 0;

	claim(c, "server-resets", CERTAINTY_PROVED,
		OBSERVED_RESET | OBSERVED_HTTP | OBSERVED_REPORTED,
		some ? "%s breaks the connection off in the midst of its answer (reset)."
		     : "%s takes the connection and resets it without an answer.",
		say_server(q, p));
	claim_last_resort(c);
	claim_evidence(c, "probe",
		"%s: connected, sent %s, then a reset (RST) after %s and %zu bytes",
		inquiry_endpoint(q, &p->address, q->aim.port), asked_for(p),
		say_duration(q, p->talk.total_ns), p->talk.received);
	claim_evidence(c, "probe",
		"it came after the connection stood, so it is no firewall: those "
		"refuse the connection itself");
	say_end(q, c, p);
	say_log_fix(q, c, p);
	claim_fix(c, NULL,
		"in the server: read the whole request before closing, set no "
		"SO_LINGER of 0");
}

/* --- cut off --- */

static bool is_cut(const struct place *p)
{
	const struct response *r = &p->talk.response;

	return r->head_complete && !r->complete &&
		(p->talk.peer_closed || p->talk.end == TALK_RESET);
}

static void cut(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const struct response *r = &p->talk.response;

	claim(c, "truncated-response", CERTAINTY_PROVED,
		OBSERVED_HTTP | OBSERVED_RESET | OBSERVED_REPORTED,
		"The answer of %s ends too soon: the connection is closed before its body is whole.",
		say_server(q, p));
	if (r->has_length)
		claim_evidence(c, "probe",
			"Content-Length: %llu, and only %llu bytes came: %llu short",
			(unsigned long long)r->length, (unsigned long long)r->body_bytes,
			(unsigned long long)(r->length - MIN(r->body_bytes, r->length)));
	else
		claim_evidence(c, "probe", "%s ends after %llu bytes without its end mark",
			r->chunked ? "a chunked body" : "the body",
			(unsigned long long)r->body_bytes);
	claim_evidence(c, "probe", "%s, %s", say_status(q, &p->talk),
		p->talk.end == TALK_RESET ? "then a reset" : "then closed");
	say_end(q, c, p);
	say_log_fix(q, c, p);
	claim_fix(c, NULL,
		"look for a crash in the midst of the answer; behind nginx for a full "
		"disk or wrong rights of proxy_temp");
}

/* --- idle connections --- */

static bool complains_of_end(const struct inquiry *q)
{
	return error_is(q, "ECONNRESET") || error_is(q, "EOF") || error_is(q, "EPIPE") ||
		error_is(q, "ECONNABORTED") || q->symptom.http_status == 502;
}

/* How long the server keeps an idle connection, by its own word or as it was seen; 0 = not known. */
static uint64_t idle_ns(const struct place *p, const char **out_word)
{
	const char *word = response_header(&p->keep_try.response, "Keep-Alive");
	const char *timeout = word ? strcasestr(word, "timeout=") : NULL;
	char digits[8] = "";
	uint64_t seconds;

	*out_word = word;
	if (p->idle_tried && p->idle_try.linger_ns)
		return p->idle_try.linger_ns;
	for (size_t i = 0; timeout && i + 1 < sizeof(digits); i++) {
		char byte = timeout[strlen("timeout=") + i];
		if (byte < '0' || byte > '9')
			break;
		digits[i] = byte;
	}
	return str_u64(digits, 3600, &seconds) ? seconds * 1000000000ull : 0;
}

static void idle(const struct inquiry *q, struct claims *c, const struct place *p, uint64_t ns,
	const char *word)
{
	claim(c, "keepalive-race", CERTAINTY_INFERRED, OBSERVED_REPORTED | OBSERVED_HTTP,
		"%s works, but closes idle connections after %s: a client that reuses one just then "
		"gets a reset.",
		say_server(q, p), say_duration(q, ns));
	if (p->idle_tried && p->idle_try.linger_ns)
		claim_evidence(c, "probe",
			"an idle keep-alive connection was closed by the server after %s",
			say_duration(q, p->idle_try.linger_ns));
	if (word)
		claim_evidence(c, "probe", "its answer says Keep-Alive: %s",
			inquiry_foreign(q, word, 60));
	claim_evidence(c, "probe", "a fresh connection works: %s", say_status(q, &p->talk));
	say_listener(q, c, p);
	say_text(q, c);
	claim_fix(c, NULL,
		"let the server keep them longer than any client or proxy does (node: "
		"server.keepAliveTimeout = 65000, headersTimeout = 66000)");
	claim_fix(c, NULL,
		"or let the client drop idle connections sooner than %s (agent "
		"keep-alive timeout), and try again after a reset",
		say_duration(q, ns));
}

static void of_idle(const struct inquiry *q, struct claims *c, const struct place *p)
{
	const char *word;
	uint64_t ns = idle_ns(p, &word);

	if (p->keep_tried && !p->wrong && complains_of_end(q) && ns && ns <= IDLE_SHORT_NS)
		idle(q, c, p, ns, word);
}

/* --- connections of which one end is gone --- */

#define TIMER_RETRANSMIT  1
#define TIMER_ZERO_WINDOW 4

/* Where packets are sent on to another port, the two ends have different numbers. */
static bool is_redirected(const struct inquiry *q)
{
	for (size_t i = 0; i < q->place_count; i++)
		for (size_t j = 0; j < q->places[i].filter.count; j++)
			if (q->places[i].filter.rules[j].deed == FILTER_REDIRECT)
				return true;
	return false;
}

static bool is_half_open(const struct inquiry *q, const struct socket *s)
{
	bool waits = (s->timer == TIMER_RETRANSMIT || s->timer == TIMER_ZERO_WINDOW) &&
		s->timer_retries >= 2;

	if (s->state != SOCKET_ESTABLISHED || s->netns != 0 || s->local.proto != PROTO_TCP ||
		!s->remote_port || s->peer)
		return false;
	if (s->local.port != q->aim.port && s->remote_port != q->aim.port)
		return false;
	/* an end on loopback without another one is dead; elsewhere only the silence tells */
	return address_is_loopback(&s->remote) ? !is_redirected(q) : s->wqueue && waits;
}

static void half_open(const struct inquiry *q, struct claims *c, const struct socket *s)
{
	claim(c, "half-open-connection", CERTAINTY_INFERRED,
		OBSERVED_REPORTED | (q->symptom.op == OPERATION_READ ? OBSERVED_SILENT : 0),
		"%s waits on a connection whose other end is gone and does not know it.",
		inquiry_holder(q, s));
	claim_evidence(c, "sock_diag",
		"ESTABLISHED %s to %s of %s, %u bytes not acknowledged, sent again %u times; the "
		"other end is not there",
		inquiry_endpoint(q, &s->local.address, s->local.port),
		inquiry_endpoint(q, &s->remote, s->remote_port), inquiry_holder(q, s), s->wqueue,
		s->timer_retries);
	say_text(q, c);
	claim_fix(c, s->owner ? arena_printf(q->arena, "kill %d", (int)s->owner->pid) : NULL,
		"restart it, or let it open its connections anew");
	claim_fix(c, NULL,
		"set TCP_USER_TIMEOUT or a short TCP keep-alive in its pool, so that it "
		"notices within seconds");
}

static void of_sockets(const struct inquiry *q, struct claims *c)
{
	if (!q->aim.has_port || !(error_is(q, "ETIMEDOUT") || q->symptom.op == OPERATION_READ))
		return;
	for (size_t i = 0; i < q->snapshot->socket_count; i++)
		if (is_half_open(q, &q->snapshot->sockets[i])) {
			half_open(q, c, &q->snapshot->sockets[i]);
			return;
		}
}

static void run(const struct inquiry *q, struct claims *c)
{
	const struct place *p = place_spoken(q);

	of_sockets(q, c);
	if (!p || (p->accepted_known && !p->accepted))
		return;
	if (is_cut(p))
		cut(q, c, p);
	else if (p->talk.end == TALK_RESET && p->wrong && !closes_when_quiet(p))
		resets(q, c, p);
	else if ((p->talk.end == TALK_CLOSED || p->talk.end == TALK_RESET) && p->wrong)
		closes(q, c, p);
	else
		of_idle(q, c, p);
}

const struct diagnose_check diagnose_hangup = {
	.summary = "whether the server hangs up: at once, by a reset, in the midst, or when idle",
	.causes = "truncated-response keepalive-race half-open-connection "
		  "server-resets server-closes-without-reply",
	.needs = FACT_SOCKETS | FACT_TALKS | FACT_VITALS | FACT_FILTER,
	.operations = OPERATIONS_CLIENT,
	.run = run,
};
