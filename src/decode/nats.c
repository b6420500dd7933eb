/*
 * nats - the NATS message broker; the server speaks first (docs.nats.io, client protocol).
 *
 *	INFO {"server_id":"...","version":"2.9.10",...} CRLF
 */
#include "decode/line.h"

#include "base/json.h"
#include "base/str.h"

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	enum decode_result begins = line_begins(r, "INFO {");
	struct json_doc doc;
	struct line l;

	if (begins != DECODE_YES)
		return begins;
	if (!line_next(&r, &l))
		return DECODE_NEED_MORE;
	line_drop(&l, "INFO ");
	if (json_parse(arena, l.text, l.len, &doc, NULL) < 0)
		return DECODE_NO;
	const struct json_value *info = &doc.values[0], *auth = json_get(info, "auth_required");
	const char *id = json_get_str(info, "server_id"), *name = json_get_str(info, "server_name");
	const char *version = json_get_str(info, "version");
	if (!id)
		return DECODE_NO;
	if (version)
		out->version = line_version(arena, version, strlen(version));
	/* a server without a name of its own is called by its id, which tells nobody anything */
	name = name && !str_eq(name, id) ? line_copy(arena, name, strlen(name), 80) : NULL;
	out->detail = arena_printf(arena, "%s%s%s", name ? name : "", name ? ", " : "",
		auth && auth->boolean ? "asks for a login" : "asks for no login");
	return DECODE_YES;
}

const struct decoder decoder_nats = {
	.name = "nats",
	.title = "NATS",
	.summary = "the NATS message broker",
	.ports = (const uint16_t[]){4222, 0},
	.recognise = recognise,
};
