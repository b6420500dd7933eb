#include "cli/help.h"

#include "base/str.h"
#include "base/text.h"
#include "unit.h"
#include <locale.h>

static struct out make(unsigned columns, bool utf8)
{
	struct out out = {.fd = -1, .columns = columns, .utf8 = utf8};

	setlocale(LC_CTYPE, "C.UTF-8");
	buf_init(&out.text, 1 << 20);
	return out;
}

/* The number of lines. One wider than `columns` is a failure, unless one word fills it; samples in
 * texts are written for 80 columns and not wrapped. */
static unsigned check_lines(const struct out *out, unsigned columns, const char *what)
{
	unsigned lines = 0;

	for (const char *p = out->text.data; *p;) {
		size_t len = strcspn(p, "\n");
		const char *text = p + strspn(p, " ");
		bool one_word = strcspn(text, " \n") >= len - (size_t)(text - p);
		if (text_width(p, len) > columns && !one_word && columns >= 80) {
			fprintf(stderr, "%s: '%.*s'\n", what, (int)len, p);
			CHECK(!"a line is wider than the terminal");
		}
		if (len && p[len - 1] == ' ')
			CHECK(!"a line ends with a space");
		lines++;
		p += len + (p[len] == '\n');
	}
	return lines;
}

TEST(overview_fits_one_screen)
{
	for (int utf8 = 0; utf8 < 2; utf8++) {
		struct out out = make(80, utf8);
		help_overview(&out);
		CHECK(check_lines(&out, 80, "overview") < 24);
		for (size_t i = 0; commands[i]; i++) {
			const struct command *c = commands[i];
			if (c->hidden || strstr(out.text.data, c->summary))
				continue;
			fprintf(stderr, "the summary of '%s' needs more than a line\n", c->name);
			CHECK(!"a summary is too long");
		}
		buf_fini(&out.text);
	}
}

TEST(commands_fit_any_width)
{
	static const unsigned widths[] = {0, 30, 60, 80, 120, 200};

	for (size_t i = 0; commands[i]; i++) {
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
			struct out out = make(widths[w], true);
			help_command(&out, commands[i]);
			check_lines(&out, widths[w] ? widths[w] : 80, commands[i]->name);
			buf_fini(&out.text);
		}
	}
}

TEST(topics_fit)
{
	for (size_t i = 0; topics[i]; i++) {
		struct out out = make(80, true);
		help_topic(&out, topics[i]);
		check_lines(&out, 80, topics[i]->name);
		buf_fini(&out.text);
	}
}

TEST(plain_output_has_no_escape_and_ascii_no_utf8)
{
	for (size_t i = 0; commands[i]; i++) {
		struct out out = make(80, false);
		help_command(&out, commands[i]);
		for (const char *p = out.text.data; *p; p++)
			CHECK(*p == '\n' || (*p >= ' ' && *p <= '~'));
		buf_fini(&out.text);
	}
}

TEST(own_exit_codes_replace_common_ones)
{
	static const struct command c = {.exits = "0 it is free, 3 there is no such port; 10 no"};
	static const struct command none = {0};
	AUTO(buf) struct buf says = BUF_INIT(1000);

	for (size_t i = 0; i < topic_exits.row_count; i++) {
		const struct topic_row *row = &topic_exits.rows[i];
		buf_clear(&says);
		CHECK(command_exit_says(&none, row, &says));
		CHECK_STR(says.data, row->says);
		buf_clear(&says);
		bool shown = command_exit_says(&c, row, &says);
		if (str_eq(row->term, "0"))
			CHECK_STR(says.data, "it is free");
		else if (str_eq(row->term, "3"))
			CHECK_STR(says.data, "there is no such port");
		else if (str_eq(row->term, "1"))
			CHECK(!shown);
		else if (str_eq(row->term, "130"))
			CHECK(shown);
	}
}

TEST(topics_name_every_exit_code)
{
	static const int codes[] = {EXIT_YES, EXIT_NO, EXIT_USAGE, EXIT_NOBODY, EXIT_RIGHTS,
		EXIT_CONFIRM, EXIT_CONFLICT, EXIT_TIMEOUT, EXIT_FAULT, EXIT_INTERRUPTED};

	CHECK_INT(topic_exits.row_count, ARRAY_SIZE(codes));
	for (size_t i = 0; i < ARRAY_SIZE(codes) && i < topic_exits.row_count; i++)
		CHECK_INT(strtol(topic_exits.rows[i].term, NULL, 10), codes[i]);
}

TESTS(overview_fits_one_screen, commands_fit_any_width, topics_fit,
	plain_output_has_no_escape_and_ascii_no_utf8, own_exit_codes_replace_common_ones,
	topics_name_every_exit_code)
