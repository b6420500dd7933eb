/* links - see links.h. */
#include "sys/links.h"

#include "base/vec.h"
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#define ADDRESSES_MAX 65536

AUTO_DEFINE(ifaddrs, struct ifaddrs *, freeifaddrs)

static uint8_t prefix_bits(const struct sockaddr *mask)
{
	struct address a;
	uint16_t port;
	uint8_t bits = 0;

	if (!mask || !address_from_sockaddr(mask, &a, &port))
		return 0;
	for (size_t i = 0; i < sizeof(a.bytes); i++)
		bits += (uint8_t)__builtin_popcount(a.bytes[i]);
	return bits;
}

int links_addresses(struct arena *arena, struct host_address **out, size_t *out_count,
	struct err *err)
{
	AUTO(ifaddrs) struct ifaddrs *list = NULL;
	VEC(struct host_address) found = VEC_INIT(ADDRESSES_MAX);

	if (getifaddrs(&list) < 0)
		return err_set(err, -errno, "cannot list this machine's addresses: %m");
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		struct host_address a = {.up = (i->ifa_flags & IFF_UP) != 0,
			.loopback = (i->ifa_flags & IFF_LOOPBACK) != 0};
		uint16_t port;
		if (!i->ifa_addr || !address_from_sockaddr(i->ifa_addr, &a.address, &port))
			continue;
		a.prefix_bits = prefix_bits(i->ifa_netmask);
		a.device = arena_strdup(arena, i->ifa_name);
		struct host_address *slot = vec_push(&found);
		if (slot)
			*slot = a;
	}
	*out = arena_memdup(arena, found.items, found.count * sizeof(*found.items));
	*out_count = found.count;
	vec_fini(&found);
	return 0;
}

bool links_is_own(const struct host_address *list, size_t count, const struct address *a)
{
	struct address plain = address_unmap(a);

	if (address_is_loopback(&plain))
		return true;
	for (size_t i = 0; i < count; i++) {
		const struct address *own = &list[i].address;
		if (own->family == plain.family && !address_is_any(own) &&
			(!own->scope || !plain.scope || own->scope == plain.scope) &&
			memcmp(own->bytes, plain.bytes, sizeof(own->bytes)) == 0)
			return true;
	}
	return false;
}
