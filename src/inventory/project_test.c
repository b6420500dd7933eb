#include "base/str.h"
#include "inventory/project.h"
#include "tree.h"
#include "unit.h"

static struct tree tree;
static struct arena *arena;
static struct host host;

static void begin(void)
{
	tree = tree_new();
	arena = arena_new();
	tree_text(&tree, "proc/stat", "btime 1\n");
	must(host_open(tree.path, &host, NULL) == 0);
}

static void end(void)
{
	host_close(&host);
	arena_free(arena);
	tree_fini(&tree);
}

static const struct project *find(const char *cwd)
{
	static const struct project none = {"none", "none", "none", "none", "none"};
	const struct project *p = project_find(&host, arena, cwd);

	return p ? p : &none;
}

TEST(takes_names_from_manifests)
{
	static const struct {
		const char *file, *text, *name;
	} rows[] = {
		{"package.json", "{\"name\": \"@acme/shop\", \"version\": \"1\"}", "shop"},
		{"package.json", "{\"name\": \"web\"}", "web"},
		{"package.json", "{\"scripts\": {}}", "folder"},
		{"pyproject.toml",
			"[build-system]\nname = \"no\"\n[project]\nname = \"bill-ing\"\n",
			"bill-ing"},
		{"pyproject.toml", "[tool.poetry] # x\n  name='poem' # y\n", "poem"},
		{"pyproject.toml", "[tool.black]\nline-length = 90\n", "folder"},
		{"Cargo.toml", "[package]\r\nname = \"rusty\"\r\n[[bin]]\nname = \"x\"\n", "rusty"},
		{"Cargo.toml", "[workspace]\nmembers = [\"a\"]\n[[bin]]\nname = \"x\"\n", "folder"},
		{"Cargo.toml", "[package]\nname = \"no end\n", "folder"},
		{"go.mod", "// x\nmodule github.com/acme/shop/v2 // y\n\ngo 1.22\n", "shop"},
		{"go.mod", "module \"hello\"\n", "hello"},
		{"go.mod", "modules x\n", "folder"},
		{"composer.json", "{\"name\": \"acme/cart\"}", "cart"},
		{"compose.yaml", "services:\n  name: x\nname: \"stack\"\n", "stack"},
		{"docker-compose.yml", "name: ${X:-y}\n", "folder"},
		{"pubspec.yaml", "name: app # y\n", "app"},
		{"Gemfile", "name = 'x'", "folder"},
		{"pom.xml", "", "folder"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[128];
		begin();
		snprintf(path, sizeof(path), "home/dev/src/folder/%s", rows[i].file);
		tree_text(&tree, path, rows[i].text);
		const struct project *p = find("/home/dev/src/folder");
		CHECK_STR(p->name, rows[i].name);
		CHECK_STR(p->manifest, rows[i].file);
		CHECK_STR(p->root, "/home/dev/src/folder");
		CHECK_STR(p->branch, NULL);
		end();
	}
}

TEST(the_nearest_manifest_names_and_the_git_root_brings_the_branch)
{
	begin();
	tree_text(&tree, "home/dev/mono/.git/HEAD", "ref: refs/heads/feat/cart\n");
	tree_text(&tree, "home/dev/mono/package.json", "{\"name\": \"mono\", \"workspaces\": []}");
	tree_text(&tree, "home/dev/mono/apps/web/package.json", "{\"name\": \"@mono/web\"}");
	tree_text(&tree, "home/dev/mono/apps/web/dist/package.json", "{\"type\": \"module\"}");
	tree_text(&tree, "home/dev/mono/node_modules/vite/package.json", "{\"name\": \"vite\"}");
	tree_text(&tree, "home/dev/mono/tools/x", "");

	const struct project *p = find("/home/dev/mono/apps/web/dist/");
	CHECK_STR(p->name, "web");
	CHECK_STR(p->root, "/home/dev/mono/apps/web");
	CHECK_STR(p->branch, "feat/cart");
	CHECK_STR(p->worktree, NULL);
	CHECK_STR(find("/home/dev/mono/tools")->name, "mono");
	CHECK_STR(find("/home/dev/mono/node_modules/vite/bin")->name, "mono");
	CHECK_STR(find("/home/dev/mono/apps/web/removed/since")->name, "web");
	CHECK_STR(find("/home/dev/mono")->root, "/home/dev/mono");
	end();
}

TEST(the_manifest_with_a_name_wins)
{
	begin();
	tree_text(&tree, "home/dev/shop/package.json", "{\"scripts\": {}}");
	tree_text(&tree, "home/dev/shop/pyproject.toml", "[project]\nname = \"django-shop\"\n");
	CHECK_STR(find("/home/dev/shop")->name, "django-shop");
	CHECK_STR(find("/home/dev/shop")->manifest, "pyproject.toml");
	end();
}

TEST(a_git_root_is_enough)
{
	begin();
	tree_text(&tree, "home/dev/notes/.git/HEAD", "ref: refs/heads/main\n");
	tree_text(&tree, "home/dev/notes/a/b/c", "");
	const struct project *p = find("/home/dev/notes/a/b");
	CHECK_STR(p->name, "notes");
	CHECK_STR(p->root, "/home/dev/notes");
	CHECK_STR(p->branch, "main");
	CHECK_STR(p->manifest, NULL);
	end();
}

TEST(reads_every_kind_of_head)
{
	static const struct {
		const char *head, *branch;
	} rows[] = {
		{"ref: refs/heads/x/y\n", "x/y"},
		{"ref:refs/heads/main", "main"},
		{"0123456789abcdef0123456789abcdef01234567\n", "(0123456)"},
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", "(0123456)"},
		{"ref: refs/remotes/origin/x\n", "remotes/origin/x"},
		{"ref: refs/heads/.invalid\n", NULL},
		{"ref: refs/heads/a\x1b[31m\n", NULL},
		{"ref: \n", NULL},
		{"0123\n", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin();
		tree_text(&tree, "srv/app/.git/HEAD", rows[i].head);
		CHECK_STR(find("/srv/app")->branch, rows[i].branch);
		CHECK_STR(find("/srv/app")->name, "app");
		end();
	}
}

TEST(tells_linked_work_trees_from_submodules)
{
	begin();
	tree_text(&tree, "home/dev/shop/.git/HEAD", "ref: refs/heads/main\n");
	tree_text(&tree, "home/dev/shop/.git/worktrees/cart/HEAD", "ref: refs/heads/feat/cart\n");
	tree_text(&tree, "home/dev/shop/.git/worktrees/cart/commondir", "../..\n");
	tree_text(&tree, "home/dev/shop/.git/modules/lib/HEAD", "ref: refs/heads/dev\n");
	tree_text(&tree, "home/dev/cart/.git", "gitdir: /home/dev/shop/.git/worktrees/cart\n");
	tree_text(&tree, "home/dev/shop/lib/.git", "gitdir: ../.git/modules/lib\n");
	tree_text(&tree, "home/dev/lost/.git", "gitdir: /home/dev/gone/.git/worktrees/lost\n");
	tree_text(&tree, "home/dev/odd/.git", "no gitdir\n");

	CHECK_STR(find("/home/dev/cart")->worktree, "cart");
	CHECK_STR(find("/home/dev/cart")->branch, "feat/cart");
	CHECK_STR(find("/home/dev/shop/lib")->worktree, NULL);
	CHECK_STR(find("/home/dev/shop/lib")->branch, "dev");
	CHECK_STR(find("/home/dev/shop/lib")->name, "lib");
	CHECK_STR(find("/home/dev/shop")->worktree, NULL);
	CHECK_STR(find("/home/dev/lost")->name, "none");
	CHECK_STR(find("/home/dev/odd")->name, "none");
	end();
}

TEST(homes_and_system_folders_are_no_projects)
{
	static const char *const folders[] = {"", "/home/dev", "/root", "/tmp", "/usr/lib/app",
		"/etc/app"};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[128];
		snprintf(path, sizeof(path), "./%s/package.json", folders[i]);
		tree_text(&tree, path, "{\"name\": \"junk\"}");
		snprintf(path, sizeof(path), "./%s/.git/HEAD", folders[i]);
		tree_text(&tree, path, "ref: refs/heads/dotfiles\n");
		CHECK_STR(find(i ? folders[i] : "/")->name, "none");
	}
	CHECK_STR(find("/home/dev/src")->name, "none");
	CHECK_STR(find("/tmp/x/y")->name, "none");
	CHECK_STR(find("relative")->name, "none");
	CHECK_STR(find("")->name, "none");
	CHECK(project_find(&host, arena, NULL) == NULL);
	tree_text(&tree, "app/package.json", "{\"name\": \"in-a-container\"}");
	CHECK_STR(find("/app")->name, "in-a-container");
	end();
}

TEST(hostile_content_costs_only_the_name)
{
	AUTO(free) char *huge = must_malloc(8 << 20);
	char fifo[128];

	begin();
	memset(huge, '[', 8 << 20);
	tree_file(&tree, "srv/huge/package.json", huge, 8 << 20);
	tree_file(&tree, "srv/deep/package.json", huge, 200 << 10);
	tree_file(&tree, "srv/binary/Cargo.toml", "\xff\0\xfe[package]\nname=\0\n", 20);
	tree_file(&tree, "srv/head/.git/HEAD", huge, 1 << 20);
	tree_text(&tree, "srv/control/package.json", "{\"name\": \"a\\u001b[2Jb\"}");
	tree_text(&tree, "srv/empty/package.json", "{\"name\": \"@x/\"}");
	tree_text(&tree, "srv/number/package.json", "{\"name\": 7}");
	tree_text(&tree, "srv/fifo/package.json/file", "");
	snprintf(fifo, sizeof(fifo), "%s/srv/fifo/go.mod", tree.path);
	must(mkfifo(fifo, 0600) == 0);
	tree_link(&tree, "srv/loop/package.json", "package.json");
	memset(huge, 'x', 300);
	memcpy(huge, "module ", 7);
	tree_file(&tree, "srv/long/go.mod", huge, 300);

	CHECK_STR(find("/srv/huge")->name, "huge");
	CHECK_STR(find("/srv/deep")->name, "deep");
	CHECK_STR(find("/srv/binary")->name, "binary");
	CHECK_STR(find("/srv/head")->name, "head");
	CHECK_STR(find("/srv/head")->branch, NULL);
	CHECK_STR(find("/srv/control")->name, "control");
	CHECK_STR(find("/srv/empty")->name, "empty");
	CHECK_STR(find("/srv/number")->name, "number");
	CHECK_STR(find("/srv/fifo")->name, "none");
	CHECK_STR(find("/srv/loop")->name, "none");
	CHECK_STR(find("/srv/long")->name, "long");
	memset(huge, '/', 8 << 20);
	huge[(8 << 20) - 1] = '\0';
	CHECK_STR(find(huge)->name, "none");
	end();
}

TESTS(takes_names_from_manifests, the_nearest_manifest_names_and_the_git_root_brings_the_branch,
	the_manifest_with_a_name_wins, a_git_root_is_enough, reads_every_kind_of_head,
	tells_linked_work_trees_from_submodules, homes_and_system_folders_are_no_projects,
	hostile_content_costs_only_the_name)
