/* ls - every service of this machine, a row each; every socket with --all; free ports with --free. */
#include "cli/command.h"
#include "cli/common.h"
#include "cli/watch.h"

#include "base/must.h"
#include "base/str.h"
#include "inventory/free_ports.h"
#include "inventory/probe_services.h"
#include "render/record.h"
#include "render/table.h"
#include <errno.h>

struct options {
	bool all, udp, unix_sockets, raw, exposed, orphans, probe, no_header, own;
	const char *free_range, *sort, *columns, *watch;
	int owners;
	uint64_t timeout_ms;
};

static uint32_t wanted_protos(const struct options *o)
{
	uint32_t protos = 0;

	if (o->udp)
		protos |= PROTO_BIT(PROTO_UDP) | PROTO_BIT(PROTO_UDPLITE);
	if (o->unix_sockets)
		protos |= PROTO_BITS_UNIX;
	if (o->raw)
		protos |= PROTO_BIT(PROTO_RAW) | PROTO_BIT(PROTO_PACKET) | PROTO_BIT(PROTO_SCTP);
	if (protos)
		return protos;
	return o->all ? PROTO_BITS_ALL & ~PROTO_BITS_UNIX : PROTO_BIT(PROTO_TCP);
}

static bool wanted(const struct options *o, const struct service *service)
{
	if (o->exposed && !(service->problems & PROBLEM_EXPOSED))
		return false;
	return !o->orphans || (service->problems & PROBLEM_ORPHANED);
}

static const struct record_type *row_type(const struct options *o)
{
	return o->all ? &socket_type : &service_type;
}

/* The rows of the answer: services, or with --all sockets; only those that were asked for. */
static const void **collect(struct cli *cli, const struct options *o, const struct snapshot *s,
	size_t *out_count)
{
	size_t count = 0, total = o->all ? s->socket_count : s->service_count;
	const void **rows = arena_array(cli->arena, const void *, total);

	for (size_t i = 0; i < total; i++) {
		if (o->all)
			rows[count++] = &s->sockets[i];
		else if (wanted(o, s->services[i]))
			rows[count++] = s->services[i];
	}
	*out_count = count;
	return rows;
}

static void print_json(struct cli *cli, const struct options *o, const struct snapshot *s,
	const void *const *rows, size_t count)
{
	struct json j;

	cli_json_begin(cli, &j);
	json_str(&j, "rung", s->rung);
	json_bool(&j, "complete", s->complete);
	common_blind_json(&j, s);
	json_array(&j, o->all ? "sockets" : "services");
	for (size_t i = 0; i < count; i++) {
		record_json(&j, NULL, row_type(o), rows[i]);
		out_breathe(&cli->out);
	}
	json_end(&j);
	cli_json_end(cli, &j);
}

static void print_jsonl(struct cli *cli, const struct options *o, const void *const *rows,
	size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct json j;
		json_init(&j, &cli->out.text, JSON_COMPACT);
		record_json(&j, NULL, row_type(o), rows[i]);
		out_breathe(&cli->out);
	}
}

static void print_nothing(struct cli *cli, const struct options *o)
{
	if (o->exposed)
		out_str(&cli->out, "Nothing is open to the network.\n");
	else if (o->orphans)
		out_str(&cli->out, "Nothing is left over.\n");
	else
		out_str(&cli->out, "Nothing listens.\n");
}

static int print(struct cli *cli, const struct options *o, const struct snapshot *s)
{
	size_t count;
	struct err err = {0};
	struct table table;
	const void **rows = collect(cli, o, s, &count);

	if (table_init(&table, row_type(o), o->columns, &err) < 0 ||
		(o->sort && table_sort(row_type(o), o->sort, rows, count, &err) < 0))
		return cli_fail_errno(cli, &err);
	table.header = !o->no_header;
	if (cli->format == FORMAT_JSON) {
		print_json(cli, o, s, rows, count);
	} else if (cli->format == FORMAT_JSONL) {
		print_jsonl(cli, o, rows, count);
	} else {
		if (count)
			table_print(&table, &cli->out, rows, count);
		else
			print_nothing(cli, o);
		cli_blind(cli, s->blind, s->blind_count);
	}
	return EXIT_YES;
}

static int list_free(struct cli *cli, const struct options *o)
{
	struct free_ports found;
	struct err err = {0};
	uint16_t low, high;
	struct json j;

	if (target_parse_range(o->free_range, &low, &high, &err) < 0)
		return cli_fail(cli, EXIT_USAGE, "range", &err);
	int r = free_ports_find(cli->arena, o->udp ? PROTO_UDP : PROTO_TCP, low, high, &found,
		&err);
	if (r < 0)
		return cli_fail_errno(cli, &err);
	if (cli->format != FORMAT_TEXT) {
		cli_json_begin(cli, &j);
		record_json_fields(&j, &free_ports_type, &found);
		cli_json_end(cli, &j);
		return found.free_count ? EXIT_YES : EXIT_NO;
	}
	for (size_t i = 0; i < found.range_count; i++) {
		const struct port_range *range = &found.ranges[i];
		out_printf(&cli->out, range->low == range->high ? "%u\n" : "%u-%u\n", range->low,
			range->high);
	}
	if (cli->out.tty || found.free_count == 0) {
		out_printf(&cli->errors, "%u free, %u in use", found.free_count, found.used_count);
		if (found.refused_count)
			out_printf(&cli->errors, ", %u need more rights (privileged ports)",
				found.refused_count);
		out_str(&cli->errors, ".\n");
	}
	return found.free_count ? EXIT_YES : EXIT_NO;
}

