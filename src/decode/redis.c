/*
 * redis - Redis, Valkey, KeyDB, Dragonfly and what speaks RESP (redis.io, "protocol spec").
 *
 * PING and INFO server, as inline commands: both only read. A server with a password answers
 * -NOAUTH, one in protected mode -DENIED, one that is starting -LOADING; each of them is a Redis.
 *
 *	+PONG CRLF   $length CRLF redis_version:7.0.15 CRLF ...        -CODE text CRLF
 */
#include "decode/line.h"

#include "base/str.h"

static bool is_redis_error(const struct line *l)
{
	static const char *const codes[] = {"-NOAUTH ", "-DENIED ", "-LOADING ", "-MASTERDOWN ",
		"-NOPERM ", "-BUSY ", "-MISCONF ", "-ERR unknown command",
		"-ERR wrong number of arguments", "-ERR operation not permitted",
		"-ERR max number of clients", "-ERR Protocol error"};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (line_starts(l, codes[i]))
			return true;
	}
	return false;
}

/* INFO's lines; the first that counts ends with its section, when all of them are there. */
static void read_info(struct arena *arena, struct reader r, struct decoded *out)
{
	const char *server = "Redis", *redis = NULL, *valkey = NULL, *mode = NULL;
	struct line l;

	out->more = true;
	while (line_next(&r, &l)) {
		if (line_starts(&l, "-"))
			out->more = false; /* PING is open to all, INFO is not */
		else if (line_drop(&l, "redis_version:"))
			redis = line_version(arena, l.text, l.len);
		else if (line_drop(&l, "valkey_version:"))
			valkey = line_version(arena, l.text, l.len);
		else if (line_starts(&l, "dragonfly_version:"))
			server = "Dragonfly";
		else if (line_drop(&l, "redis_mode:"))
			mode = line_copy(arena, l.text, l.len, 20);
		else if (line_starts(&l, "os:"))
			out->more = false;
	}
	out->version = valkey ? valkey : redis;
	if (out->version)
		out->detail = arena_printf(arena, "%s%s%s", valkey ? "Valkey" : server,
			mode ? ", " : "", mode ? mode : "");
}

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result pong = line_begins(r, "+PONG\r\n"), error = line_begins(r, "-");
	struct line l;

	if (pong == DECODE_NO && error == DECODE_NO)
		return DECODE_NO;
	if (!line_next(&r, &l))
		return DECODE_NEED_MORE;
	out->detail = line_copy(arena, l.text, l.len, DECODED_DETAIL_MAX);
	if (pong == DECODE_YES) {
		read_info(arena, r, out);
		return DECODE_YES;
	}
	if (line_starts(&l, "-ERR "))
		out->rather = "redis"; /* it was asked something else */
	return is_redis_error(&l) ? DECODE_YES : DECODE_NO;
}

const struct decoder decoder_redis = {
	.name = "redis",
	.title = "Redis",
	.summary = "Redis, Valkey and what speaks their protocol",
	.ports = (const uint16_t[]){6379, 6380, 26379, 0},
	.hello = "PING\r\nINFO server\r\n",
	.hello_len = 19,
	.recognise = recognise,
};
