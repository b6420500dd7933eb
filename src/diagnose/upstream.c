/*
 * upstream - see upstream.h.
 *
 * Files are read that the proxy itself has open for its log, or that its command line names; of a
 * configuration only lines count that tell of a place to pass requests on to. All of it is text of
 * others: bounded, and only what mention_find() takes for an endpoint is believed.
 */
#include "diagnose/upstream.h"

#include "base/fs.h"
#include "base/str.h"
#include "model/mention.h"
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#define LOG_TAIL       (16u << 10)
#define CONFIG_MAX     (256u << 10)
#define FDS_MAX	       512
#define CANDIDATES_MAX 32
#define MENTIONS       8

static bool is_proxy_of(const struct inquiry *q, const struct target *t)
{
	return t->has_port && t->port != q->aim.port;
}

/* The last line that speaks of an upstream that failed. */
static bool from_log_text(const struct inquiry *q, char *text, struct upstream *out)
{
	static const char *const words[] = {"upstream", "proxy error", "backend", "dial tcp",
		"ECONNREFUSED", "connect() failed", NULL};
	struct target found[MENTIONS];
	bool any = false;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		bool fits = false;
		for (size_t i = 0; words[i]; i++)
			fits = fits || strcasestr(line, words[i]);
		if (!fits)
			continue;
		const char *from = strcasestr(line, "upstream: \"");
		from = from ? from : line;
		size_t count = mention_find(q->arena, from, strlen(from), found, MENTIONS);
		for (size_t i = 0; i < count; i++)
			if (is_proxy_of(q, &found[i])) {
				out->to = found[i].text;
				out->said = arena_strdup(q->arena, line);
				any = true;
				break;
			}
	}
	return any;
}

