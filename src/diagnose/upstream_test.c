#include "diagnose/upstream.h"

#include <case_file.h>
#include <tree.h>

/* A proxy of this program and these arguments listens on port 8080 of a machine played by the tree. */
struct play {
	struct tree tree;
	struct case_file *k;
	struct owner *proxy;
};

static struct play play(const char *exe)
{
	struct play p = {.tree = tree_new(), .k = case_new("127.0.0.1", 8080)};

	tree_text(&p.tree, "proc/4121/comm", "x\n");
	p.proxy = snap_owner(&p.k->world, 4121, exe);
	snap_listen(&p.k->world, "127.0.0.1", 8080, p.proxy);
	case_status(case_place(p.k, "127.0.0.1"), 502);
	return p;
}

static bool find(struct play *p, struct upstream *out)
{
	AUTO(buf) struct buf proc = BUF_INIT(200);

	case_take(p->k);
	buf_printf(&proc, "%s/proc", p->tree.path);
	AUTO(close) int root_fd = open(p->tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(close) int proc_fd = open(proc.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->k->host.root = root_fd;
	p->k->host.proc = proc_fd;
	return upstream_find(&p->k->q, &p->k->q.places[0], out);
}

static void end(struct play *p)
{
	case_free(p->k);
	tree_fini(&p->tree);
}

static void check_config(const char *exe, const char *path, const char *text, const char *to,
	const char *source)
{
	struct play p = play(exe);
	struct upstream u;

	tree_text(&p.tree, path, text);
	bool found = find(&p, &u);
	CHECK_STR(found ? u.to : NULL, to);
	CHECK_STR(found ? u.source : NULL, source);
	end(&p);
}

TEST(the_usual_files)
{
	check_config("/usr/sbin/nginx", "etc/nginx/nginx.conf",
		"http {\n  server {\n    listen 127.0.0.1:8080;\n"
		"    # proxy_pass http://127.0.0.1:1;\n"
		"    location / { proxy_pass http://127.0.0.1:9000; }\n  }\n}\n",
		"http://127.0.0.1:9000", "/etc/nginx/nginx.conf:5");
	check_config("/usr/sbin/apache2", "etc/apache2/sites-enabled/000-default.conf",
		"<VirtualHost *:8080>\n  ProxyPass / http://localhost:3000/\n</VirtualHost>\n",
		"http://localhost:3000/", "/etc/apache2/sites-enabled/000-default.conf:2");
	check_config("/usr/sbin/haproxy", "etc/haproxy/haproxy.cfg",
		"frontend f\n  bind 127.0.0.1:8080\nbackend b\n  server a 127.0.0.1:9001 check\n",
		"127.0.0.1:9001", "/etc/haproxy/haproxy.cfg:4");
	check_config("/usr/bin/caddy", "etc/caddy/Caddyfile",
		":8080 {\n\treverse_proxy localhost:9002\n}\n", "localhost:9002",
		"/etc/caddy/Caddyfile:2");
}

TEST(a_whole_configuration_on_one_line)
{
	check_config("/usr/sbin/nginx", "etc/nginx/nginx.conf",
		"http { server { listen 127.0.0.1:8081; } server { listen 127.0.0.1:8080; location / "
		"{ proxy_pass http://127.0.0.1:9000; } } }\n",
		"http://127.0.0.1:9000", "/etc/nginx/nginx.conf:1");
	check_config("/usr/sbin/nginx", "etc/nginx/nginx.conf",
		"http { server { listen 127.0.0.1:8081; } }\n", NULL, NULL);
}

TEST(a_configuration_of_another_program_is_not_read)
{
	check_config("/usr/bin/caddy", "etc/nginx/nginx.conf",
		"proxy_pass http://127.0.0.1:9000;\n", NULL, NULL);
	check_config("/usr/sbin/nginx", "etc/nginx/nginx.conf",
		"proxy_pass http://127.0.0.1:8080;\n", NULL, NULL); /* its own port */
}

TEST(the_file_that_its_arguments_name)
{
	struct play p = play("/usr/sbin/nginx");
	struct upstream u;

	snap_argv(&p.k->world, p.proxy, "nginx: master process nginx -c /srv/my.conf");
	tree_text(&p.tree, "srv/my.conf", "proxy_pass http://127.0.0.1:9000;\n");
	tree_text(&p.tree, "etc/nginx/nginx.conf", "proxy_pass http://127.0.0.1:9999;\n");
	CHECK(find(&p, &u));
	CHECK_STR(u.to, "http://127.0.0.1:9000");
	CHECK_STR(u.source, "/srv/my.conf:1");
	end(&p);
}

TEST(its_error_log_knows_best)
{
	struct play p = play("/usr/sbin/nginx");
	AUTO(buf) struct buf log = BUF_INIT(4096);
	struct upstream u;

	tree_text(&p.tree, "etc/nginx/nginx.conf", "proxy_pass http://127.0.0.1:9000;\n");
	tree_text(&p.tree, "var/log/nginx/error.log",
		"2023/11/14 [error] connect() failed (111: Connection refused) while connecting to "
		"upstream, client: 127.0.0.1, upstream: \"http://127.0.0.1:7000/\"\n"
		"2023/11/14 [error] connect() failed (111: Connection refused) while connecting to "
		"upstream, client: 127.0.0.1, upstream: \"http://127.0.0.1:7001/\"\n"
		"2023/11/14 [notice] signal process started\n");
	tree_path(&p.tree, "var/log/nginx/error.log", &log);
	tree_link(&p.tree, "proc/4121/fd/2", log.data);
	CHECK(find(&p, &u));
	CHECK_STR(u.to, "http://127.0.0.1:7001/");
	CHECK(u.said && strstr(u.said, "Connection refused"));
	CHECK(strstr(u.source, "error.log") != NULL);
	end(&p);
}

TEST(its_open_connection_is_what_is_left)
{
	struct play p = play("/usr/bin/node");
	size_t i =
		snap_socket(&p.k->world, PROTO_TCP, SOCKET_SYN_SENT, "127.0.0.1", 40000, p.proxy);
	struct upstream u;

	must(address_parse("192.0.2.9", &p.k->world.sockets.items[i].remote));
	p.k->world.sockets.items[i].remote_port = 5000;
	CHECK(find(&p, &u));
	CHECK_STR(u.to, "192.0.2.9:5000");
	CHECK_STR(u.source, "sock_diag");
	end(&p);
}

TESTS(the_usual_files, a_whole_configuration_on_one_line,
	a_configuration_of_another_program_is_not_read, the_file_that_its_arguments_name,
	its_error_log_knows_best, its_open_connection_is_what_is_left)
