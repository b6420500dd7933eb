/*
 * forwarder - see forwarder.h.
 *
 * A container is found by the namespace that has the forwarded address: /proc/PID/net/fib_trie of
 * one process a namespace lists its local addresses.
 */
#include "inventory/forwarder.h"

#include "base/fs.h"
#include "base/str.h"

#define FIB_MAX (1u << 20)

static const char *argument_after(const struct owner *o, const char *flag)
{
	for (size_t i = 1; i + 1 < o->argc; i++)
		if (str_eq(o->argv[i], flag))
			return o->argv[i + 1];
	return NULL;
}

/* "[::1]" -> "::1", in place. */
static char *without_brackets(char *host)
{
	size_t len = strlen(host);

	if (len < 2 || host[0] != '[' || host[len - 1] != ']')
		return host;
	host[len - 1] = '\0';
	return host + 1;
}

static const struct forward *make(struct arena *arena, const char *program, const char *host,
	const char *port, bool publishes)
{
	struct forward *f = arena_new_of(arena, struct forward);
	uint64_t number = 0;

	if (!port || !str_u64(port, 65535, &number))
		number = 0;
	f->program = program;
	f->port = (uint16_t)number;
	f->publishes = publishes;
	f->address.family = AF_UNSPEC;
	if (!host || !address_parse(host, &f->address))
		f->address.family = AF_UNSPEC;
	f->to = arena_printf(arena, host && strchr(host, ':') ? "[%s]:%s" : "%s:%s",
		host ? host : "?", port ? port : "?");
	return f;
}

/* What follows the letter L among ssh's flags: "" in -L and -fNL, "spec" in -Lspec; or NULL. */
static const char *ssh_local_flag(const char *word)
{
	if (word[0] != '-')
		return NULL;
	word += 1 + strspn(word + 1, "46AaCfGgKkMNnqsTtVvXxYy"); /* those without a value */
	return *word == 'L' ? word + 1 : NULL;
}

/* ssh -L [bind:]port:host:hostport */
static const struct forward *read_ssh(struct arena *arena, const struct owner *o)
{
	for (size_t i = 1; i < o->argc; i++) {
		const char *spec = ssh_local_flag(o->argv[i]);
		if (!spec)
			continue;
		if (!*spec && i + 1 < o->argc)
			spec = o->argv[i + 1];
		char *copy = arena_strdup(arena, spec);
		char *port = strrchr(copy, ':');
		if (!port)
			continue;
		*port++ = '\0';
		char *host = port[-2] == ']' ? strrchr(copy, '[') : NULL;
		if (!host && (host = strrchr(copy, ':')))
			host++;
		return make(arena, "ssh", without_brackets(host ? host : copy), port, false);
	}
	return NULL;
}

/* socat LISTEN… TCP:host:port */
static const struct forward *read_socat(struct arena *arena, const struct owner *o)
{
	for (size_t i = o->argc; i-- > 1;) {
		const char *spec = str_after(o->argv[i], "TCP:");
		if (!spec)
			spec = str_after(o->argv[i], "TCP4:");
		if (!spec)
			spec = str_after(o->argv[i], "TCP6:");
		if (!spec)
			spec = str_after(o->argv[i], "tcp:");
		if (!spec)
			continue;
		char *copy = arena_strdup(arena, spec);
		copy[strcspn(copy, ",")] = '\0';
		char *port = strrchr(copy, ':');
		if (!port)
			continue;
		*port++ = '\0';
		return make(arena, "socat", without_brackets(copy), port, false);
	}
	return NULL;
}

const struct forward *forwarder_read(struct arena *arena, const struct owner *owner)
{
	const char *program = owner_program(owner);

	if (str_eq(program, "docker-proxy") ||
		(owner->argc && str_eq(str_basename(owner->argv[0]), "docker-proxy")))
		return make(arena, "docker-proxy", argument_after(owner, "-container-ip"),
			argument_after(owner, "-container-port"), true);
	if (str_eq(program, "ssh"))
		return read_ssh(arena, owner);
	if (str_starts(program, "socat"))
		return read_socat(arena, owner);
	return NULL;
}

static bool namespace_has(const struct host *host, pid_t pid, const char *address)
{
	AUTO(buf) struct buf text = BUF_INIT(FIB_MAX);
	AUTO(buf) struct buf line = BUF_INIT(128);
	char path[64];

	buf_printf(&line, "|-- %s\n", address);
	snprintf(path, sizeof(path), "%d/net/fib_trie", pid);
	return fs_read_at(host->proc, path, &text) == 0 && strstr(text.data, line.data);
}

const struct container *forwarder_container(const struct host *host, const struct snapshot *s,
	const struct forward *f)
{
	AUTO(buf) struct buf address = BUF_INIT(64);

	buf_init(&address, 64);
	if (!f->publishes || f->address.family != AF_INET)
		return NULL;
	address_format(&address, &f->address);
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
