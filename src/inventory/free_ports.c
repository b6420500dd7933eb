/*
 * free_ports - see free_ports.h.
 *
 * sock_diag knows who holds a port, but only the kernel's bind() knows whether one may have it:
 * TIME_WAIT, reuse flags and sockets that are bound without listening all count. A dual-stack IPv6
 * wildcard asks for both families at once; where IPv6 is off the IPv4 wildcard does.
 */
#include "inventory/free_ports.h"

#include "base/vec.h"
#include <errno.h>
#include <netinet/in.h>

static const struct field range_fields[] = {
	FIELD(struct port_range, low, FIELD_UINT16, "LOW", "first port"),
	FIELD(struct port_range, high, FIELD_UINT16, "HIGH", "last port"),
};
static const struct record_type range_type = RECORD_TYPE("range", struct port_range, range_fields);

static const struct field fields[] = {
	FIELD_OF(struct free_ports, ranges, "free", FIELD_RECORDS, NULL, "ranges that are free",
		.count_offset = offsetof(struct free_ports, range_count), .type = &range_type),
	FIELD(struct free_ports, free_count, FIELD_UINT32, "FREE", "free ports in all"),
	FIELD(struct free_ports, used_count, FIELD_UINT32, "USED", "ports in use"),
	FIELD(struct free_ports, refused_count, FIELD_UINT32, "REFUSED",
		"ports this user may not bind"),
};

const struct record_type free_ports_type = RECORD_TYPE("free_ports", struct free_ports, fields);

static int try_bind(int family, int type, uint16_t port)
{
	AUTO(close) int fd = socket(family, type | SOCK_CLOEXEC, 0);
	struct sockaddr_storage sa;
	socklen_t len =
		address_to_sockaddr(family == AF_INET ? &ADDRESS_ANY4 : &ADDRESS_ANY6, port, &sa);
	int off = 0;

	if (fd < 0)
		return -errno;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	return bind(fd, (struct sockaddr *)&sa, len) < 0 ? -errno : 0;
}

static int oracle(int type, uint16_t port)
{
	int r = try_bind(AF_INET6, type, port);

	if (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL)
		r = try_bind(AF_INET, type, port);
	return r;
}

int free_ports_find(struct arena *arena, enum proto proto, uint16_t low, uint16_t high,
	struct free_ports *out, struct err *err)
{
	VEC(struct port_range) ranges = VEC_INIT(65536);
	struct free_ports found = {0};
	int type = proto == PROTO_UDP ? SOCK_DGRAM : SOCK_STREAM, r = 0;

	for (uint32_t port = low ? low : 1; port <= high && r == 0; port++) {
		int answer = oracle(type, (uint16_t)port);
		struct port_range *last = ranges.count ? &ranges.items[ranges.count - 1] : NULL;
		if (answer == -EADDRINUSE) {
			found.used_count++;
		} else if (answer == -EACCES || answer == -EPERM) {
			found.refused_count++;
		} else if (answer < 0) {
			r = err_set(err, answer, "cannot try port %u: %m", port);
		} else {
			found.free_count++;
			if (last && last->high + 1u == port)
				last->high = (uint16_t)port;
			else
				*vec_push(&ranges) =
					(struct port_range){(uint16_t)port, (uint16_t)port};
		}
	}
	found.ranges = arena_memdup(arena, ranges.items, ranges.count * sizeof(*ranges.items));
	found.range_count = ranges.count;
	vec_fini(&ranges);
	if (r == 0)
		*out = found;
	return r;
}
