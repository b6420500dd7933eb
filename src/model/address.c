/* address - see address.h. */
#include "model/address.h"

#include "base/str.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

const struct address ADDRESS_LOOPBACK4 = {.family = AF_INET, .bytes = {127, 0, 0, 1}};
const struct address ADDRESS_LOOPBACK6 = {.family = AF_INET6, .bytes = {[15] = 1}};
const struct address ADDRESS_ANY4 = {.family = AF_INET};
const struct address ADDRESS_ANY6 = {.family = AF_INET6};

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool address_parse(const char *text, struct address *out)
{
	struct address a = {.family = AF_INET};
	char copy[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];

	if (inet_pton(AF_INET, text, a.bytes) == 1) {
		*out = a;
		return true;
	}
	if (str_copy(copy, sizeof(copy), text) >= sizeof(copy))
		return false;
	a.family = AF_INET6;
	char *zone = strchr(copy, '%');
	if (zone) {
		uint64_t index;
		*zone++ = '\0';
		a.scope = if_nametoindex(zone);
		if (a.scope == 0 && str_u64(zone, UINT32_MAX, &index))
			a.scope = (uint32_t)index;
		if (a.scope == 0)
			return false;
	}
	if (inet_pton(AF_INET6, copy, a.bytes) != 1)
		return false;
	*out = a;
	return true;
}

void address_format(struct buf *out, const struct address *a)
{
	char text[INET6_ADDRSTRLEN], name[IF_NAMESIZE];

	if (a->family == AF_UNSPEC || !inet_ntop(a->family, a->bytes, text, sizeof(text))) {
		buf_char(out, '?');
		return;
	}
	/* inet_ntop writes ::a:b as ::0.10.0.11, which RFC 5952 keeps for addresses known as such */
	static const uint8_t zero[12];
	unsigned high = (unsigned)a->bytes[12] << 8 | a->bytes[13];
	unsigned low = (unsigned)a->bytes[14] << 8 | a->bytes[15];
	if (a->family == AF_INET6 && memcmp(a->bytes, zero, sizeof(zero)) == 0 && high)
		buf_printf(out, "::%x:%x", high, low);
	else
		buf_str(out, text);
	if (a->scope == 0)
		return;
	if (if_indextoname(a->scope, name))
		buf_printf(out, "%%%s", name);
	else
		buf_printf(out, "%%%u", a->scope);
}

static size_t size_of(const struct address *a)
{
	return a->family == AF_INET ? 4 : 16;
}

bool address_eq(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, size_of(a)) == 0;
}

bool address_is_any(const struct address *a)
{
	static const uint8_t zero[16];

	return a->family != AF_UNSPEC && memcmp(a->bytes, zero, size_of(a)) == 0;
}

bool address_is_v4_mapped(const struct address *a)
{
	return a->family == AF_INET6 && memcmp(a->bytes, mapped_prefix, 12) == 0;
}

struct address address_unmap(const struct address *a)
{
	struct address v4 = {.family = AF_INET};

	if (!address_is_v4_mapped(a))
		return *a;
	memcpy(v4.bytes, a->bytes + 12, 4);
	return v4;
}

struct range {
	uint8_t bytes[4];
	uint8_t bits;
	enum address_class class;
};

static bool in_prefix(const uint8_t *a, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, prefix, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

enum address_class address_class(const struct address *a)
{
	static const struct range v4[] = {
		{{0, 0, 0, 0}, 32, ADDRESS_ANY},
		{{0, 0, 0, 0}, 8, ADDRESS_RESERVED},
		{{127, 0, 0, 0}, 8, ADDRESS_LOOPBACK},
		{{169, 254, 0, 0}, 16, ADDRESS_LINK_LOCAL},
		{{10, 0, 0, 0}, 8, ADDRESS_PRIVATE},
		{{172, 16, 0, 0}, 12, ADDRESS_PRIVATE},
		{{192, 168, 0, 0}, 16, ADDRESS_PRIVATE},
		{{100, 64, 0, 0}, 10, ADDRESS_SHARED},
		{{192, 0, 0, 0}, 24, ADDRESS_RESERVED},
		{{192, 0, 2, 0}, 24, ADDRESS_DOCUMENTATION},
		{{198, 51, 100, 0}, 24, ADDRESS_DOCUMENTATION},
		{{203, 0, 113, 0}, 24, ADDRESS_DOCUMENTATION},
		{{198, 18, 0, 0}, 15, ADDRESS_RESERVED},
		{{224, 0, 0, 0}, 4, ADDRESS_MULTICAST},
		{{255, 255, 255, 255}, 32, ADDRESS_BROADCAST},
		{{240, 0, 0, 0}, 4, ADDRESS_RESERVED},
	};
	static const struct range v6[] = {
		{{0xfe, 0x80}, 10, ADDRESS_LINK_LOCAL},
		{{0xfc, 0x00}, 7, ADDRESS_PRIVATE},
		{{0xff, 0x00}, 8, ADDRESS_MULTICAST},
		{{0x20, 0x01, 0x0d, 0xb8}, 32, ADDRESS_DOCUMENTATION},
		{{0x3f, 0xff, 0x00}, 20, ADDRESS_DOCUMENTATION},
	};
	struct address plain = address_unmap(a);

	if (plain.family == AF_UNSPEC)
		return ADDRESS_NONE;
	if (address_is_any(&plain))
		return ADDRESS_ANY;
	if (address_eq(&plain, &ADDRESS_LOOPBACK6))
		return ADDRESS_LOOPBACK;

	const struct range *ranges = plain.family == AF_INET ? v4 : v6;
	size_t count = plain.family == AF_INET ? ARRAY_SIZE(v4) : ARRAY_SIZE(v6);
	for (size_t i = 0; i < count; i++)
		if (in_prefix(plain.bytes, ranges[i].bytes, ranges[i].bits))
			return ranges[i].class;
	return ADDRESS_PUBLIC;
}

const char *address_class_name(enum address_class c)
{
	static const char *const names[] = {
		[ADDRESS_NONE] = "none",
		[ADDRESS_ANY] = "any",
		[ADDRESS_LOOPBACK] = "loopback",
		[ADDRESS_LINK_LOCAL] = "link-local",
		[ADDRESS_PRIVATE] = "private",
		[ADDRESS_SHARED] = "shared",
		[ADDRESS_MULTICAST] = "multicast",
		[ADDRESS_BROADCAST] = "broadcast",
		[ADDRESS_DOCUMENTATION] = "documentation",
		[ADDRESS_RESERVED] = "reserved",
		[ADDRESS_PUBLIC] = "public",
	};

	return names[c];
}

bool address_is_loopback(const struct address *a)
{
	return address_class(a) == ADDRESS_LOOPBACK;
}

bool address_from_sockaddr(const struct sockaddr *sa, struct address *out, uint16_t *out_port)
{
	struct address a = {.family = (uint8_t)sa->sa_family};

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof(in));
		memcpy(a.bytes, &in.sin_addr, 4);
		*out_port = ntohs(in.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sa, sizeof(in6));
		memcpy(a.bytes, &in6.sin6_addr, 16);
		a.scope = in6.sin6_scope_id;
		*out_port = ntohs(in6.sin6_port);
	} else {
		return false;
	}
	*out = a;
	return true;
}

socklen_t address_to_sockaddr(const struct address *a, uint16_t port, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == AF_INET) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&in.sin_addr, a->bytes, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_scope_id = a->scope};
	memcpy(&in6.sin6_addr, a->bytes, 16);
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}
