/*
 * fastcgi - PHP-FPM and other application servers behind a web server (FastCGI 1.0).
 *
 * FCGI_GET_VALUES (section 4.1) asks for a variable of the server itself; no script runs.
 *
 *	version(1)=1 type(1) request(2)=0 length(2) padding(1) reserved(1) | content | padding
 *	GET_VALUES 9, GET_VALUES_RESULT 10, UNKNOWN_TYPE 11
 */
#include "decode/line.h"

static const uint8_t get_values[] = {1, 9, 0, 0, 0, 17, 7, 0, 15, 0, 'F', 'C', 'G', 'I', '_', 'M',
	'P', 'X', 'S', '_', 'C', 'O', 'N', 'N', 'S', 0, 0, 0, 0, 0, 0, 0};

static enum decode_result recognise(struct arena *arena, struct reader r, struct decoded *out)
{
	uint8_t version = reader_u8(&r), type = reader_u8(&r);
	if (reader_ok(&r) && (version != 1 || (type != 10 && type != 11)))
		return DECODE_NO;
	uint16_t request = reader_be16(&r), length = reader_be16(&r);
	reader_skip(&r, 2);
	const uint8_t *content = reader_bytes(&r, length);
	if (request != 0)
		return DECODE_NO;
	if (!reader_ok(&r))
		return DECODE_NEED_MORE;
	struct line l = {(const char *)content, length};
	if (type == 10 && length && !line_find(&l, "FCGI_"))
		return DECODE_NO;
	return DECODE_YES;
}

const struct decoder decoder_fastcgi = {
	.name = "fastcgi",
	.title = "FastCGI",
	.summary = "application servers such as PHP-FPM",
	.ports = (const uint16_t[]){9000, 0},
	.hello = get_values,
	.hello_len = sizeof(get_values),
	.recognise = recognise,
};
