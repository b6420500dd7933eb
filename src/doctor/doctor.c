/*
 * doctor - see doctor.h.
 *
 * The two look-ups start first and run while the rest is gathered; their deadline is what bounds the
 * whole examination.
 */
#include "doctor/doctor.h"

#include "base/must.h"
#include "base/str.h"
#include "doctor/check.h"
#include "sys/links.h"
#include <sys/stat.h>

#define FINDINGS_MAX	100
#define DETAILS_MAX	64
#define INITIAL_USER_NS 0xEFFFFFFDu /* PROC_USER_INIT_INO, include/linux/proc_ns.h */

#define CHECK(name) extern const struct doctor_check doctor_##name;
#include "doctor/checks.def"
#undef CHECK

static const struct doctor_check *const checks[] = {
#define CHECK(name) &doctor_##name,
#include "doctor/checks.def"
#undef CHECK
};

static const struct field right_fields[] = {
	FIELD(struct right, name, FIELD_TEXT, "RIGHT", "the capability"),
	FIELD(struct right, seen, FIELD_BOOL, "SEEN", "loopscope has it now"),
	FIELD(struct right, adds, FIELD_TEXT, "ADDS", "what it shows or does"),
};

const struct record_type right_type = RECORD_TYPE("right", struct right, right_fields);

struct report {
	struct arena *arena;
	const struct doctor_check *check;
	VEC(struct finding) findings;
	/* of the last finding; moved to the arena when the next one begins */
	VEC(struct evidence) evidence;
	VEC(struct fix) fixes;
};

static void complete_finding(struct report *r)
{
	if (r->findings.count) {
		struct finding *f = &r->findings.items[r->findings.count - 1];
		f->evidence = arena_memdup(r->arena, r->evidence.items,
			r->evidence.count * sizeof(*r->evidence.items));
		f->evidence_count = r->evidence.count;
		f->fixes = arena_memdup(r->arena, r->fixes.items,
			r->fixes.count * sizeof(*r->fixes.items));
		f->fix_count = r->fixes.count;
	}
	r->evidence.count = 0;
	r->fixes.count = 0;
}

static char *print(struct arena *arena, const char *format, va_list args)
{
	AUTO(buf) struct buf text = BUF_INIT(4000);

	buf_vprintf(&text, format, args);
	return arena_strdup(arena, text.data);
}

void report_add(struct report *r, const char *id, enum severity severity, const char *format, ...)
{
	va_list args;

	complete_finding(r);
	struct finding *f = vec_push(&r->findings);
	must(f);
	va_start(args, format);
	*f = (struct finding){.id = id,
		.severity = (int)severity,
		.subject = r->check->subject,
		.sentence = print(r->arena, format, args)};
	va_end(args);
}

void report_evidence(struct report *r, const char *source, const char *format, ...)
{
	struct evidence *e = vec_push(&r->evidence);
	va_list args;

	must(r->findings.count);
	if (!e)
		return;
	va_start(args, format);
	*e = (struct evidence){source, print(r->arena, format, args)};
	va_end(args);
}

void report_fix(struct report *r, const char *text, const char *command)
{
	struct fix *f = vec_push(&r->fixes);

	must(r->findings.count);
	if (f)
		*f = (struct fix){text, command};
}

const char *exam_env(const struct exam *e, const char *name)
{
	size_t len = strlen(name);

	for (const char *const *v = e->query->environment; v && *v; v++)
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return (*v)[len + 1] ? *v + len + 1 : NULL;
	return NULL;
}

bool exam_has_address(const struct exam *e, const struct address *a)
{
	for (size_t i = 0; i < e->address_count; i++)
		if (e->addresses[i].up && address_eq(&e->addresses[i].address, a))
			return true;
	return false;
}

const char *exam_addresses(const struct exam *e, const struct address *list, size_t count)
{
	AUTO(buf) struct buf text = BUF_INIT(2000);

	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_str(&text, ", ");
		address_format(&text, &list[i]);
	}
	return arena_strdup(e->arena, text.data);
}

static uint64_t read_rights(void)
{
	static const enum caps_right rights[] = {CAPS_DAC_READ_SEARCH, CAPS_KILL, CAPS_NET_ADMIN,
		CAPS_NET_RAW, CAPS_SYS_PTRACE, CAPS_SYS_ADMIN, CAPS_PERFMON, CAPS_BPF};
	uint64_t bits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (caps_have(rights[i]))
			bits |= (uint64_t)1 << rights[i];
	return bits;
}

