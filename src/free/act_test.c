#include "base/must.h"
#include "free/act.h"
#include "free/live.h"
#include "free/stop.h"
#include "unit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A child that listens on a port of its own, and does not care for SIGTERM when it is stubborn. */
static pid_t server(uint16_t *out_port, bool stubborn)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ready[2];
	char byte = 0;

	must(bind(fd, (struct sockaddr *)&in, len) == 0 && listen(fd, 1) == 0 && pipe(ready) == 0);
	must(getsockname(fd, (struct sockaddr *)&in, &len) == 0);
	*out_port = ntohs(in.sin_port);
	pid_t pid = fork();
	if (pid == 0) {
		if (stubborn)
			signal(SIGTERM, SIG_IGN);
		must(write(ready[1], &byte, 1) == 1);
		for (;;)
			pause();
	}
	must(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	close(fd);
	return pid;
}

static struct free_plan *plan_for(struct live *l, uint16_t port)
{
	struct target t = {.kind = TARGET_PORT, .port = port, .has_port = true, .text = "it"};
	struct plan_query q = {.targets = &t, .target_count = 1, .force_after_ms = 100};
	struct free_plan *plan = NULL;

	CHECK_INT(plan_make(&l->world, &q, &plan, NULL), 0);
	return plan;
}

static const struct act_query query = {.force_after_ms = 100, .timeout_ms = 20000};

TEST(frees_a_port)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(live) struct live l = {0};
	AUTO(act_result) struct act_result r = {0};
	uint16_t port;
	pid_t pid = server(&port, false);

	CHECK_INT(live_open(&l, arena, PROTO_BIT(PROTO_TCP), NULL), 0);
	struct free_plan *plan = plan_for(&l, port);
	CHECK_INT(plan->victim_count, 1);
	CHECK_INT(plan->victims[0].owner->pid, pid);
	CHECK_INT(act_run(&l.world, plan, &query, &r, NULL), 0);
	CHECK_STR(act_outcome_name(r.outcome), "freed");
	CHECK_INT(r.process_count, 1);
	CHECK_STR(stop_outcome_name(r.processes[0].outcome), "ended");
	CHECK(verify_is_free(r.verdicts[0].state));
}

TEST(forces_who_does_not_listen)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(live) struct live l = {0};
	AUTO(act_result) struct act_result r = {0};
	uint16_t port;

	server(&port, true);
	CHECK_INT(live_open(&l, arena, PROTO_BIT(PROTO_TCP), NULL), 0);
	CHECK_INT(act_run(&l.world, plan_for(&l, port), &query, &r, NULL), 0);
	CHECK_STR(act_outcome_name(r.outcome), "freed");
	CHECK_STR(stop_outcome_name(r.processes[0].outcome), "killed");
}

TEST(a_command_that_fails_leaves_the_rest_alone)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(live) struct live l = {0};
	AUTO(act_result) struct act_result r = {0};
	const char *words[] = {"sh", "-c", "echo oops; echo Access denied >&2; exit 4", NULL};
	struct free_step steps[2] = {{.by = "signal"},
		{.by = "sh", .text = "sh -c", .stop = words}};
	uint16_t port;
	pid_t pid = server(&port, false);

	CHECK_INT(live_open(&l, arena, PROTO_BIT(PROTO_TCP), NULL), 0);
	struct free_plan *plan = plan_for(&l, port);
	plan->steps = steps;
	plan->step_count = 2;
	CHECK_INT(act_run(&l.world, plan, &query, &r, NULL), 0);
	CHECK_STR(act_outcome_name(r.outcome), "denied");
	CHECK_STR(r.commands[0].problem, "'sh -c' failed: Access denied");
	CHECK_INT(r.process_count, 0);
	CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TESTS(frees_a_port, forces_who_does_not_listen, a_command_that_fails_leaves_the_rest_alone)
