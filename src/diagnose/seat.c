/*
 * seat - see seat.h.
 *
 * Order matters in the child: descriptors of the other process are opened through this machine's /proc
 * first, then setns(2) for the network and the mounts, then its root. After that absolute paths are the
 * other side's, host.root is its root, and host.proc still lists this machine's processes.
 */
#include "diagnose/seat.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "inventory/containers.h"
#include "render/record.h"
#include "render/record_read.h"
#include "sys/cgroup.h"
#include "sys/procfs.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ANSWER_MAX    (8u << 20)
#define VARIABLES_MAX 4096
#define GRACE_MS      5000 /* for all that is not a probe */
#define DEADLINE_MS   3000 /* of the probes, when the query says nothing */

int seat_parse(struct arena *arena, const char *text, struct seat *out, struct err *err)
{
	AUTO(buf) struct buf shown = BUF_INIT(300);
	const char *rest;
	uint64_t pid;

	*out = (struct seat){.text = arena_strdup(arena, text)};
	text_escape(&shown, text, strlen(text));
	if (str_eq(text, "here"))
		return 0;
	if (str_eq(text, "browser")) {
		out->kind = SEAT_BROWSER;
		return 0;
	}
	rest = str_after(text, "pid:");
	if (rest) {
		if (!str_u64(rest, INT32_MAX, &pid) || pid == 0)
			return err_set(err, -EINVAL, "'%s' is not a process: write pid:4121",
				shown.data);
		out->kind = SEAT_PID;
		out->pid = (pid_t)pid;
		return 0;
	}
	const char *container = str_after(text, "container:"), *user = str_after(text, "user:");
	if (str_empty(container ? container : user))
		return err_set(err, -EINVAL,
			"'%s' is no seat: name here, pid:4121, container:NAME, user:NAME or browser",
			shown.data);
	out->kind = container ? SEAT_CONTAINER : SEAT_USER;
	out->name = arena_strdup(arena, container ? container : user);
	return 0;
}

/* --- what the seat brings with it --- */

struct variables {
	VEC(const char *) v;
};

static void add_variable(struct variables *all, struct arena *arena, const char *s, size_t len,
	bool line)
{
	const char *equals = memchr(s, '=', len);

	if (!equals || equals == s)
		return;
	if (line && (*s == '#' || memchr(s, ' ', (size_t)(equals - s))))
		return;
	char *copy = arena_strndup(arena, s, len);
	char *value = copy + (equals - s) + 1;
	size_t end = strlen(value);
	if (line && end >= 2 && (*value == '"' || *value == '\'') && value[end - 1] == *value) {
		memmove(value, value + 1, end - 2);
		value[end - 2] = '\0';
	}
	const char **slot = vec_push(&all->v);
	if (slot)
		*slot = copy;
}

const char *const *seat_environment(struct arena *arena, const char *text, size_t len, bool lines)
{
	struct variables all = {VEC_INIT(VARIABLES_MAX)};
	char end = lines ? '\n' : '\0';

	for (size_t i = 0; i < len;) {
		const char *stop = memchr(text + i, end, len - i);
		size_t n = stop ? (size_t)(stop - text) - i : len - i;
		add_variable(&all, arena, text + i, n, lines);
		i += n + 1;
	}
	const char **list = arena_array(arena, const char *, all.v.count + 1);
	if (all.v.count)
		memcpy(list, all.v.items, all.v.count * sizeof(*list));
	vec_fini(&all.v);
	return list;
}

struct taken {
	const struct seat *seat;
	struct host host;
	struct diagnose_query query;
	pid_t pid; /* whose namespaces; 0 = stays */
	uint32_t uid, gid;
	int net, mnt, user, root; /* descriptors; -1 = the same as ours */
};

static void taken_close(struct taken *t)
{
	auto_close(&t->net);
	auto_close(&t->mnt);
	auto_close(&t->user);
	auto_close(&t->root);
}

