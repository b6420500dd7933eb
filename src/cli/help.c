/*
 * help - see help.h.
 *
 * The overview is one screen: what people want most comes first as examples, then every verb under
 * the word for why one would want it.
 */
#include "cli/help.h"

#include "base/str.h"
#include "base/text.h"
#include "render/prose.h"

#define LEFT_MAX 28u /* a longer left column moves its explanation to the next line */

static const struct topic_row first_steps[] = {
	{"loopscope", "what runs on this machine, and what is wrong with it"},
	{"loopscope 3000", "who is on port 3000, and what that means"},
	{"loopscope free 3000", "stop what holds port 3000"},
};

static void heading(struct out *out, const char *text)
{
	out_printf(out, "\n%s\n", text);
}

/* The width of the left column: as wide as the widest text, and not more than LEFT_MAX. */
static unsigned widest(unsigned so_far, const char *text)
{
	unsigned width = (unsigned)text_width(text, strlen(text));

	return width > LEFT_MAX ? so_far : MAX(so_far, width);
}

static void groups(struct out *out)
{
	unsigned name_width = 0;

	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			name_width = widest(name_width, commands[i]->name);
	for (enum command_group g = 0; g < GROUP_COUNT; g++) {
		const char *label = command_group_name(g);
		for (size_t i = 0; commands[i]; i++) {
			const struct command *c = commands[i];
			unsigned column = 2 + 9 + 2 + name_width + 2;
			if (c->hidden || c->group != g)
				continue;
			out_str(out, "  ");
			out_style(out, STYLE_DIM);
			out_printf(out, "%-9s", label);
			out_plain(out);
			out_printf(out, "  %-*s  ", (int)name_width, c->name);
			prose_wrap(out, c->summary, column, column);
			label = "";
		}
	}
}

static void rows(struct out *out, const struct topic_row *list, size_t count)
{
	unsigned width = 0;

	for (size_t i = 0; i < count; i++)
		width = widest(width, list[i].term);
	for (size_t i = 0; i < count; i++)
		prose_row(out, list[i].term, width, list[i].says);
}

void help_overview(struct out *out)
{
	AUTO(buf) struct buf names = BUF_INIT(400);

	for (size_t i = 0; topics[i]; i++)
		buf_printf(&names, "%s%s", i ? " · " : "", topics[i]->name);
	const struct topic_row more[] = {
		{"loopscope help VERB", "one verb, with examples"},
		{"loopscope help TOPIC", names.data},
	};

	out_styled(out, STYLE_ANSWER, "loopscope - the workbench for 127.0.0.1");
	out_str(out, "\n\n");
	rows(out, first_steps, ARRAY_SIZE(first_steps));
	out_str(out, "\n");
	groups(out);
	out_str(out, "\n");
	rows(out, more, ARRAY_SIZE(more));
}

static void option_rows(struct out *out, const struct option_row *rows, size_t count)
{
	AUTO(buf) struct buf label = BUF_INIT(200), says = BUF_INIT(4000);
	unsigned width = 0;

	for (size_t i = 0; i < count; i++) {
		buf_clear(&label);
		options_label(&rows[i], &label);
		if (!rows[i].hidden)
			width = widest(width, label.data);
	}
	for (size_t i = 0; i < count; i++) {
		buf_clear(&label);
		buf_clear(&says);
		options_label(&rows[i], &label);
		options_says(&rows[i], &says);
		if (!rows[i].hidden)
			prose_row(out, label.data, width, says.data);
	}
}

static void example_rows(struct out *out, const struct command *c)
{
	AUTO(buf) struct buf line = BUF_INIT(400);
	unsigned width = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < c->example_count; i++) {
			const struct example *e = &c->examples[i];
			buf_clear(&line);
			buf_printf(&line, "loopscope%s%s", *e->command ? " " : "", e->command);
			if (pass == 0)
				width = widest(width, line.data);
			else
				prose_row(out, line.data, width, e->says);
		}
	}
}

static void exit_rows(struct out *out, const struct command *c)
{
	AUTO(buf) struct buf says = BUF_INIT(1000);

	for (size_t i = 0; i < topic_exits.row_count; i++) {
		buf_clear(&says);
		if (command_exit_says(c, &topic_exits.rows[i], &says))
			prose_row(out, topic_exits.rows[i].term, 3, says.data);
	}
}

static void see_also(struct out *out, const struct command *c)
{
	AUTO(buf) struct buf line = BUF_INIT(1000);

	for (const char *p = c->see_also ? c->see_also : ""; *p;) {
		size_t len = strcspn(p, " ");
		buf_printf(&line, "loopscope help %.*s · ", (int)len, p);
		p += len + (p[len] == ' ');
	}
	buf_printf(&line, "man loopscope-%s", c->name);
	heading(out, "See also");
	out_str(out, "  ");
	prose_wrap(out, line.data, 2, 2);
}

static bool has_visible_option(const struct command *c)
{
	for (size_t i = 0; i < c->option_count; i++)
		if (!c->options[i].hidden)
			return true;
	return false;
}

void help_command(struct out *out, const struct command *c)
{
	AUTO(buf) struct buf usage = BUF_INIT(400);

	out_style(out, STYLE_ANSWER);
	out_printf(out, "loopscope %s - ", c->name);
	out_str(out, c->summary);
	out_plain(out);
	out_str(out, "\n\n");
	buf_printf(&usage, "loopscope %s %s%s[options]", c->name, c->arguments,
		*c->arguments ? " " : "");
	prose_row(out, "Usage", 5, usage.data);
	if (c->about) {
		out_str(out, "\n");
		prose_wrap(out, c->about, 0, 0);
	}
	if (has_visible_option(c)) {
		heading(out, "Options");
		option_rows(out, c->options, c->option_count);
	}
	heading(out, "Options of every command");
	option_rows(out, global_options, global_option_count);
	if (c->example_count) {
		heading(out, "Examples");
		example_rows(out, c);
	}
	heading(out, "Exit codes");
	exit_rows(out, c);
	see_also(out, c);
}

void help_topic(struct out *out, const struct topic *t)
{
	out_styled(out, STYLE_ANSWER, t->title);
	out_str(out, "\n\n");
	rows(out, t->rows, t->row_count);
	if (t->about) {
		out_str(out, "\n");
		prose_wrap(out, t->about, 0, 0);
	}
}

int help_show(struct cli *cli, const struct command *c)
{
	if (cli->format != FORMAT_TEXT)
		help_json(cli, c);
	else if (c)
		help_command(&cli->out, c);
	else
		help_overview(&cli->out);
	return EXIT_YES;
}

int help_version(struct cli *cli)
{
	struct json j;

	if (cli->format == FORMAT_TEXT) {
		out_printf(&cli->out, "loopscope %s\n", LOOPSCOPE_VERSION);
		return EXIT_YES;
	}
	json_init(&j, &cli->out.text, JSON_PRETTY);
	json_object(&j, NULL);
	json_str(&j, "schema", "loopscope.version/1");
	json_str(&j, "version", LOOPSCOPE_VERSION);
	json_end(&j);
	return EXIT_YES;
}
