/* namespaces - other network namespaces (containers mostly), and whether they can be entered. */
#include "doctor/check.h"

#include "base/fs.h"
#include "base/text.h"
#include "sys/netns.h"

#define NAMED_MAX 5

static int nothing(void *ctx)
{
	(void)ctx;
	return 0;
}

static void name_namespace(const struct exam *e, struct report *r, const struct netns_ref *ref)
{
	char path[32], comm[64];
	AUTO(buf) struct buf shown = BUF_INIT(400);

	snprintf(path, sizeof(path), "%d/comm", ref->pid);
	if (fs_read_small(e->host->proc, path, comm, sizeof(comm)) > 0)
		text_escape(&shown, comm, strcspn(comm, "\n"));
	report_evidence(r, arena_printf(e->arena, "net:[%u]", ref->inode), "%s %d", shown.data,
		ref->pid);
}

/* One line about `others` namespaces, of which `open` can be entered. */
static void judge(const struct exam *e, struct report *r, size_t others, size_t open, bool unsure)
{
	size_t closed = others - open;

	if (closed)
		report_add(r, "namespaces-closed", SEVERITY_NOTE,
			"%zu other network namespace%s may not be looked into", closed,
			closed == 1 ? "" : "s");
	else if (unsure)
		report_add(r, "namespaces-unknown", SEVERITY_NOTE,
			"containers of other users would not be noticed");
	else if (others)
		report_add(r, "namespaces", SEVERITY_OK,
			"%zu other network namespace%s can be looked into", others,
			others == 1 ? "" : "s");
	else
		report_add(r, "namespaces", SEVERITY_OK, "there is no other network namespace");
	report_evidence(r, "/proc/self/ns/net", "net:[%u]", e->host->net_inode);
}

static void examine(const struct exam *e, struct report *r, const struct netns_list *list)
{
	size_t open = 0;
	bool all_rights = exam_right(e, CAPS_SYS_PTRACE);

	VEC_EACH (&list->v, ref)
		open += netns_run(e->host, ref->pid, nothing, NULL) == 0;
	judge(e, r, list->v.count, open, list->denied && !all_rights);
	if (list->denied)
		report_evidence(r, "/proc/PID/ns/net", "may not be read of %zu process%s",
			list->denied, list->denied == 1 ? "" : "es");
	for (size_t i = 0; i < MIN(list->v.count, (size_t)NAMED_MAX); i++)
		name_namespace(e, r, &list->v.items[i]);
	if (!exam_right(e, CAPS_SYS_ADMIN) || !all_rights)
		report_fix(r, "look with all rights, once", "sudo loopscope doctor");
}

static void run(const struct exam *e, struct report *r)
{
	struct netns_list list = {0};
	struct err err = {0};

	if (netns_list(e->host, &list, &err) < 0)
		report_add(r, "namespaces-unknown", SEVERITY_NOTE,
			"network namespaces cannot be listed");
	else
		examine(e, r, &list);
	vec_fini(&list.v);
}

const struct doctor_check doctor_namespaces = {
	.subject = "namespaces",
	.summary = "other network namespaces and containers, and whether they can be entered",
	.run = run,
};
