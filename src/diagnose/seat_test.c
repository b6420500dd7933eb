#include "diagnose/seat.h"

#include "base/str.h"
#include "unit.h"
#include <errno.h>

static struct err err;

static int parse(struct arena *arena, const char *text, struct seat *out)
{
	err = (struct err){0};
	return seat_parse(arena, text, out, &err);
}

TEST(reads_seats)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct seat s;

	CHECK_INT(parse(arena, "here", &s), 0);
	CHECK_INT(s.kind, SEAT_HERE);
	CHECK_INT(parse(arena, "browser", &s), 0);
	CHECK_INT(s.kind, SEAT_BROWSER);
	CHECK_INT(parse(arena, "pid:4711", &s), 0);
	CHECK(s.kind == SEAT_PID && s.pid == 4711);
	CHECK_INT(parse(arena, "container:web", &s), 0);
	CHECK_INT(s.kind, SEAT_CONTAINER);
	CHECK_STR(s.name, "web");
	CHECK_INT(parse(arena, "user:www-data", &s), 0);
	CHECK_INT(s.kind, SEAT_USER);
	CHECK_STR(s.text, "user:www-data");
}

TEST(refuses_what_is_no_seat)
{
	static const char *const bad[] = {"", "web", "pid:", "pid:0", "pid:x", "pid:99999999999",
		"container:", "user:", "Browser", "pid:-1", "\x1b[31m"};
	AUTO(arena) struct arena *arena = arena_new();
	struct seat s;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(parse(arena, bad[i], &s), -EINVAL);
	CHECK(!strchr(err.text, 0x1b));
}

TEST(reads_environments)
{
	AUTO(arena) struct arena *arena = arena_new();
	static const char block[] = "A=1\0B=two words\0=x\0noequals\0C=";
	const char *const *list = seat_environment(arena, block, sizeof(block) - 1, false);

	CHECK_STR(list[0], "A=1");
	CHECK_STR(list[1], "B=two words");
	CHECK_STR(list[2], "C=");
	CHECK(!list[3]);
	CHECK(!seat_environment(arena, "", 0, false)[0]);
}

TEST(reads_etc_environment)
{
	AUTO(arena) struct arena *arena = arena_new();
	static const char text[] = "# A=no\nhttp_proxy=\"http://p:3128\"\nNO_PROXY='a,b'\n\nX=\"\n";
	const char *const *list = seat_environment(arena, text, strlen(text), true);

	CHECK_STR(list[0], "http_proxy=http://p:3128");
	CHECK_STR(list[1], "NO_PROXY=a,b");
	CHECK_STR(list[2], "X=\"");
	CHECK(!list[3]);
}

TEST(leads_commands_of_root_into_the_seat)
{
	AUTO(arena) struct arena *arena = arena_new();

	CHECK_STR(seat_command(arena, "sudo ip link set lo up", 42),
		"sudo nsenter -t 42 -m -n ip link set lo up");
	CHECK_STR(seat_command(arena, "echo '::1 x' | sudo tee -a /etc/hosts", 42),
		"echo '::1 x' | sudo nsenter -t 42 -m -n tee -a /etc/hosts");
	CHECK_STR(seat_command(arena, "kill 4121", 42), "kill 4121");
	CHECK(seat_command(arena, NULL, 42) == NULL);
}

TESTS(reads_seats, refuses_what_is_no_seat, reads_environments, reads_etc_environment,
	leads_commands_of_root_into_the_seat)
