/*
 * rights - which capabilities loopscope has, and what each one shows.
 *
 * A capability counts in the user namespace that gave it: root inside a container has them all and
 * still sees nothing of the machine outside, so that is said too.
 */
#include "doctor/check.h"

struct row {
	enum caps_right right;
	const char *adds;
};

static const struct row rows[] = {
	{CAPS_SYS_PTRACE, "shows what other users' processes hold"},
	{CAPS_DAC_READ_SEARCH, "the same, with CAP_SYS_PTRACE"},
	{CAPS_BPF, "finds all owners in one pass, with CAP_PERFMON"},
	{CAPS_PERFMON, "the same, with CAP_BPF"},
	{CAPS_SYS_ADMIN, "shows sockets in containers"},
	{CAPS_KILL, "stops other users' processes"},
};

const struct right *doctor_rights_table(const struct exam *e, size_t *out_count)
{
	struct right *table = arena_array(e->arena, struct right, ARRAY_SIZE(rows));

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		table[i] = (struct right){caps_name(rows[i].right), exam_right(e, rows[i].right),
			rows[i].adds};
	*out_count = ARRAY_SIZE(rows);
	return table;
}

/* "CAP_BPF, CAP_KILL": those we have */
static void say_seen(struct report *r, const struct right *table, size_t count)
{
	AUTO(buf) struct buf names = BUF_INIT(1000);

	for (size_t i = 0; i < count; i++)
		if (table[i].seen)
			buf_printf(&names, "%s%s", names.len ? ", " : "", table[i].name);
	if (names.len)
		report_evidence(r, "seen", "%s", names.data);
}

static void run(const struct exam *e, struct report *r)
{
	size_t count, missing = 0;
	const struct right *table = doctor_rights_table(e, &count);

	for (size_t i = 0; i < count; i++)
		missing += !table[i].seen;
	if (missing == 0 && e->own_user_namespace)
		report_add(r, "rights-of-container", SEVERITY_NOTE,
			"your rights end at this container, whatever user you are in it");
	else if (missing == 0)
		report_add(r, "rights", SEVERITY_OK, "you have all %zu rights that show more",
			count);
	else if (missing == count)
		report_add(r, "rights-missing", SEVERITY_NOTE,
			"you have none of the %zu rights that show more", count);
	else
		report_add(r, "rights-missing", SEVERITY_NOTE,
			"you lack %zu of the %zu rights that show more", missing, count);
	for (size_t i = 0; i < count; i++)
		if (!table[i].seen)
			report_evidence(r, table[i].name, "%s", table[i].adds);
	say_seen(r, table, count);
	if (e->own_user_namespace)
		report_evidence(r, "/proc/self/ns/user", "a user namespace of its own");
	if (missing)
		report_fix(r, "look with all rights, once", "sudo loopscope doctor");
	else if (e->own_user_namespace)
		report_fix(r, "run it on the machine itself, outside the container", NULL);
}

const struct doctor_check doctor_rights = {
	.subject = "rights",
	.summary = "which capabilities loopscope has, and what each one would show",
	.run = run,
};
