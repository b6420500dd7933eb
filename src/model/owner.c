/* owner - see owner.h. */
#include "model/owner.h"

#include "base/str.h"
#include "base/text.h"

const char *runtime_name(enum container_runtime r)
{
	static const char *const names[RUNTIME_COUNT] = {
		[RUNTIME_NONE] = "none",
		[RUNTIME_DOCKER] = "docker",
		[RUNTIME_PODMAN] = "podman",
		[RUNTIME_CONTAINERD] = "containerd",
		[RUNTIME_KUBERNETES] = "kubernetes",
		[RUNTIME_CRIO] = "cri-o",
		[RUNTIME_LXC] = "lxc",
		[RUNTIME_NSPAWN] = "nspawn",
	};

	return names[r];
}

/* The program's name out of its arguments; "" when they do not say one. */
static const char *name_from_argv(const struct owner *o)
{
	const char *first = o->argc ? o->argv[0] : "";

	/* "nginx: worker process": a title that it gave itself; the kernel's name says it shorter */
	if (o->argc == 1 && strchr(first, ' ') && !str_empty(o->comm))
		return o->comm;
	first = str_basename(first);
	return *first == '-' ? first + 1 : first; /* "-zsh": a login shell */
}

/*
 * The file's name misleads where one file is many programs (redis-server is a link to
 * redis-check-rdb, busybox is everything). When the arguments and the kernel agree on another name,
 * that is how it was started. A script has its interpreter in the arguments and its own name in the
 * kernel, so they differ and the file decides.
 */
static const char *name_as_started(const struct owner *o)
{
	if (!o->argc || str_empty(o->comm))
		return NULL;
	const char *base = str_basename(o->argv[0]);
	size_t len = strcspn(base, " :");
	if (len == 0 || len != strlen(o->comm) || strncmp(base, o->comm, len) != 0)
		return NULL;
	return o->comm;
}

const char *owner_program(const struct owner *o)
{
	const char *name = name_as_started(o);

	if (!name)
		name = o->exe ? str_basename(o->exe) : name_from_argv(o);
	if (str_empty(name))
		name = str_empty(o->comm) ? "?" : o->comm;
	if (str_starts(name, "python")) /* "python3.11" */
		return "python";
	return name;
}

static void program_text(const void *record, struct buf *out)
{
	const char *program = owner_program(record);

	text_escape(out, program, strlen(program));
}

static void state_text(const void *record, struct buf *out)
{
	char c = ((const struct owner *)record)->state;

	if (c)
		text_escape(out, &c, 1);
}

static const char *runtime_name_of(int r)
{
	return runtime_name((enum container_runtime)r);
}

static const struct field container_fields[] = {
	FIELD(struct container, runtime, FIELD_ENUM, "RUNTIME", "docker, podman, kubernetes ...",
		.name_of = runtime_name_of),
	FIELD(struct container, id, FIELD_TEXT, "ID", "as the runtime gives it"),
	FIELD(struct container, name, FIELD_TEXT, "NAME", "absent when it could not be read"),
};

const struct record_type container_type =
	RECORD_TYPE("container", struct container, container_fields);

static const struct field project_fields[] = {
	FIELD(struct project, name, FIELD_TEXT, "NAME", "from the manifest, else the folder"),
	FIELD(struct project, root, FIELD_TEXT, "ROOT", "its folder"),
	FIELD(struct project, branch, FIELD_TEXT, "BRANCH", "git branch"),
	FIELD(struct project, manifest, FIELD_TEXT, "MANIFEST", "package.json, go.mod ..."),
	FIELD(struct project, worktree, FIELD_TEXT, "WORKTREE", "linked git work tree"),
};

const struct record_type project_type = RECORD_TYPE("project", struct project, project_fields);

static const struct field owner_fields[] = {
	FIELD(struct owner, pid, FIELD_INT32, "PID", "process id", .align_right = true),
	{.name = "program",
		.kind = FIELD_COMPUTED,
		.title = "PROGRAM",
		.text = program_text,
		.help = "the program's short name"},
	FIELD(struct owner, user, FIELD_TEXT, "USER", "the user it runs as"),
	FIELD(struct owner, uid, FIELD_UINT32, "UID", "the user's number", .align_right = true),
	FIELD_OF(struct owner, started_ms, "started", FIELD_TIME, "SINCE", "when it started"),
	FIELD(struct owner, ppid, FIELD_INT32, "PPID", "the parent's process id",
		.align_right = true),
	FIELD(struct owner, comm, FIELD_TEXT, "COMM", "the kernel's 15 bytes of its name"),
	FIELD(struct owner, exe, FIELD_TEXT, "EXE", "the program file"),
	FIELD(struct owner, exe_deleted, FIELD_BOOL, "EXE GONE",
		"the program file was replaced or removed since"),
	FIELD(struct owner, argv, FIELD_TEXTS, "COMMAND", "the arguments",
		.count_offset = offsetof(struct owner, argc)),
	FIELD(struct owner, argv_cut, FIELD_BOOL, "CUT", "the arguments were too long to read"),
	FIELD(struct owner, cwd, FIELD_TEXT, "FOLDER", "its working directory"),
	{.name = "state",
		.kind = FIELD_COMPUTED,
		.title = "STATE",
		.text = state_text,
		.help = "the kernel's letter: R, S, D, T ..."},
	FIELD(struct owner, terminal, FIELD_TEXT, "TERMINAL", "the terminal it belongs to"),
	FIELD(struct owner, tmux, FIELD_TEXT, "TMUX", "the tmux or screen session around it"),
	FIELD(struct owner, unit, FIELD_TEXT, "UNIT", "systemd unit"),
	FIELD(struct owner, unit_is_user, FIELD_BOOL, "USER UNIT", "a unit of the user manager"),
	FIELD(struct owner, cgroup, FIELD_TEXT, "CGROUP", "its cgroup"),
	FIELD(struct owner, netns, FIELD_UINT32, "NETNS", "inode of its network namespace"),
	FIELD(struct owner, orphaned, FIELD_BOOL, "LEFT OVER", "whoever started it is gone"),
	FIELD(struct owner, orphan_why, FIELD_TEXT, "WHY", "how that is known"),
	FIELD(struct owner, container, FIELD_RECORD, NULL, "the container",
		.type = &container_type),
	FIELD(struct owner, project, FIELD_RECORD, NULL, "the project", .type = &project_type),
};

/* The same process in few words, where it stands beside each of thousands of sockets. */
static const struct field process_fields[] = {
	FIELD(struct owner, pid, FIELD_INT32, "PID", "process id", .align_right = true),
	{.name = "program",
		.kind = FIELD_COMPUTED,
		.title = "PROGRAM",
		.text = program_text,
		.help = "the program's short name"},
	FIELD(struct owner, user, FIELD_TEXT, "USER", "the user it runs as"),
};

const struct record_type process_type = RECORD_TYPE("process", struct owner, process_fields);

const struct record_type owner_type = RECORD_TYPE("owner", struct owner, owner_fields);
