#include "inventory/speaks.h"

#include "base/str.h"
#include "inventory/program.h"
#include "model/socket.h"
#include "unit.h"

/* A service made from a command line; `exe` may be NULL. Words are cut at single spaces. */
struct made {
	struct arena *arena;
	struct owner owner;
	const struct owner *owners[1];
	const char *argv[24];
	struct project project;
	struct listener listener;
	struct service service;
};

static void make(struct made *m, const char *exe, const char *command, uint16_t port)
{
	*m = (struct made){.arena = arena_new()};
	m->owner = (struct owner){.pid = 4121,
		.uid = 1000,
		.user = "ann",
		.exe = exe,
		.argv = m->argv,
		.cwd = "/home/ann/old-demo"};
	for (char *p = arena_strdup(m->arena, command); p && *p;) {
		char *space = strchr(p, ' ');
		m->argv[m->owner.argc++] = p;
		if (space)
			*space++ = '\0';
		p = space;
	}
	m->owners[0] = &m->owner;
	m->project = (struct project){.root = "/home/ann/shop", .name = "shop"};
	m->service = (struct service){.port = port,
		.proto = PROTO_TCP,
		.owners = m->owners,
		.owner_count = 1};
}

/* "name|role|speaks|version" with "-" for what is not known. */
static const char *summary(struct made *m)
{
	static char out[300];
	const struct service *s = &m->service;

	snprintf(out, sizeof(out), "%s|%s|%s|%s", s->name, s->role ? s->role : "-",
		s->speaks ? s->speaks : "-", s->version ? s->version : "-");
	CHECK_INT(s->speaks_by, s->speaks ? KNOWN_GUESS : KNOWN_NOT);
	arena_free(m->arena);
	return out;
}

static const char *guess(const char *exe, const char *command, uint16_t port)
{
	struct made m;

	make(&m, exe, command, port);
	speaks_guess(m.arena, &m.service);
	return summary(&m);
}

static const char *in_project(const char *exe, const char *command, uint16_t port)
{
	struct made m;

	make(&m, exe, command, port);
	m.service.project = &m.project;
	speaks_guess(m.arena, &m.service);
	return summary(&m);
}

static const char *title(const char *exe, const char *text, uint16_t port)
{
	struct made m;

	make(&m, exe, "", port);
	m.argv[0] = text;
	m.argv[1] = "";
	m.owner.argc = 2;
	speaks_guess(m.arena, &m.service);
	return summary(&m);
}

#define NODE "/usr/bin/node"

TEST(projects_give_names)
{
	CHECK_STR(in_project(NODE, "node /home/ann/shop/node_modules/.bin/vite --port 3000", 3000),
		"shop web|web|http|-");
	CHECK_STR(in_project(NODE, "node /s/node_modules/vite/bin/vite.js", 5173),
		"shop web|web|http|-");
	CHECK_STR(in_project(NODE, "node /s/node_modules/@remix-run/dev/dist/cli.js dev", 3000),
		"shop web|web|http|-");
	CHECK_STR(in_project(NODE, "node node_modules/.bin/nest start --watch", 3001),
		"shop api|api|http|-");
	CHECK_STR(in_project(NODE, "node server.js", 3001), "shop|-|http|-");
	CHECK_STR(in_project("/usr/bin/python3.11", "python3 -m uvicorn main:app", 8000),
		"shop api|api|http|-");
	CHECK_STR(in_project("/usr/bin/python3.11", "python3 manage.py runserver 8000", 8000),
		"shop api|api|http|-");
	CHECK_STR(in_project("/usr/bin/php8.2", "php artisan serve", 8000), "shop web|web|http|-");
	CHECK_STR(in_project("/home/ann/shop/target/debug/shop", "target/debug/shop", 4000),
		"shop|-|http|-");
	CHECK_STR(in_project("/home/ann/shop/target/debug/worker", "worker", 4567),
		"shop worker|-|-|-");
	CHECK_STR(in_project("/home/ann/shop-old/worker", "worker", 4567), "worker|-|-|-");
	CHECK_STR(in_project("/tmp/go-build123/b001/exe/main", "main", 8080), "shop|-|http|-");
	/* what is not the project's own keeps its name */
	CHECK_STR(in_project("/usr/lib/postgresql/15/bin/postgres", "postgres -D d", 5432),
		"postgres 15|database|postgres|15");
	CHECK_STR(in_project("/usr/bin/python3", "python3 -m http.server 9000", 9000),
		"http.server (python)|file|http|-");
}

