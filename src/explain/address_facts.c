/*
 * address_facts - see address_facts.h.
 *
 * Two tables: single addresses and networks that people meet under a certain meaning (name server
 * stubs, bridges, cloud metadata), most specific first; then a sentence for each class. An address
 * of a virtual network says "usually": nobody keeps others from using the same private range.
 */
#include "explain/address_facts.h"

#include "base/auto.h"
#include <string.h>

#define STAYS	 "; traffic to it never leaves the machine"
#define ANSWERS	 ". A server that listens on 127.0.0.1 only does not answer there"
#define CLOUD	 "; on other machines nothing answers there"
#define NOT_REAL "; nothing real answers there"

struct place {
	const char *prefix;
	unsigned bits;
	const char *text;
};

/* The first that fits counts. */
static const struct place places[] = {
	{"127.0.0.1", 32, "this computer talking to itself" STAYS},
	{"127.0.0.53", 32, "this computer's own name server (systemd-resolved)" STAYS},
	{"127.0.0.54", 32,
		"the second address of this computer's name server (systemd-resolved)" STAYS},
	{"127.0.0.11", 32,
		"the name server that Docker puts into its containers; outside of them it is"
		" just another loopback address"},
	{"127.0.1.1", 32,
		"this computer under its own name, as Debian and Ubuntu write it into"
		" /etc/hosts" STAYS ANSWERS},
	{"127.0.0.0", 32, "the loopback network as a whole; nothing can listen there"},
	{"127.255.255.255", 32,
		"the broadcast address of the loopback network; no connection goes there"},
	{"127.0.0.0", 8,
		"this computer talking to itself, under another of its loopback addresses" STAYS
			ANSWERS},
	{"0.0.0.0", 32,
		"where a server listens: every IPv4 address of this machine, so that the network"
		" reaches it too; where a program connects to: this computer itself"},
	{"::", 128,
		"where a server listens: every address of this machine, IPv6 and usually IPv4, so"
		" that the network reaches it too; where a program connects to: this computer "
		"itself"},
	{"::1", 128, "this computer talking to itself over IPv6" STAYS ANSWERS},

	{"169.254.169.254", 32,
		"where a machine in a cloud asks for its own settings and keys" CLOUD},
	{"169.254.170.2", 32, "where a container in Amazon's cloud asks for its keys" CLOUD},
	{"169.254.169.123", 32, "the clock of Amazon's cloud" CLOUD},
	{"169.254.169.253", 32, "the name server of Amazon's cloud" CLOUD},
	{"fd00:ec2::254", 128,
		"where a machine in Amazon's cloud asks for its settings and keys" CLOUD},
	{"168.63.129.16", 32,
		"Azure's helper for its virtual machines (names, health checks)" CLOUD},
	{"169.254.0.0", 16,
		"an address that a machine gave itself because no DHCP server answered; it"
		" works only on the same piece of network"},

	{"10.0.2.2", 32,
		"the host as a guest of QEMU, VirtualBox or the Android emulator sees it;"
		" elsewhere a private address"},
	{"10.0.2.3", 32,
		"the name server that QEMU and VirtualBox show to a guest; elsewhere a private"
		" address"},
	{"10.0.2.15", 32,
		"the address that QEMU, VirtualBox and the Android emulator give a guest;"
		" elsewhere a private address"},
	{"10.0.2.100", 32,
		"this machine as a rootless Podman container sees it (slirp4netns); elsewhere"
		" a private address"},
	{"10.0.3.2", 32, "the host as a Genymotion phone sees it; elsewhere a private address"},
	{"10.0.75.0", 24, "usually Docker for Windows of older versions; a private address"},
	{"10.42.0.0", 16, "usually a pod of k3s or RKE2, a small Kubernetes; a private address"},
	{"10.43.0.0", 16,
		"usually a service inside k3s or RKE2, a small Kubernetes; a private address"},
	{"10.88.0.1", 32, "usually this machine as Podman's containers see it; a private address"},
	{"10.88.0.0", 16, "usually a Podman container of this machine; a private address"},
	{"10.96.0.1", 32,
		"usually the API of a Kubernetes cluster, seen from inside; a private address"},
	{"10.96.0.0", 16, "usually a service inside a Kubernetes cluster; a private address"},
	{"10.244.0.0", 16,
		"usually a pod of a Kubernetes cluster (kind, minikube, flannel); a private"
		" address"},
	{"172.17.0.1", 32,
		"this machine as containers on Docker's default bridge see it (docker0)"},
	{"172.17.0.0", 16, "usually a container on Docker's default bridge; a private address"},
	{"172.16.0.0", 12,
		"a private address: your own network, or one of Docker's, which takes 172.18 to"
		" 172.31 for its further networks; the internet cannot reach it"},
	{"192.168.5.2", 32,
		"usually the host as a Lima or Colima machine sees it; a private address"},
	{"192.168.49.0", 24, "usually minikube, a Kubernetes on this machine; a private address"},
	{"192.168.56.0", 24, "usually a VirtualBox machine or its host; a private address"},
	{"192.168.64.0", 24,
		"usually a virtual machine on a Mac, or the Mac as it sees it; a private"
		" address"},
	{"192.168.65.254", 32,
		"your computer as Docker Desktop's containers see it"
		" (host.docker.internal)"},
	{"192.168.65.0", 24,
		"usually the inside of Docker Desktop's virtual machine; a private address"},
	{"192.168.99.0", 24, "usually a machine of the old Docker Toolbox; a private address"},
	{"192.168.122.1", 32,
		"usually this machine as its libvirt virtual machines see it (virbr0); a"
		" private address"},
	{"192.168.122.0", 24,
		"usually a libvirt virtual machine of this machine; a private address"},

	{"100.100.100.100", 32, "Tailscale's name server on this machine"},
	{"fd7a:115c:a1e0::", 48, "a machine in your Tailscale network"},

	{"224.0.0.1", 32, "every machine on the local network that listens to groups (multicast)"},
	{"224.0.0.251", 32,
		"everyone on the local network who answers .local names (multicast DNS)"},
	{"224.0.0.252", 32,
		"everyone on the local network who answers names the Windows way (LLMNR)"},
	{"239.255.255.250", 32,
		"everyone on the local network who can be discovered (UPnP, multicast)"},
	{"ff02::1", 128, "every machine on the local network (multicast)"},
	{"ff02::2", 128, "every router on the local network (multicast)"},
	{"ff02::fb", 128, "everyone on the local network who answers .local names (multicast DNS)"},

	{"0.0.0.0", 8,
		"a source address of machines that have none yet; nothing can be reached there"},
	{"192.0.0.0", 24, "reserved for protocols between routers and providers; seldom seen"},
	{"198.18.0.0", 15,
		"reserved for measurements of networks; proxies (Clash) and OrbStack use it for"
		" addresses of their own making"},

	{"1.1.1.1", 32, "Cloudflare's public name server, on the internet"},
	{"8.8.8.8", 32, "Google's public name server, on the internet"},
	{"8.8.4.4", 32, "Google's public name server, on the internet"},
	{"9.9.9.9", 32, "Quad9's public name server, on the internet"},
	{"64:ff9b::", 96, "an IPv4 address that is reached over IPv6 through a translator (NAT64)"},
	{"100::", 64, "an address whose traffic is thrown away"},
	{"2001::", 32, "an address of Teredo, an old way to carry IPv6 over IPv4"},
	{"2002::", 16, "an address of 6to4, an old way to carry IPv6 over IPv4"},
	{"fec0::", 10, "an old kind of private IPv6 address that is no longer used"},
};

