/*
 * project - see project.h.
 *
 * Every folder from cwd upwards is asked for manifests and for ".git", until a git work tree or a
 * folder that cannot be a project ends the walk. The nearest manifest names the project, so that
 * apps/web of a monorepo is "web"; the git root, often further up, gives the branch. A package.json
 * that says nothing but {"type": "module"} marks a folder for node and is no project.
 *
 * All content is foreign and may be hostile: reads are bounded, take regular files only, and whatever
 * cannot be understood only costs the name (the folder's is taken instead) or the branch. TOML and
 * YAML are read line by line for the one key that is wanted; that fails on exotic spellings, never
 * on size.
 *
 * git: gitrepository-layout(5). In a linked work tree and in a submodule ".git" is a file that names
 * the real folder; a work tree's has a file "commondir", a submodule's has none.
 */
#include "inventory/project.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/must.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

enum {
	MANIFEST_MAX = 256 << 10,
	GIT_FILE_MAX = 8 << 10,
	NAME_MAX_LEN = 128,
	DEPTH_MAX = 64,
};

struct walk {
	const struct host *host;
	struct arena *arena; /* of the caller */
	struct project found;
	bool has_git;
	char git_root[PATH_MAX];
};

/*
 * Finds the name in the manifest's text. NULL = it has none. *is_marker is set when the file does
 * not make its folder a project. `scratch` dies soon; the result may stand in it or in text.
 */
typedef const char *name_reader(struct arena *scratch, char *text, size_t len, bool *is_marker);

static const char *json_name(struct arena *scratch, char *text, size_t len, bool *is_marker)
{
	struct json_doc doc;

	if (json_parse(scratch, text, len, &doc, NULL) < 0)
		return NULL;
	return json_get_str(doc.values, "name");
}

static const char *npm_name(struct arena *scratch, char *text, size_t len, bool *is_marker)
{
	static const char *const signs[] = {"name", "scripts", "dependencies", "devDependencies",
		"workspaces"};
	struct json_doc doc;

	if (json_parse(scratch, text, len, &doc, NULL) < 0)
		return NULL;
	*is_marker = true;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (json_get(doc.values, signs[i]))
			*is_marker = false;
	return json_get_str(doc.values, "name");
}

/* Cuts spaces, a comment and one pair of quotes off a value; NULL when quotes do not match. */
static char *bare_value(char *s)
{
	s += strspn(s, " \t");
	if (*s == '"' || *s == '\'') {
		char *end = strchr(s + 1, *s);
		if (!end)
			return NULL;
		*end = '\0';
		return s + 1;
	}
	s[strcspn(s, " \t\r#")] = '\0';
	return s;
}

/* name = "x" below one of the section headings. */
static const char *toml_name_in(char *text, const char *const *sections, size_t count)
{
	bool inside = false;

	for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		if (*line == '[') {
			line[strcspn(line, "#\r")] = '\0';
			inside = false;
			for (size_t i = 0; i < count; i++)
				inside = inside || str_starts(line, sections[i]);
			continue;
		}
		if (!inside || !str_starts(line, "name"))
			continue;
		line += strlen("name");
		line += strspn(line, " \t");
		if (*line == '=')
			return bare_value(line + 1);
	}
	return NULL;
}

static const char *python_name(struct arena *scratch, char *text, size_t len, bool *is_marker)
{
	static const char *const sections[] = {"[project]", "[tool.poetry]"};

	return toml_name_in(text, sections, ARRAY_SIZE(sections));
}

static const char *cargo_name(struct arena *scratch, char *text, size_t len, bool *is_marker)
{
	static const char *const sections[] = {"[package]"};

	return toml_name_in(text, sections, ARRAY_SIZE(sections));
}

/* "name: x" at the start of a line: compose files, pubspec.yaml. */
static const char *yaml_name(struct arena *scratch, char *text, size_t len, bool *is_marker)
{
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (str_starts(line, "name:")) {
			const char *value = bare_value(line + strlen("name:"));
			return value && !strchr(value, '$') ? value : NULL;
		}
	return NULL;
}

static bool is_major_version(const char *s)
{
	return s[0] == 'v' && s[1] && s[1 + strspn(s + 1, "0123456789")] == '\0';
}