TEST(without_a_project)
{
	CHECK_STR(guess(NODE, "node vite.js", 5173), "vite|web|http|-");
	CHECK_STR(guess(NODE, "node server.js", 8080), "node ~/old-demo|-|http|-");
	CHECK_STR(guess("/usr/bin/python3.11", "python3 app.py", 5000),
		"python ~/old-demo|-|http|-");
	CHECK_STR(guess("/opt/thing", "/opt/thing -x", 4567), "thing|-|-|-");
	CHECK_STR(guess("/opt/thing", "/opt/thing -x", 6379), "thing|-|redis|-");
	CHECK_STR(guess("/opt/thing", "/opt/thing -x", 443), "thing|-|https|-");
	CHECK_STR(guess("/opt/thing", "/opt/thing -x", 993), "thing|-|tls|-");
	CHECK_STR(guess(NULL, "/usr/sbin/mariadbd", 3306), "mariadb|database|mysql|-");
}

TEST(titles_are_read)
{
	CHECK_STR(title(NODE, "next-server (v14.1.0)", 3000), "next|web|http|14.1.0");
	CHECK_STR(title("/usr/bin/ruby3.1", "puma 6.4.0 (tcp://localhost:3000) [shop]", 3000),
		"puma|web|http|6.4.0");
	CHECK_STR(title(NULL, "nginx: master process /usr/sbin/nginx -g daemon off;", 80),
		"nginx|proxy|http|-");
	CHECK_STR(title("/usr/bin/redis-check-rdb", "/usr/bin/redis-server 127.0.0.1:6379", 6379),
		"redis|cache|redis|-");
	CHECK_STR(title("/usr/bin/redis-check-rdb", "redis-server *:26379 [sentinel]", 26379),
		"redis sentinel|cache|redis|-");
	CHECK_STR(title("/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100", 22),
		"sshd|ssh|ssh|-");
	CHECK_STR(title("/usr/bin/python3.11", "gunicorn: master [app:app]", 8000),
		"gunicorn|api|http|-");
	CHECK_STR(title(NODE, "ng serve", 4200), "angular|web|http|-");
	CHECK_STR(title("/usr/sbin/php-fpm8.2", "php-fpm: master process (/etc/x.conf)", 9000),
		"php-fpm|api|fastcgi|-");
}

TEST(ports_tell_one_program_from_itself)
{
	const char *erlang = "/usr/lib/erlang/erts-13/bin/beam.smp";
	const char *jvm = "java -agentlib:jdwp=transport=dt_socket,server=y,address=*:5005 "
			  "-jar shop-1.0.jar";

	CHECK_STR(guess(erlang, "beam.smp -sname rabbit@desk", 5672), "rabbitmq|broker|amqp|-");
	CHECK_STR(guess(erlang, "beam.smp -sname rabbit@desk", 15672),
		"rabbitmq console|console|http|-");
	CHECK_STR(guess("/usr/lib/jvm/jdk-17/bin/java", "java org.elasticsearch.server/x.Y", 9200),
		"elasticsearch|search|http|-");
	CHECK_STR(guess("/usr/bin/java", jvm, 5005), "java debugger|debugger|jdwp|-");
	CHECK_STR(in_project("/usr/bin/java", jvm, 8080), "shop|-|http|-");
	CHECK_STR(guess("/usr/bin/java", jvm, 50), "java ~/old-demo|-|-|-");
	CHECK_STR(guess(NODE, "node --inspect=127.0.0.1:9300 x.js", 9300),
		"node inspector|debugger|http|-");
	CHECK_STR(guess("/usr/bin/chromium", "chromium --remote-debugging-port=9333", 9333),
		"browser debugging|debugger|http|-");
	CHECK_STR(guess("/usr/bin/chromium", "chromium --remote-debugging-port=9333", 933),
		"browser|browser|-|-");
	CHECK_STR(guess("/usr/lib/postfix/sbin/master", "/usr/lib/postfix/sbin/master -w", 25),
		"mail server|mail|smtp|-");
	CHECK_STR(guess("/home/ann/bin/master", "master", 4567), "master|-|-|-");
}

