/*
 * manual - see manual.h.
 *
 * groff_man(7), groff_char(7), mandoc's man(7): roff reads "." and "'" at the start of a line as
 * requests, "\" everywhere, and turns - ' ` ^ ~ into typographic signs that cannot be pasted into a
 * shell. There is no date in the heading, so that a build can be reproduced.
 */
#include "cli/manual.h"

#include "base/str.h"
#include "base/text.h"

static const char *special(char c)
{
	switch (c) {
	case '\\':
		return "\\e";
	case '-':
		return "\\-";
	case '\'':
		return "\\(aq";
	case '`':
		return "\\(ga";
	case '^':
		return "\\(ha";
	case '~':
		return "\\(ti";
	default:
		return NULL;
	}
}

void manual_escape(struct buf *out, const char *text, bool at_start)
{
	for (size_t left = strlen(text); left;) {
		uint32_t cp = 0;
		size_t n = text_decode(text, left, &cp);
		const char *as = special(*text);
		if (at_start && *text == '.')
			buf_str(out, "\\&");
		if (as)
			buf_str(out, as);
		else if (n > 1)
			buf_printf(out, "\\[u%04X]", cp);
		else
			buf_char(out, *text);
		at_start = *text == '\n';
		text += n ? n : 1;
		left -= n ? n : 1;
	}
}

/* A macro with one quoted argument: .SH "EXIT CODES" */
static void macro(struct buf *out, const char *name, const char *argument)
{
	buf_printf(out, ".%s \"", name);
	for (; *argument; argument++) {
		char one[2] = {*argument, '\0'};
		if (*argument == '"')
			buf_str(out, "\\(dq");
		else
			manual_escape(out, one, false);
	}
	buf_str(out, "\"\n");
}

static void line(struct buf *out, const char *text)
{
	manual_escape(out, text, true);
	buf_char(out, '\n');
}

static void section(struct buf *out, const char *title)
{
	macro(out, "SH", title);
}

/* A term in bold and its explanation, indented. */
static void item(struct buf *out, const char *term, const char *says)
{
	buf_str(out, ".TP\n\\fB");
	manual_escape(out, term, false);
	buf_str(out, "\\fR\n");
	line(out, says);
}

/* Paragraphs as prose.h defines them: lines that start with a space are samples. */
static void paragraphs(struct buf *out, const char *text)
{
	bool sample = false, fresh = true;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool indented = *text == ' ';
		if (sample != indented && len) {
			buf_str(out, indented ? ".PP\n.nf\n" : ".fi\n");
			sample = indented;
		} else if (!len && !fresh && text[1] && text[1] != ' ') {
			buf_str(out, ".PP\n");
		}
		AUTO(free) char *copy = strndup(text, len);
		if (len && copy)
			line(out, copy);
		fresh = false;
		text += len + (text[len] == '\n');
	}
	if (sample)
		buf_str(out, ".fi\n");
}

static void heading(struct buf *out, const char *name, const char *summary)
{
	AUTO(buf) struct buf title = BUF_INIT(200);

	for (const char *c = name; *c; c++)
		buf_char(&title, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
	buf_str(out, ".TH ");
	manual_escape(out, title.data, false);
	buf_printf(out, " 1 \"\" \"loopscope %s\" \"User Commands\"\n", LOOPSCOPE_VERSION);
	section(out, "NAME");
	manual_escape(out, name, true);
	buf_str(out, " \\- ");
	line(out, summary);
}

static void option_items(struct buf *out, const struct option_row *rows, size_t count)
{
	AUTO(buf) struct buf label = BUF_INIT(200), says = BUF_INIT(4000);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].hidden)
			continue;
		buf_clear(&label);
		buf_clear(&says);
		options_label(&rows[i], &label);
		options_says(&rows[i], &says);
		item(out, label.data, says.data);
	}
}

static void topic_items(struct buf *out, const struct topic *t)
{
	if (t->about)
		paragraphs(out, t->about);
	for (size_t i = 0; i < t->row_count; i++)
		item(out, t->rows[i].term, t->rows[i].says);
}

static void exit_items(struct buf *out, const struct command *c)
{
	AUTO(buf) struct buf says = BUF_INIT(1000);

	section(out, "EXIT STATUS");
	for (size_t i = 0; i < topic_exits.row_count; i++) {
		buf_clear(&says);
		if (command_exit_says(c, &topic_exits.rows[i], &says))
			item(out, topic_exits.rows[i].term, says.data);
	}
}

static void see_also(struct buf *out, const struct command *c)
{
	section(out, "SEE ALSO");
	buf_str(out, ".BR loopscope (1)");
	for (const char *s = c->see_also ? c->see_also : ""; *s;) {
		AUTO(free) char *name = strndup(s, strcspn(s, " "));
		if (name && command_find(name)) {
			buf_str(out, ",\n.BR loopscope\\-");
			manual_escape(out, name, false);
			buf_str(out, " (1)");
		}
		s += strcspn(s, " ");
		s += *s == ' ';
	}
	buf_char(out, '\n');
}

static void command_page(struct buf *out, const struct command *c)
{
	AUTO(buf) struct buf name = BUF_INIT(200);

	buf_printf(&name, "loopscope-%s", c->name);
	heading(out, name.data, c->summary);
	section(out, "SYNOPSIS");
	buf_str(out, ".B loopscope ");
	line(out, c->name);
	if (*c->arguments)
		line(out, c->arguments);
	line(out, "[options]");
	if (c->about) {
		section(out, "DESCRIPTION");
		paragraphs(out, c->about);
	}
	section(out, "OPTIONS");
	option_items(out, c->options, c->option_count);
	option_items(out, global_options, global_option_count);
	if (c->example_count)
		section(out, "EXAMPLES");
	for (size_t i = 0; i < c->example_count; i++) {
		AUTO(buf) struct buf example = BUF_INIT(400);
		buf_printf(&example, "loopscope %s", c->examples[i].command);
		item(out, example.data, c->examples[i].says);
	}
	exit_items(out, c);
	see_also(out, c);
}

static void main_page(struct buf *out)
{
	heading(out, "loopscope", "the workbench for 127.0.0.1");
	section(out, "SYNOPSIS");
	buf_str(out, ".B loopscope\n.br\n.B loopscope\n");
	line(out, "TARGET");
	buf_str(out, ".br\n.B loopscope\n");
	line(out, "VERB [TARGET] [options]");
	section(out, "DESCRIPTION");
	paragraphs(out,
		"loopscope shows what listens on this machine, who is behind it, who can reach it "
		"and what is wrong with it, and acts on it.\n\n"
		"Without arguments it shows every service of this machine. With a TARGET alone it "
		"explains that target. It needs no daemon and no special rights; what it may not "
		"see it names, with what would show it.");
	section(out, "VERBS");
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		if (c->hidden)
			continue;
		buf_str(out, ".TP\n.BR loopscope\\-");
		manual_escape(out, c->name, false);
		buf_str(out, " (1)\n");
		line(out, c->summary);
	}
	section(out, "TARGETS");
	topic_items(out, &topic_targets);
	section(out, "OPTIONS");
	option_items(out, global_options, global_option_count);
	section(out, "EXIT STATUS");
	topic_items(out, &topic_exits);
	section(out, "ENVIRONMENT");
	topic_items(out, &topic_environment);
	section(out, "FILES");
	topic_items(out, &topic_files);
}

void manual_write(struct buf *out, const struct command *c)
{
	if (c)
		command_page(out, c);
	else
		main_page(out);
}
