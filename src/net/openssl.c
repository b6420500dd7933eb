/*
 * openssl - see openssl.h. One handle is enough: dlsym(3) searches what a library depends on too,
 * and libssl depends on libcrypto.
 */
#include "net/openssl.h"

#include "base/auto.h"
#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define OPENSSL_ROW(name) {#name, offsetof(struct openssl, name)},
	OPENSSL_FUNCTIONS(OPENSSL_ROW)
#undef OPENSSL_ROW
};

static bool load(struct openssl *out)
{
	void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < ARRAY_SIZE(functions); i++) {
		void *function = dlsym(library, functions[i].name);
		if (!function) {
			dlclose(library);
			return false;
		}
		memcpy((char *)out + functions[i].offset, &function, sizeof(function));
	}
	return library != NULL;
}

const struct openssl *openssl_load(void)
{
	static struct openssl loaded; /* it belongs to the process, as the library does */
	static enum { UNKNOWN, THERE, ABSENT } state;

	if (state == UNKNOWN)
		state = load(&loaded) ? THERE : ABSENT;
	return state == THERE ? &loaded : NULL;
}
