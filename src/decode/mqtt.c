/*
 * mqtt - message brokers such as Mosquitto (MQTT 3.1.1; what a version 5 broker answers, too).
 *
 * A broker says nothing before CONNECT, so one is sent, made so that it leaves no trace: no user
 * name, no will, no subscription, "clean session" (sections 3.1.2.4 and 3.1.2.5: nothing is kept),
 * and an empty client id. The broker then makes up an id of its own (3.1.3.1), so that no client
 * that is connected can be thrown out for having the same one (3.1.4). DISCONNECT follows in the
 * same write, so that the broker notes an orderly end (3.14.4).
 *
 *	CONNECT   0x10 length=12 | 0 4 "MQTT" level(1)=4 flags(1)=2 keep-alive(2) id-length(2)=0
 *	CONNACK   0x20 length=2  | session-present(1) code(1)
 */
#include "decode/line.h"

static const uint8_t connect_and_leave[] = {0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 10, 0, 0,
	0xe0, 0};

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	static const char *const codes[] = {"accepts anyone", "refuses MQTT 3.1.1",
		"refuses an empty client id", "is not available", "asks for a password",
		"does not let everyone in"};

	uint8_t type = reader_u8(&r), length = reader_u8(&r);
	if (reader_ok(&r) && (type != 0x20 || length < 2 || length > 127))
		return DECODE_NO;
	uint8_t present = reader_u8(&r), code = reader_u8(&r);
	if (reader_ok(&r)) {
		bool three = length == 2 && code < ARRAY_SIZE(codes);
		bool five = length > 2 && code >= 0x80; /* version 5, section 3.2.2.2 */
		if ((present & 0xfe) || (!three && !five))
			return DECODE_NO;
	}
	reader_skip(&r, length > 2 ? length - 2u : 0);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	if (length == 2)
		out->detail = codes[code];
	else
		out->detail = arena_printf(arena, "MQTT 5 only, reason 0x%02x", code);
	return DECODE_YES;
}

const struct decoder decoder_mqtt = {
	.name = "mqtt",
	.title = "MQTT",
	.summary = "message brokers such as Mosquitto",
	.ports = (const uint16_t[]){1883, 0},
	.hello = connect_and_leave,
	.hello_len = sizeof(connect_and_leave),
	.recognise = recognise,
};
