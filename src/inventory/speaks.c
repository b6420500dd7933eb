/*
 * speaks - see speaks.h. The knowledge is in programs.def and unix_paths.def; here it gets a name.
 *
 * A development server is called by its project ("shop web"), since a person runs ten of them and
 * "node" names none. A program of no project keeps its own name. The port alone is the last resort,
 * and only for what it speaks: numbers are taken by anyone.
 */
#include "inventory/speaks.h"

#include "base/fs.h"
#include "base/str.h"
#include "decode/decoder.h"
#include "inventory/forward.h"
#include "inventory/program.h"
#include "model/socket.h"
#include <ctype.h>

#define NAME_MAX_BYTES 200

struct path_row {
	const char *pattern, *name, *role, *speaks;
};

static const struct path_row path_rows[] = {
#define PATH(pattern_, name_, role_, speaks_) {pattern_, name_, role_, speaks_},
#include "inventory/unix_paths.def"
#undef PATH
};

static const char *path_of(const struct service *s)
{
	return proto_is_unix(s->proto) && s->listener_count ? s->listeners[0].endpoint.path : NULL;
}

static const struct path_row *find_path(const char *path)
{
	for (size_t i = 0; path && i < ARRAY_SIZE(path_rows); i++) {
		const char *pattern = path_rows[i].pattern;
		if (program_pattern(pattern, strlen(pattern), path, ""))
			return &path_rows[i];
	}
	return NULL;
}

/* Length of the "15" or "8.0.35" that s begins with; 0 when it is anything else up to `end`. */
static size_t version_len(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && (isdigit((unsigned char)*p) || (*p == '.' && p > s)))
		p++;
	return p == end ? (size_t)(p - s) : 0;
}

/*
 * "/usr/lib/postgresql/15/bin/postgres" -> "15", "/opt/redis-7.2.4/redis-server" -> "7.2.4". Not
 * for programs inside a runtime, where the path tells the runtime's version.
 */
static const char *version_in_path(struct arena *arena, const char *path)
{
	if (!path || str_eq(str_basename(path), "java") || str_eq(str_basename(path), "beam.smp"))
		return NULL;
	while ((path = strchr(path, '/'))) {
		path++;
		const char *end = path + strcspn(path, "/"), *p = path;
		if (*end == '\0')
			return NULL; /* the program itself */
		for (const char *q = path; q < end; q++) {
			if (*q == '-' || *q == '@')
				p = q + 1;
		}
		size_t len = version_len(p, end);
		if (len)
			return arena_strndup(arena, p, len);
	}
	return NULL;
}

/* "next-server (v14.1.0)", "puma 6.4.0 (tcp://...)": the second word of a title. */
static const char *version_in_title(struct arena *arena, const struct owner *o)
{
	const char *p = o->argc ? strchr(o->argv[0], ' ') : NULL;

	if (!p)
		return NULL;
	p++;
	p += *p == '(';
	p += *p == 'v';
	const char *end = p + strcspn(p, " )");
	size_t len = version_len(p, end);
	return len && memchr(p, '.', len) ? arena_strndup(arena, p, len) : NULL;
}

static const char *with_major(struct arena *arena, const char *name, const char *version)
{
	int major = version ? (int)strspn(version, "0123456789") : 0;

	return major ? arena_printf(arena, "%s %.*s", name, major, version) : name;
}

/* "node ~/old-demo", else "node server.js", else "node". */
static const char *by_folder(struct arena *arena, const struct owner *o)
{
	const char *program = owner_program(o);
	AUTO(buf) struct buf b = BUF_INIT(NAME_MAX_BYTES);

	buf_printf(&b, "%s ", program);
	if (!str_empty(o->cwd) && !str_eq(o->cwd, "/")) {
		const char *home = o->uid == 0 ? "/root"
			: o->user	       ? arena_printf(arena, "/home/%s", o->user)
					       : "";
		fs_short_path(&b, o->cwd, home);
		return arena_strndup(arena, b.data, b.len);
	}
	for (size_t i = 1; i < o->argc; i++) {
		if (o->argv[i][0] && o->argv[i][0] != '-') {
			buf_str(&b, str_basename(o->argv[i]));
			return arena_strndup(arena, b.data, b.len);
		}
	}
	return program;
}

/* A program built inside its project: "shop" for shop/target/debug/shop, "shop worker" else. */
static const char *by_build(struct arena *arena, const struct service *s, const struct owner *o)
{
	static const char *const generic[] = {"main", "app", "server", "api", "a.out", "run"};
	const char *exe = o->exe, *project = s->project ? s->project->name : NULL;

	if (!exe || str_empty(project))
		return NULL;
	const char *below = s->project->root ? str_after(exe, s->project->root) : NULL;
	bool go_run = strstr(exe, "/go-build") != NULL;
	if (!go_run && (!below || *below != '/'))
		return NULL;
	const char *program = str_basename(exe);
	if (go_run || str_starts(program, project))
		return project;
	for (size_t i = 0; i < ARRAY_SIZE(generic); i++) {
		if (str_eq(program, generic[i]))
			return project;
	}
	return arena_printf(arena, "%s %s", project, program);
}

static const char *container_name(struct arena *arena, const struct container *c)
{
	if (!c)
		return NULL;
	return c->name ? c->name : arena_strndup(arena, c->id, strnlen(c->id, 12));
}

