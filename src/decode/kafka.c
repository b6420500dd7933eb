/*
 * kafka - brokers and controllers of Apache Kafka and what speaks its protocol (Redpanda ...).
 *
 * ApiVersions (key 18, version 0) is what every client sends first; it is answered without a login.
 * https://kafka.apache.org/protocol: sizes and strings are big-endian.
 *
 *	request:   size(4) key(2) version(2) correlation(4) client-length(2) client
 *	response:  size(4) correlation(4) error(2) count(4) { key(2) min(2) max(2) }
 */
#include "decode/line.h"

#define CORRELATION 0x6c6f6f70
#define APIS_MAX    1000

static const uint8_t api_versions[] = {0, 0, 0, 19, 0, 18, 0, 0, 'l', 'o', 'o', 'p', 0, 9, 'l', 'o',
	'o', 'p', 's', 'c', 'o', 'p', 'e'};

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	uint32_t size = reader_be32(&r);
	if (reader_ok(&r) && (size < 10 || (size - 10) % 6 || (size - 10) / 6 > APIS_MAX))
		return DECODE_NO;
	uint32_t correlation = reader_be32(&r);
	if (reader_ok(&r) && correlation != CORRELATION)
		return DECODE_NO;
	reader_skip(&r, 2);
	uint32_t count = reader_be32(&r);
	if (reader_ok(&r) && count != (size - 10) / 6)
		return DECODE_NO;
	reader_skip(&r, reader_ok(&r) ? 6 * (size_t)count : 0);
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	out->detail = arena_printf(arena, "%u kinds of request", count);
	return DECODE_YES;
}

const struct decoder decoder_kafka = {
	.name = "kafka",
	.title = "Kafka",
	.summary = "brokers that speak Apache Kafka's protocol",
	.ports = (const uint16_t[]){9092, 9093, 0},
	.hello = api_versions,
	.hello_len = sizeof(api_versions),
	.recognise = recognise,
};
