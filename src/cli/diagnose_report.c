/*
 * diagnose_report - see diagnose_report.h.
 *
 * Every text goes through put(), which redacts and then escapes it; literal HTML goes through html().
 * The page asks for nothing: its policy forbids it, too. Colours are those of the console.
 */
#include "cli/diagnose_report.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/diagnose_view.h"
#include "cli/redact.h"
#include <sys/utsname.h>

struct report {
	struct buf *page;
	struct redact redact;
	const struct ask *ask;
	const struct host *host;
	const struct diagnosis *const *list;
	size_t count;
};

static const char style[] =
	":root{color-scheme:light dark;--paper:#fbfbf9;--sunken:#f3f4f1;--line:#e5e6e1;"
	"--firm:#cfd1ca;--ink:#191c1e;--ink2:#51565a;--ink3:#666b6f;--trace:#0a6a6f;"
	"--fault:#ab2317;--faultmark:#cf3526;--wash:#fcefec;--warn:#815000;--ok:#15888a}"
	"@media(prefers-color-scheme:dark){:root{--paper:#101315;--sunken:#0b0e0f;--line:#23282c;"
	"--firm:#363d42;--ink:#e8eaeb;--ink2:#a7aeb3;--ink3:#8c949a;--trace:#63c9bf;"
	"--fault:#ff9184;--faultmark:#f2695a;--wash:#241614;--warn:#edb75c;--ok:#4fb5ac}}"
	"*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);"
	"font:400 .9375rem/1.45 system-ui,sans-serif}"
	"main{max-width:64rem;margin:0 auto;padding:1.5rem 1.5rem 4rem}"
	".brand{display:flex;gap:.5rem;align-items:center;color:var(--ink2);font-weight:600}"
	".brand svg{width:1.125rem;fill:none;stroke:var(--ok);stroke-width:4;stroke-linecap:round}"
	".brand .dot{fill:var(--ok);stroke:none}.brand time{margin-left:auto;font-weight:400;"
	"color:var(--ink3);font-size:.8125rem}"
	"h1{font-size:1.625rem;line-height:1.25;font-weight:600;margin:2rem 0 .5rem;"
	"text-wrap:balance}h2{font-size:.9375rem;font-weight:600;margin:2rem 0 .5rem}"
	".fault h1::before,.healthy h1::before,.inconclusive h1::before{margin-right:.5rem}"
	".fault h1::before{content:\"\\2717\";color:var(--faultmark)}"
	".healthy h1::before{content:\"\\2713\";color:var(--ok)}"
	".inconclusive h1::before{content:\"?\";color:var(--warn)}"
	"code,.mono{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.94em;"
	"overflow-wrap:anywhere}p{margin:.25rem 0}.soft{color:var(--ink2)}"
	"pre{background:var(--sunken);border:1px solid var(--line);border-radius:.375rem;"
	"padding:.625rem .75rem;margin:.375rem 0 .75rem;overflow-x:auto}"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;vertical-align:top;padding:.4375rem .75rem .4375rem 0;"
	"border-bottom:1px solid var(--line);font-weight:400}"
	"thead th{border-color:var(--firm);color:var(--ink3);font-size:.8125rem}"
	"tbody th{color:var(--ink2);width:7rem;white-space:nowrap}"
	"td{overflow-wrap:anywhere;min-width:9rem}"
	".ok .m{color:var(--ok)}.bad .m,.bad .t{color:var(--fault)}.bad{background:var(--wash)}"
	".remark .m{color:var(--warn)}.unknown .m,.unknown .t{color:var(--ink3)}"
	".m{flex:0 0 1.375rem;font-weight:600}.t{white-space:pre-wrap}td.bad{padding-left:.375rem}.cell{display:flex}"
	"ul{padding-left:1.125rem;margin:.25rem 0}.note{margin-top:2.5rem;padding-top:1rem;"
	"border-top:1px solid var(--line);color:var(--ink2);font-size:.8125rem}"
	"@media(max-width:40rem){main{padding:1rem}h1{font-size:1.25rem}tbody th{width:auto}}";

static void html(struct report *r, const char *text)
{
	buf_str(r->page, text);
}

