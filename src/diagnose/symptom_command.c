/*
 * symptom_command - endpoints that a command line names. See symptom.h.
 *
 * Words are read one by one: URLs, HOST:PORT and DSNs by their form, options by the name in front
 * of their value. A host and a port that stand apart are one endpoint, as -h HOST -p PORT is. What
 * `-p` and `-h` mean depends on the program; for one that is not known only the long names count.
 */
#include "base/str.h"
#include "diagnose/symptom_part.h"
#include "model/mention.h"

#define WORD_TEXT_MAX 4096

struct line {
	struct arena *arena;
	struct symptom *out;
	const struct client *client;
	const char *host; /* of an option, or the lone word of nc and telnet */
	uint16_t port;
	bool has_port, bare_port;
	bool server; /* python -m http.server, flask run: a lone number is its port */
};

static bool in_list(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(word, *list))
			return true;
	return false;
}

static bool port_of(const char *text, uint16_t *out)
{
	uint64_t n;

	if (!str_u64(text, UINT16_MAX, &n) || n == 0)
		return false;
	*out = (uint16_t)n;
	return true;
}

static void take_port(struct line *l, const char *value)
{
	l->has_port |= port_of(value, &l->port);
	l->bare_port = false;
}

/* What stands behind a host option may be a socket's folder, or host:port. */
static void take_host(struct line *l, const char *value)
{
	struct target t;

	if (value[0] == '/') {
		if (l->client && str_eq(l->client->expects ? l->client->expects : "", "postgres"))
			l->out->path = arena_printf(l->arena, "%s/.s.PGSQL.%u", value,
				l->has_port ? l->port : 5432);
		return;
	}
	if (target_parse(l->arena, value, &t, NULL) < 0)
		return;
	if (t.kind == TARGET_URL || (t.has_port && t.kind != TARGET_PORT))
		symptom_add(l->arena, l->out, &t);
	else if (t.kind == TARGET_HOST || t.kind == TARGET_NAME || t.kind == TARGET_ADDRESS)
		l->host = symptom_without_secrets(l->arena, value, strlen(value));
}

static bool speaks(const struct line *l, const char *protocol)
{
	return l->client && l->client->expects && str_eq(l->client->expects, protocol);
}

/* -p and -h are a port and a host for these; mysql's -p is a password. */
static const char *const with_short_options[] = {"postgres", "redis", "mysql", "mongodb", "ssh",
	"mqtt", NULL};

static bool has_short_options(const struct line *l)
{
	return (l->client && l->client->expects &&
		       in_list(l->client->expects, with_short_options)) ||
		l->server;
}

enum option { OPTION_NONE, OPTION_HOST, OPTION_PORT, OPTION_SOCKET };

static enum option option_of(const struct line *l, const char *name)
{
	static const char *const hosts[] = {"--host", "--hostname", "--bind", "--server",
		"--address", "--bind-address", "--listen", "--listen-address", "--addr", "--ip",
		NULL};
	static const char *const ports[] = {"--port", "--http-port", "--https-port", "--http.port",
		"--server.port", "-Dserver.port", "--listen-port", "--web.port", NULL};
	static const char *const endpoints[] = {"--broker", "--bootstrap-server",
		"--bootstrap-servers", "--broker-list", "--endpoints", "--endpoint", "--url",
		"--connect", "-connect", "--uri", "--proxy", NULL};

	if (in_list(name, hosts) || in_list(name, endpoints))
		return OPTION_HOST;
	if (in_list(name, ports))
		return OPTION_PORT;
	if (str_eq(name, "--socket") || str_eq(name, "--unix-socket"))
		return OPTION_SOCKET;
	if (!has_short_options(l))
		return OPTION_NONE;
	if (speaks(l, "mysql"))
		return str_eq(name, "-h")    ? OPTION_HOST
			: str_eq(name, "-P") ? OPTION_PORT
			: str_eq(name, "-S") ? OPTION_SOCKET
					     : OPTION_NONE;
	if (speaks(l, "redis") && str_eq(name, "-s"))
		return OPTION_SOCKET;
	if (str_eq(name, "-h") && !speaks(l, "ssh"))
		return OPTION_HOST;
	if (l->server && str_eq(name, "-b"))
		return OPTION_HOST;
	return str_eq(name, "-p") || (speaks(l, "ssh") && str_eq(name, "-P")) ? OPTION_PORT
									      : OPTION_NONE;
}

static void take_option(struct line *l, enum option option, const char *value)
{
	if (option == OPTION_PORT)
		take_port(l, value);
	else if (option == OPTION_HOST)
		take_host(l, value);
	else if (option == OPTION_SOCKET && value[0] == '/' && !l->out->path)
		l->out->path = arena_strdup(l->arena, value);
}

