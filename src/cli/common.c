/* common - see common.h. */
#include "cli/common.h"

#include "cli/command.h"
#include "render/record.h"

const char *const common_rungs[] = {"auto", "bpf", "proc", "none", NULL};

int common_snapshot(struct cli *cli, const struct inventory_query *query, struct host *out_host,
	struct snapshot **out)
{
	struct err err = {0};

	if (host_open(NULL, out_host, &err) < 0)
		return cli_fail_errno(cli, &err);
	if (inventory_take(out_host, query, out, &err) < 0) {
		host_close(out_host);
		return cli_fail_errno(cli, &err);
	}
	return -1;
}

int common_target(struct cli *cli, const char *text, struct target *out)
{
	struct err err = {0};

	if (target_parse(cli->arena, text, out, &err) < 0)
		return cli_fail(cli, EXIT_USAGE, "target", &err);
	return -1;
}

void common_blind_json(struct json *j, const struct snapshot *s)
{
	records_json(j, "blind_spots", &blind_spot_type, s->blind, s->blind_count);
}