/* Foreign text: redacted, controls escaped, then as HTML. */
static void put(struct report *r, const char *text)
{
	AUTO(buf) struct buf shown = BUF_INIT(256u << 10);
	AUTO(buf) struct buf plain = BUF_INIT(256u << 10);

	redact_text(&r->redact, &shown, text);
	text_escape(&plain, shown.data, shown.len);
	for (const char *s = plain.data; *s; s++) {
		switch (*s) {
		case '&':
			html(r, "&amp;");
			break;
		case '<':
			html(r, "&lt;");
			break;
		case '>':
			html(r, "&gt;");
			break;
		case '"':
			html(r, "&quot;");
			break;
		case '\'':
			html(r, "&#39;");
			break;
		default:
			buf_char(r->page, *s);
		}
	}
}

static void element(struct report *r, const char *open, const char *text, const char *close)
{
	if (str_empty(text))
		return;
	html(r, open);
	put(r, text);
	html(r, close);
}

static void head(struct report *r)
{
	AUTO(buf) struct buf now = BUF_INIT(64);

	clock_iso(&now, clock_real_ms());
	html(r,
		"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	html(r, "Diagnosis");
	element(r, " of ", r->list[0]->title, "");
	html(r, " · loopscope</title>\n<style>");
	html(r, style);
	html(r,
		"</style>\n</head>\n<body>\n<main>\n<p class=\"brand\">"
		"<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\">"
		"<path d=\"M27 19.5A11.5 11.5 0 1 1 27 12.5\"/>"
		"<circle class=\"dot\" cx=\"16\" cy=\"16\" r=\"4\"/></svg>"
		"<span>loopscope</span><time>");
	html(r, now.data);
	html(r, "</time></p>\n");
}

static void fixes(struct report *r, const struct fix *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* the label says "or" already */
		const char *rest = str_empty(list[i].text) ? NULL : str_after(list[i].text, "or ");
		element(r, i ? "<p>Or: " : "<p>", rest ? rest : list[i].text, "</p>\n");
		element(r, "<pre><code>", list[i].command, "</code></pre>\n");
	}
}

static void evidence(struct report *r, const struct finding *f)
{
	if (!f->evidence_count)
		return;
	html(r, "<div class=\"scroll\"><table><tbody>\n");
	for (size_t i = 0; i < f->evidence_count; i++) {
		html(r, "<tr><th scope=\"row\" class=\"mono\">");
		put(r, f->evidence[i].source);
		html(r, "</th><td>");
		put(r, f->evidence[i].text);
		html(r, "</td></tr>\n");
	}
	html(r, "</tbody></table></div>\n");
}

static const struct finding *cause_of(const struct diagnosis *d)
{
	return d->verdict == VERDICT_FAULT && d->finding_count && !diagnose_is_note(&d->findings[0])
		? &d->findings[0]
		: NULL;
}

static void verdict(struct report *r, const struct diagnosis *d)
{
	const struct finding *f = cause_of(d);
	const char *word = diagnose_certainty_word(d->certainty);

	html(r, "<section class=\"");
	html(r, verdict_name(d->verdict));
	html(r, "\">\n<h1>");
	put(r, d->answer);
	html(r, "</h1>\n<p class=\"soft\">");
	if (d->seat || r->count > 1)
		element(r, "Seen from ", d->seat ? d->seat : "here", ". ");
	if (word)
		element(r, "<b>", word, "</b> ");
	if (f)
		element(r, "<code>", f->id, "</code>");
	html(r, "</p>\n");
	element(r, "<p class=\"soft\">Missing: ", d->why, "</p>\n");
	if (f && f->fix_count) {
		html(r, "<h2>Do this</h2>\n");
		fixes(r, f->fixes, f->fix_count);
	} else if (d->next_count) {
		html(r, "<h2>Next</h2>\n");
		fixes(r, d->next, d->next_count);
	}
	html(r, "</section>\n");
}