/* "--port=3000", "-p3000", "-hdb": true when the word was an option with its value inside. */
static bool read_joined(struct line *l, const char *word)
{
	const char *equals = strchr(word, '=');

	if (word[0] != '-')
		return false;
	if (equals) {
		char *name = arena_strndup(l->arena, word, (size_t)(equals - word));
		take_option(l, option_of(l, name), equals + 1);
		return true;
	}
	if (word[1] == '-' || !word[1] || !word[2])
		return false;
	char name[3] = {'-', word[1], '\0'};
	enum option option = option_of(l, name);
	if (option == OPTION_NONE)
		return false;
	take_option(l, option, word + 2);
	return true;
}

/* Connection strings: host=localhost port=5432, JDBC, several hosts, user@host. */
static bool read_text(struct line *l, const char *word)
{
	struct target found[MENTION_MAX];
	const char *text = str_after(word, "jdbc:");
	size_t before = l->out->endpoint_count;

	text = text ? text : word;
	const char *scheme = strstr(text, "://");
	const char *comma = scheme ? strchr(scheme, ',') : NULL;
	if (comma) { /* mongodb://a:1,b:2/db */
		const char *hosts = scheme + 3, *slash = strchr(hosts, '/');
		size_t end = slash ? (size_t)(slash - hosts) : strlen(hosts);
		const char *at = memrchr(hosts, '@', end);
		char *list = arena_strndup(l->arena, at ? at + 1 : hosts,
			end - (at ? (size_t)(at + 1 - hosts) : 0));
		for (char *p = list, *next; p; p = next) {
			next = strchr(p, ',');
			if (next)
				*next++ = '\0';
			struct target t;
			const char *one =
				arena_printf(l->arena, "%.*s://%s", (int)(scheme - text), text, p);
			if (target_parse(l->arena, one, &t, NULL) == 0)
				symptom_add(l->arena, l->out, &t);
		}
		return true;
	}
	size_t count = mention_find(l->arena, text, strlen(text), found, MENTION_MAX);
	for (size_t i = 0; i < count; i++)
		if (found[i].has_port || found[i].kind == TARGET_UNIX)
			symptom_add(l->arena, l->out, &found[i]);
	return l->out->endpoint_count > before;
}

static bool is_dialer(const char *program)
{
	static const char *const names[] = {"nc", "ncat", "netcat", "telnet", "ssh", "scp", "sftp",
		"mongosh", "mongo", "curl", "wget", "http", "https", "ping", "ftp", NULL};

	return in_list(program, names);
}

/* A word that is neither an option nor the value of one. */
static void read_word(struct line *l, const char *program, const char *word)
{
	struct target t;
	uint16_t port;
	const char *at = strrchr(word, '@');
	bool dsn = strchr(word, '=') && !strstr(word, "://");

	if (port_of(word, &port)) {
		if (!l->has_port) {
			l->port = port;
			l->has_port = true;
			l->bare_port = !l->server && !l->host;
		}
		return;
	}
	if (speaks(l, "ssh") && at && at[1] && !strstr(word, "://")) {
		take_host(l, arena_strndup(l->arena, at + 1, strcspn(at + 1, ":")));
		return;
	}
	bool parsed = !dsn && target_parse(l->arena, word, &t, NULL) == 0;
	if (parsed && t.kind == TARGET_URL && !strchr(word, ',')) {
		symptom_add(l->arena, l->out, &t);
		return;
	}
	if (parsed && (t.kind == TARGET_ENDPOINT || t.kind == TARGET_HOST) && t.has_port) {
		symptom_add(l->arena, l->out, &t);
		return;
	}
	bool name_only = parsed &&
		(t.kind == TARGET_ADDRESS || str_eq(word, "localhost") ||
			((t.kind == TARGET_NAME || t.kind == TARGET_HOST) && is_dialer(program)));
	if (name_only && !l->host && !l->server) {
		l->host = arena_strdup(l->arena, word);
		return;
	}
	if (parsed && t.kind == TARGET_PORT && word[0] == ':') {
		symptom_add(l->arena, l->out, &t);
		return;
	}
	if (strchr(word, ':') || strchr(word, '='))
		read_text(l, word);
}

/* PORT=3000 and HOST=localhost in front of the program, as env and shells write them. */
static bool read_variable(struct line *l, const char *word)
{
	const char *value;

	if ((value = str_after(word, "PORT="))) {
		take_port(l, value);
	} else if ((value = str_after(word, "HOST="))) {
		take_host(l, value);
	} else {
		size_t name = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
		if (!name || word[name] != '=')
			return false;
		if (strstr(word + name, "://"))
			read_text(l, word + name + 1);
	}
	return true;
}

