/*
 * pid_file - see pid_file.h.
 *
 * Looked for where servers put them: below the folder that we are in (Rails), in /run under the name of
 * the usual service of the port, and in PostgreSQL's data folder, whose fourth line is its port.
 */
#include "diagnose/pid_file.h"

#include "base/fs.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX      2000
#define CLUSTERS_MAX  16
#define NAMES_PER_ROW 4

/* The first line is the pid; *out_text is the whole. False for anything else. */
static bool read_pid(int root, const char *path, struct buf *text, pid_t *out)
{
	uint64_t pid;

	if (fs_read_regular_at(root, path, text) < 0 || !text->len)
		return false;
	char *line = text->data + strspn(text->data, " \t");
	size_t len = strcspn(line, " \t\r\n");
	char digits[16];
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, line, len);
	digits[len] = '\0';
	if (!str_u64(digits, INT32_MAX, &pid) || pid < 2)
		return false;
	*out = (pid_t)pid;
	return true;
}

static bool is_gone(const struct inquiry *q, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	return faccessat(q->host->proc, name, F_OK, 0) < 0 && errno == ENOENT;
}

static bool is_stale(struct inquiry *q, const char *path, bool names_port)
{
	AUTO(buf) struct buf text = BUF_INIT(FILE_MAX);
	pid_t pid;

	if (!read_pid(q->host->root, path + (*path == '/'), &text, &pid) || !is_gone(q, pid))
		return false;
	if (names_port) {
		/* postmaster.pid: pid, data folder, start, port, ... */
		char *line = text.data;
		uint64_t port = 0;
		for (int i = 0; line && i < 3; i++) {
			line = strchr(line, '\n');
			line = line ? line + 1 : NULL;
		}
		if (!line)
			return false;
		line[strcspn(line, "\r\n")] = '\0';
		if (!str_u64(line, UINT16_MAX, &port) || port != q->aim.port)
			return false;
	}
	q->pid_file = arena_strdup(q->arena, path);
	q->pid_file_pid = pid;
	return true;
}

static bool in_project(struct inquiry *q)
{
	static const char *const names[] = {"tmp/pids/server.pid", "tmp/pids/puma.pid",
		"tmp/pids/unicorn.pid", "server.pid"};
	/* where those are that are started in the same folder; Rails' usual port, or one that is set */
	const char *folder = inquiry_env(q, "PWD"), *port = inquiry_env(q, "PORT");
	char usual[8];

	snprintf(usual, sizeof(usual), "%u", q->aim.port);
	if (!folder || *folder != '/' || (q->aim.port != 3000 && !(port && str_eq(port, usual))))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_stale(q, arena_printf(q->arena, "%s/%s", folder, names[i]), false))
			return true;
	return false;
}

static bool in_run(struct inquiry *q)
{
	static const struct {
		const char *service, *files[NAMES_PER_ROW];
	} rows[] = {
		{"redis", {"redis/redis-server.pid", "redis.pid", "redis/redis.pid"}},
		{"mysql", {"mysqld/mysqld.pid", "mysqld.pid", "mariadb/mariadb.pid"}},
		{"mongodb", {"mongodb/mongod.pid", "mongod.pid"}},
		{"http", {"nginx.pid", "apache2/apache2.pid", "httpd/httpd.pid"}},
		{"ssh", {"sshd.pid"}},
		{"memcached", {"memcached/memcached.pid", "memcached.pid"}},
		{"rabbitmq", {"rabbitmq/pid"}},
	};
	static const struct {
		uint16_t port;
		const char *service;
	} ports[] = {{6379, "redis"}, {3306, "mysql"}, {27017, "mongodb"}, {80, "http"},
		{443, "http"}, {22, "ssh"}, {11211, "memcached"}, {5672, "rabbitmq"}};

	for (size_t p = 0; p < ARRAY_SIZE(ports); p++)
		for (size_t i = 0; ports[p].port == q->aim.port && i < ARRAY_SIZE(rows); i++)
			for (size_t f = 0; str_eq(rows[i].service, ports[p].service) &&
				f < NAMES_PER_ROW && rows[i].files[f];
				f++)
				if (is_stale(q, arena_printf(q->arena, "/run/%s", rows[i].files[f]),
					    false))
					return true;
	return false;
}

/* Debian: /var/lib/postgresql/15/main/postmaster.pid; elsewhere pgsql/data. */
static bool in_postgres(struct inquiry *q)
{
	const char *data = inquiry_env(q, "PGDATA");

	if (data && *data == '/' &&
		is_stale(q, arena_printf(q->arena, "%s/postmaster.pid", data), true))
		return true;
	for (unsigned version = 9; version < 9 + CLUSTERS_MAX; version++)
		if (is_stale(q,
			    arena_printf(q->arena, "/var/lib/postgresql/%u/main/postmaster.pid",
				    version),
			    true))
			return true;
	return is_stale(q, "/var/lib/pgsql/data/postmaster.pid", true);
}

/* The one that the text names; relative to the folder that we are in. */
static const char *named_path(const struct inquiry *q)
{
	char folder[1024];

	if (q->symptom.pid_file[0] == '/' || !getcwd(folder, sizeof(folder)))
		return q->symptom.pid_file;
	return arena_printf(q->arena, "%s/%s", folder, q->symptom.pid_file);
}

void pid_file_find(struct inquiry *q)
{
	if (q->symptom.pid_file && is_stale(q, named_path(q), false))
		return;
	if (q->aim.port && !in_project(q) && !in_run(q))
		in_postgres(q);
}