static void rung_cell(struct report *r, const struct diagnosis *d, const char *name)
{
	static const char *const marks[] = {"✓", "✗", "?", "!"};
	static const char *const words[] = {"fine", "broken", "not seen", "remark"};

	for (size_t i = 0; i < d->ladder_count; i++) {
		const struct ladder_rung *rung = &d->ladder[i];
		if (!str_eq(rung->name, name))
			continue;
		buf_printf(r->page,
			"<td class=\"%s\"><div class=\"cell\"><span class=\"m\" "
			"role=\"img\" aria-label=\"%s\">%s</span><span class=\"t\">",
			rung_state_name(rung->state), words[rung->state], marks[rung->state]);
		put(r, rung->text);
		html(r, "</span></div></td>");
		return;
	}
	html(r, "<td></td>");
}

static bool named_before(const struct report *r, size_t n, size_t i)
{
	const char *name = r->list[n]->ladder[i].name;

	for (size_t m = 0; m <= n; m++)
		for (size_t k = 0; k < (m == n ? i : r->list[m]->ladder_count); k++)
			if (str_eq(r->list[m]->ladder[k].name, name))
				return true;
	return false;
}

static void ladders(struct report *r)
{
	bool any = false;

	for (size_t n = 0; n < r->count; n++)
		any = any || r->list[n]->ladder_count;
	if (!any)
		return;
	html(r, "<section>\n<h2>The ladder</h2>\n<div class=\"scroll\"><table>\n");
	if (r->count > 1) {
		html(r, "<thead><tr><th></th>");
		for (size_t n = 0; n < r->count; n++)
			element(r, "<th scope=\"col\">",
				r->list[n]->seat ? r->list[n]->seat : "here", "</th>");
		html(r, "</tr></thead>\n");
	}
	html(r, "<tbody>\n");
	for (size_t n = 0; n < r->count; n++) {
		for (size_t i = 0; i < r->list[n]->ladder_count; i++) {
			if (named_before(r, n, i))
				continue;
			element(r, "<tr><th scope=\"row\">", r->list[n]->ladder[i].name, "</th>");
			for (size_t m = 0; m < r->count; m++)
				rung_cell(r, r->list[m], r->list[n]->ladder[i].name);
			html(r, "</tr>\n");
		}
	}
	html(r, "</tbody></table></div>\n</section>\n");
}

static void findings(struct report *r, const struct diagnosis *d)
{
	for (size_t i = 0; i < d->finding_count; i++) {
		const struct finding *f = &d->findings[i];
		const char *word = diagnose_certainty_word(f->certainty);
		if (!f->evidence_count && f == cause_of(d))
			continue;
		html(r, "<section>\n<h2>");
		html(r,
			f == cause_of(d)	      ? "What shows it"
				: diagnose_is_note(f) ? "Remark"
						      : "Also possible");
		html(r, "</h2>\n");
		if (f != cause_of(d)) {
			html(r, "<p>");
			put(r, f->sentence);
			html(r, " <span class=\"soft\">");
			element(r, "", diagnose_is_note(f) ? NULL : word, " ");
			element(r, "<code>", f->id, "</code>");
			html(r, "</span></p>\n");
		}
		evidence(r, f);
		if (f != cause_of(d))
			fixes(r, f->fixes, f->fix_count);
		html(r, "</section>\n");
	}
}

static void lists(struct report *r, const struct diagnosis *d)
{
	AUTO(buf) struct buf not_it = BUF_INIT(4000);

	diagnose_not_it(&not_it, d);
	if (not_it.len) {
		html(r, "<section>\n<h2>Not it</h2>\n<p>");
		put(r, not_it.data);
		html(r, "</p>\n</section>\n");
	}
	if (!d->blind_count)
		return;
	html(r, "<section>\n<h2>Could not see</h2>\n<ul>\n");
	for (size_t i = 0; i < d->blind_count; i++) {
		element(r, "<li>", d->blind[i].what, "");
		element(r, ": ", d->blind[i].why, "");
		element(r, " <span class=\"soft\">(", d->blind[i].needs, ")</span>");
		html(r, "</li>\n");
	}
	html(r, "</ul>\n</section>\n");
}