/* "module github.com/acme/shop/v2" -> "shop" */
static const char *go_name(struct arena *scratch, char *text, size_t len, bool *is_marker)
{
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
		if (!str_starts(line, "module") || !strchr(" \t", line[6]) || !line[6])
			continue;
		char *path = bare_value(line + 6);
		char *slash = path ? strrchr(path, '/') : NULL;
		if (slash && is_major_version(slash + 1))
			*slash = '\0';
		return path;
	}
	return NULL;
}

static const struct manifest {
	const char *file;
	name_reader *name; /* NULL: names nothing, its presence is enough */
} manifests[] = {
	{"package.json", npm_name},
	{"pyproject.toml", python_name},
	{"Cargo.toml", cargo_name},
	{"go.mod", go_name},
	{"composer.json", json_name},
	{"deno.json", json_name},
	{"deno.jsonc", json_name},
	{"pubspec.yaml", yaml_name},
	{"Gemfile", NULL},
	{"mix.exs", NULL},
	{"pom.xml", NULL},
	{"build.gradle", NULL},
	{"build.gradle.kts", NULL},
	{"setup.py", NULL},
	{"manage.py", NULL},
	{"requirements.txt", NULL},
	{"Pipfile", NULL},
	{"Procfile", NULL},
	{"compose.yaml", yaml_name},
	{"compose.yml", yaml_name},
	{"docker-compose.yaml", yaml_name},
	{"docker-compose.yml", yaml_name},
};

/* Short, one line, no control characters: what a person could have meant as a name. */
static bool is_sane(const char *name, size_t max)
{
	size_t len = strlen(name);

	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return true;
}

/* What the manifest calls it, without npm's scope or composer's vendor; NULL when it does not. */
static const char *read_name(struct walk *w, int dir, const struct manifest *m, bool *is_marker)
{
	AUTO(arena) struct arena *scratch = arena_new();
	AUTO(buf) struct buf text = BUF_INIT(MANIFEST_MAX);

	if (!m->name || fs_read_regular_at(dir, m->file, &text) < 0 || text.overflow)
		return NULL;
	const char *name = m->name(scratch, text.data, text.len, is_marker);
	if (!name)
		return NULL;
	name = str_basename(name);
	return is_sane(name, NAME_MAX_LEN) ? arena_strdup(w->arena, name) : NULL;
}

static void look_for_manifest(struct walk *w, int dir, const char *path)
{
	const char *first = NULL;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(manifests); i++) {
		const struct manifest *m = &manifests[i];
		if (fstatat(dir, m->file, &st, 0) < 0 || !S_ISREG(st.st_mode))
			continue;
		bool is_marker = false;
		const char *name = read_name(w, dir, m, &is_marker);
		if (is_marker)
			continue;
		first = first ? first : m->file;
		if (!name)
			continue;
		w->found.name = name;
		first = m->file;
		break;
	}
	if (first) {
		w->found.manifest = first;
		w->found.root = arena_strdup(w->arena, path);
	}
}

