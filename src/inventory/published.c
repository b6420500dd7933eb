/*
 * published - see published.h.
 *
 * A container is found by the namespace that has the forwarded address: /proc/PID/net/fib_trie of
 * one process a namespace lists its local addresses.
 */
#include "inventory/published.h"

#include "base/fs.h"

#define FIB_MAX (1u << 20)

static bool namespace_has(const struct host *host, pid_t pid, const char *address)
{
	AUTO(buf) struct buf text = BUF_INIT(FIB_MAX);
	AUTO(buf) struct buf line = BUF_INIT(128);
	char path[64];

	buf_printf(&line, "|-- %s\n", address);
	snprintf(path, sizeof(path), "%d/net/fib_trie", pid);
	return fs_read_at(host->proc, path, &text) == 0 && strstr(text.data, line.data);
}

const struct container *published_container(const struct host *host, const struct snapshot *s,
	const struct forward *f)
{
	AUTO(buf) struct buf address = BUF_INIT(64);

	if (f->container.family != AF_INET)
		return NULL;
	address_format(&address, &f->container);
	for (size_t n = 1; n < s->namespace_count; n++) {
		const struct netns *ns = &s->namespaces[n];
		if (!namespace_has(host, ns->pid, address.data))
			continue;
		for (size_t i = 0; i < s->owner_count; i++)
			if (s->owners[i]->pid == ns->pid)
				return s->owners[i]->container;
	}
	return NULL;
}
