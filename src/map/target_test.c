#include "map/lab.h"
#include "unit.h"

/* a chain of four services behind a client, and a stranger next to it */
static struct lab *chain(void)
{
	static const char *const names[] = {"front", "web", "api", "db"};
	static const struct container box = {RUNTIME_DOCKER, "0123456789abcdef", "Box"};
	struct lab *lab = lab_new();
	struct owner *before = lab_owner(lab, 9, "chromium");

	for (uint16_t i = 0; i < 4; i++) {
		struct owner *o = lab_owner(lab, 10 + i, names[i]);
		struct service *s = lab_service(lab, o, names[i], i == 2 ? "::1" : "127.0.0.1",
			(uint16_t)(3000 + i));
		s->container = i == 3 ? &box : NULL;
		lab_pair(lab, before, o, i == 2 ? "::1" : "127.0.0.1", (uint16_t)(40000 + i),
			(uint16_t)(3000 + i));
		before = o;
	}
	struct owner *cups = lab_owner(lab, 50, "cups"), *lpd = lab_owner(lab, 51, "lp");
	lab_service(lab, cups, "cups", "0.0.0.0", 631);
	lab_pair(lab, lpd, cups, "127.0.0.1", 40010, 631);
	lab_unix(lab, lab_owner(lab, 52, "dockerd"), "docker", "/run/docker.sock");
	return lab;
}

static const char *around(const char *text, unsigned hops)
{
	static char out[1000];
	struct lab *lab = chain();
	struct target t;
	struct host host = {.root = -1};
	struct selection selected;

	CHECK_INT(target_parse(lab->arena, text, &t, NULL), 0);
	const struct graph *g = lab_graph(lab);
	if (select_services(&host, &lab->s, &t, &selected, NULL) == 0)
		g = graph_around(lab->arena, g, &t, &selected, hops);
	else
		g = NULL;
	snprintf(out, sizeof(out), "%s", g ? lab_text(lab, g) : "nothing");
	lab_free(lab);
	return out;
}

#define WEB_1 "front > web 1 127.0.0.1:3001\nweb > api 1 [::1]:3002\n"
#define CUPS  "lp > cups 1 127.0.0.1:631\n"

TEST(walks_both_ways)
{
	CHECK_STR(around("3001", 0), "web\n");
	CHECK_STR(around("3001", 1), WEB_1);
	CHECK_STR(around("3001", 2),
		"front > web 1 127.0.0.1:3001\n"
		"web > api 1 [::1]:3002\n"
		"api > db 1 127.0.0.1:3003\n"
		"chromium > front 1 127.0.0.1:3000\n");
	CHECK_STR(around("3001", 99), around("3001", 3));
}

TEST(understands_every_target)
{
	CHECK_STR(around(":631", 9), CUPS);
	CHECK_STR(around("127.0.0.1:631", 9), CUPS);
	CHECK_STR(around("localhost:631", 9), CUPS);
	CHECK_STR(around("http://printer.localhost:631/jobs", 9), CUPS);
	CHECK_STR(around("CUPS", 9), CUPS);
	CHECK_STR(around("pid:51", 9), CUPS);
	CHECK_STR(around("pid:11", 1), WEB_1);
	CHECK_STR(around("unix:/run/docker.sock", 9), "docker\n");
	CHECK_STR(around("container:Box", 1), "api > db 1 127.0.0.1:3003\n");
	CHECK_STR(around("container:01234567", 1), "api > db 1 127.0.0.1:3003\n");
	CHECK_STR(around("[::1]:3002", 0), "api\n");
	CHECK_STR(around("::1", 0), "api\n");
}

TEST(says_when_it_is_not_there)
{
	CHECK_STR(around("3999", 2), "nothing");
	CHECK_STR(around("[::1]:3001", 2), "nothing");
	CHECK_STR(around("631/udp", 2), "nothing");
	CHECK_STR(around("pid:1", 2), "nothing");
	CHECK_STR(around("example.com", 2), "nothing");
	CHECK_STR(around("container:other", 2), "nothing");
}

TESTS(walks_both_ways, understands_every_target, says_when_it_is_not_there)
