/*
 * fuzz_decode - any bytes to every decoder of decoders.def, with the promise that the tests hold for
 * goldens: whoever said YES or NO of a part says the same of the whole.
 *
 * The first byte chooses where to cut. Good seeds: tests/golden/decode and corpus/decode.
 */
#include "base/must.h"
#include "decode/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	size_t cut = size ? data[0] % (size + 1) : 0;

	for (size_t i = 0; decoders[i]; i++) {
		struct decoded part = {0}, whole = {0};
		enum decode_result a = decoders[i]->recognise(arena, reader_init(data, cut), &part);
		enum decode_result b =
			decoders[i]->recognise(arena, reader_init(data, size), &whole);
		must(a == DECODE_NEED_MORE || a == b || decoders[i]->only_after_hello);
		if (b == DECODE_YES) {
			must(!whole.version || strlen(whole.version) <= DECODED_VERSION_MAX);
			must(!whole.detail || strlen(whole.detail) <= DECODED_DETAIL_MAX);
			must(!whole.rather || decoder_find(whole.rather));
		}
	}
	return 0;
}