/* A path of the machine as one below host->root. */
static const char *below_root(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* "ref: refs/heads/x/y" -> "x/y", a bare commit -> "(abc1234)", else NULL. */
static const char *parse_head(struct arena *arena, char *text)
{
	text[strcspn(text, "\r\n")] = '\0';
	const char *ref = str_after(text, "ref:");
	if (!ref) {
		size_t hex = strspn(text, "0123456789abcdef");
		if (text[hex] || (hex != 40 && hex != 64))
			return NULL;
		return arena_printf(arena, "(%.7s)", text);
	}
	ref += strspn(ref, " \t");
	const char *branch = str_after(ref, "refs/heads/");
	if (!branch)
		branch = str_after(ref, "refs/");
	/* with reftables HEAD is a file for old programs only and says ".invalid" */
	if (!branch || str_eq(branch, ".invalid") || !is_sane(branch, 255))
		return NULL;
	return arena_strdup(arena, branch);
}

/* Reads a small file of a repository; 0 or a negative errno. */
static int read_git(const struct walk *w, const char *folder, const char *name, struct buf *out)
{
	AUTO(buf) struct buf path = BUF_INIT(PATH_MAX);

	buf_printf(&path, "%s/%s", below_root(folder), name);
	if (path.overflow)
		return -ENAMETOOLONG;
	return fs_read_regular_at(w->host->root, path.data, out);
}

/* The folder that ".git" is, or names. False when there is no such thing. */
static bool git_folder(struct walk *w, int dir, const char *path, struct buf *out, bool *is_link)
{
	AUTO(buf) struct buf text = BUF_INIT(GIT_FILE_MAX);
	struct stat st;

	if (fstatat(dir, ".git", &st, 0) < 0)
		return false;
	*is_link = !S_ISDIR(st.st_mode);
	if (!*is_link) {
		buf_printf(out, "%s/.git", path);
		return !out->overflow;
	}
	if (fs_read_regular_at(dir, ".git", &text) < 0 || text.overflow)
		return false;
	text.data[strcspn(text.data, "\r\n")] = '\0';
	const char *target = str_after(text.data, "gitdir:");
	if (!target)
		return false;
	target += strspn(target, " \t");
	if (*target == '/')
		buf_str(out, target);
	else
		buf_printf(out, "%s/%s", path, target);
	while (out->len > 1 && out->data[out->len - 1] == '/')
		out->data[--out->len] = '\0';
	return *target && !out->overflow;
}

static void look_for_git(struct walk *w, int dir, const char *path)
{
	AUTO(buf) struct buf folder = BUF_INIT(PATH_MAX);
	AUTO(buf) struct buf head = BUF_INIT(GIT_FILE_MAX);
	AUTO(buf) struct buf common = BUF_INIT(GIT_FILE_MAX);
	bool is_link;

	if (!git_folder(w, dir, path, &folder, &is_link))
		return;
	int r = read_git(w, folder.data, "HEAD", &head);
	if (r == -ENOENT || r == -ENOTDIR)
		return; /* not a repository, or its folder is gone */
	w->has_git = true;
	str_copy(w->git_root, sizeof(w->git_root), path);
	if (r == 0 && !head.overflow)
		w->found.branch = parse_head(w->arena, head.data);
	if (is_link && read_git(w, folder.data, "commondir", &common) == 0) {
		const char *name = str_basename(folder.data);
		if (is_sane(name, NAME_MAX))
			w->found.worktree = arena_strdup(w->arena, name);
	}
}

/* True for "/home/x" and the like: a folder that holds projects but is none. */
static bool is_boundary(const struct host *host, const char *path)
{
	static const char *const folders[] = {"", "/", "/home", "/root", "/tmp", "/var", "/var/tmp",
		"/dev/shm", "/opt", "/srv", "/mnt", "/media"};
	const char *user = str_after(path, "/home/");
	const char *home = host->live ? getenv("HOME") : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (str_eq(path, folders[i]))
			return true;
	if (home && str_eq(path, home))
		return true;
	return user && !strchr(user, '/');
}

/* What is installed there belongs to the system, even if it ships its package.json. */
static bool is_system(const char *path)
{
	static const char *const trees[] = {"/usr/", "/etc/", "/run/", "/proc/", "/sys/", "/lib/",
		"/snap/", "/nix/store/", "/gnu/store/"};

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		if (str_starts(path, trees[i]))
			return true;
	return false;
}

static void walk_up(struct walk *w, char *path)
{
	for (int depth = 0; depth < DEPTH_MAX && !w->has_git; depth++) {
		if (is_boundary(w->host, path))
			return;
		AUTO(close)
		int dir = openat(w->host->root, below_root(path), O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0) { /* else removed or forbidden: a folder above may still answer */
			if (!w->found.root)
				look_for_manifest(w, dir, path);
			look_for_git(w, dir, path);
		}
		char *slash = strrchr(path, '/');
		must(slash != NULL);
		*slash = '\0';
	}
}

const struct project *project_find(const struct host *host, struct arena *arena, const char *cwd)
{
	struct walk w = {.host = host, .arena = arena};
	char path[PATH_MAX];

	if (!cwd || cwd[0] != '/' || str_copy(path, sizeof(path), cwd) >= sizeof(path))
		return NULL;
	if (is_system(path))
		return NULL;
	for (size_t len = strlen(path); len && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	/* a package inside of node_modules is a part of the project around it */
	char *modules = strstr(path, "/node_modules");
	if (modules && (modules[13] == '/' || modules[13] == '\0'))
		*modules = '\0';

	walk_up(&w, path);
	if (!w.found.root && !w.has_git)
		return NULL;
	if (!w.found.root)
		w.found.root = arena_strdup(arena, w.git_root);
	if (!w.found.name)
		w.found.name = arena_strdup(arena, str_basename(w.found.root));
	return arena_memdup(arena, &w.found, sizeof(w.found));
}
