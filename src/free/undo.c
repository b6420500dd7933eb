/*
 * undo - see undo.h: the files. Names start with the time in milliseconds, 15 digits, so that the
 * order of names is the order of time.
 */
#include "free/undo.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define FILE_MAX  (8u << 20)
#define FILES_MAX 10000

struct names {
	VEC(char *) v; /* oldest first */
};

static void names_fini(struct names *n)
{
	VEC_EACH (&n->v, name)
		free(*name);
	vec_fini(&n->v);
}

AUTO_DEFINE_FINI(names, struct names)

static int by_name(const void *pa, const void *pb)
{
	return strcmp(*(char *const *)pa, *(char *const *)pb);
}

static int open_folder(struct buf *path, struct err *err)
{
	int r = fs_state_dir(path, err);

	if (r < 0)
		return r;
	buf_str(path, "/undo");
	r = fs_mkdirs(path->data, 0700, err);
	if (r < 0)
		return r;
	int fd = open(path->data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "cannot open '%s': %m", path->data) : fd;
}

static int list(int folder, struct names *out)
{
	AUTO(close) int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		return -errno;
	steal_fd(&copy);
	for (struct dirent *e; (e = readdir(dir));) {
		if (!str_ends(e->d_name, ".json"))
			continue;
		char **slot = vec_push(&out->v);
		if (slot)
			*slot = must_strdup(e->d_name);
	}
	vec_sort(&out->v, by_name);
	return 0;
}

static void prune(int folder)
{
	AUTO(names) struct names names = {.v = VEC_INIT(FILES_MAX)};

	if (list(folder, &names) < 0)
		return;
	for (size_t i = 0; i + UNDO_KEPT < names.v.count; i++)
		unlinkat(folder, names.v.items[i], 0);
}

bool undo_is_useful(const struct undo *u)
{
	for (size_t i = 0; i < u->process_count; i++)
		if (!u->processes[i].cannot)
			return true;
	return u->command_count > 0;
}

int undo_save(struct arena *arena, struct undo *u, struct err *err)
{
	AUTO(buf) struct buf path = BUF_INIT(4096);
	AUTO(buf) struct buf text = BUF_INIT(FILE_MAX);
	AUTO(close) int folder = open_folder(&path, err);

	if (folder < 0)
		return folder;
	undo_write(u, &text);
	if (text.overflow)
		return err_set(err, -EFBIG, "arguments and environment are too large to keep");
	buf_printf(&path, "/%015lld-%d.json", (long long)u->stopped_ms, getpid());
	int r = fs_write_atomic(path.data, text.data, text.len, err);
	if (r < 0)
		return r;
	u->path = arena_strdup(arena, path.data);
	prune(folder);
	return 0;
}

static int load_one(struct arena *arena, int folder, const char *name, struct undo **out,
	struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT(FILE_MAX);
	struct stat st;

	/* these files are executed, so nobody else may have written them */
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "cannot read '%s': %m", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(err, -EPERM, "'%s' can be written by another user", name);
	int r = fs_read_regular_at(folder, name, &text);
	if (r < 0)
		return err_set(err, r, "cannot read '%s': %m", name);
	r = undo_read(arena, text.data, text.len, out, err);
	return r < 0 ? err_wrap(err, r, "cannot use '%s'", name) : 0;
}

static bool has_target(const struct undo *u, const struct target *t)
{
	for (size_t i = 0; i < u->goal_count; i++) {
		const struct endpoint *e = &u->goals[i].endpoint;
		if (t->kind == TARGET_UNIX ? e->path && str_eq(e->path, t->path)
					   : !e->path && e->port == t->port && e->proto == t->proto)
			return true;
	}
	return false;
}

static int none(const struct target *t, struct err *err)
{
	AUTO(buf) struct buf shown = BUF_INIT(300);

	if (!t)
		return err_set(err, -ENOENT,
			"nothing was stopped by loopscope that could be started again");
	text_escape(&shown, t->text, strlen(t->text));
	return err_set(err, -ENOENT, "nothing on %s was stopped by loopscope, or it was long ago",
		shown.data);
}

int undo_load(struct arena *arena, const struct target *t, struct undo **out, struct err *err)
{
	AUTO(buf) struct buf path = BUF_INIT(4096);
	AUTO(names) struct names names = {.v = VEC_INIT(FILES_MAX)};
	AUTO(close) int folder = open_folder(&path, err);

	if (folder < 0)
		return folder;
	int r = list(folder, &names);
	if (r < 0)
		return err_set(err, r, "cannot list '%s': %m", path.data);
	for (size_t i = names.v.count; i-- > 0;) {
		struct undo *u = NULL;
		r = load_one(arena, folder, names.v.items[i], &u, err);
		if (r < 0 && !t)
			return r; /* the newest is what was asked for */
		if (r < 0 || (t && !has_target(u, t)))
			continue;
		u->path = arena_printf(arena, "%s/%s", path.data, names.v.items[i]);
		*out = u;
		return 0;
	}
	return none(t, err);
}

void undo_forget(const struct undo *u)
{
	if (u->path)
		unlink(u->path);
}

/* --- fields --- */

static const struct field goal_fields[] = {
	FIELD(struct undo_goal, what, FIELD_TEXT, "WHAT", "the port or path"),
};

static const struct record_type goal_type = RECORD_TYPE("undo_goal", struct undo_goal, goal_fields);

/* The environment is not shown: it may hold secrets. */
static const struct field process_fields[] = {
	FIELD(struct undo_process, call, FIELD_TEXT, "CALL", "program and first arguments"),
	FIELD(struct undo_process, cannot, FIELD_TEXT, "CANNOT", "why it cannot be started again"),
	FIELD(struct undo_process, file, FIELD_TEXT, "FILE", "what is executed"),
	FIELD(struct undo_process, argv, FIELD_TEXTS, "COMMAND", "its arguments",
		.count_offset = offsetof(struct undo_process, argc)),
	FIELD(struct undo_process, cwd, FIELD_TEXT, "FOLDER", "its folder"),
	FIELD(struct undo_process, env_known, FIELD_BOOL, "ENV",
		"its environment was kept; else the present one is used"),
	FIELD(struct undo_process, uid, FIELD_UINT32, "UID", "the user it runs as"),
};

static const struct record_type process_undo_type =
	RECORD_TYPE("undo_process", struct undo_process, process_fields);

static const struct field command_fields[] = {
	FIELD_OF(struct undo_command, argv, "command", FIELD_TEXTS, "COMMAND", "word by word",
		.count_offset = offsetof(struct undo_command, argc)),
};

static const struct record_type command_type =
	RECORD_TYPE("undo_command", struct undo_command, command_fields);

static const struct field fields[] = {
	FIELD_OF(struct undo, stopped_ms, "stopped", FIELD_TIME, "STOPPED", "when it was stopped"),
	FIELD(struct undo, goals, FIELD_RECORDS, NULL, "what was freed", .type = &goal_type,
		.count_offset = offsetof(struct undo, goal_count)),
	FIELD(struct undo, processes, FIELD_RECORDS, NULL, "what is executed",
		.type = &process_undo_type, .count_offset = offsetof(struct undo, process_count)),
	FIELD(struct undo, commands, FIELD_RECORDS, NULL, "what supervisors are told",
		.type = &command_type, .count_offset = offsetof(struct undo, command_count)),
};

const struct record_type undo_type = RECORD_TYPE("undo", struct undo, fields);