static const char *by_row(struct arena *arena, const struct service *s, const struct program *row)
{
	const char *project = s->project ? s->project->name : NULL;

	if (project && row->traits & BY_ROLE)
		return arena_printf(arena, "%s %s", project, row->role);
	if (project && row->traits & BY_PROJECT)
		return project;
	if (!row->name)
		return by_folder(arena, s->owners[0]);
	return row->traits & VERSIONED ? with_major(arena, row->name, s->version) : row->name;
}

/* Unix sockets nobody knows: "app.sock" -> "app"; "/run/thing/socket" -> "thing". */
static const char *by_path(struct arena *arena, const char *path)
{
	const char *base = str_basename(path), *dot = strrchr(base, '.');
	size_t len = dot && dot > base ? (size_t)(dot - base) : strlen(base);
	static const char *const generic[] = {"socket", "sock", "control", "server", "default"};

	for (size_t i = 0; i < ARRAY_SIZE(generic); i++) {
		if (base == path || strlen(generic[i]) != len || !str_starts(base, generic[i]))
			continue;
		const char *end = base - 1, *start = end;
		while (start > path && start[-1] != '/')
			start--;
		return arena_strndup(arena, start, (size_t)(end - start));
	}
	return arena_strndup(arena, base, len);
}

static const char *port_word(uint16_t port)
{
	const struct decoder *d = decoder_for_port(port);

	if (!d)
		return NULL;
	/* the other TLS ports carry mail and messages */
	if (str_eq(d->name, "tls") && (port == 443 || (port >= 3443 && port % 1000 == 443)))
		return "https";
	return d->name;
}

/* Words of programs.def that datagrams may carry; a web server's UDP socket is not "http". */
static bool is_datagram_word(const char *word)
{
	static const char *const words[] = {"dns", "mdns", "llmnr", "dhcp", "ntp", "syslog", "snmp",
		"wireguard", "openvpn", "ike", "mosh", "netbios", "ipp", "bep", "bittorrent",
		"kdeconnect", "sunrpc"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (str_eq(words[i], word))
			return true;
	}
	return false;
}

static bool is_stream(enum proto p)
{
	return p == PROTO_TCP || p == PROTO_UNIX_STREAM || p == PROTO_UNIX_SEQPACKET;
}

static const char *guess_word(const struct service *s, const struct program *row,
	const struct path_row *path, const struct forward *forward)
{
	if (path)
		return path->speaks;
	if (row && row->speaks)
		return is_stream(s->proto) || is_datagram_word(row->speaks) ? row->speaks : NULL;
	if (s->proto != PROTO_TCP || (row && row->why))
		return NULL;
	return port_word(forward->to ? forward->port : s->port);
}

static const char *guess_name(struct arena *arena, const struct service *s,
	const struct program *row, const struct path_row *path, const struct forward *forward)
{
	const struct owner *o = s->owner_count ? s->owners[0] : NULL;
	const char *name = NULL;

	/* "postgres 15" says more than "postgres", "systemd socket" less than "docker engine" */
	bool same = path && row && row->name && str_starts(path->name, row->name);
	if (path && !same)
		return path->name;
	if (s->container && (!row || row->traits & FORWARDS))
		return container_name(arena, s->container);
	if (row && forward->to)
		return arena_printf(arena, "%s to %s", row->name, forward->to);
	if (row)
		return by_row(arena, s, row);
	if (path_of(s))
		name = by_path(arena, path_of(s));
	else if (o)
		name = by_build(arena, s, o);
	if (str_empty(name) && o)
		name = owner_program(o);
	if (str_empty(name) && s->ownerless == OWNERLESS_KERNEL)
		name = "kernel";
	if (str_empty(name) && s->speaks)
		name = s->speaks;
	return str_empty(name) ? "unknown" : name;
}

void speaks_guess(struct arena *arena, struct service *s)
{
	const struct path_row *path = find_path(path_of(s));
	const struct program *row = program_find(s);
	const struct owner *o = s->owner_count ? s->owners[0] : NULL;
	struct forward forward = {0};

	if (row && row->traits & FORWARDS)
		forward_find(arena, o, s->port, &forward);
	s->version = NULL;
	if (row && row->traits & VERSIONED)
		s->version = version_in_path(arena, o->exe);
	else if (row)
		s->version = version_in_title(arena, o);
	s->role = path ? path->role : row ? row->role : NULL;
	s->speaks = guess_word(s, row, path, &forward);
	s->speaks_by = s->speaks ? KNOWN_GUESS : KNOWN_NOT;
	s->name = guess_name(arena, s, row, path, &forward);
}

void speaks_learn(struct arena *arena, struct service *s, const char *speaks, const char *version,
	const char *detail)
{
	const struct program *row = program_find(s);
	bool nameless = s->owner_count == 0 && !s->container &&
		(str_eq(s->name, "unknown") || (s->speaks && str_eq(s->name, s->speaks)));

	if (detail)
		s->banner = detail;
	if (speaks) {
		s->speaks = speaks;
		s->speaks_by = KNOWN_PROBE;
		if (nameless)
			s->name = speaks;
	}
	if (!version)
		return;
	if (row && row->traits & VERSIONED && !s->version && str_eq(s->name, row->name))
		s->name = with_major(arena, s->name, version);
	s->version = version;
}

const char *speaks_leave_alone(const struct service *service)
{
	const struct program *row = program_find(service);

	return row ? row->why : NULL;
}
