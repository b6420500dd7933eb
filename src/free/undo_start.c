/*
 * undo_start - starts a process again as it was: file, arguments, environment, folder, user, umask.
 *
 * What cannot come back is its terminal: it gets a session of its own, an empty input, and a file for
 * its output. Between fork and exec only async-signal-safe calls are made; what fails there travels
 * through a pipe that exec closes.
 */
#include "base/fs.h"
#include "base/str.h"
#include "free/undo.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LOGS_KEPT 20

extern char **environ;

enum step { STEP_SESSION, STEP_OUTPUT, STEP_FOLDER, STEP_USER, STEP_EXEC };

struct failure {
	int step, code;
};

/* "3000-node.log": a name that a person finds again, from foreign text. */
static void log_name(const struct undo *u, const struct undo_process *p, struct buf *out)
{
	const char *name = p->file ? str_basename(p->file) : "program";

	if (u->goal_count && u->goals[0].endpoint.port)
		buf_printf(out, "/%u-", u->goals[0].endpoint.port);
	else
		buf_str(out, "/");
	for (size_t i = 0; i < 60 && name[i]; i++) {
		bool plain = (name[i] >= 'a' && name[i] <= 'z') ||
			(name[i] >= 'A' && name[i] <= 'Z') || (name[i] >= '0' && name[i] <= '9') ||
			strchr("._-", name[i]);
		buf_char(out, plain ? name[i] : '_');
	}
	if (p > u->processes && u->process_count > 1) /* each has a file of its own */
		buf_printf(out, "-%d", (int)(p - u->processes) + 1);
	buf_str(out, ".log");
}

struct log_file {
	char name[256];
	struct timespec time;
};

static int by_time(const void *pa, const void *pb)
{
	const struct log_file *a = pa, *b = pb;

	if (a->time.tv_sec != b->time.tv_sec)
		return a->time.tv_sec < b->time.tv_sec ? -1 : 1;
	return (a->time.tv_nsec > b->time.tv_nsec) - (a->time.tv_nsec < b->time.tv_nsec);
}

static void prune_logs(const char *path)
{
	AUTO(closedir) DIR *dir = opendir(path);
	VEC(struct log_file) logs = VEC_INIT(10000);

	if (!dir)
		return;
	for (struct dirent *e; (e = readdir(dir));) {
		struct stat st;
		if (!str_ends(e->d_name, ".log") ||
			fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		struct log_file *log = vec_push(&logs);
		if (!log)
			break;
		str_copy(log->name, sizeof(log->name), e->d_name);
		log->time = st.st_mtim;
	}
	vec_sort(&logs, by_time);
	for (size_t i = 0; i + LOGS_KEPT < logs.count; i++)
		unlinkat(dirfd(dir), logs.items[i].name, 0);
	vec_fini(&logs);
}

static int open_log(const struct undo *u, const struct undo_process *p, struct buf *path,
	struct err *err)
{
	int r = fs_state_dir(path, err);

	if (r < 0)
		return r;
	buf_str(path, "/log");
	r = fs_mkdirs(path->data, 0700, err);
	if (r < 0)
		return r;
	prune_logs(path->data);
	log_name(u, p, path);
	int fd = open(path->data, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
		0600);
	return fd < 0 ? err_set(err, -errno, "cannot open '%s': %m", path->data) : fd;
}

static int become(const struct undo_process *p)
{
	if (p->uid == geteuid() && p->gid == getegid())
		return 0;
	if (setgroups(p->group_count, p->groups) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
		setresuid(p->uid, p->uid, p->uid) < 0)
		return -1;
	return 0;
}

static void reset_signals(void)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		sigaction(signo, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child(const struct undo_process *p, int log, int report)
{
	struct failure f = {.step = STEP_SESSION};
	int null;

	reset_signals();
	if (setsid() < 0)
		goto failed;
	f.step = STEP_OUTPUT;
	null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
		dup2(log, STDERR_FILENO) < 0)
		goto failed;
	if (null > STDERR_FILENO)
		close(null);
	f.step = STEP_USER;
	if (become(p) < 0)
		goto failed;
	f.step = STEP_FOLDER;
	if (chdir(p->cwd) < 0)
		goto failed;
	umask(p->umask);
	f.step = STEP_EXEC;
	execve(p->file, (char *const *)p->argv, p->env_known ? (char *const *)p->env : environ);
failed:
	f.code = errno;
	_exit(write(report, &f, sizeof(f)) == sizeof(f) ? 127 : 126);
}

static int explain(const struct undo_process *p, const struct failure *f, struct err *err)
{
	switch (f->step) {
	case STEP_FOLDER:
		return err_set(err, -f->code, "cannot start '%s': its folder '%s': %m", p->call,
			p->cwd);
	case STEP_USER:
		err_set(err, -EPERM, "cannot start '%s' as user %u: %s", p->call, p->uid,
			"only root may");
		err_fix(err, "sudo loopscope free --undo");
		return -EPERM;
	case STEP_EXEC:
		return err_set(err, -f->code, "cannot start '%s': '%s': %m", p->call, p->file);
	default:
		return err_set(err, -f->code, "cannot start '%s': %m", p->call);
	}
}

int undo_start(const struct undo *u, const struct undo_process *p, struct buf *log, pid_t *out_pid,
	struct err *err)
{
	AUTO(buf) struct buf path = BUF_INIT(4096);
	struct failure f;
	int ends[2];
	AUTO(close) int out = open_log(u, p, &path, err);

	if (out < 0)
		return out;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot start '%s': %m", p->call);
	AUTO(close) int in = ends[0], report = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_set(err, -errno, "cannot start '%s': %m", p->call);
	if (pid == 0)
		child(p, out, report);
	close(steal_fd(&report));
	ssize_t n;
	while ((n = read(in, &f, sizeof(f))) < 0 && errno == EINTR)
		;
	if (n == sizeof(f)) {
		waitpid(pid, NULL, 0);
		return explain(p, &f, err);
	}
	*out_pid = pid;
	buf_add(log, path.data, path.len);
	return 0;
}
