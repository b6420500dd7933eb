/*
 * proxy - see proxy.h. Names of variables in lower case win; HTTP_PROXY in capitals is ignored by curl (a
 * CGI program's "Proxy:" header would set it), but not by others, so it counts here. In no_proxy an
 * entry is "*", a host, a domain that covers what is below it, an address or a network.
 */
#include "diagnose/proxy.h"

#include "base/str.h"
#include <strings.h>

static const char *either(const struct inquiry *q, const char *lower, const char *upper,
	const char **out_name)
{
	const char *value = inquiry_env(q, lower);

	*out_name = lower;
	if (!value) {
		value = inquiry_env(q, upper);
		*out_name = upper;
	}
	return value;
}

static bool in_network(const char *entry, size_t slash, const char *host)
{
	struct address net, a;
	char text[64];
	uint64_t bits;

	if (slash >= sizeof(text))
		return false;
	str_copy(text, slash + 1, entry);
	if (!address_parse(text, &net) || !address_parse(host, &a) || net.family != a.family ||
		!str_u64(entry + slash + 1, net.family == AF_INET ? 32 : 128, &bits))
		return false;
	for (unsigned i = 0; i < bits; i++)
		if ((net.bytes[i / 8] ^ a.bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* Whether one entry of no_proxy covers the host. */
static bool covers(char *entry, const char *host, uint16_t port)
{
	size_t host_len = strlen(host);
	char *slash = strchr(entry, '/');
	uint64_t only;

	if (str_eq(entry, "*"))
		return true;
	if (slash)
		return in_network(entry, (size_t)(slash - entry), host);
	if (*entry == '[') { /* [::1]:3000 */
		char *end = strchr(++entry, ']');
		if (end && end[1] == ':' && (!str_u64(end + 2, 65535, &only) || only != port))
			return false;
		if (end)
			*end = '\0';
	}
	char *colon = strchr(entry, ':');
	if (colon && !strchr(colon + 1, ':')) {
		if (!str_u64(colon + 1, 65535, &only) || only != port)
			return false;
		*colon = '\0';
	}
	if (str_starts(entry, "*."))
		entry++;
	if (*entry == '.')
		entry++;
	size_t len = strlen(entry);
	if (!len || len > host_len || strcasecmp(host + host_len - len, entry) != 0)
		return false;
	return len == host_len || host[host_len - len - 1] == '.';
}

static bool is_exempt(const struct inquiry *q, const char *list, const char *host)
{
	char *copy = arena_strdup(q->arena, list), *save = NULL;

	for (char *entry = strtok_r(copy, ", \t", &save); entry;
		entry = strtok_r(NULL, ", \t", &save))
		if (covers(entry, host, q->aim.port))
			return true;
	return false;
}

void proxy_choose(const struct inquiry *q, struct proxy_choice *out)
{
	const char *host = q->aim.host ? q->aim.host : "localhost", *name, *no_name;
	const char *value = q->aim.tls ? either(q, "https_proxy", "HTTPS_PROXY", &name)
				       : either(q, "http_proxy", "HTTP_PROXY", &name);

	*out = (struct proxy_choice){.exempt_list = either(q, "no_proxy", "NO_PROXY", &no_name)};
	if (!q->aim.http)
		return;
	if (!value)
		value = either(q, "all_proxy", "ALL_PROXY", &name);
	if (!value)
		return;
	if (out->exempt_list && is_exempt(q, out->exempt_list, host)) {
		out->exempt_by = no_name;
		return;
	}
	out->variable = name;
	out->value = value;
}
