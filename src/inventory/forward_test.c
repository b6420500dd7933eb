#include "inventory/forward.h"

#include "base/str.h"
#include "unit.h"

/* Splits a command line at spaces and asks where `port` leads to: "to|port", or "" for nowhere. */
static const char *lead(const char *command, uint16_t port)
{
	static char answer[200];
	AUTO(arena) struct arena *a = arena_new();
	struct forward f;
	const char *argv[16];
	size_t argc = 0;

	for (char *p = arena_strdup(a, command); p && argc < ARRAY_SIZE(argv);) {
		char *space = strchr(p, ' ');
		argv[argc++] = p;
		if (space)
			*space++ = '\0';
		p = space;
	}
	struct owner o = {.argv = argv, .argc = argc};
	if (!forward_find(a, &o, port, &f))
		return "";
	snprintf(answer, sizeof(answer), "%s|%u", f.to, f.port);
	return answer;
}

TEST(ssh_forwards)
{
	CHECK_STR(lead("ssh -L 8080:db:5432 host", 8080), "db:5432|5432");
	CHECK_STR(lead("ssh -NL8080:db:5432 host", 8080), "db:5432|5432");
	CHECK_STR(lead("ssh -L 127.0.0.1:8080:localhost:80 host", 8080), "localhost:80|80");
	CHECK_STR(lead("ssh -L [::1]:8080:[fd00::1]:80 host", 8080), "[fd00::1]:80|80");
	CHECK_STR(lead("ssh -L 8081:a:1 -L 8080:b:2 host", 8080), "b:2|2");
	CHECK_STR(lead("ssh -L 18080:db:5432 host", 8080), "");
	CHECK_STR(lead("ssh -D 8080 host", 8080), "");
	CHECK_STR(lead("ssh -R 8080:db:5432 host", 5432), "");
	CHECK_STR(lead("ssh host:8080", 8080), "");
	CHECK_STR(lead("ssh ]:1 [:1 :1 ::1 -L -L: -L:1", 1), "");
}

TEST(kubectl_forwards)
{
	CHECK_STR(lead("kubectl port-forward svc/web 8080:80", 8080), "svc/web|80");
	CHECK_STR(lead("kubectl -n shop port-forward pod/db 5432", 5432), "pod/db|5432");
	CHECK_STR(lead("kubectl port-forward svc/web 8080:80", 80), "");
}

TEST(other_forwards)
{
	CHECK_STR(lead("socat TCP-LISTEN:8080,fork,reuseaddr TCP:10.0.0.2:80,nodelay", 8080),
		"10.0.0.2:80|80");
	CHECK_STR(lead("docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 6380 "
		       "-container-ip 172.17.0.2 -container-port 6379",
			  6380),
		"172.17.0.2:6379|6379");
	CHECK_STR(lead("socat TCP6-LISTEN:80 TCP6:[::1]:8080", 80), "[::1]:8080|8080");
	CHECK_STR(lead("socat TCP-LISTEN:80 EXEC:cat", 80), "");
	CHECK_STR(lead("docker-proxy -host-port 80 -container-ip fd00::2 -container-port 81", 80),
		"[fd00::2]:81|81");
	CHECK_STR(lead("docker-proxy -container-ip", 80), "");
	CHECK_STR(lead("nginx -L 8080:db:5432", 8080), "");
}

TESTS(ssh_forwards, kubectl_forwards, other_forwards)
