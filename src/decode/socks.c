/*
 * socks - SOCKS 5 proxies such as `ssh -D` and Tor (RFC 1928 section 3).
 *
 * The client offers "no authentication"; the server chooses. No connection is asked for.
 *
 *	request:  version(1)=5 count(1)=1 method(1)=0         answer:  version(1)=5 method(1)
 */
#include "decode/line.h"

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	size_t total = r.left;
	uint8_t version = reader_u8(&r);

	if (reader_ok(&r) && version != 5)
		return DECODE_NO;
	uint8_t method = reader_u8(&r);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	if ((method != 0 && method != 0xff) || total != 2)
		return DECODE_NO;
	out->detail = method ? "SOCKS 5, asks for a login" : "SOCKS 5, asks for no login";
	out->more = true; /* a third byte would show that it is something else */
	return DECODE_YES;
}

const struct decoder decoder_socks = {
	.name = "socks",
	.title = "SOCKS",
	.summary = "SOCKS 5 proxies",
	.ports = (const uint16_t[]){1080, 9050, 0},
	.hello = "\x05\x01\0",
	.hello_len = 3,
	.only_after_hello = true,
	.recognise = recognise,
};
