/*
 * diagnose_view_test - answers written by hand, as people see them: tests/golden/diagnose/NAME.txt.
 */
#include "cli/diagnose_view.h"

#include "base/json.h"
#include "base/must.h"
#include "cli/diagnose_report.h"
#include "golden.h"
#include "render/record.h"
#include "render/record_read.h"
#include <locale.h>

static const struct ladder_rung ladder[] = {
	{"name", RUNG_OK, "localhost → 127.0.0.1, ::1   (/etc/hosts line 1)"},
	{"route", RUNG_OK, "both are lo"},
	{"listener", RUNG_BAD, "[::1]:5000  python 5210 (flask)     127.0.0.1:5000  nobody"},
	{"filter", RUNG_NOT_SEEN, "the rules are hidden: they need root"},
	{"accept", RUNG_BAD, "::1 accepted in 0.1 ms; 127.0.0.1 refused (RST in 0.04 ms)"},
	{"http", RUNG_REMARK, "200 from [::1]:5000/health in 3 ms"},
};

static const struct evidence evidence[] = {
	{"sock_diag", "LISTEN [::1]:5000 pid 5210 (python3), none on 127.0.0.1:5000"},
	{"probe", "127.0.0.1 refused"},
	{"/proc/5210/cmdline", "flask run --host ::1 --port 5000 --with-threads --debug"},
};

static const struct fix fixes[] = {
	{"it was started with --host ::1",
		"flask run --host 127.0.0.1 --port 5000 --with-threads --debug"},
	{"call http://[::1]:5000/health", NULL},
};

static const struct fix next[] = {{"see the rules too", "sudo loopscope diagnose localhost:5000"}};

static const struct finding findings[] = {
	{.id = "listens-ipv6-only",
		.severity = SEVERITY_FAULT,
		.sentence = "The server listens on ::1 only; your client asked 127.0.0.1.",
		.certainty = "inferred",
		.evidence = evidence,
		.evidence_count = ARRAY_SIZE(evidence),
		.fixes = fixes,
		.fix_count = ARRAY_SIZE(fixes)},
	{.id = "nothing-listening",
		.severity = SEVERITY_FAULT,
		.sentence = "Nobody listens on 127.0.0.1:5000.",
		.certainty = "guessed"},
	{.id = "proxy-set",
		.severity = SEVERITY_NOTE,
		.sentence = "HTTP_PROXY is set, but NO_PROXY names localhost."},
};

static const char *const not_it[] = {"firewall", "proxy variables", "the app itself"};
static const struct blind_spot blind[] = {
	{"firewall rules", "they are root's", "sudo loopscope diagnose", 1}};

static const struct diagnosis fault = {.verdict = VERDICT_FAULT,
	.answer = "The server listens on ::1 only; your client asked 127.0.0.1.",
	.certainty = "inferred",
	.title = "http://localhost:5000/health",
	.findings = findings,
	.finding_count = ARRAY_SIZE(findings),
	.ladder = ladder,
	.ladder_count = ARRAY_SIZE(ladder),
	.not_it = not_it,
	.not_it_count = ARRAY_SIZE(not_it),
	.blind = blind,
	.blind_count = 1,
	.took_ns = 312345678,
	.talked = 4};

static const struct diagnosis healthy = {.verdict = VERDICT_HEALTHY,
	.answer = "http://localhost:5000/health answers 200 in 3 ms.",
	.seat = "browser",
	.ladder = ladder,
	.ladder_count = 2};

static const struct diagnosis unknown = {.verdict = VERDICT_INCONCLUSIVE,
	.answer = "Nothing answered on 127.0.0.1:5000 in time, and why cannot be seen.",
	.why = "needs root: firewall rules",
	.seat = "container:web",
	.ladder = ladder,
	.ladder_count = 4,
	.next = next,
	.next_count = 1,
	.blind = blind,
	.blind_count = 1};

enum shape { ONE_FAULT, ONE_HEALTHY, ONE_UNKNOWN, SEATS };

