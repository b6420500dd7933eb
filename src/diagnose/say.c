/* say - see say.h. */
#include "diagnose/say.h"

#include "base/clock.h"
#include "base/str.h"
#include "model/scheme.h"
#include <ctype.h>

void say_listener(const struct inquiry *q, struct claims *c, const struct place *p)
{
	if (p && p->listener && p->socket)
		claim_evidence(c, "sock_diag", "LISTEN %s %s", p->listener->text,
			inquiry_holder(q, p->socket));
}

void say_text(const struct inquiry *q, struct claims *c)
{
	if (q->symptom.said)
		claim_evidence(c, "text", "%s", inquiry_foreign(q, q->symptom.said, 200));
}

const char *say_status(const struct inquiry *q, const struct talk_job *job)
{
	const struct response *r = &job->response;
	const char *server = response_header(r, "Server");

	return arena_printf(q->arena, "HTTP %u%s%s%s%s", r->status, str_empty(r->reason) ? "" : " ",
		str_empty(r->reason) ? "" : inquiry_foreign(q, r->reason, 60),
		server ? " from " : "", server ? inquiry_foreign(q, server, 60) : "");
}

const char *say_url(const struct inquiry *q, const char *scheme)
{
	const char *host = q->aim.host ? q->aim.host : "localhost";
	bool v6 = strchr(host, ':') != NULL;
	AUTO(buf) struct buf text = BUF_INIT(2000);

	buf_printf(&text, "%s://%s%s%s", scheme, v6 ? "[" : "", inquiry_foreign(q, host, 200),
		v6 ? "]" : "");
	if (q->aim.has_port && q->aim.port != scheme_port(scheme))
		buf_printf(&text, ":%u", q->aim.port);
	buf_str(&text, q->aim.path ? inquiry_foreign(q, q->aim.path, 200) : "/");
	return arena_strdup(q->arena, text.data);
}

const char *say_endpoint(const struct inquiry *q, const struct place *p)
{
	if (q->aim.host && !q->aim.literal)
		return arena_printf(q->arena, "%s:%u", inquiry_foreign(q, q->aim.host, 100),
			q->aim.port);
	return inquiry_endpoint(q, &p->address, q->aim.port);
}

const char *say_word(const struct inquiry *q, const char *text)
{
	AUTO(buf) struct buf word = BUF_INIT(16 << 10);

	str_shell_quote(&word, text);
	return inquiry_foreign(q, word.data, SIZE_MAX);
}

const char *say_duration(const struct inquiry *q, uint64_t ns)
{
	AUTO(buf) struct buf text = BUF_INIT(60);

	clock_duration(&text, ns);
	return arena_strdup(q->arena, text.data);
}

static const struct owner *owner_of(const struct place *p)
{
	if (!p)
		return NULL;
	return p->socket && p->socket->owner ? p->socket->owner : p->taken_by;
}

pid_t say_pid(const struct place *p)
{
	const struct owner *o = owner_of(p);

	return o ? o->pid : 0;
}

const char *say_server(const struct inquiry *q, const struct place *p)
{
	const struct owner *o = owner_of(p);

	return o ? arena_printf(q->arena, "%s %d", inquiry_foreign(q, owner_program(o), 40),
			   (int)o->pid)
		 : "the server";
}

const char *say_log_command(const struct inquiry *q, const struct place *p)
{
	const struct owner *o = owner_of(p);

	if (!o)
		return NULL;
	if (o->container && o->container->name)
		return arena_printf(q->arena, "docker logs --tail 50 %s",
			inquiry_foreign(q, o->container->name, 60));
	if (o->unit && str_ends(o->unit, ".service"))
		return arena_printf(q->arena, "journalctl %s-u %s -n 50",
			o->unit_is_user ? "--user " : "", inquiry_foreign(q, o->unit, 80));
	return arena_printf(q->arena, "ls -l /proc/%d/fd/1 /proc/%d/fd/2", (int)o->pid,
		(int)o->pid);
}

void say_log_fix(const struct inquiry *q, struct claims *c, const struct place *p)
{
	claim_fix(c, say_log_command(q, p), "read the log of %s: it knows what happened",
		say_server(q, p));
}

bool says_any(const char *text, const char *const words[])
{
	for (size_t i = 0; text && words[i]; i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

bool error_is(const struct inquiry *q, const char *error)
{
	return q->symptom.error && str_eq(q->symptom.error, error);
}

const struct place *place_wrong(const struct inquiry *q, uint32_t bits)
{
	for (size_t i = 0; i < q->place_count; i++)
		if (q->places[i].talked && (q->places[i].wrong & bits))
			return &q->places[i];
	return NULL;
}

const struct place *place_spoken(const struct inquiry *q)
{
	const struct place *connected = NULL;

	for (size_t i = 0; i < q->place_count; i++) {
		const struct place *p = &q->places[i];
		if (!p->talked || !p->talk.connected)
			continue;
		if (p->talk.received)
			return p;
		connected = connected ? connected : p;
	}
	return connected;
}

/* Where the tag at `at` ends; what stands in a script or a style is no text either. */
static const char *after_tag(const char *at)
{
	static const char *const silent[][2] = {{"<script", "</script"}, {"<style", "</style"},
		{"<head", "</head"}, {"<!--", "-->"}};
	const char *end = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		if (strncasecmp(at, silent[i][0], strlen(silent[i][0])) == 0 &&
			!isalpha((unsigned char)at[strlen(silent[i][0])]))
			end = strcasestr(at, silent[i][1]);
	end = strchr(end ? end : at, '>');
	return end ? end + 1 : at + strlen(at);
}

const char *say_body(const struct inquiry *q, const char *body, size_t max)
{
	AUTO(buf) struct buf text = BUF_INIT(4000);
	const char *start = body + strspn(body, " \t\r\n");
	bool html = *start == '<', apart = false;

	for (const char *s = start; *s && text.len < 3000;) {
		if (html && *s == '<') {
			s = after_tag(s);
			apart = true;
		} else if (isspace((unsigned char)*s)) {
			s++;
			apart = true;
		} else {
			if (apart && text.len)
				buf_char(&text, ' ');
			apart = false;
			buf_char(&text, *s++);
		}
	}
	return inquiry_foreign(q, text.data ? text.data : "", max);
}

const char *place_words(const struct place *p)
{
	if (p->talk.decoded.detail)
		return p->talk.decoded.detail;
	if (p->speaks_detail && !p->talk.received)
		return p->speaks_detail;
	return p->talk.bytes ? p->talk.bytes : "";
}

const char *place_speaks(const struct place *p)
{
	const struct talk_job *t = &p->talk;

	if (t->tls_seen.done || p->tls_try.tls_seen.done)
		return "tls";
	if (t->found)
		return t->decoded.speaks ? t->decoded.speaks : t->found->name;
	if (p->plain_try.response.status)
		return "http";
	return p->speaks;
}
