/*
 * forward - see forward.h. Each forwarder has a syntax of its own, so each has a small reader; all
 * of them look for the one that listens on the port in question.
 *
 *	ssh           -L [bind:]port:host:hostport                                 ssh(1)
 *	kubectl       port-forward KIND/NAME [local:]remote
 *	socat         TCP-LISTEN:port,fork TCP:host:hostport                       socat(1)
 *	docker-proxy  -host-port port -container-ip address -container-port port
 */
#include "inventory/forward.h"

#include "base/str.h"

#define SPEC_MAX 512

static bool parse_port(const char *text, uint16_t *out)
{
	uint64_t value;

	if (!str_u64(text, UINT16_MAX, &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

/* Cuts "host:port" at the last colon. */
static bool split_port(char *text, uint16_t *out_port)
{
	char *colon = strrchr(text, ':');

	if (!colon || !parse_port(colon + 1, out_port))
		return false;
	*colon = '\0';
	return true;
}

/* "-L8080:db:5432", "-fNL" and "127.0.0.1:8080:[::1]:5432" alike: the end is cut off twice. */
static bool read_ssh(struct arena *arena, const char *word, uint16_t port, struct forward *out)
{
	char text[SPEC_MAX];
	const char *spec = word;
	uint16_t remote, local;

	if (*word == '-') {
		spec = strchr(word, 'L');
		if (!spec)
			return false;
		spec++;
	}
	if (str_copy(text, sizeof(text), spec) >= sizeof(text) || !split_port(text, &remote))
		return false;
	size_t len = strlen(text);
	char *host = len && text[len - 1] == ']' ? strrchr(text, '[') : strrchr(text, ':');
	if (!host || host == text)
		return false;
	if (*host == ':')
		host++;
	char *before = host - 1; /* the colon after the local port */
	if (*before != ':')
		return false;
	*before = '\0';
	const char *colon = strrchr(text, ':');
	if (!parse_port(colon ? colon + 1 : text, &local) || local != port)
		return false;
	*out = (struct forward){arena_printf(arena, "%s:%u", host, remote), remote};
	return true;
}

static bool find_ssh(struct arena *arena, const struct owner *o, uint16_t port, struct forward *out)
{
	for (size_t i = 1; i < o->argc; i++) {
		if (read_ssh(arena, o->argv[i], port, out))
			return true;
	}
	return false;
}

static bool find_kubectl(struct arena *arena, const struct owner *o, uint16_t port,
	struct forward *out)
{
	const char *target = NULL;

	for (size_t i = 1; i < o->argc; i++) {
		char text[SPEC_MAX];
		uint16_t remote, local;
		if (!target && o->argv[i][0] != '-' && strchr(o->argv[i], '/'))
			target = o->argv[i];
		if (str_copy(text, sizeof(text), o->argv[i]) >= sizeof(text))
			continue;
		if (parse_port(text, &remote))
			local = remote;
		else if (!split_port(text, &remote) || !parse_port(text, &local))
			continue;
		if (!target || local != port)
			continue;
		*out = (struct forward){arena_strdup(arena, target), remote};
		return true;
	}
	return false;
}

static bool find_socat(struct arena *arena, const struct owner *o, uint16_t port,
	struct forward *out)
{
	static const char *const kinds[] = {"TCP:", "TCP4:", "TCP6:", "TCP-CONNECT:", "OPENSSL:",
		"tcp:", "tcp4:", "tcp6:", "tcp-connect:", "openssl:"};

	for (size_t i = 1; i < o->argc; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			const char *to = str_after(o->argv[i], kinds[k]);
			char text[SPEC_MAX];
			uint16_t remote;
			if (!to)
				continue;
			str_copy(text, sizeof(text), to);
			text[strcspn(text, ",")] = '\0';
			if (!split_port(text, &remote))
				continue;
			*out = (struct forward){arena_printf(arena, "%s:%u", text, remote), remote};
			return true;
		}
	}
	return false;
}

static bool find_docker(struct arena *arena, const struct owner *o, uint16_t port,
	struct forward *out)
{
	const char *address = NULL;
	uint16_t local = 0, remote = 0;

	for (size_t i = 1; i + 1 < o->argc; i++) {
		const char *value = o->argv[i + 1];
		if (str_eq(o->argv[i], "-container-ip"))
			address = value;
		else if (str_eq(o->argv[i], "-container-port"))
			parse_port(value, &remote);
		else if (str_eq(o->argv[i], "-host-port"))
			parse_port(value, &local);
	}
	if (!address || !remote || local != port)
		return false;
	*out = (struct forward){
		.to = arena_printf(arena, strchr(address, ':') ? "[%s]:%u" : "%s:%u", address,
			remote),
		.port = remote,
		.publishes = true,
	};
	if (!address_parse(address, &out->container))
		out->container.family = AF_UNSPEC;
	return true;
}

static bool is_program(const struct owner *o, const char *name)
{
	return str_eq(owner_program(o), name) || (o->comm && str_eq(o->comm, name)) ||
		(o->argc && str_eq(str_basename(o->argv[0]), name));
}

bool forward_find(struct arena *arena, const struct owner *owner, uint16_t port,
	struct forward *out)
{
	static const struct {
		const char *program;
		bool (*find)(struct arena *, const struct owner *, uint16_t, struct forward *);
	} kinds[] = {{"ssh", find_ssh}, {"autossh", find_ssh}, {"kubectl", find_kubectl},
		{"oc", find_kubectl}, {"socat", find_socat}, {"socat1", find_socat},
		{"docker-proxy", find_docker}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!is_program(owner, kinds[i].program))
			continue;
		if (!kinds[i].find(arena, owner, port, out))
			return false;
		out->program = kinds[i].program;
		return true;
	}
	/* rootless runtimes have proxies of other names, which take the same arguments */
	if (!find_docker(arena, owner, port, out))
		return false;
	out->program = owner_program(owner);
	return true;
}