static bool is_server(int argc, char *const *argv)
{
	static const char *const words[] = {"http.server", "flask", "runserver", "uvicorn",
		"gunicorn", "hypercorn", "serve", "http-server", "vite", "next", "rails", "puma",
		"php", "redis-server", "postgres", "mysqld", "mongod", "live-server", NULL};

	for (int i = 0; i < argc && i < 6; i++)
		if (in_list(str_basename(argv[i]), words))
			return true;
	return false;
}

/* The default port of a client whose line names a host, or a host and port of options. */
static void add_options(struct line *l)
{
	struct target t = {.kind = TARGET_PORT, .port = l->port, .has_port = l->has_port};

	if (!l->host && !l->has_port)
		return;
	if (l->host && target_parse(l->arena, l->host, &t, NULL) == 0) {
		if (t.kind == TARGET_NAME || t.kind == TARGET_HOST) {
			t.kind = TARGET_HOST;
			t.host = t.host ? t.host : t.name;
		}
		t.port = l->port;
		t.has_port = l->has_port;
	} else if (l->bare_port && l->out->endpoint_count) {
		return; /* -m 3 next to a URL is no port */
	}
	size_t before = l->out->endpoint_count;
	symptom_add(l->arena, l->out, &t);
	if (l->out->endpoint_count == before)
		return;
	struct symptom_endpoint *e = &l->out->endpoints[before];
	e->default_port = l->bare_port && !l->host;
	uint16_t port = l->client ? l->client->port : 0;
	if (!e->has_port && !port && speaks(l, "http"))
		port = 80;
	if (!e->has_port && port) {
		e->port = port;
		e->has_port = e->default_port = true;
	}
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

/* Options of well-known clients whose value is no endpoint: -m 3, -d '{"port":1}', -u user. */
static bool takes_other_value(const struct line *l, const char *word)
{
	static const char *const curl[] = {"-m", "--max-time", "--connect-timeout", "-o", "-d",
		"--data", "-u", "-A", "-X", "--request", "-w", "--retry", "-n", "-c", "-t", "-H",
		"--header", "-T", "--retry-delay", "-D", "-b", NULL};
	static const char *const others[] = {"-n", "-c", "-w", "-d", "-U", "-u", "-l", "-i", "-o",
		"--user", "--workers", "--timeout", "--database", "--username", "-t", "-a", NULL};

	if (l->server || (speaks(l, "redis") && str_eq(word, "-u")))
		return false;
	return in_list(word, speaks(l, "http") ? curl : others);
}

/* A program in one word, `python3 -c '...'` or `sh -c '...'`: the URLs that stand in it. */
static void read_programs(struct line *l, int argc, char *const *argv)
{
	for (int i = 1; i < argc && !l->out->endpoint_count; i++) {
		struct symptom inside;
		if (!strstr(argv[i], "://") || !strpbrk(argv[i], " ;(\n"))
			continue;
		symptom_parse(l->arena, argv[i], strlen(argv[i]), &inside);
		for (size_t j = 0; j < inside.endpoint_count; j++)
			if (inside.endpoints[j].scheme)
				l->out->endpoints[l->out->endpoint_count++] = inside.endpoints[j];
	}
}

void symptom_parse_command(struct arena *arena, int argc, char *const *argv, struct symptom *out)
{
	int i = 0;

	*out = (struct symptom){0};
	struct line l = {.arena = arena, .out = out};
	if (argc > 0 && str_eq(str_basename(argv[0]), "env"))
		i = 1;
	while (i < argc && read_variable(&l, argv[i]))
		i++;
	if (i == argc) {
		add_options(&l);
		return;
	}
	const char *program = str_basename(argv[i]);
	l.client = client_of_command(program);
	l.server = !l.client && is_server(argc - i, argv + i);
	if (l.client) {
		out->client = l.client->name;
		out->expects = l.client->expects;
	}
	for (i++; i < argc; i++) {
		const char *word = argv[i];
		if (strlen(word) > WORD_TEXT_MAX)
			continue;
		enum option option = option_of(&l, word);
		if (option != OPTION_NONE && i + 1 < argc) {
			take_option(&l, option, argv[++i]);
		} else if (is_option(word)) {
			if (!read_joined(&l, word) && takes_other_value(&l, word) && i + 1 < argc)
				i++;
		} else {
			read_word(&l, program, word);
		}
	}
	add_options(&l);
	if (!out->endpoint_count && !out->path)
		read_programs(&l, argc, argv);
}
