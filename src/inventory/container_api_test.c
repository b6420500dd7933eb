#include "inventory/container_api.h"
#include "tree.h"
#include "unit.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

struct server {
	int fd;
	const char *answer; /* NULL: accept and never answer */
	char request[512];
};

/* Takes one connection, keeps the request, answers. */
static void *serve(void *arg)
{
	struct server *s = arg;
	AUTO(close) int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);

	ssize_t n = recv(fd, s->request, sizeof(s->request) - 1, 0);
	s->request[n > 0 ? n : 0] = '\0';
	if (s->answer) {
		fs_write_all(fd, s->answer, strlen(s->answer));
	} else {
		struct pollfd p = {.fd = fd, .events = POLLRDHUP};
		poll(&p, 1, 5000); /* until the client gives up */
	}
	return NULL;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		listen(fd, 1) == 0);
	return fd;
}

/* What the client makes of an answer. */
static int ask(struct server *s, unsigned timeout_ms, struct arena *arena, const char **out_name)
{
	AUTO(tree) struct tree t = tree_new();
	char path[100];
	pthread_t thread;

	snprintf(path, sizeof(path), "%s/sock", t.path);
	AUTO(close) int fd = listen_at(path);
	s->fd = fd;
	must(pthread_create(&thread, NULL, serve, s) == 0);
	int r = container_api_name(path, "12ab", timeout_ms, arena, out_name);
	must(pthread_join(thread, NULL) == 0);
	return r;
}

TEST(asks_for_one_container)
{
	AUTO(arena) struct arena *a = arena_new();
	struct server s = {.answer = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
				     "{\"Id\": \"12ab\", \"Name\": \"/web\"}\n"};
	const char *name = NULL;

	CHECK_INT(ask(&s, 5000, a, &name), 0);
	CHECK_STR(name, "web");
	CHECK_STR(s.request,
		"GET /containers/12ab/json HTTP/1.0\r\nHost: localhost\r\n"
		"Connection: close\r\n\r\n");
}

TEST(gives_up_in_time)
{
	AUTO(arena) struct arena *a = arena_new();
	struct server s = {.answer = NULL};
	const char *name = NULL;

	CHECK_INT(ask(&s, 50, a, &name), -ETIMEDOUT);
	CHECK_STR(name, NULL);
}

TEST(tells_nobody_there_from_no_such_container)
{
	AUTO(arena) struct arena *a = arena_new();
	struct server s = {.answer = "HTTP/1.1 404 Not Found\r\n\r\n{\"message\": \"x\"}"};
	const char *name = NULL;

	CHECK_INT(ask(&s, 5000, a, &name), -ENOENT);
	CHECK_INT(container_api_name("/nowhere/at/all", "12ab", 100, a, &name), -ECONNREFUSED);
}

TEST(refuses_what_is_no_answer)
{
	static const char *const bad[] = {"", "HTTP/1.0 200 OK", "HTTP/1.0 200 OK\r\n\r\n",
		"HTTP/1.0 500 Oops\r\n\r\n{\"Name\": \"/x\"}", "HTTP/1.0 2x0 OK\r\n\r\n{}",
		"HTTP/1.0 200 OK\r\n\r\n{\"Name\": 7}", "HTTP/1.0 200 OK\r\n\r\n[]",
		"SSH-2.0-OpenSSH_9.2\r\n\r\n{}", "HTTP/1.0 200 OK\r\n\r\n\xff"};
	AUTO(arena) struct arena *a = arena_new();
	const char *name = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(container_api_parse(bad[i], strlen(bad[i]), a, &name), -EPROTO);
	CHECK_STR(name, NULL);
}

TESTS(asks_for_one_container, gives_up_in_time, tells_nobody_there_from_no_such_container,
	refuses_what_is_no_answer)
