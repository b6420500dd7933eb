/* decoder - see decoder.h. The table; every protocol is in a file of its own. */
#include "decode/decoder.h"

#include "base/str.h"

#define DECODER(name) extern const struct decoder decoder_##name;
#include "decode/decoders.def"
#undef DECODER

const struct decoder *const decoders[] = {
#define DECODER(name) &decoder_##name,
#include "decode/decoders.def"
#undef DECODER
	NULL,
};

const struct decoder *decoder_find(const char *name)
{
	for (size_t i = 0; decoders[i]; i++) {
		if (str_eq(decoders[i]->name, name))
			return decoders[i];
	}
	return NULL;
}

const struct decoder *decoder_for_port(uint16_t port)
{
	for (size_t i = 0; decoders[i]; i++) {
		for (const uint16_t *p = decoders[i]->ports; *p; p++) {
			if (*p == port)
				return decoders[i];
		}
	}
	return NULL;
}

bool decoder_has_hello(const struct decoder *d)
{
	return d->hello || d->write_hello;
}

void decoder_hello(const struct decoder *d, uint16_t port, struct buf *out)
{
	if (d->write_hello)
		d->write_hello(out, port);
	else if (d->hello)
		buf_add(out, d->hello, d->hello_len);
}

const struct decoder *decoder_recognise(struct arena *arena, const void *bytes, size_t len,
	const struct decoder *asked, const struct decoder *only, struct decoded *out,
	bool *out_open)
{
	*out_open = false;
	for (size_t i = 0; decoders[i]; i++) {
		const struct decoder *d = decoders[i];
		if ((d->only_after_hello && d != asked) || (only && d != only))
			continue;
		*out = (struct decoded){0};
		switch (d->recognise(arena, reader_init(bytes, len), out)) {
		case DECODE_YES:
			return d;
		case DECODE_NEED_MORE:
			*out_open = true;
			break;
		case DECODE_NO:
			break;
		}
	}
	return NULL;
}