static void wait_for(struct lookup *l, unsigned deadline_ms, struct lookup_answer *out)
{
	if (l)
		lookup_wait(l, deadline_ms, out);
	else
		*out = (struct lookup_answer){.timed_out = true};
}

static void gather(struct exam *e)
{
	AUTO(lookup) struct lookup *localhost = lookup_start("localhost");
	AUTO(lookup) struct lookup *subdomain = lookup_start(DOCTOR_SUBDOMAIN);
	struct host_address *addresses = NULL;
	struct stat st;

	e->rights = read_rights();
	e->own_user_namespace = fstatat(e->host->proc, "self/ns/user", &st, 0) == 0 &&
		(uint32_t)st.st_ino != INITIAL_USER_NS;
	resolver_read(e->host, e->arena, &e->resolver);
	if (links_addresses(e->arena, &addresses, &e->address_count, NULL) == 0)
		e->addresses = addresses;
	wait_for(localhost, e->query->deadline_ms, &e->localhost);
	wait_for(subdomain, e->query->deadline_ms, &e->subdomain);
}

/* What is hidden, as blind spots: a note is always about something that cannot be seen. */
static void list_blind(struct doctor_report *report, struct arena *arena)
{
	struct blind_spot *blind = arena_array(arena, struct blind_spot, report->finding_count);

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *f = &report->findings[i];
		if (f->severity == SEVERITY_NOTE)
			blind[report->blind_count++] = (struct blind_spot){.what = f->sentence,
				.why = f->evidence_count ? f->evidence[0].text : NULL,
				.needs = f->fix_count ? f->fixes[0].command : NULL,
				.count = 1};
		report->attention_count += f->severity > SEVERITY_NOTE;
	}
	report->blind = blind;
}

static bool found(const struct doctor_report *report, const char *id)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (str_eq(report->findings[i].id, id))
			return true;
	return false;
}

static const char *make_answer(const struct exam *e, const struct doctor_report *report)
{
	size_t hidden = report->blind_count, attention = report->attention_count;
	const char *sees = "everything on this machine";
	AUTO(buf) struct buf text = BUF_INIT(400);

	if (found(report, "in-container"))
		sees = "what is inside this container";
	else if (hidden && exam_right(e, CAPS_SYS_PTRACE))
		sees = "nearly everything on this machine";
	else if (hidden && exam_right(e, CAPS_BPF) && exam_right(e, CAPS_PERFMON))
		sees = "every socket's owner";
	else if (hidden)
		sees = "your own processes";
	buf_printf(&text, "loopscope sees %s", sees);
	if (hidden)
		buf_printf(&text, "; %zu thing%s hidden", hidden, hidden == 1 ? " is" : "s are");
	if (attention)
		buf_printf(&text, "%s %zu%s need%s attention", hidden ? " and" : ";", attention,
			hidden			 ? ""
				: attention == 1 ? " thing"
						 : " things",
			attention == 1 ? "s" : "");
	buf_char(&text, '.');
	return arena_strdup(e->arena, text.data);
}

void exam_run(const struct exam *e, const struct doctor_check *const *list, size_t count,
	struct doctor_report *out)
{
	struct doctor_report made = {0};
	struct report report = {.arena = e->arena,
		.findings = VEC_INIT(FINDINGS_MAX),
		.evidence = VEC_INIT(DETAILS_MAX),
		.fixes = VEC_INIT(DETAILS_MAX)};

	for (size_t i = 0; i < count; i++) {
		report.check = list[i];
		list[i]->run(e, &report);
	}
	complete_finding(&report);
	made.findings = arena_memdup(e->arena, report.findings.items,
		report.findings.count * sizeof(*report.findings.items));
	made.finding_count = report.findings.count;
	made.rights = doctor_rights_table(e, &made.right_count);
	list_blind(&made, e->arena);
	made.answer = make_answer(e, &made);
	vec_fini(&report.findings);
	vec_fini(&report.evidence);
	vec_fini(&report.fixes);
	*out = made;
}

void doctor_run(const struct host *host, struct arena *arena, const struct doctor_query *query,
	struct doctor_report *out)
{
	struct exam exam = {.host = host, .arena = arena, .query = query};

	gather(&exam);
	exam_run(&exam, checks, ARRAY_SIZE(checks), out);
}