/* Opens a namespace of the process, unless we are in it already. */
static int open_namespace(const struct host *host, pid_t pid, const char *name, int *out_fd,
	uint32_t *out_inode, struct err *err)
{
	char path[64], own[64];
	struct stat theirs, ours;

	snprintf(path, sizeof(path), "%d/ns/%s", (int)pid, name);
	snprintf(own, sizeof(own), "self/ns/%s", name);
	AUTO(close) int fd = openat(host->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &theirs) < 0) {
		int r = errno == EACCES || errno == EPERM ? -EPERM : -ESRCH;
		if (r == -ESRCH)
			return err_set(err, r, "there is no process %d", (int)pid);
		return err_set(err, r, "looking from process %d needs its user's rights, or root",
			(int)pid);
	}
	*out_inode = (uint32_t)theirs.st_ino;
	if (fstatat(host->proc, own, &ours, 0) == 0 && ours.st_ino == theirs.st_ino)
		return 0;
	*out_fd = steal_fd(&fd);
	return 0;
}

static int prepare_process(const struct host *host, struct arena *arena, struct taken *t,
	struct err *err)
{
	uint32_t inode, ignored;
	AUTO(buf) struct buf text = BUF_INIT(1u << 20);
	char path[64];

	if (!procfs_alive(host, t->pid))
		return err_set(err, -ESRCH, "there is no process %d", (int)t->pid);
	int r = open_namespace(host, t->pid, "net", &t->net, &inode, err);
	if (r < 0)
		return r;
	t->host.net_inode = inode;
	r = open_namespace(host, t->pid, "mnt", &t->mnt, &ignored, err);
	if (r < 0)
		return r;
	r = open_namespace(host, t->pid, "user", &t->user, &ignored, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%d/root", (int)t->pid);
	t->root = openat(host->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%d/environ", (int)t->pid);
	r = fs_read_at(host->proc, path, &text);
	if (t->root < 0 || r < 0)
		return err_set(err, -EPERM,
			"looking from process %d needs its user's rights, or root", (int)t->pid);
	t->query.environment = seat_environment(arena, text.data, text.len, false);
	if (procfs_read_uid(host, t->pid, &t->uid) == 0)
		t->query.uid = t->uid;
	return 0;
}

static int prepare_user(const struct host *host, struct arena *arena, struct taken *t,
	struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT(64u << 10);
	AUTO(buf) struct buf shown = BUF_INIT(200);
	uint64_t uid;

	text_escape(&shown, t->seat->name, strlen(t->seat->name));
	const struct passwd *p = str_u64(t->seat->name, UINT32_MAX - 1, &uid)
		? getpwuid((uid_t)uid)
		: getpwnam(t->seat->name);
	if (!p)
		return err_set(err, -ESRCH, "there is no user '%s'", shown.data);
	t->uid = p->pw_uid;
	t->gid = p->pw_gid;
	if (geteuid() != 0 && geteuid() != p->pw_uid) {
		err_set(err, -EPERM, "looking as user '%s' needs root", shown.data);
		err_fix(err, "sudo loopscope diagnose …");
		return -EPERM;
	}
	if (fs_read_regular_at(host->root, "etc/environment", &text) < 0)
		buf_clear(&text);
	t->query.environment = seat_environment(arena, text.data, text.len, true);
	t->query.uid = t->uid;
	return 0;
}

/* --- which process is the container? --- */

struct container_search {
	const struct host *host;
	const char *name;
	struct container_names *names;
	pid_t best;
	bool denied;
};

static void try_process(struct container_search *s, pid_t pid)
{
	char text[CGROUP_TEXT_SIZE];
	struct cgroup cgroup;
	size_t len;

	if (procfs_read_text(s->host, pid, "cgroup", text, sizeof(text), &len) < 0 ||
		!cgroup_parse(text, len, &cgroup))
		return;
	if (cgroup.runtime == RUNTIME_NONE || cgroup.monitor || (s->best && s->best < pid))
		return;
	const char *name = container_names_find(s->names, cgroup.runtime, cgroup.container, NULL);
	bool by_id = strlen(s->name) >= 6 && str_starts(cgroup.container, s->name);
	if (by_id || str_eq(cgroup.container, s->name) || (name && str_eq(name, s->name)))
		s->best = pid;
}

/* The first process of the container; its lowest number is nearly always the one that it started with. */
static int find_container(const struct host *host, struct arena *arena, const char *name,
	pid_t *out, struct err *err)
{
	AUTO(container_names) struct container_names *names = container_names_new(host, arena);
	struct container_search search = {.host = host, .name = name, .names = names};
	AUTO(buf) struct buf shown = BUF_INIT(200);
	struct dirent *entry;
	uint64_t pid;

	int fd = openat(host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	while (dir && (entry = readdir(dir)))
		if (str_u64(entry->d_name, INT32_MAX, &pid))
			try_process(&search, (pid_t)pid);
	if (search.best) {
		*out = search.best;
		return 0;
	}
	text_escape(&shown, name, strlen(name));
	err_set(err, -ESRCH, "there is no running container '%s'", shown.data);
	err_fix(err, "loopscope ls");
	return -ESRCH;
}

/* --- the child --- */

static int enter(int fd, int kind, const char *what, struct err *err)
{
	if (fd < 0 || setns(fd, kind) == 0)
		return 0;
	int r = errno == EPERM ? -EPERM : -errno;
	if (r == -EPERM)
		return err_set(err, r, "entering the %s of another process needs root", what);
	return err_set(err, r, "cannot enter the %s of that process: %m", what);
}

/* A rootless container belongs to a user namespace, which its user may enter and then has the rights. */
static int enter_namespaces(struct taken *t, struct err *err)
{
	if (t->user >= 0 && geteuid() != 0 && setns(t->user, CLONE_NEWUSER) < 0)
		return err_set(err, -EPERM, "entering that container needs root");
	int r = enter(t->net, CLONE_NEWNET, "network", err);
	if (r == 0)
		r = enter(t->mnt, CLONE_NEWNS, "files", err);
	if (r < 0)
		return r;
	bool moved = t->net >= 0 || t->mnt >= 0;
	if (moved && (fchdir(t->root) < 0 || chroot(".") < 0))
		return err_set(err, -EPERM, "cannot look from the root of that process: %m");
	t->host.root = t->root;
	return 0;
}

static int become_user(struct taken *t, struct err *err)
{
	if (geteuid() == t->uid && geteuid() != 0)
		return 0;
	if (initgroups(t->seat->name, t->gid) < 0 || setresgid(t->gid, t->gid, t->gid) < 0 ||
		setresuid(t->uid, t->uid, t->uid) < 0)
		return err_set(err, -EPERM, "cannot become that user: %m");
	return 0;
}

static int answer(struct taken *t, struct arena *arena, struct diagnosis *out, struct err *err)
{
	int r = t->pid ? enter_namespaces(t, err) : become_user(t, err);

	if (r < 0)
		return r;
	t->host.uid = geteuid();
	t->host.self = getpid();
	return diagnose_run(&t->host, arena, &t->query, out, err);
}

static void write_answer(struct buf *text, int result, const struct diagnosis *d,
	const struct err *err)
{
	struct json j;

	json_init(&j, text, JSON_COMPACT);
	json_object(&j, NULL);
	json_i64(&j, "result", result);
	if (result < 0) {
		json_str(&j, "error", err->text);
		json_str(&j, "fix", err->fix);
	} else {
		json_u64(&j, "took_ns", d->took_ns);
		record_json(&j, "diagnosis", &diagnosis_type, d);
	}
	json_end(&j);
}

static _Noreturn void child(struct taken *t, int fd)
{
	AUTO(buf) struct buf text = BUF_INIT(ANSWER_MAX);
	AUTO(arena) struct arena *arena = arena_new();
	struct diagnosis d = {0};
	struct err err = {0};

	signal(SIGPIPE, SIG_IGN);
	int r = answer(t, arena, &d, &err);
	write_answer(&text, r, &d, &err);
	_exit(!text.overflow && fs_write_all(fd, text.data, text.len) == 0 ? 0 : 1);
}

/* --- the parent --- */

static int read_answer(struct arena *arena, const struct buf *text, const struct taken *t,
	struct diagnosis *out, struct err *err)
{
	struct json_doc doc;
	struct diagnosis d;

	if (text->len == 0 || json_parse(arena, text->data, text->len, &doc, NULL) < 0)
		return err_set(err, -EIO, "the look from %s gave no answer", t->seat->text);
	const struct json_value *top = doc.values, *result = json_get(top, "result");
	if (result && result->type == JSON_NUMBER && result->number < 0) {
		const char *fix = json_get_str(top, "fix");
		err_set(err, (int)MAX(result->number, -4095.0), "%s", json_get_str(top, "error"));
		if (!str_empty(fix))
			err_fix(err, "%s", fix);
		return (int)MAX(result->number, -4095.0);
	}
	int r = record_read(arena, &diagnosis_type, json_get(top, "diagnosis"), &d, err);
	if (r < 0)
		return err_wrap(err, r, "the answer from %s", t->seat->text);
	const struct json_value *took = json_get(top, "took_ns");
	if (took && took->type == JSON_NUMBER && took->number >= 0 && took->number < 1e15)
		d.took_ns = (uint64_t)took->number;
	d.symptom = t->query.symptom;
	d.seat = t->seat->text;
	*out = d;
	return 0;
}

/* Until the child has said all, or the time is over: then it is ended. */
static int collect(int fd, pid_t pid, uint64_t deadline_ms, struct buf *text)
{
	uint64_t until = clock_mono_ms() + deadline_ms;
	char bytes[16384];
	int r = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_mono_ms();
		int ready = now < until ? poll(&p, 1, (int)(until - now)) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		ssize_t n = ready > 0 ? read(fd, bytes, sizeof(bytes)) : -1;
		if (n <= 0) {
			r = n == 0 ? 0 : -ETIMEDOUT;
			break;
		}
		buf_add(text, bytes, (size_t)n);
	}
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

static int ask_elsewhere(struct arena *arena, struct taken *t, struct diagnosis *out,
	struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT(ANSWER_MAX);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe: %m");
	AUTO(close) int in = ends[0];
	AUTO(close) int to = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_set(err, -errno, "cannot start another process: %m");
	if (pid == 0)
		child(t, to);
	close(steal_fd(&to));
	unsigned deadline = t->query.deadline_ms ? t->query.deadline_ms : DEADLINE_MS;
	if (collect(in, pid, (uint64_t)deadline + GRACE_MS, &text) < 0)
		return err_set(err, -ETIMEDOUT, "the look from %s took too long", t->seat->text);
	return read_answer(arena, &text, t, out, err);
}

const char *seat_command(struct arena *arena, const char *command, pid_t pid)
{
	AUTO(buf) struct buf text = BUF_INIT(8192);
	const char *at;

	if (!command || !strstr(command, "sudo "))
		return command;
	while ((at = strstr(command, "sudo "))) {
		buf_add(&text, command, (size_t)(at - command));
		buf_printf(&text, "sudo nsenter -t %d -m -n ", (int)pid);
		command = at + strlen("sudo ");
	}
	buf_str(&text, command);
	return arena_strdup(arena, text.data);
}

/* What mends the namespaces of the seat must be done in them. */
static void lead_fixes(struct arena *arena, struct diagnosis *d, pid_t pid)
{
	struct finding *findings =
		arena_memdup(arena, d->findings, d->finding_count * sizeof(*findings));

	for (size_t i = 0; i < d->finding_count; i++) {
		struct fix *fixes = arena_memdup(arena, findings[i].fixes,
			findings[i].fix_count * sizeof(*fixes));
		for (size_t j = 0; j < findings[i].fix_count; j++)
			fixes[j].command = seat_command(arena, fixes[j].command, pid);
		findings[i].fixes = fixes;
	}
	d->findings = findings;
}

int seat_run(const struct host *host, struct arena *arena, const struct seat *seat,
	const struct diagnose_query *query, struct diagnosis *out, struct err *err)
{
	struct taken t = {.seat = seat,
		.host = *host,
		.query = *query,
		.pid = seat->pid,
		.net = -1,
		.mnt = -1,
		.user = -1,
		.root = -1};
	int r = 0;

	t.query.seat = seat->kind == SEAT_HERE ? NULL : seat->text;
	t.query.browser = seat->kind == SEAT_BROWSER;
	if (seat->kind == SEAT_HERE || seat->kind == SEAT_BROWSER) {
		r = diagnose_run(host, arena, &t.query, out, err);
		if (r == 0)
			out->seat = t.query.seat;
		return r;
	}
	if (seat->kind == SEAT_CONTAINER)
		r = find_container(host, arena, seat->name, &t.pid, err);
	if (r == 0)
		r = seat->kind == SEAT_USER ? prepare_user(host, arena, &t, err)
					    : prepare_process(host, arena, &t, err);
	if (r == 0)
		r = ask_elsewhere(arena, &t, out, err);
	if (r == 0 && t.pid)
		lead_fixes(arena, out, t.pid);
	taken_close(&t);
	return r;
}
