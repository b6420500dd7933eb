#include "render/out.h"

#include "base/must.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>

/* out_init with only these variables set, on a pipe. */
static struct out made(enum color_choice choice, const char *name, const char *value)
{
	static const char *const names[] = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM",
		"ACCESSIBLE", "COLUMNS"};
	struct out out;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
	if (name)
		setenv(name, value, 1);
	out_init(&out, -1, choice);
	buf_fini(&out.text);
	return out;
}

TEST(colours_nothing_in_a_pipe)
{
	CHECK(!made(COLOR_AUTO, NULL, NULL).color);
	CHECK(!made(COLOR_AUTO, "TERM", "xterm").color);
	CHECK(made(COLOR_ALWAYS, "NO_COLOR", "1").color); /* a flag is stronger than a variable */
	CHECK(!made(COLOR_NEVER, "FORCE_COLOR", "1").color);
	CHECK(made(COLOR_AUTO, "FORCE_COLOR", "1").color);
	CHECK(made(COLOR_AUTO, "CLICOLOR_FORCE", "1").color);
	CHECK(!made(COLOR_AUTO, "FORCE_COLOR", "0").color);
	CHECK(!made(COLOR_AUTO, "NO_COLOR", "").color); /* empty is unset, and a pipe has none */
}

TEST(knows_that_a_pipe_is_no_terminal)
{
	struct out o = made(COLOR_ALWAYS, NULL, NULL);

	CHECK(!o.tty && !o.page && !o.links);
	CHECK_INT(o.columns, 0);
	setenv("COLUMNS", "40", 1);
	CHECK_INT(made(COLOR_AUTO, "COLUMNS", "40").columns, 0);
}

TEST(has_marks_without_utf8)
{
	struct out o = {.utf8 = true};

	CHECK_STR(out_mark(&o, MARK_OK), "\xe2\x9c\x93");
	o.utf8 = false;
	CHECK_STR(out_mark(&o, MARK_OK), "ok");
	CHECK_STR(out_mark(&o, MARK_BAD), "x");
	setlocale(LC_CTYPE, "C.UTF-8");
	CHECK(made(COLOR_AUTO, NULL, NULL).utf8);
	CHECK(!made(COLOR_AUTO, "ACCESSIBLE", "1").utf8);
	setlocale(LC_CTYPE, "C");
	CHECK(!made(COLOR_AUTO, NULL, NULL).utf8);
}

TEST(escapes_foreign_text_and_links)
{
	struct out o = {.fd = -1};

	buf_init(&o.text, 1000);
	out_foreign(&o, "a\x1b[31m");
	out_foreign(&o, NULL);
	out_link(&o, "http://x", "b\n");
	CHECK_STR(o.text.data, "a\\x1b[31mb\\n");
	buf_clear(&o.text);
	o.links = true;
	out_link(&o, "http://x/\x1b\\", "c");
	CHECK_STR(o.text.data, "\x1b]8;;http://x/\\x1b\\\x1b\\c\x1b]8;;\x1b\\");
	buf_fini(&o.text);
}

TEST(styles_only_with_colour)
{
	struct out o = {.fd = -1};

	buf_init(&o.text, 1000);
	out_styled(&o, STYLE_BAD, "x");
	CHECK_STR(o.text.data, "x");
	o.color = true;
	out_styled(&o, STYLE_BAD, "y");
	CHECK_STR(o.text.data, "x\x1b[31my\x1b[0m");
	buf_fini(&o.text);
}

TEST(streams_long_output)
{
	int ends[2];
	char text[4096];
	struct out o = made(COLOR_AUTO, NULL, NULL);

	must(pipe2(ends, O_NONBLOCK) == 0 && fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
	out_init(&o, ends[1], COLOR_AUTO);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	out_str(&o, text);
	out_breathe(&o);
	CHECK_INT(read(ends[0], text, 10), -1); /* too little to be worth a write */
	for (int i = 0; i < 20; i++)
		out_str(&o, text);
	out_breathe(&o);
	CHECK_INT(o.text.len, 0);
	CHECK_INT(read(ends[0], text, 10), 10);
	CHECK_INT(out_end(&o), 0);
	close(ends[0]);
	close(ends[1]);
}

TEST(reports_a_write_that_failed)
{
	int ends[2];
	struct out o;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	signal(SIGPIPE, SIG_IGN);
	must(pipe(ends) == 0);
	close(ends[0]);
	out_init(&o, ends[1], COLOR_AUTO);
	out_str(&o, "x");
	CHECK_INT(out_end(&o), -EPIPE);
	close(ends[1]);
	out_init(&o, full, COLOR_AUTO);
	out_str(&o, "x");
	CHECK_INT(out_end(&o), -ENOSPC);
	close(full);
}

TESTS(colours_nothing_in_a_pipe, knows_that_a_pipe_is_no_terminal, has_marks_without_utf8,
	escapes_foreign_text_and_links, styles_only_with_colour, streams_long_output,
	reports_a_write_that_failed)
