/* fuzz_resolver - /etc/hosts, /etc/nsswitch.conf and /etc/resolv.conf: any of them may hold anything. */
#include "base/must.h"
#include "sys/resolver.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	const char *text = (const char *)data;
	struct resolver r = {0};
	struct resolver_answer answer;

	resolver_parse_hosts(arena, text, size, &r.hosts);
	resolver_parse_nsswitch(arena, text, size, &r.chain);
	resolver_parse_resolv(arena, text, size, &r.dns);
	must(r.hosts.entry_count <= RESOLVER_HOSTS_MAX);
	must(r.chain.source_count <= RESOLVER_SOURCES_MAX);
	must(r.dns.server_count >= 1 && r.dns.server_count <= RESOLVER_SERVERS_MAX);
	must(r.dns.ndots <= 15 && r.dns.timeout_s <= 30 && r.dns.attempts <= 5);
	for (size_t i = 0; i < r.hosts.entry_count; i++) {
		must(r.hosts.entries[i].name_count > 0 && r.hosts.entries[i].line > 0);
		resolver_predict(&r, r.hosts.entries[i].names[0], &answer);
	}
	for (size_t i = 0; i < r.chain.source_count; i++)
		must(r.chain.sources[i].name[0] != '\0');
	resolver_predict(&r, "shop.localhost", &answer);
	must(answer.address_count <= ARRAY_SIZE(answer.addresses));
	return 0;
}
