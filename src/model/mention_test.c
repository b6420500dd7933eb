#include "base/fs.h"
#include "base/str.h"
#include "model/mention.h"
#include "unit.h"
#include <fcntl.h>

/* "127.0.0.1:3000", "[::1]:80", "*:3000", "localhost", "unix:/run/x", with blanks between. */
static void describe(const struct target *targets, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct target *t = &targets[i];
		bool brackets = t->address.family == AF_INET6 && t->has_port;
		buf_str(out, i ? " " : "");
		if (t->kind == TARGET_UNIX)
			buf_printf(out, "unix:%s", t->path);
		else if (t->kind == TARGET_PORT)
			buf_char(out, '*');
		else if (t->host)
			buf_str(out, t->host);
		buf_str(out, brackets ? "[" : "");
		if (t->address.family != AF_UNSPEC)
			address_format(out, &t->address);
		buf_str(out, brackets ? "]" : "");
		if (t->has_port)
			buf_printf(out, ":%u", t->port);
	}
	if (count == 0)
		buf_char(out, '-');
}

static void check_text(const char *text, size_t len, const char *want)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf b = BUF_INIT(8192);
	struct target targets[MENTION_MAX];

	describe(targets, mention_find(arena, text, len, targets, MENTION_MAX), &b);
	if (!str_eq(b.data, want))
		fprintf(stderr, "in the text:\n%.*s\n", (int)len, text);
	CHECK_STR(b.data, want);
}

/* Blocks of lines, each closed by "=> WHAT IT NAMES". */
TEST(finds_what_texts_name)
{
	AUTO(close) int dir = open(getenv("LOOPSCOPE_TESTS"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO(buf) struct buf file = BUF_INIT(1 << 20);
	AUTO(buf) struct buf text = BUF_INIT(1 << 16);
	size_t blocks = 0;

	CHECK_INT(fs_read_at(dir, "fixtures/mention/texts.txt", &file), 0);
	for (char *line = file.data, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		if (str_starts(line, "=> ")) {
			check_text(text.data, text.len ? text.len - 1 : 0, line + 3);
			buf_clear(&text);
			blocks++;
		} else if (line[0] != '#' && (line[0] || text.len)) {
			buf_printf(&text, "%s\n", line);
		}
	}
	CHECK(blocks > 100);
	CHECK_INT(text.len, 0);
}

TEST(fills_targets)
{
	static const char text[] = "see https://u:pw@localhost:8443/a?b=c, also 127.0.0.1:53/udp";
	AUTO(arena) struct arena *arena = arena_new();
	struct target t[2];

	CHECK_INT(mention_find(arena, text, strlen(text), t, 2), 2);
	CHECK_INT(t[0].kind, TARGET_URL);
	CHECK_STR(t[0].scheme, "https");
	CHECK_STR(t[0].path, "/a?b=c");
	CHECK_STR(t[0].text, "https://u:***@localhost:8443/a?b=c");
	CHECK_INT(t[1].kind, TARGET_ENDPOINT);
	CHECK_INT(t[1].proto, PROTO_UDP);
	CHECK_STR(t[1].text, "127.0.0.1:53");
}

TEST(keeps_limits)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf b = BUF_INIT(1 << 20);
	struct target t[MENTION_MAX + 1];

	for (int i = 1; i <= 100; i++)
		buf_printf(&b, "127.0.0.1:%d\n", i);
	CHECK_INT(mention_find(arena, b.data, b.len, t, MENTION_MAX + 1), MENTION_MAX);
	CHECK_INT(mention_find(arena, b.data, b.len, t, 3), 3);
	CHECK_INT(t[2].port, 3);
	CHECK_INT(mention_find(arena, b.data, b.len, t, 0), 0);
	CHECK_INT(mention_find(arena, b.data, 11, t, 1), 1); /* "127.0.0.1:1", no NUL behind it */
	CHECK_INT(mention_find(arena, "", 0, t, 1), 0);

	buf_clear(&b);
	buf_pad(&b, ' ', MENTION_TEXT_MAX);
	buf_str(&b, "127.0.0.1:80");
	CHECK_INT(mention_find(arena, b.data, b.len, t, 1), 0);
}

TESTS(finds_what_texts_name, fills_targets, keeps_limits)
