/*
 * unix_path - a client asks a unix socket: is the file there, does anybody serve it, may this user
 * pass? And did the person mean a socket at all?
 */
#include "base/str.h"
#include "diagnose/say.h"
#include "explain/port_facts.h"
#include <errno.h>

#define LOOK_ALIKES 3

static const char *path(const struct inquiry *q)
{
	return inquiry_foreign(q, q->aim.socket_path, 120);
}

static const uint32_t file_trouble = OBSERVED_SOCKET_FILE | OBSERVED_REPORTED;

/* "localhost" makes clients of MySQL and PostgreSQL take a socket; the server may be on TCP. */
static const struct service *tcp_service(const struct inquiry *q, const char *speaks)
{
	const struct service *by_port = NULL;

	for (size_t i = 0; i < q->snapshot->service_count; i++) {
		const struct service *s = q->snapshot->services[i];
		const char *usual = port_speaks(PROTO_TCP, s->port);
		if (s->netns != 0 || s->proto != PROTO_TCP)
			continue;
		if (s->speaks && str_eq(s->speaks, speaks))
			return s;
		if (usual && str_eq(usual, speaks))
			by_port = s;
	}
	return by_port;
}

static const char *speaks_of_path(const struct inquiry *q)
{
	const char *base = str_basename(q->aim.socket_path);

	if (q->aim.expects)
		return q->aim.expects;
	if (strstr(base, "mysql") || strstr(base, "mariadb"))
		return "mysql";
	if (strstr(base, ".s.PGSQL."))
		return "postgres";
	return strstr(base, "redis") ? "redis" : NULL;
}

static bool client_meant_tcp(const struct inquiry *q, struct claims *c)
{
	const char *speaks = speaks_of_path(q);
	const struct service *s = speaks ? tcp_service(q, speaks) : NULL;

	if (!s || !(str_eq(speaks, "mysql") || str_eq(speaks, "postgres")) || q->file.listed)
		return false;
	bool known = s->speaks && str_eq(s->speaks, speaks);
	claim(c, "client-uses-unix-socket", known ? CERTAINTY_PROVED : CERTAINTY_INFERRED,
		file_trouble, "Your client asked a unix socket, but the server is on TCP port %u.",
		s->port);
	claim_evidence(c, "stat", "%s %s", path(q),
		q->file.sight == FILE_ABSENT ? "does not exist" : "has no server behind it");
	claim_evidence(c, "sock_diag", "LISTEN %s %s, %s %s", s->listeners[0].text,
		inquiry_holder(q, &q->snapshot->sockets[s->listeners[0].socket]),
		known ? "which speaks" : "the usual port of", speaks);
	if (str_eq(speaks, "mysql")) {
		claim_fix(c, arena_printf(q->arena, "mysql -h 127.0.0.1 -P %u", s->port),
			"say 127.0.0.1: \"localhost\" means the socket to this client");
		claim_fix(c,
			arena_printf(q->arena, "mysql --protocol=TCP -h localhost -P %u", s->port),
			"or ask for TCP by --protocol");
	} else {
		claim_fix(c, arena_printf(q->arena, "psql -h 127.0.0.1 -p %u", s->port),
			"name the host, so that the client takes TCP");
	}
	return true;
}

static bool same_folder_or_name(const char *a, const char *b)
{
	const char *base_a = str_basename(a), *base_b = str_basename(b);

	return str_eq(base_a, base_b) ||
		(base_a - a == base_b - b && strncmp(a, b, (size_t)(base_a - a)) == 0 &&
			str_distance(base_a, base_b) <= 3);
}

static void say_look_alikes(const struct inquiry *q, struct claims *c)
{
	size_t said = 0;

	for (size_t i = 0; i < q->snapshot->socket_count && said < LOOK_ALIKES; i++) {
		const struct socket *s = &q->snapshot->sockets[i];
		if (!proto_is_unix(s->local.proto) || s->state != SOCKET_LISTEN || !s->local.path ||
			str_eq(s->local.path, q->aim.socket_path) ||
			!same_folder_or_name(s->local.path, q->aim.socket_path))
			continue;
		claim_evidence(c, "unix_diag", "a similar one is served: %s %s",
			inquiry_foreign(q, s->local.path, 100), inquiry_holder(q, s));
		claim_fix(c, NULL, "use %s, if that is the one",
			inquiry_foreign(q, s->local.path, 100));
		said++;
	}
}

static void missing(const struct inquiry *q, struct claims *c)
{
	claim(c, "unix-socket-missing", CERTAINTY_PROVED, file_trouble,
		"There is no socket %s, and nobody serves it.", path(q));
	claim_evidence(c, "stat", "%s does not exist",
		q->file.stops_at ? inquiry_foreign(q, q->file.stops_at, 100) : path(q));
	claim_evidence(c, "unix_diag", "nobody listens on %s", path(q));
	say_look_alikes(q, c);
	claim_fix(c, NULL, "start the service that makes it, or correct the path");
}

static void stale(const struct inquiry *q, struct claims *c)
{
	claim(c, "unix-socket-stale", CERTAINTY_PROVED, file_trouble,
		"The socket file %s is a leftover: its server is gone.", path(q));
	claim_evidence(c, "stat", "%s is a socket, mode %04o, owner uid %u", path(q), q->file.mode,
		q->file.uid);
	claim_evidence(c, "unix_diag", "nobody listens on %s: no process holds it", path(q));
	if (q->file.connect_error > 0)
		claim_evidence(c, "connect", "%s", strerror(q->file.connect_error));
	claim_fix(c, NULL, "restart the server; most replace the file by themselves");
	claim_fix(c, arena_printf(q->arena, "rm %s", say_word(q, q->aim.socket_path)),
		"remove the file, if the server will not");
}

