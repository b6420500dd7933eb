/*
 * Recorded answers about links, disciplines, routes and rules, mutated; each message is given to all
 * parsers. The format is that of tests/fixtures/netlink.
 */
#include "base/str.h"
#include "replay.h"
#include "sys/netlink.h"
#include "sys/route_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RULES_MAX = 256 };

struct job {
	struct arena *arena;
	struct link_facts link;
	struct policy_rule rules[RULES_MAX];
	size_t count;
};

static int on_message(void *ctx, uint16_t type, struct reader payload)
{
	struct job *job = ctx;
	struct route_answer answer;
	uint32_t device;

	(void)type;
	if (!job->link.there)
		route_parse_link(job->arena, payload, &job->link);
	if (route_parse_qdisc(job->arena, payload, &job->link))
		must(!str_empty(job->link.qdisc));
	if (route_parse_route(payload, &answer, &device))
		must(answer.error <= 0);
	if (job->count < RULES_MAX &&
		route_parse_rule(job->arena, payload, &job->rules[job->count])) {
		must(job->rules[job->count].text && job->rules[job->count].action);
		job->count++;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct replay r = replay_of(data, size);
	struct job job = {.arena = arena};

	netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, on_message, &job);
	route_name_removal(arena, AF_INET, job.rules, job.count);
	for (size_t i = 0; i < job.count; i++)
		must(job.rules[i].remove);
	policy_rule_against(job.rules, job.count, &ADDRESS_LOOPBACK4, 1000);
	policy_rule_against(job.rules, job.count, &ADDRESS_LOOPBACK6, 1000);
	return 0;
}