static void check(const char *name, enum shape shape, unsigned columns, bool utf8, bool wide)
{
	struct out out = {.fd = -1, .columns = columns, .utf8 = utf8, .tty = columns > 0};
	const struct diagnose_view view = {.out = &out, .wide = wide};
	const struct diagnosis *const seats[] = {&fault, &healthy, &unknown};
	const struct diagnosis *const list[] = {&fault, &healthy, &unknown};
	AUTO(buf) struct buf path = BUF_INIT(200);

	setlocale(LC_CTYPE, "C.UTF-8");
	buf_init(&out.text, 1 << 20);
	if (shape == SEATS)
		diagnose_view_seats(&view, seats, ARRAY_SIZE(seats));
	else
		diagnose_view(&view, list[shape]);
	buf_printf(&path, "diagnose/%s.txt", name);
	CHECK_GOLDEN(path.data, out.text.data);
	CHECK(!strstr(out.text.data, " \n"));
	buf_fini(&out.text);
}

TEST(shows_a_fault)
{
	check("fault-80", ONE_FAULT, 80, true, false);
	check("fault-60", ONE_FAULT, 60, true, false);
	check("fault-pipe", ONE_FAULT, 0, true, false);
	check("fault-ascii", ONE_FAULT, 80, false, false);
	check("fault-wide", ONE_FAULT, 100, true, true);
}

TEST(is_brief_when_all_is_well)
{
	check("healthy-80", ONE_HEALTHY, 80, true, false);
	check("healthy-wide", ONE_HEALTHY, 80, true, true);
}

TEST(says_what_is_missing)
{
	check("inconclusive-80", ONE_UNKNOWN, 80, true, false);
	check("inconclusive-60", ONE_UNKNOWN, 60, true, false);
}

TEST(shows_seats)
{
	check("seats-120", SEATS, 120, true, false);
	check("seats-80", SEATS, 80, true, false);
	check("seats-pipe", SEATS, 0, true, false);
}

/* What a seat's process hands back is the same answer. */
TEST(survives_the_way_back)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	AUTO(buf) struct buf again = BUF_INIT(1 << 20);
	struct diagnosis got;
	struct json_doc doc;
	struct json j;

	json_init(&j, &text, JSON_PRETTY);
	record_json(&j, NULL, &diagnosis_type, &fault);
	CHECK_GOLDEN("diagnose/fault.json", text.data);
	CHECK_INT(json_parse(arena, text.data, text.len, &doc, NULL), 0);
	CHECK_INT(record_read(arena, &diagnosis_type, doc.values, &got, NULL), 0);
	got.took_ns = fault.took_ns;
	json_init(&j, &again, JSON_PRETTY);
	record_json(&j, NULL, &diagnosis_type, &got);
	CHECK_STR(again.data, text.data);
}

/* Whatever a process calls itself, it cannot write on the page. */
TEST(writes_a_page_that_runs_nothing)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf page = BUF_INIT(1 << 20);
	struct cli cli = {.arena = arena};
	struct ask ask = {.cli = &cli};
	struct diagnosis hostile = fault;
	const struct diagnosis *const list[] = {&hostile, &healthy};
	struct err err;

	hostile.answer = "<script>alert(1)</script> & \"x\" 'y' \x1b[31m postgres://u:p4ss@h/";
	hostile.title = "</title><img src=x onerror=alert(1)>";
	must(host_open(NULL, &ask.host, &err) == 0);
	diagnose_report(&page, &ask.host, &ask, list, 2);
	host_close(&ask.host);
	CHECK(!strstr(page.data, "<script") && !strstr(page.data, "<img"));
	CHECK(!strchr(page.data, 0x1b) && !strstr(page.data, "p4ss"));
	CHECK(strstr(page.data,
		"&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot; &#39;y&#39;"));
	CHECK(strstr(page.data, "default-src 'none'"));
}

TESTS(shows_a_fault, is_brief_when_all_is_well, says_what_is_missing, shows_seats,
	survives_the_way_back, writes_a_page_that_runs_nothing)
