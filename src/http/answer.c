/* answer - see answer.h. */
#include "http/answer.h"

#include "base/str.h"
#include "http/response.h"

#define QUIET_MS 150 /* after bytes that are not recognised, or not yet */
#define MORE_MS	 50  /* after bytes that are, but would say more */

static bool is_echo(const struct answer *a, const char *bytes, size_t len)
{
	return a->hello_len && len <= a->hello_len && memcmp(bytes, a->hello, len) == 0;
}

static unsigned judge_http(struct answer *a, const char *bytes, size_t len)
{
	AUTO(arena)
	struct arena *scratch = arena_new(); /* not to grow with every byte that comes */
	struct response r;

	if (len < a->wanted)
		return ANSWER_PATIENT;
	response_parse(scratch, bytes, len, false, a->head, &r);
	a->wanted = r.wanted;
	if (r.complete)
		return ANSWER_WHOLE;
	const char *type = response_header(&r, "Content-Type");
	bool endless = r.head_complete && type && str_starts(type, "text/event-stream");
	if (endless)
		a->wanted = 0; /* its time begins anew with every event */
	return r.broken || endless ? QUIET_MS : ANSWER_PATIENT;
}

unsigned answer_judge(struct answer *a, const char *bytes, size_t len)
{
	bool open;

	a->found = NULL;
	a->echo = is_echo(a, bytes, len);
	if (a->echo)
		return QUIET_MS;
	if (a->http)
		return judge_http(a, bytes, len);
	a->found = decoder_recognise(a->arena, bytes, len, a->asked, NULL, &a->decoded, &open);
	if (!a->found)
		return QUIET_MS;
	return a->decoded.more ? MORE_MS : ANSWER_WHOLE;
}

void answer_end(struct answer *a, const char *bytes, size_t len)
{
	bool open;

	if (!a->found && !a->echo && len)
		a->found =
			decoder_recognise(a->arena, bytes, len, a->asked, NULL, &a->decoded, &open);
	if (!a->found)
		a->decoded = (struct decoded){0};
}

const struct decoder *answer_asked(const void *hello, size_t len, uint16_t port)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);

	for (size_t i = 0; len && decoders[i]; i++) {
		buf_clear(&b);
		decoder_hello(decoders[i], port, &b);
		if (b.len == len && memcmp(b.data, hello, len) == 0)
			return decoders[i];
	}
	return NULL;
}
