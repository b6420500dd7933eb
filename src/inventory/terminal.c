/*
 * terminal - see terminal.h.
 *
 * Device numbers: Documentation/admin-guide/devices.txt; the kernel prints new_encode_dev(), major in
 * bits 8-19, minor in 0-7 and 20-31. Pseudo terminals have the majors 136-143.
 *
 * The name of a session is in nobody's /proc entry, but the server's arguments are those of the
 * command that started it, so they name its first session: "tmux new -s work". Which session a
 * process is in stands in its environment: TMUX=socket,pid,N has N = 0 for the first one;
 * screen's STY=pid.name says the name itself. Zellij has a server for each session, named in its
 * arguments.
 */
#include "inventory/terminal.h"

#include "base/str.h"
#include "sys/procfs.h"
#include <ctype.h>

enum { CHAIN_MAX = 64 };

const char *terminal_name(struct arena *arena, uint32_t tty)
{
	uint32_t major = tty >> 8 & 0xfff;
	uint32_t minor = (tty & 0xff) | (tty >> 12 & 0xfff00);

	switch (major) {
	case 4:
		return minor < 64 ? arena_printf(arena, "tty%u", minor)
				  : arena_printf(arena, "ttyS%u", minor - 64);
	case 5:
		return minor == 1 ? "console" : NULL;
	case 136 ... 143:
		return arena_printf(arena, "pts/%u", (major - 136) * 256 + minor);
	case 188:
		return arena_printf(arena, "ttyUSB%u", minor);
	case 229:
		return arena_printf(arena, "hvc%u", minor);
	default:
		return NULL;
	}
}

/* The value of the option `letter` in "-s work", "-swork" or "-As work"; NULL when absent. */
static const char *option_value(const struct owner *o, char letter)
{
	for (size_t i = 1; i < o->argc; i++) {
		const char *arg = o->argv[i];
		if (arg[0] != '-' || !isalpha((unsigned char)arg[1]))
			continue;
		if (arg[1] == letter && arg[2])
			return arg + 2;
		size_t len = 1;
		while (isalpha((unsigned char)arg[len]))
			len++;
		if (arg[len] == '\0' && arg[len - 1] == letter && i + 1 < o->argc)
			return o->argv[i + 1];
	}
	return NULL;
}

static const char *tmux_session(const struct host *host, struct arena *arena,
	const struct owner *server, const struct owner *o)
{
	char env[512];
	const char *comma = NULL;

	if (procfs_read_env(host, o->pid, "TMUX", env, sizeof(env)) == 0)
		comma = strrchr(env, ',');
	if (comma && !str_eq(comma, ",0"))
		return NULL; /* in another session than the one that the server's arguments name */
	const char *name = option_value(server, 's');
	return name ? name : option_value(server, 't');
}

static const char *screen_session(const struct host *host, struct arena *arena,
	const struct owner *server, const struct owner *o)
{
	char env[512];

	if (procfs_read_env(host, o->pid, "STY", env, sizeof(env)) == 0) {
		const char *dot = strchr(env, '.');
		if (dot && dot[1])
			return arena_strdup(arena, dot + 1);
	}
	return option_value(server, 'S');
}

static const char *zellij_session(const struct host *host, struct arena *arena,
	const struct owner *server, const struct owner *o)
{
	for (size_t i = 1; i + 1 < server->argc; i++)
		if (str_eq(server->argv[i], "--server"))
			return str_basename(server->argv[i + 1]);
	return NULL;
}

static const struct multiplexer {
	const char *title; /* when the session has no name */
	const char *comm;  /* begins so */
	const char *argv0; /* base name; NULL = any */
	const char *(*session)(const struct host *host, struct arena *arena,
		const struct owner *server, const struct owner *o);
} multiplexers[] = {
	{"tmux", "tmux", NULL, tmux_session},
	{"screen", "screen", "SCREEN", screen_session},
	{"zellij", "zellij", NULL, zellij_session},
};

static const struct multiplexer *multiplexer_of(const struct owner *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(multiplexers); i++) {
		const struct multiplexer *m = &multiplexers[i];
		if (!o->comm || !str_starts(o->comm, m->comm))
			continue;
		if (!m->argv0 || (o->argc && str_eq(str_basename(o->argv[0]), m->argv0)))
			return m;
	}
	return NULL;
}

bool terminal_is_multiplexer(const struct owner *o)
{
	return multiplexer_of(o) != NULL;
}

const char *terminal_session(const struct host *host, struct arena *arena, const struct owner *o)
{
	int depth = 0;

	for (const struct owner *p = o->parent; p && depth < CHAIN_MAX; p = p->parent, depth++) {
		const struct multiplexer *m = multiplexer_of(p);
		if (!m)
			continue;
		const char *name = m->session(host, arena, p, o);
		return str_empty(name) ? m->title : name;
	}
	return NULL;
}