TEST(forwarders_lead_somewhere)
{
	struct container cache = {RUNTIME_DOCKER, "0123456789abcdef", "cache"};
	const char *proxy = "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 6380 "
			    "-container-ip 172.17.0.2 -container-port 6379";
	struct made m;

	CHECK_STR(guess("/usr/bin/ssh", "ssh -NL 8080:db:5432 host", 8080),
		"ssh tunnel to db:5432|tunnel|postgres|-");
	CHECK_STR(guess("/usr/bin/ssh", "ssh -D 1081 host", 1081), "ssh proxy|proxy|socks|-");
	CHECK_STR(guess("/usr/bin/kubectl", "kubectl port-forward svc/web 8081:80", 8081),
		"kubectl to svc/web|tunnel|http|-");
	CHECK_STR(guess("/usr/bin/docker-proxy", proxy, 6380),
		"docker to 172.17.0.2:6379|-|redis|-");
	make(&m, "/usr/bin/docker-proxy", proxy, 6380);
	m.service.container = &cache;
	speaks_guess(m.arena, &m.service);
	CHECK_STR(summary(&m), "cache|-|redis|-");
	cache.name = NULL;
	make(&m, NULL, "", 8080);
	m.service.container = &cache;
	m.service.owner_count = 0;
	speaks_guess(m.arena, &m.service);
	CHECK_STR(summary(&m), "0123456789ab|-|http|-");
}

static const char *at_path(const char *exe, const char *path)
{
	struct made m;

	make(&m, exe, exe ? exe : "", 0);
	m.service.proto = PROTO_UNIX_STREAM;
	m.listener.endpoint = (struct endpoint){.proto = PROTO_UNIX_STREAM, .path = path};
	m.service.listeners = &m.listener;
	m.service.listener_count = 1;
	m.service.owner_count = exe ? 1 : 0;
	speaks_guess(m.arena, &m.service);
	return summary(&m);
}

TEST(paths_of_unix_sockets)
{
	CHECK_STR(at_path("/usr/lib/postgresql/15/bin/postgres", "/run/postgresql/.s.PGSQL.5432"),
		"postgres 15|database|postgres|15");
	CHECK_STR(at_path(NULL, "/run/postgresql/.s.PGSQL.5432"), "postgres|database|postgres|-");
	CHECK_STR(at_path("/usr/lib/systemd/systemd", "/run/docker.sock"),
		"docker engine|container|http|-");
	CHECK_STR(at_path(NULL, "/run/user/1000/bus"), "message bus|bus|dbus|-");
	CHECK_STR(at_path(NULL, "@/tmp/.X11-unix/X0"), "X display|screen|x11|-");
	CHECK_STR(at_path(NULL, "/run/thing/app.sock"), "app|-|-|-");
	CHECK_STR(at_path(NULL, "/run/thing/socket"), "thing|-|-|-");
	CHECK_STR(at_path("/usr/bin/thing", "/socket"), "thing|-|-|-");
	CHECK_STR(at_path(NULL, NULL), "unknown|-|-|-");
}

TEST(nobody_and_datagrams)
{
	struct made m;

	make(&m, NULL, "", 5432);
	m.service.owner_count = 0;
	speaks_guess(m.arena, &m.service);
	CHECK_STR(summary(&m), "postgres|-|postgres|-");
	make(&m, NULL, "", 4567);
	m.service.owner_count = 0;
	speaks_guess(m.arena, &m.service);
	CHECK_STR(summary(&m), "unknown|-|-|-");
	make(&m, NULL, "", 2049);
	m.service.owner_count = 0;
	m.service.ownerless = OWNERLESS_KERNEL;
	speaks_guess(m.arena, &m.service);
	CHECK_STR(summary(&m), "kernel|-|-|-");
	make(&m, NULL, "", 0);
	speaks_guess(m.arena, &m.service); /* an owner of whom nothing can be read */
	CHECK_STR(summary(&m), "?|-|-|-");
	make(&m, NODE, "node vite.js", 5353);
	m.service.proto = PROTO_UDP;
	speaks_guess(m.arena, &m.service);
	CHECK_STR(summary(&m), "vite|web|-|-");
	make(&m, "/usr/sbin/dnsmasq", "dnsmasq", 53);
	m.service.proto = PROTO_UDP;
	speaks_guess(m.arena, &m.service);
	CHECK_STR(summary(&m), "dnsmasq|dns|dns|-");
}

