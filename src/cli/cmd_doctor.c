/*
 * doctor - what loopscope can see here, and what stands in the way of localhost.
 *
 * One line a check: what is fine says so and its evidence in one line; what is not is followed by its
 * evidence and the fix.
 */
#include "cli/command.h"
#include "cli/common.h"

#include "base/str.h"
#include "base/text.h"
#include "doctor/doctor.h"
#include "render/prose.h"
#include "render/record.h"
#include <unistd.h>

#define DEADLINE_MS 2000

struct options {
	uint64_t timeout;
};

static enum mark mark_of(int severity)
{
	if (severity == SEVERITY_OK)
		return MARK_OK;
	if (severity == SEVERITY_NOTE)
		return MARK_UNKNOWN;
	return severity < SEVERITY_HIGH ? MARK_WARN : MARK_BAD;
}

static enum style style_of(int severity)
{
	if (severity == SEVERITY_OK)
		return STYLE_GOOD;
	return severity < SEVERITY_HIGH ? STYLE_WARN : STYLE_BAD;
}

struct layout {
	unsigned subject_width, column; /* where sentences start */
};

/* The first evidence behind the sentence of what is fine, when there is room. */
static void brief_evidence(struct out *out, const struct finding *f, size_t used)
{
	AUTO(buf) struct buf text = BUF_INIT(4000);

	if (!f->evidence_count)
		return;
	buf_printf(&text, "%s %s", f->evidence[0].source, f->evidence[0].text);
	if (out->columns && used + 3 + text_width(text.data, text.len) > out->columns)
		return;
	out_style(out, STYLE_DIM);
	out_printf(out, "   %s", text.data);
	out_plain(out);
}

static void all_evidence(struct out *out, const struct finding *f, unsigned column)
{
	size_t width = 0;

	for (size_t i = 0; i < f->evidence_count; i++)
		width = MAX(width,
			text_width(f->evidence[i].source, strlen(f->evidence[i].source)));
	for (size_t i = 0; i < f->evidence_count; i++) {
		unsigned at = column + (unsigned)width + 2;
		buf_pad(&out->text, ' ', column);
		out_style(out, STYLE_DIM);
		out_printf(out, "%-*s  ", (int)width, f->evidence[i].source);
		prose_wrap(out, f->evidence[i].text, at, at);
		out_plain(out);
	}
}

/* A command is never wrapped, since it is there to be copied. */
static void print_fix(struct out *out, const char *label, const struct fix *fix, unsigned column)
{
	AUTO(buf) struct buf why = BUF_INIT(1000);
	unsigned at = column + 5;

	buf_pad(&out->text, ' ', column);
	out_printf(out, "%-3s  ", label);
	if (!fix->command) {
		prose_wrap(out, fix->text, at, at);
		return;
	}
	buf_printf(&why, "(%s)", fix->text);
	size_t width = at + text_width(fix->command, strlen(fix->command)) + 3 +
		text_width(why.data, why.len);
	out_str(out, fix->command);
	out_style(out, STYLE_DIM);
	if (width <= prose_width(out)) {
		out_printf(out, "   %s\n", why.data);
	} else {
		out_str(out, "\n");
		buf_pad(&out->text, ' ', at);
		prose_wrap(out, why.data, at, at);
	}
	out_plain(out);
}

/* One command often helps several lines; it is shown at the first. */
static bool fix_was_shown(const struct doctor_report *report, const struct finding *f,
	const struct fix *fix)
{
	for (const struct finding *before = report->findings; before < f; before++)
		for (size_t i = 0; before->severity != SEVERITY_OK && i < before->fix_count; i++)
			if (fix->command && before->fixes[i].command &&
				str_eq(fix->command, before->fixes[i].command))
				return true;
	return false;
}