static int check(struct cli *cli, const struct options *o)
{
	struct err err = {0};

	if (o->all && (o->exposed || o->orphans))
		err_set(&err, -EINVAL,
			"--all lists sockets; --exposed and --orphans are for services");
	else if (o->all && o->probe)
		err_set(&err, -EINVAL, "--all lists sockets; --probe is for services");
	else if (o->watch && cli->format == FORMAT_JSON)
		err_set(&err, -EINVAL, "--watch is a stream: use --jsonl instead of --json");
	else
		return -1;
	return cli_fail(cli, EXIT_USAGE, "usage", &err);
}

static struct inventory_query query_of(const struct options *o)
{
	return (struct inventory_query){
		.protos = wanted_protos(o),
		.all_states = o->all,
		.own_namespace_only = o->own,
		.rung = o->owners,
	};
}

static int list_once(struct cli *cli, void *arg)
{
	const struct options *o = arg;
	AUTO(snapshot) struct snapshot *s = NULL;
	struct inventory_query query = query_of(o);
	struct host host;

	int code = common_snapshot(cli, &query, &host, &s);
	if (code >= 0)
		return code;
	host_close(&host);
	if (o->probe)
		probe_services(s, s->services, s->service_count,
			(unsigned)(o->timeout_ms ? o->timeout_ms : PROBE_DEFAULT_MS));
	return print(cli, o, s);
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	struct options *o = options;

	(void)argc;
	(void)argv;
	int code = check(cli, o);
	if (code >= 0)
		return code;
	if (o->free_range)
		return list_free(cli, o);
	if (!o->watch)
		return list_once(cli, o);
	struct inventory_query query = query_of(o);
	if (cli->format == FORMAT_JSONL || !cli->out.tty)
		return watch_changes(cli, o->watch, &query);
	return watch_screen(cli, o->watch, list_once, o);
}

static const struct option_row rows[] = {
	OPTION(struct options, all, "all", OPTION_FLAG, NULL,
		"every socket in every state, not only services", .letter = 'a'),
	OPTION(struct options, udp, "udp", OPTION_FLAG, NULL, "UDP instead of TCP", .letter = 'u'),
	OPTION(struct options, unix_sockets, "unix", OPTION_FLAG, NULL, "unix sockets",
		.letter = 'x'),
	OPTION(struct options, raw, "raw", OPTION_FLAG, NULL, "raw, packet and SCTP sockets"),
	OPTION(struct options, exposed, "exposed", OPTION_FLAG, NULL,
		"only what other computers can reach"),
	OPTION(struct options, orphans, "orphans", OPTION_FLAG, NULL,
		"only what is left over: whoever started it is gone"),
	OPTION(struct options, free_range, "free", OPTION_TEXT, "RANGE",
		"print the free ports of a range such as 3000-3999"),
	OPTION(struct options, probe, "probe", OPTION_FLAG, NULL,
		"ask each service what it speaks, with one harmless question"),
	OPTION(struct options, timeout_ms, "timeout", OPTION_DURATION, "TIME",
		"how long all probes may take (default 2s)"),
	OPTION(struct options, sort, "sort", OPTION_TEXT, "COLUMN",
		"order by a column; -COLUMN for descending"),
	OPTION(struct options, columns, "columns", OPTION_TEXT, "NAMES",
		"the columns to show, separated by commas", .letter = 'c'),
	OPTION(struct options, no_header, "no-header", OPTION_FLAG, NULL, "no heading line"),
	OPTION(struct options, watch, "watch", OPTION_OPTIONAL, "TIME",
		"show it again as it changes; every second, or as often as TIME says",
		.letter = 'w'),
	OPTION(struct options, own, "here", OPTION_FLAG, NULL,
		"only this network namespace, not containers"),
	OPTION(struct options, owners, "owners", OPTION_CHOICE, "RUNG", COMMON_OWNERS_HELP,
		.choices = common_rungs),
};

static const struct example examples[] = {
	{"ls", "what listens on this machine"},
	{"ls --probe", "and what it really speaks"},
	{"ls --exposed", "what the network can reach"},
	{"ls --free 3000-3999", "free ports for a new server"},
	{"ls --all --json", "every socket, for a program"},
	{"ls --columns port,owner,folder --sort -since", "your own table"},
};

const struct command command_ls = {
	.name = "ls",
	.arguments = "",
	.summary = "list the services of this machine",
	.about = "Prints a row for each service: a listener, or several that belong together "
		 "(127.0.0.1 and ::1, a reuseport group, pre-fork workers). Containers and other "
		 "network namespaces are included where rights allow. What cannot be seen is said "
		 "below the table.\n\nSPEAKS is a guess from the program and the port, marked '?', "
		 "unless --probe asked.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits = "0 listed, 1 --free found no free port",
	.run = run,
};
