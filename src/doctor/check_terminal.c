/* terminal - what the answers may look like here: marks, colours, width. Never a fault. */
#include "doctor/check.h"

#include "base/text.h"

static void say_variable(const struct exam *e, struct report *r, const char *name)
{
	const char *value = exam_env(e, name);
	AUTO(buf) struct buf shown = BUF_INIT(400);

	if (value)
		text_escape(&shown, value, strlen(value));
	if (value)
		report_evidence(r, name, "%s", shown.data);
}

static void run(const struct exam *e, struct report *r)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG", "TERM", "NO_COLOR",
		"FORCE_COLOR", "CLICOLOR_FORCE", "ACCESSIBLE"};
	const struct doctor_terminal *t = &e->query->terminal;

	if (!t->tty)
		report_add(r, "terminal", SEVERITY_OK, "the answer goes to a file or a pipe: %s%s",
			t->utf8 ? "UTF-8" : "ASCII", t->color ? ", coloured" : ", no colours");
	else
		report_add(r, "terminal", SEVERITY_OK, "the terminal shows %s and %s, %u columns",
			t->utf8 ? "UTF-8" : "ASCII", t->color ? "colours" : "no colours",
			t->columns);
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		say_variable(e, r, variables[i]);
	if (!t->utf8)
		report_fix(r, "show real marks", "export LC_ALL=C.UTF-8");
}

const struct doctor_check doctor_terminal = {
	.subject = "terminal",
	.summary = "whether marks, colours and the width are known",
	.run = run,
};