static bool is_in(const struct place *place, const struct address *a)
{
	struct address prefix;
	unsigned whole = place->bits / 8, rest = place->bits % 8;

	if (!address_parse(place->prefix, &prefix) || prefix.family != a->family ||
		memcmp(prefix.bytes, a->bytes, whole) != 0)
		return false;
	return rest == 0 || ((prefix.bytes[whole] ^ a->bytes[whole]) >> (8 - rest)) == 0;
}

static const char *class_meaning(const struct address *a)
{
	switch (address_class(a)) {
	case ADDRESS_NONE:
		return "no address";
	case ADDRESS_ANY:
	case ADDRESS_LOOPBACK:
		return "this computer itself";
	case ADDRESS_LINK_LOCAL:
		return a->scope
			? "an IPv6 address that is valid only on the network of its interface"
			: "an IPv6 address that is valid on one piece of network only, so it needs"
			  " the interface behind it, as in fe80::1%eth0";
	case ADDRESS_PRIVATE:
		return "a private address: a machine on your own network, or a virtual one on this"
		       " machine; the internet cannot reach it";
	case ADDRESS_SHARED:
		return "an address behind a provider's shared connection (CGNAT), or one that "
		       "Tailscale"
		       " gave to a machine; the internet cannot reach it";
	case ADDRESS_MULTICAST:
		return "a group that many machines listen to at once (multicast); only UDP can be "
		       "sent"
		       " there";
	case ADDRESS_BROADCAST:
		return "everyone on the local network at once (broadcast); only UDP can be sent "
		       "there";
	case ADDRESS_DOCUMENTATION:
		return "an address for examples in manuals" NOT_REAL;
	case ADDRESS_RESERVED:
		return "a reserved address" NOT_REAL;
	case ADDRESS_PUBLIC:
		break;
	}
	return "a public address: a machine on the internet, if this machine does not own it";
}

const char *address_meaning(struct arena *arena, const struct address *a)
{
	if (address_is_v4_mapped(a)) {
		AUTO(buf) struct buf b = BUF_INIT(100);
		struct address v4 = address_unmap(a);
		address_format(&b, &v4);
		return arena_printf(arena, "the same as %s, written as IPv6: %s", b.data,
			address_meaning(arena, &v4));
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (is_in(&places[i], a))
			return places[i].text;
	return class_meaning(a);
}
