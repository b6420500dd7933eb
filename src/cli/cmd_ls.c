/* ls - every service of this machine, a row each; or every socket. */
#include "cli/command.h"
#include "cli/common.h"

#include "base/str.h"
#include "render/record.h"
#include "render/table.h"
#include <errno.h>

struct options {
	bool all, udp, unix_sockets, raw, exposed, orphans, probe, no_header;
	const char *free_range, *sort, *columns, *watch;
	int owners;
	uint64_t timeout;
};

static uint32_t wanted_protos(const struct options *o)
{
	uint32_t protos = 0;

	if (o->udp)
		protos |= PROTO_BIT(PROTO_UDP) | PROTO_BIT(PROTO_UDPLITE);
	if (o->unix_sockets)
		protos |= PROTO_BITS_UNIX;
	if (o->raw)
		protos |= PROTO_BIT(PROTO_RAW) | PROTO_BIT(PROTO_PACKET);
	if (protos)
		return protos;
	return o->all ? PROTO_BITS_ALL & ~PROTO_BITS_UNIX : PROTO_BIT(PROTO_TCP);
}

static int list_services(struct cli *cli, const struct options *o, const struct snapshot *s)
{
	struct err err;
	struct table table;
	const void **rows = arena_array(cli->arena, const void *, s->service_count);
	size_t count = 0;

	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		if (o->exposed && !(service->problems & PROBLEM_EXPOSED))
			continue;
		if (o->orphans && !(service->problems & PROBLEM_ORPHANED))
			continue;
		rows[count++] = service;
	}
	if (table_init(&table, &service_type, o->columns, &err) < 0 ||
		(o->sort && table_sort(&service_type, o->sort, rows, count, &err) < 0))
		return cli_fail_errno(cli, &err);
	table.header = !o->no_header;
	if (cli->format == FORMAT_TEXT)
		table_print(&table, &cli->out, rows, count);
	return count ? EXIT_YES : EXIT_NOBODY;
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	struct options *o = options;
	struct host host;
	struct err err = {0};
	AUTO(snapshot) struct snapshot *s = NULL;
	struct inventory_query query = {.protos = wanted_protos(o),
		.all_states = o->all,
		.rung = o->owners};

	(void)argc;
	(void)argv;
	if (host_open(NULL, &host, &err) < 0 || inventory_take(&host, &query, &s, &err) < 0)
		return cli_fail_errno(cli, &err);
	host_close(&host);
	return list_services(cli, o, s);
}

static const char *const owner_rungs[] = {"auto", "bpf", "proc", "none", NULL};

static const struct option_row rows[] = {
	OPTION(struct options, all, "all", OPTION_FLAG, NULL, "every socket in every state"),
	OPTION(struct options, owners, "owners", OPTION_CHOICE, "RUNG", "how owners are found",
		.choices = owner_rungs),
};

const struct command command_ls = {
	.name = "ls",
	.arguments = "",
	.summary = "list the services of this machine",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.run = run,
};
