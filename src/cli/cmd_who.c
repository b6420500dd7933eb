/* who - one line: who is behind a target. */
#include "cli/command.h"
#include "cli/common.h"

#include "base/clock.h"
#include "base/fs.h"
#include "inventory/select.h"
#include "render/record.h"

struct options {
	int owners;
};

static void line(struct cli *cli, const struct service *service)
{
	struct out *out = &cli->out;
	const struct owner *o = service->owner_count ? service->owners[0] : NULL;

	out_foreign(out, service->listeners[0].text);
	if (service->proto != PROTO_TCP && !proto_is_unix(service->proto))
		out_printf(out, "/%s", proto_name(service->proto));
	out_str(out, "  ");
	service_owner_text(service, &out->text);
	out_str(out, "  ");
	out_foreign(out, service->name);
	if (o && o->user) {
		out_str(out, "  ");
		out_foreign(out, o->user);
	}
	if (o && o->cwd) {
		AUTO(buf) struct buf path = BUF_INIT(8192);
		fs_short_path(&path, o->cwd, cli->home);
		out_str(out, "  ");
		out_foreign(out, path.data);
	}
	if (o && o->started_ms >= 0) {
		out_str(out, "  ");
		clock_age(&out->text, clock_real_ms() - o->started_ms);
	}
	out_str(out, "\n");
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct options *o = options;
	AUTO(snapshot) struct snapshot *s = NULL;
	struct selection selection;
	struct target target;
	struct host host;
	struct err err = {0};
	struct json j;

	(void)argc;
	int code = common_target(cli, argv[0], &target);
	if (code >= 0)
		return code;
	struct inventory_query query = {.protos = select_protos(&target),
		.port = select_port(&target),
		.rung = o->owners};
	code = common_snapshot(cli, &query, &host, &s);
	if (code >= 0)
		return code;
	int r = select_services(&host, s, &target, &selection, &err);
	host_close(&host);
	if (r < 0)
		return cli_fail_errno(cli, &err);
	if (cli->format != FORMAT_TEXT) {
		cli_json_begin(cli, &j);
		json_array(&j, "services");
		for (size_t i = 0; i < selection.count; i++)
			record_json(&j, NULL, &service_type, selection.services[i]);
		json_end(&j);
		common_blind_json(&j, s);
		cli_json_end(cli, &j);
	} else if (selection.count == 0) {
		out_str(&cli->out, "nobody\n");
	} else {
		for (size_t i = 0; i < selection.count; i++)
			line(cli, selection.services[i]);
	}
	if (selection.count == 0)
		return EXIT_NOBODY;
	return service_is_hidden(selection.services[0]) ? EXIT_RIGHTS : EXIT_YES;
}

static const struct option_row rows[] = {
	OPTION(struct options, owners, "owners", OPTION_CHOICE, "RUNG", COMMON_OWNERS_HELP,
		.choices = common_rungs),
};

static const struct example examples[] = {
	{"who 3000", "the process on port 3000, in one line"},
	{"who unix:/run/docker.sock", "who serves a unix socket"},
};

const struct command command_who = {
	.name = "who",
	.arguments = "TARGET",
	.summary = "say in one line who is behind a target",
	.about = "Prints a line for each listener of the target: endpoint, owner, service, user, "
		 "folder, age. `nobody` when there is none.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits = "0 somebody listens there, 3 nobody does, 4 somebody whom you may not see",
	.completes = COMPLETES_TARGETS,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