static void print_finding(struct cli *cli, const struct doctor_report *report,
	const struct finding *f, const struct layout *l)
{
	struct out *out = &cli->out;
	const char *mark = out_mark(out, mark_of(f->severity));

	out_str(out, "  ");
	out_styled(out, style_of(f->severity), mark);
	buf_pad(&out->text, ' ', 3 - text_width(mark, strlen(mark)));
	out_printf(out, "%-*s  ", (int)l->subject_width, f->subject);
	if (f->severity == SEVERITY_OK && !cli->wide) {
		out_str(out, f->sentence);
		brief_evidence(out, f, l->column + text_width(f->sentence, strlen(f->sentence)));
		out_str(out, "\n");
		return;
	}
	prose_wrap(out, f->sentence, l->column, l->column);
	all_evidence(out, f, l->column);
	for (size_t i = 0; f->severity != SEVERITY_OK && i < f->fix_count; i++)
		if (!fix_was_shown(report, f, &f->fixes[i]))
			print_fix(out, i ? "Or" : "Fix", &f->fixes[i], l->column);
}

static void print_report(struct cli *cli, const struct doctor_report *report)
{
	struct layout l = {0};

	for (size_t i = 0; i < report->finding_count; i++)
		l.subject_width =
			MAX(l.subject_width, (unsigned)strlen(report->findings[i].subject));
	l.column = 2 + 3 + l.subject_width + 2;
	out_style(&cli->out, STYLE_ANSWER);
	if (cli->out.columns)
		prose_wrap(&cli->out, report->answer, 0, 0);
	else
		out_printf(&cli->out, "%s\n", report->answer); /* one line for programs */
	out_plain(&cli->out);
	out_str(&cli->out, "\n");
	for (size_t i = 0; i < report->finding_count; i++)
		print_finding(cli, report, &report->findings[i], &l);
}

static void print_json(struct cli *cli, const struct doctor_report *report)
{
	struct json j;

	cli_json_begin(cli, &j);
	json_str(&j, "answer", report->answer);
	json_u64(&j, "needs_attention", report->attention_count);
	records_json(&j, "findings", &finding_type, report->findings, report->finding_count);
	records_json(&j, "rights", &right_type, report->rights, report->right_count);
	records_json(&j, "blind_spots", &blind_spot_type, report->blind, report->blind_count);
	cli_json_end(cli, &j);
}

static int run(struct cli *cli, void *options, int argc, char **argv)
{
	const struct options *o = options;
	const struct doctor_query query = {
		.deadline_ms =
			o->timeout ? (unsigned)MIN(o->timeout, (uint64_t)60000) : DEADLINE_MS,
		.terminal = {cli->out.tty, cli->out.utf8, cli->out.color, cli->out.columns},
		.environment = (const char *const *)environ,
	};
	struct doctor_report report;
	struct host host;
	struct err err = {0};

	(void)argc;
	(void)argv;
	if (host_open(NULL, &host, &err) < 0)
		return cli_fail_errno(cli, &err);
	doctor_run(&host, cli->arena, &query, &report);
	host_close(&host);
	if (cli->format == FORMAT_TEXT)
		print_report(cli, &report);
	else
		print_json(cli, &report);
	return report.attention_count ? EXIT_NO : EXIT_YES;
}

static const struct option_row rows[] = {
	OPTION(struct options, timeout, "timeout", OPTION_DURATION, "DURATION",
		"how long a name may take to be looked up, 2s when not given"),
};

static const struct example examples[] = {
	{"doctor", "what can be seen here, and what is in the way"},
	{"doctor --wide", "with the evidence of what is fine, too"},
	{"doctor --json", "the same as data, for scripts and assistants"},
};

const struct command command_doctor = {
	.name = "doctor",
	.group = GROUP_CHECK,
	.arguments = "",
	.summary = "say what is hidden here, and whether localhost works",
	.about =
		"Looks at your rights, at what they hide, and at everything that localhost depends "
		"on: the loopback interface, names, proxy variables. It changes nothing.\n\n"
		"What is hidden from you is no fault: an ordinary user sees the own processes "
		"only. The marks:\n\n"
		"  ✓  fine               !  needs attention\n"
		"  ?  hidden from you    ✗  broken",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.options_size = sizeof(struct options),
	.examples = examples,
	.example_count = ARRAY_SIZE(examples),
	.exits = "0 nothing needs attention, though something may be hidden; 1 something needs "
		 "attention",
	.see_also = "ls environment",
	.run = run,
};
