/* explain_cause - see explain_cause.h. */
#include "cli/explain_cause.h"

#include "base/str.h"
#include "render/prose.h"
#include "render/record.h"

#define LABEL_WIDTH 9

static void row(struct out *out, const char *name, const char *text)
{
	if (!text)
		return;
	out_str(out, "  ");
	out_styled(out, STYLE_DIM, name);
	buf_pad(&out->text, ' ', LABEL_WIDTH + 2 - strlen(name));
	prose_paragraph(out, text, LABEL_WIDTH + 4);
}

static const char *rights_text(const struct cause *cause)
{
	if (!cause->needs)
		return "an ordinary user can see it";
	if (str_eq(cause->needs, "root"))
		return "it takes root to prove it; without, loopscope infers it or says that it cannot";
	return "an ordinary user can see it for own processes; for those of others it is inferred";
}

int explain_cause(struct cli *cli, const struct cause *cause)
{
	struct out *out = &cli->out;
	AUTO(buf) struct buf title = BUF_INIT(1000);
	struct json j;

	if (cli->format != FORMAT_TEXT) {
		cli_json_begin(cli, &j);
		record_json(&j, "cause", &cause_type, cause);
		cli_json_end(cli, &j);
		return EXIT_YES;
	}
	out_style(out, STYLE_ANSWER);
	buf_printf(&title, "%s: %s.", cause->id, cause->title);
	prose_paragraph(out, title.data, 0);
	out_plain(out);
	out_str(out, "\n");
	row(out, "You see", cause->shows);
	row(out, "Because", cause->why);
	row(out, "Fix", cause->fix);
	row(out, "Not it", cause->not );
	row(out, "Rights", rights_text(cause));
	row(out, "Kind", cause->group);
	row(out, "More", cause->more);
	row(out, "Next", "loopscope diagnose HOST:PORT");
	return EXIT_YES;
}
