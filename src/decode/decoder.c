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
