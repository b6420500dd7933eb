#include "cli/manual.h"
#include "unit.h"

static const char *escaped(struct buf *b, const char *text, bool at_start)
{
	buf_clear(b);
	manual_escape(b, text, at_start);
	return b->data;
}

TEST(escapes_what_roff_would_take)
{
	AUTO(buf) struct buf b = BUF_INIT(1000);

	CHECK_STR(escaped(&b, "--all", false), "\\-\\-all");
	CHECK_STR(escaped(&b, ".x y.z", true), "\\&.x y.z");
	CHECK_STR(escaped(&b, ".x", false), ".x");
	CHECK_STR(escaped(&b, "a\n.b", true), "a\n\\&.b");
	CHECK_STR(escaped(&b, "'it's'", true), "\\(aqit\\(aqs\\(aq");
	CHECK_STR(escaped(&b, "a\\b ~/x `y` ^z", true), "a\\eb \\(ti/x \\(gay\\(ga \\(haz");
	CHECK_STR(escaped(&b, "TARGET… 🙂", true), "TARGET\\[u2026] \\[u1F642]");
}

TEST(pages_never_hold_an_unknown_request)
{
	static const struct option_row options[] = {
		{.name = "odd",
			.kind = OPTION_TEXT,
			.argument = "'A\\B",
			.help = ".SH is no request"},
	};
	static const struct example examples[] = {{"odd '.x'", "'quoted' at the start"}};
	static const struct command odd = {
		.name = "odd",
		.arguments = ".ARG…",
		.summary = "'odd' \"words\"",
		.about = ".first\n\n'second'\n\n  $ sample\n  .third\nend",
		.options = options,
		.option_count = 1,
		.examples = examples,
		.example_count = 1,
	};
	static const char *const requests[] = {".SH ", ".TH ", ".TP\n", ".PP\n", ".nf\n", ".fi\n",
		".B ", ".BR "};
	AUTO(buf) struct buf b = BUF_INIT(1 << 20);

	manual_write(&b, &odd);
	for (const char *p = b.data; *p; p += strcspn(p, "\n") + 1) {
		bool known = *p != '.' && *p != '\'';
		for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
			known = known || strncmp(p, requests[i], strlen(requests[i])) == 0;
		if (!known)
			fprintf(stderr, "%.40s\n", p);
		CHECK(known);
	}
	CHECK(strstr(b.data, ".PP\n.nf\n  $ sample\n  .third\n.fi\nend\n"));
}

TESTS(escapes_what_roff_would_take, pages_never_hold_an_unknown_request)