static void command(struct report *r)
{
	const struct attempt_run *run = &r->ask->attempt;

	if (!r->ask->has_attempt)
		return;
	html(r, "<section>\n<h2>The command</h2>\n");
	element(r, "<pre><code>", r->ask->named, "</code></pre>\n");
	if (run->attempt_count)
		html(r, "<div class=\"scroll\"><table><tbody>\n");
	for (size_t i = 0; i < run->attempt_count; i++) {
		AUTO(buf) struct buf text = BUF_INIT(4096);
		static const char *const kinds[] = {"connect", "bind", "listen"};
		endpoint_format(&text, &run->attempts[i].endpoint);
		element(r, "<tr><th scope=\"row\">", kinds[run->attempts[i].kind], "</th>");
		element(r, "<td class=\"mono\">", text.data, "</td>");
		element(r, "<td>",
			run->attempts[i].error ? strerrorname_np(run->attempts[i].error) : "worked",
			"</td>");
		html(r, "</tr>\n");
	}
	if (run->attempt_count)
		html(r, "</tbody></table></div>\n");
	html(r, "</section>\n");
}

static void fact(struct report *r, const char *name, const char *text)
{
	if (str_empty(text))
		return;
	element(r, "<tr><th scope=\"row\">", name, "</th>");
	element(r, "<td>", text, "</td></tr>\n");
}

/* PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" */
static void distribution(struct report *r)
{
	AUTO(buf) struct buf text = BUF_INIT(16u << 10);

	if (fs_read_regular_at(r->host->root, "etc/os-release", &text) < 0)
		return;
	char *line = strstr(text.data, "PRETTY_NAME=");
	if (!line || (line != text.data && line[-1] != '\n'))
		return;
	line += strlen("PRETTY_NAME=");
	line[strcspn(line, "\n")] = '\0';
	size_t len = strlen(line);
	if (len >= 2 && *line == '"' && line[len - 1] == '"') {
		line[len - 1] = '\0';
		line++;
	}
	fact(r, "System", line);
}

static void machine(struct report *r)
{
	AUTO(buf) struct buf text = BUF_INIT(400);
	struct utsname u;

	html(r, "<section>\n<h2>The machine</h2>\n<table><tbody>\n");
	distribution(r);
	if (uname(&u) == 0) {
		buf_printf(&text, "%s %s, %s", u.sysname, u.release, u.machine);
		fact(r, "Kernel", text.data);
	}
	fact(r, "Rights", geteuid() == 0 ? "root" : "an ordinary user");
	buf_clear(&text);
	for (size_t n = 0; n < r->count; n++)
		buf_printf(&text, "%s%s", n ? ", " : "",
			r->list[n]->seat ? r->list[n]->seat : "here");
	fact(r, "Seen from", text.data);
	buf_clear(&text);
	clock_duration(&text, r->list[0]->took_ns);
	buf_printf(&text, ", %llu connection%s", (unsigned long long)r->list[0]->talked,
		r->list[0]->talked == 1 ? "" : "s");
	fact(r, "Looked", text.data);
	fact(r, "loopscope", LOOPSCOPE_VERSION);
	html(r, "</tbody></table>\n</section>\n");
}

static void redactions(struct report *r)
{
	bool any = false;

	html(r, "<p class=\"note\">");
	for (int k = 0; k < REDACT_COUNT; k++) {
		if (!r->redact.counts[k])
			continue;
		html(r, any ? ", " : "Replaced on this page: ");
		html(r, redact_kind_text(k));
		buf_printf(r->page, " (%llu)", (unsigned long long)r->redact.counts[k]);
		any = true;
	}
	html(r, any ? ". " : "Nothing had to be replaced on this page. ");
	html(r,
		"Ports, program names and addresses are as they were. Read it before you send it: "
		"nobody can know every secret. The page loads nothing and sends nothing.</p>\n");
}

void diagnose_report(struct buf *page, const struct host *host, const struct ask *ask,
	const struct diagnosis *const *list, size_t count)
{
	struct report r = {.page = page, .ask = ask, .host = host, .list = list, .count = count};

	redact_init(&r.redact, ask->cli->arena, host);
	head(&r);
	for (size_t n = 0; n < count; n++)
		verdict(&r, list[n]);
	ladders(&r);
	for (size_t n = 0; n < count; n++) {
		findings(&r, list[n]);
		lists(&r, list[n]);
	}
	command(&r);
	machine(&r);
	redactions(&r);
	html(&r, "</main>\n</body>\n</html>\n");
}