TEST(a_probe_has_the_last_word)
{
	struct made m;

	make(&m, NULL, "redis-server", 6379);
	speaks_guess(m.arena, &m.service);
	speaks_learn(m.arena, &m.service, "redis", "7.0.15", "Redis, standalone");
	CHECK_STR(m.service.name, "redis 7");
	CHECK_STR(m.service.version, "7.0.15");
	CHECK_STR(m.service.banner, "Redis, standalone");
	CHECK_INT(m.service.speaks_by, KNOWN_PROBE);
	arena_free(m.arena);

	make(&m, "/usr/lib/postgresql/15/bin/postgres", "postgres", 5432);
	speaks_guess(m.arena, &m.service);
	speaks_learn(m.arena, &m.service, "postgres", NULL, "no TLS");
	CHECK_STR(m.service.name, "postgres 15");
	CHECK_STR(m.service.version, "15");
	arena_free(m.arena);

	make(&m, NULL, "", 4567);
	m.service.owner_count = 0;
	speaks_guess(m.arena, &m.service);
	speaks_learn(m.arena, &m.service, NULL, NULL, NULL);
	CHECK_STR(m.service.name, "unknown");
	speaks_learn(m.arena, &m.service, "mqtt", NULL, "accepts anyone");
	CHECK_STR(m.service.name, "mqtt");
	arena_free(m.arena);
}

static bool left_alone(const char *exe, const char *command, uint16_t port)
{
	struct made m;

	make(&m, exe, command, port);
	bool alone = speaks_leave_alone(&m.service) != NULL;
	arena_free(m.arena);
	return alone;
}

TEST(some_are_left_alone)
{
	const char *jvm = "java -agentlib:jdwp=transport=dt_socket,server=y,address=5005 Main";

	CHECK(left_alone("/home/ann/go/bin/dlv", "dlv dap --listen=127.0.0.1:38697", 38697));
	CHECK(left_alone("/usr/bin/java", jvm, 5005));
	CHECK(!left_alone("/usr/bin/java", jvm, 8080));
	CHECK(left_alone("/usr/bin/ncat", "ncat -l 4000", 4000));
	CHECK(left_alone("/usr/bin/socat", "socat TCP-LISTEN:4000 STDOUT", 4000));
	CHECK(!left_alone("/usr/bin/socat", "socat TCP-LISTEN:4000,fork TCP:db:5432", 4000));
	CHECK(left_alone("/usr/lib/systemd/systemd", "/sbin/init", 22));
	CHECK(!left_alone(NODE, "node vite.js", 3000));
}

static bool fits(const char *pattern, const char *text)
{
	return program_pattern(pattern, strlen(pattern), text, "500");
}

TEST(patterns)
{
	CHECK(fits("", "") && fits("*", "") && fits("a*c", "abc") && fits("a*c*", "acc"));
	CHECK(!fits("a", "") && !fits("", "a") && !fits("a*c", "ab") && !fits("abc", "ab"));
	CHECK(fits("*ab", "aab") && fits("*a*a*", "aa") && !fits("*a*a*a", "aa"));
	CHECK(fits("*:%p", "x:500") && fits("%p", "500") && fits("*=%p,*", "a=1,b=500,c"));
	CHECK(!fits("*%p", "x:1500") && !fits("*:%p", "x:5000") && !fits("*:%p*", "x:5001"));
	CHECK(fits("*%p*", "1500 500"));
}

TESTS(projects_give_names, without_a_project, titles_are_read, ports_tell_one_program_from_itself,
	forwarders_lead_somewhere, paths_of_unix_sockets, nobody_and_datagrams,
	a_probe_has_the_last_word, some_are_left_alone, patterns)