static const char *mode_words(const struct inquiry *q, uint32_t mode, uint32_t uid, uint32_t gid)
{
	return arena_printf(q->arena, "mode %04o, owner uid %u%s, group %u", mode, uid,
		uid == 0 ? " (root)" : "", gid);
}

static void no_permission(const struct inquiry *q, struct claims *c)
{
	bool folder = q->file.stops_at != NULL;

	claim(c, "unix-socket-permission", CERTAINTY_PROVED, file_trouble,
		folder ? "This user may not pass a folder on the way to the socket %s."
		       : "The socket %s is there, but this user may not connect to it.",
		path(q));
	if (folder)
		claim_evidence(c, "stat", "the folder %s may not be passed: %s",
			inquiry_foreign(q, q->file.stops_at, 100),
			mode_words(q, q->file.stop_mode, q->file.stop_uid, q->file.stop_gid));
	else
		claim_evidence(c, "stat", "%s: %s", path(q),
			mode_words(q, q->file.mode, q->file.uid, q->file.gid));
	claim_evidence(c, "credentials", "the one who asks is uid %u", q->uid);
	if (q->file.listed)
		claim_evidence(c, "unix_diag", "LISTEN %s %s", path(q),
			inquiry_holder(q, q->file.socket));
	if (q->file.gid && !folder)
		claim_fix(c, arena_printf(q->arena, "sudo usermod -aG %u \"$USER\"", q->file.gid),
			"join the group of the socket, then log in again");
	claim_fix(c, NULL, "run the client as the owner of the socket, or with sudo");
}

static void hidden(const struct inquiry *q, struct claims *c)
{
	claim(c, "unix-socket-hidden-by-mount", CERTAINTY_INFERRED, file_trouble,
		"The socket %s is served, but in another view of the file system.", path(q));
	claim_evidence(c, "unix_diag", "LISTEN %s %s", path(q), inquiry_holder(q, q->file.socket));
	claim_evidence(c, "stat", "%s does not exist here", path(q));
	const struct owner_vitals *v = inquiry_vitals(q, q->file.socket->owner);
	if (v && v->first.mnt_ns)
		claim_evidence(c, "/proc", "its owner is in mount namespace %u", v->first.mnt_ns);
	claim_fix(c, NULL,
		"move the socket to /run, or share the folder (systemd's PrivateTmp=, a container's "
		"volume)");
	claim_fix(c, NULL, "or connect by TCP");
}

static void ask(const struct inquiry *q, struct claims *c)
{
	if (client_meant_tcp(q, c))
		return;
	switch (q->file.sight) {
	case FILE_ABSENT:
		if (q->file.listed)
			hidden(q, c);
		else
			missing(q, c);
		break;
	case FILE_NO_ACCESS:
		no_permission(q, c);
		break;
	case FILE_SOCKET:
		if (q->file.connect_error == EACCES)
			no_permission(q, c);
		else if (!q->file.listed)
			stale(q, c);
		break;
	case FILE_OTHER:
		claim(c, "unix-socket-missing", CERTAINTY_PROVED, file_trouble,
			"%s is there, but it is no socket.", path(q));
		claim_evidence(c, "stat", "mode %04o, not a socket", q->file.mode);
		claim_fix(c, NULL, "correct the path, or start the service that makes the socket");
		break;
	default:
		break;
	}
}

static void bind_exists(const struct inquiry *q, struct claims *c)
{
	if (q->file.sight == FILE_ABSENT)
		return;
	claim(c, "unix-socket-path-exists", CERTAINTY_PROVED, OBSERVED_BIND | OBSERVED_REPORTED,
		q->file.listed ? "The path %s is taken: a server listens on it."
			       : "The path %s is taken by the file of a server that is gone.",
		path(q));
	claim_evidence(c, "stat", "%s exists, mode %04o, owner uid %u", path(q), q->file.mode,
		q->file.uid);
	if (q->file.listed) {
		claim_evidence(c, "unix_diag", "LISTEN %s", inquiry_holder(q, q->file.socket));
		if (q->file.socket->owner)
			claim_fix(c,
				arena_printf(q->arena, "kill %d", (int)q->file.socket->owner->pid),
				"stop its server first");
	} else {
		claim_evidence(c, "unix_diag", "nobody listens on it: the file is stale");
		claim_fix(c, arena_printf(q->arena, "rm %s", say_word(q, q->aim.socket_path)),
			"remove the file");
	}
}

static void run(const struct inquiry *q, struct claims *c)
{
	if (!q->aim.socket_path)
		return;
	if (q->symptom.op == OPERATION_BIND)
		bind_exists(q, c);
	else
		ask(q, c);
}

const struct diagnose_check diagnose_unix_path = {
	.summary = "whether the socket file is there, served, and may be used",
	.causes =
		"client-uses-unix-socket unix-socket-missing unix-socket-stale unix-socket-permission "
		"unix-socket-hidden-by-mount unix-socket-path-exists",
	.needs = FACT_SOCKETS | FACT_PATH | FACT_VITALS,
	.operations = OPERATIONS_ALL,
	.run = run,
};
