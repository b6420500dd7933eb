/* fuzz_response - answers of HTTP servers. The first byte chooses: bit 0 closed, bit 1 to HEAD. */
#include "base/must.h"
#include "http/response.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct response *r, size_t len)
{
	must(r->header_count <= RESPONSE_HEADERS_MAX);
	must(r->body_len <= RESPONSE_BODY_MAX && r->body_bytes <= len);
	must(r->body_len <= r->body_bytes);
	must(!r->complete || (r->head_complete && r->status && !r->broken));
	must(r->complete ? r->wanted == 0 : r->wanted > len);
	for (size_t i = 0; i < r->header_count; i++)
		must(r->headers[i].name[0] && r->headers[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct response r, half;

	if (!size)
		return 0;
	const char *text = (const char *)data + 1;
	size_t len = size - 1;
	response_parse(arena, text, len, data[0] & 1, data[0] & 2, &r);
	check(&r, len);
	response_parse(arena, text, len / 2, false, data[0] & 2, &half);
	check(&half, len / 2);
	/* `wanted` never says to wait for longer than the end really takes */
	must(half.complete || half.broken || !r.complete || (data[0] & 1) || half.wanted <= len);
	return 0;
}
