/* overview - `loopscope` alone: what listens here, what is wrong with it, and three commands. */
#include "cli/command.h"
#include "cli/common.h"

#include "base/str.h"
#include "base/text.h"
#include "inventory/problems.h"
#include "render/prose.h"
#include "render/record.h"
#include "render/table.h"

#define PROBLEMS_SHOWN 6
#define SENTENCE_AT    9 /* column: a mark, a port and two gaps */
#define COLUMNS	       "port,service,speaks,owner,since,reach,namespace,note"

struct options {
	int owners;
};

static enum mark mark_of(int severity)
{
	return severity >= SEVERITY_HIGH ? MARK_BAD : MARK_WARN;
}

static void render_problems(struct out *out, const struct finding *findings, size_t count)
{
	for (size_t i = 0; i < MIN(count, (size_t)PROBLEMS_SHOWN); i++) {
		const struct finding *f = &findings[i];
		out_styled(out, f->severity >= SEVERITY_HIGH ? STYLE_BAD : STYLE_WARN,
			out_mark(out, mark_of(f->severity)));
		const char *command = f->fix_count ? f->fixes[0].command : NULL;
		size_t width = SENTENCE_AT + text_width(f->sentence, strlen(f->sentence));
		bool fits =
			!out->columns || !command || width + 3 + strlen(command) <= out->columns;
		out_printf(out, " %-5s  ", f->subject);
		if (fits)
			out_str(out, f->sentence);
		else
			prose_paragraph(out, f->sentence, SENTENCE_AT);
		if (command) {
			out_printf(out, "%*s", fits ? 3 : SENTENCE_AT, "");
			out_styled(out, STYLE_DIM, command);
		}
		out_str(out, command || fits ? "\n" : "");
	}
	if (count > PROBLEMS_SHOWN)
		out_printf(out, "  and %zu more: loopscope ls --exposed, loopscope ls --orphans\n",
			count - PROBLEMS_SHOWN);
	if (count)
		out_str(out, "\n");
}

static size_t count_with(const struct snapshot *s, uint32_t problem)
{
	size_t n = 0;

	for (size_t i = 0; i < s->service_count; i++)
		n += (s->services[i]->problems & problem) != 0;
	return n;
}

static void render_summary(struct out *out, const struct snapshot *s)
{
	size_t exposed = count_with(s, PROBLEM_EXPOSED), orphans = count_with(s, PROBLEM_ORPHANED);

	out_printf(out, "%zu service%s", s->service_count, s->service_count == 1 ? "" : "s");
	if (exposed)
		out_printf(out, ", %zu open to the network", exposed);
	if (orphans)
		out_printf(out, ", %zu left over", orphans);
	out_str(out, ".");
	for (size_t i = 0; i < s->blind_count; i++) {
		if (s->blind[i].count == 0)
			continue;
		out_printf(out, " Hidden: %s (loopscope doctor).", s->blind[i].what);
		break;
	}
	out_str(out, "\n");
}

/* Three commands that make sense on this machine, the most pressing first. */
static void render_commands(struct out *out, const struct snapshot *s,
	const struct finding *findings, size_t count)
{
	const struct service *any = s->service_count ? s->services[0] : NULL;

	for (size_t i = 0; i < s->service_count; i++)
		if (s->services[i]->netns == 0 && s->services[i]->owner_count) {
			any = s->services[i];
			break;
		}
	out_styled(out, STYLE_DIM, "Next  ");
	if (count && findings[0].fix_count && findings[0].fixes[0].command)
		out_str(out, findings[0].fixes[0].command);
	else if (any)
		out_printf(out, "loopscope %u", any->port);
	else
		out_str(out, "loopscope ls --all");
	out_printf(out, " %s loopscope map %s loopscope help\n", out_mark(out, MARK_DOT),
		out_mark(out, MARK_DOT));
}

static void render(struct cli *cli, const struct snapshot *s, const struct finding *findings,
	size_t count)
{
	const void **rows = arena_array(cli->arena, const void *, s->service_count);
	struct out *out = &cli->out;
	struct table table;

	if (s->service_count == 0) {
		out_styled(out, STYLE_ANSWER, "Nothing listens on this machine.");
		out_str(out, "\n");
		cli_blind(cli, s->blind, s->blind_count);
		return;
	}
	for (size_t i = 0; i < s->service_count; i++)
		rows[i] = s->services[i];
	table_init(&table, &service_type, COLUMNS, NULL);
	table.chosen = false;
	table_print(&table, out, rows, s->service_count);
	out_str(out, "\n");
	render_problems(out, findings, count);
	render_summary(out, s);
	render_commands(out, s, findings, count);
}

static void render_json(struct cli *cli, const struct snapshot *s, const struct finding *findings,
	size_t count)
{
	struct json j;

	cli_json_begin(cli, &j);
	json_array(&j, "services");
	for (size_t i = 0; i < s->service_count; i++)
		record_json(&j, NULL, &service_type, s->services[i]);
	json_end(&j);
	records_json(&j, "findings", &finding_type, findings, count);
	json_str(&j, "rung", s->rung);
	common_blind_json(&j, s);
	cli_json_end(cli, &j);
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct options *o = options;
	AUTO(snapshot) struct snapshot *s = NULL;
	struct inventory_query query = {.rung = o->owners};
	struct host host;
	size_t count;

	(void)argc;
	(void)argv;
	int code = common_snapshot(cli, &query, &host, &s);
	if (code >= 0)
		return code;
	host_close(&host);
	const struct finding *findings = problems_find(s, &count);
	if (cli->format == FORMAT_TEXT)
		render(cli, s, findings, count);
	else
		render_json(cli, s, findings, count);
	return EXIT_YES;
}

static const struct option_row rows[] = {
	OPTION(struct options, owners, "owners", OPTION_CHOICE, "RUNG", COMMON_OWNERS_HELP,
		.choices = common_rungs),
};

static const struct example examples[] = {
	{"", "this machine at a glance"},
	{"overview --json", "the same for a program"},
};

const struct command command_overview = {
	.name = "overview",
	.arguments = "",
	.summary = "show this machine at a glance",
	.about = "Lists the services of this machine, points out what needs attention (open to the "
		 "network, left over, shadowed, stuck), and names three commands to go on with. "
		 "`loopscope` alone is the same.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.run = run,
};
