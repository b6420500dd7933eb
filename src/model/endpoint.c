/* endpoint - see endpoint.h. */
#include "model/endpoint.h"

#include "base/text.h"
#include <net/if.h>
#include <string.h>

const char *proto_name(enum proto p)
{
	static const char *const names[] = {
		[PROTO_TCP] = "tcp",
		[PROTO_UDP] = "udp",
		[PROTO_UDPLITE] = "udplite",
		[PROTO_SCTP] = "sctp",
		[PROTO_RAW] = "raw",
		[PROTO_PACKET] = "packet",
		[PROTO_UNIX_STREAM] = "unix",
		[PROTO_UNIX_DGRAM] = "unix-dgram",
		[PROTO_UNIX_SEQPACKET] = "unix-seqpacket",
	};

	return names[p];
}

void endpoint_format(struct buf *out, const struct endpoint *e)
{
	if (proto_is_unix(e->proto)) {
		buf_str(out, "unix:");
		if (e->path)
			text_escape(out, e->path, strlen(e->path));
		return;
	}
	if (e->proto == PROTO_PACKET) {
		char name[IF_NAMESIZE];
		const char *device = e->ifindex ? if_indextoname(e->ifindex, name) : "any";
		buf_printf(out, "packet:%s", device ? device : "?");
		return;
	}
	bool brackets = e->address.family == AF_INET6;
	buf_str(out, brackets ? "[" : "");
	address_format(out, &e->address);
	buf_printf(out, brackets ? "]:%u" : ":%u", e->port);
}

/* LOOPBACK_IFINDEX in net/core/dev.c: lo is the first device of every namespace. */
#define LO_INDEX 1

bool endpoint_accepts(const struct endpoint *bound, bool v6only, const struct address *dialled,
	uint16_t port)
{
	if (bound->ifindex > LO_INDEX && address_is_loopback(dialled))
		return false;
	return endpoint_covers(bound, v6only, dialled, port);
}

bool endpoint_covers(const struct endpoint *bound, bool v6only, const struct address *dialled,
	uint16_t port)
{
	if (bound->port != port || proto_is_unix(bound->proto))
		return false;

	struct address to = address_unmap(dialled), at = address_unmap(&bound->address);
	if (to.family == at.family)
		return address_is_any(&at) || address_eq(&at, &to);
	return at.family == AF_INET6 && address_is_any(&at) && !v6only;
}