static bool from_log(const struct inquiry *q, const struct owner *o, struct upstream *out)
{
	char path[64], link[1024];

	for (int fd = 0; fd < FDS_MAX; fd++) {
		AUTO(buf) struct buf text = BUF_INIT(LOG_TAIL);
		struct stat st;
		snprintf(path, sizeof(path), "%d/fd/%d", (int)o->pid, fd);
		ssize_t len = fs_readlink_at(q->host->proc, path, link, sizeof(link));
		if (len == -EACCES)
			return false;
		if (len <= 0 || link[0] != '/' || (!strstr(link, "error") && !strstr(link, ".log")))
			continue;
		AUTO(close)
		int file = openat(q->host->proc, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (file < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		off_t from = st.st_size > (off_t)LOG_TAIL ? st.st_size - (off_t)LOG_TAIL : 0;
		if (!buf_reserve(&text, LOG_TAIL))
			continue;
		ssize_t got = pread(file, text.data, LOG_TAIL - 1, from);
		if (got <= 0)
			continue;
		text.data[got] = '\0';
		if (from_log_text(q, text.data, out)) {
			out->source = inquiry_foreign(q, link, 100);
			return true;
		}
	}
	return false;
}

/* Words that lead to an upstream in the configurations of nginx, Apache, HAProxy, Caddy, vite ... */
static bool names_upstream(const char *line)
{
	static const char *const words[] = {"proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass",
		"ProxyPass", "reverse_proxy", "BalancerMember", "server ", "target", "backend",
		"upstream", NULL};

	while (*line == ' ' || *line == '\t')
		line++;
	if (*line == '#')
		return false;
	for (size_t i = 0; words[i]; i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

/* The first endpoint of one statement that tells of a place to pass requests on to. */
static bool from_statement(const struct inquiry *q, const char *statement, struct upstream *out)
{
	struct target found[MENTIONS];

	if (!names_upstream(statement))
		return false;
	size_t count = mention_find(q->arena, statement, strlen(statement), found, MENTIONS);
	for (size_t i = 0; i < count; i++)
		if (is_proxy_of(q, &found[i])) {
			out->to = found[i].text;
			return true;
		}
	return false;
}

static bool from_config(const struct inquiry *q, const char *path, struct upstream *out)
{
	AUTO(buf) struct buf text = BUF_INIT(CONFIG_MAX);
	unsigned number = 1;
	char *next;

	if (fs_read_regular_at(q->host->root, path + (*path == '/'), &text) < 0)
		return false;
	/* a whole configuration may stand on one line, where "listen" must not pass for an upstream */
	for (char *statement = text.data; statement; statement = next) {
		next = strpbrk(statement, "\n;{}");
		char end = next ? *next : '\0';
		if (next)
			*next++ = '\0';
		if (from_statement(q, statement, out)) {
			out->source = arena_printf(q->arena, "%s:%u", inquiry_foreign(q, path, 100),
				number);
			return true;
		}
		number += end == '\n';
	}
	return false;
}

/* The configuration that the command line names, of the process or of its master. */
static bool from_arguments(const struct inquiry *q, const struct owner *o, struct upstream *out)
{
	AUTO(buf) struct buf path = BUF_INIT(4096);

	for (; o; o = o->parent) {
		AUTO(buf) struct buf words = BUF_INIT(16 << 10);
		char *save = NULL;
		for (size_t i = 0; i < o->argc;
			i++) { /* a title such as "nginx: master process nginx -c x" is one */
			buf_str(&words, o->argv[i]);
			buf_char(&words, ' ');
		}
		for (char *w = strtok_r(words.data, " ", &save); w;
			w = strtok_r(NULL, " ", &save)) {
			if (!strstr(w, ".conf") && !strstr(w, ".cfg") &&
				!str_ends(w, "Caddyfile") && !str_ends(w, ".yaml") &&
				!str_ends(w, ".yml") && !strstr(w, "config"))
				continue;
			buf_clear(&path);
			if (*w != '/' && o->cwd)
				buf_printf(&path, "%s/", o->cwd);
			buf_str(&path, w);
			if (from_config(q, path.data, out))
				return true;
		}
		if (!o->parent || !str_eq(owner_program(o->parent), owner_program(o)))
			break;
	}
	return false;
}

static bool from_usual_files(const struct inquiry *q, const struct owner *o, struct upstream *out)
{
	static const struct {
		const char *program, *path;
	} files[] = {
		{"nginx", "/etc/nginx/nginx.conf"},
		{"nginx", "/etc/nginx/sites-enabled/default"},
		{"nginx", "/etc/nginx/conf.d/default.conf"},
		{"apache2", "/etc/apache2/sites-enabled/000-default.conf"},
		{"haproxy", "/etc/haproxy/haproxy.cfg"},
		{"caddy", "/etc/caddy/Caddyfile"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (str_eq(owner_program(o), files[i].program) &&
			from_config(q, files[i].path, out))
			return true;
	return false;
}

/* A client connection of the proxy: it waits for whom it asks. */
static bool from_sockets(const struct inquiry *q, const struct owner *o, struct upstream *out)
{
	for (size_t i = 0; i < q->snapshot->socket_count; i++) {
		const struct socket *s = &q->snapshot->sockets[i];
		if (s->owner && s->owner->pid == o->pid && s->remote_port &&
			s->local.proto == PROTO_TCP && s->local.port != q->aim.port &&
			(s->state == SOCKET_SYN_SENT || s->state == SOCKET_ESTABLISHED)) {
			out->to = inquiry_endpoint(q, &s->remote, s->remote_port);
			out->source = "sock_diag";
			return true;
		}
	}
	return false;
}

/* "nginx/1.22.1" names the program that answered. */
static bool is_named_by(const struct owner *o, const char *server)
{
	const char *program = owner_program(o);
	size_t len = strlen(program);

	return server && strncasecmp(server, program, len) == 0 &&
		(server[len] == '\0' || server[len] == '/' || server[len] == ' ');
}

/* The listener's processes; when they may not be seen, those that the answer's Server names. */
static size_t candidates(const struct inquiry *q, const struct place *p, const struct owner **out,
	size_t max)
{
	const char *server = response_header(&p->talk.response, "Server");
	size_t count = 0;

	for (size_t i = 0; i < p->service->owner_count && count < max; i++)
		out[count++] = p->service->owners[i];
	for (size_t i = 0; service_is_hidden(p->service) && i < q->process_count && count < max;
		i++)
		if (is_named_by(q->processes[i], server))
			out[count++] = q->processes[i];
	return count;
}

bool upstream_find(const struct inquiry *q, const struct place *p, struct upstream *out)
{
	const struct owner *list[CANDIDATES_MAX];
	size_t count = candidates(q, p, list, CANDIDATES_MAX);

	*out = (struct upstream){0};
	for (size_t i = 0; i < count; i++)
		if (from_log(q, list[i], out))
			return true;
	for (size_t i = 0; i < count; i++)
		if (from_arguments(q, list[i], out) || from_usual_files(q, list[i], out) ||
			from_sockets(q, list[i], out))
			return true;
	return false;
}
