/*
 * out - see out.h.
 *
 * The 16-colour codes below are readable on light and dark grounds; a word or mark always says the
 * same thing. Links: OSC 8, https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda
 */
#include "render/out.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#define STREAM_AT (64u << 10)
#define HOLD_MAX  (64u << 20)

static bool set_env(const char *name)
{
	return !str_empty(getenv(name));
}

static bool forced(void)
{
	const char *a = getenv("FORCE_COLOR"), *b = getenv("CLICOLOR_FORCE");

	return (!str_empty(a) && !str_eq(a, "0")) || (!str_empty(b) && !str_eq(b, "0"));
}

static bool want_color(enum color_choice choice, bool tty)
{
	const char *term = getenv("TERM");

	if (choice != COLOR_AUTO)
		return choice == COLOR_ALWAYS;
	if (set_env("NO_COLOR"))
		return false;
	if (forced())
		return true;
	return tty && !str_empty(term) && !str_eq(term, "dumb");
}

void out_init(struct out *o, int fd, enum color_choice choice)
{
	struct winsize size;
	uint64_t columns;

	*o = (struct out){.fd = fd, .tty = isatty(fd)};
	buf_init(&o->text, HOLD_MAX);
	o->color = want_color(choice, o->tty);
	o->utf8 = str_eq(nl_langinfo(CODESET), "UTF-8") && !set_env("ACCESSIBLE");
	o->links = o->tty && o->color && !set_env("ACCESSIBLE");
	if (!o->tty)
		return;
	o->columns = 80;
	o->rows = 24;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col) {
		o->columns = size.ws_col;
		o->rows = size.ws_row;
	} else if (set_env("COLUMNS") && str_u64(getenv("COLUMNS"), 10000, &columns) && columns) {
		o->columns = (unsigned)columns;
	}
	o->page = true;
}

void out_flush(struct out *o)
{
	if (!o->error)
		o->error = fs_write_all(o->fd, o->text.data, o->text.len);
	buf_clear(&o->text);
}

void out_breathe(struct out *o)
{
	if (o->text.len >= (o->page ? HOLD_MAX / 2 : STREAM_AT)) {
		o->page = false;
		out_flush(o);
	}
}

static bool overflows(const struct out *o)
{
	unsigned lines = 0;

	for (size_t i = 0; i < o->text.len; i++)
		lines += o->text.data[i] == '\n';
	return lines >= o->rows;
}

/* Writes through the pager; false when it could not be started. */
static bool page(struct out *o)
{
	const char *pager = getenv("LOOPSCOPE_PAGER");
	int ends[2];

	if (!pager)
		pager = getenv("PAGER");
	if (!pager)
		pager = "less";
	if (str_empty(pager) || str_eq(pager, "cat") || pipe(ends) < 0)
		return false;
	pid_t child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	if (child == 0) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		setenv("LESS", "FRX", 0);
		execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
		_exit(127);
	}
	close(ends[0]);
	int status = 0, r = fs_write_all(ends[1], o->text.data, o->text.len);
	close(ends[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0 && r != -EPIPE)
		o->error = r;
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}

int out_end(struct out *o)
{
	if (o->page && overflows(o) && page(o))
		buf_clear(&o->text);
	out_flush(o);
	buf_fini(&o->text);
	return o->error;
}

void out_str(struct out *o, const char *s)
{
	buf_str(&o->text, s);
}

void out_printf(struct out *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(&o->text, format, args);
	va_end(args);
}

void out_foreign(struct out *o, const char *s)
{
	if (s)
		text_escape(&o->text, s, strlen(s));
}

void out_style(struct out *o, enum style s)
{
	static const char *const codes[STYLE_COUNT] = {
		[STYLE_ANSWER] = "\x1b[1m",
		[STYLE_DIM] = "\x1b[2m",
		[STYLE_GOOD] = "\x1b[32m",
		[STYLE_WARN] = "\x1b[33m",
		[STYLE_BAD] = "\x1b[31m",
	};

	if (!o->color)
		return;
	out_str(o, codes[s]);
	o->style_code = codes[s];
}

void out_plain(struct out *o)
{
	if (o->color)
		out_str(o, "\x1b[0m");
	o->style_code = NULL;
}

void out_styled(struct out *o, enum style s, const char *text)
{
	out_style(o, s);
	out_str(o, text);
	out_plain(o);
}

const char *out_mark(const struct out *o, enum mark m)
{
	static const char *const utf8[MARK_COUNT] = {"✓", "!", "✗", "·", "?", "›"};
	static const char *const ascii[MARK_COUNT] = {"ok", "!", "x", "-", "?", ">"};

	return (o->utf8 ? utf8 : ascii)[m];
}

void out_link(struct out *o, const char *url, const char *text)
{
	if (!o->links) {
		out_foreign(o, text);
		return;
	}
	out_str(o, "\x1b]8;;");
	out_foreign(o, url);
	out_str(o, "\x1b\\");
	out_foreign(o, text);
	out_str(o, "\x1b]8;;\x1b\\");
}
