/* state - can loopscope keep what it must remember? Looks only: the folder is made when needed. */
#include "doctor/check.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char *shown(const struct exam *e, const char *path)
{
	AUTO(buf) struct buf brief = BUF_INIT(5000), safe = BUF_INIT(20000);

	fs_short_path(&brief, path, exam_env(e, "HOME"));
	text_escape(&safe, brief.data, brief.len);
	return arena_strdup(e->arena, safe.data);
}

static void unusable(const struct exam *e, struct report *r, const char *path, const char *why)
{
	report_add(r, "state-unusable", SEVERITY_LOW, "loopscope cannot remember anything here");
	report_evidence(r, "state", "%s: %s", shown(e, path), why);
	report_fix(r, "let HOME or XDG_STATE_HOME name a folder of your own", NULL);
}

static void run(const struct exam *e, struct report *r)
{
	AUTO(buf) struct buf path = BUF_INIT(4096);
	struct err err = {0};
	struct stat st;

	if (fs_state_path(&path, &err) < 0) {
		report_add(r, "state-unusable", SEVERITY_LOW,
			"loopscope cannot remember anything here");
		report_evidence(r, "state", "%s", err.text);
		report_fix(r, "let HOME or XDG_STATE_HOME name a folder of your own", NULL);
		return;
	}
	const char *whole = arena_strdup(e->arena, path.data);
	bool exists = stat(path.data, &st) == 0;
	if (exists && (st.st_uid != e->host->uid || (st.st_mode & 022))) {
		report_add(r, "state-open", SEVERITY_MEDIUM,
			"another user can write into loopscope's state folder");
		report_evidence(r, "state", "%s has mode %03o, user %u", shown(e, whole),
			st.st_mode & 0777, st.st_uid);
		report_fix(r, "close it", arena_printf(e->arena, "chmod 700 %s", shown(e, whole)));
		return;
	}
	/* the nearest folder that is there decides */
	while (!exists && strrchr(path.data, '/') > path.data) {
		*strrchr(path.data, '/') = '\0';
		exists = stat(path.data, &st) == 0;
		if (!exists && errno != ENOENT)
			break;
	}
	if (!exists || faccessat(AT_FDCWD, path.data, W_OK | X_OK, AT_EACCESS) < 0) {
		unusable(e, r, whole, strerror(exists ? errno : EACCES));
		return;
	}
	report_add(r, "state", SEVERITY_OK, "loopscope can remember things");
	report_evidence(r, "state", "%s", shown(e, whole));
}

const struct doctor_check doctor_state = {
	.subject = "state",
	.summary = "whether the state folder can be written, by you only",
	.run = run,
};
