#include "base/text.h"
#include "render/tree.h"
#include "unit.h"
#include <fcntl.h>
#include <locale.h>

static struct arena *arena;

static const char *print(const struct tree_node *root, bool utf8, unsigned columns)
{
	struct out out;

	setlocale(LC_CTYPE, "C.UTF-8");
	out_init(&out, open("/dev/null", O_WRONLY | O_CLOEXEC), COLOR_NEVER);
	out.utf8 = utf8;
	out.columns = columns;
	tree_print(&out, root);
	const char *text = arena_strdup(arena, out.text.data);
	close(out.fd);
	out.fd = -1;
	buf_clear(&out.text);
	out_end(&out);
	return text;
}

static struct tree_node *add(struct tree_node *parent, const char *label, const char *a,
	const char *b)
{
	struct tree_node *n = tree_add(arena, parent, label);

	n->cells[0] = a;
	n->cells[1] = b;
	return n;
}

static struct tree_node *sample(void)
{
	struct tree_node *root = arena_new_of(arena, struct tree_node);
	struct tree_node *nginx = add(root, "nginx", "127.0.0.1:8080", NULL);
	struct tree_node *api = add(nginx, "shop api", "127.0.0.1:3000", " 3 connections");

	add(api, "postgres 15", "127.0.0.1:5432", "10 connections");
	add(nginx, "shop web", "127.0.0.1:5173", " 2 connections");
	add(root, "psql", "pid 4121", NULL);
	add(root->last, "postgres 15", "127.0.0.1:5432", " 1 connection")->note = "(above)";
	return root;
}

TEST(draws_branches)
{
	arena = arena_new();
	CHECK_STR(print(sample(), true, 0),
		"nginx                   127.0.0.1:8080\n"
		"├─ shop api             127.0.0.1:3000   3 connections\n"
		"│  └─ postgres 15       127.0.0.1:5432  10 connections\n"
		"└─ shop web             127.0.0.1:5173   2 connections\n"
		"psql                    pid 4121\n"
		"└─ postgres 15 (above)  127.0.0.1:5432   1 connection\n");
	arena_free(arena);
}

TEST(falls_back_to_ascii)
{
	arena = arena_new();
	CHECK_STR(print(sample(), false, 0),
		"nginx                   127.0.0.1:8080\n"
		"|- shop api             127.0.0.1:3000   3 connections\n"
		"|  `- postgres 15       127.0.0.1:5432  10 connections\n"
		"`- shop web             127.0.0.1:5173   2 connections\n"
		"psql                    pid 4121\n"
		"`- postgres 15 (above)  127.0.0.1:5432   1 connection\n");
	arena_free(arena);
}

static size_t widest_line(const char *text)
{
	size_t widest = 0;

	for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
		widest = MAX(widest, text_width(p, strcspn(p, "\n")));
	return widest;
}

TEST(never_is_wider_than_the_terminal)
{
	arena = arena_new();
	struct tree_node *root = sample();

	add(root, "a very long name of a program that nobody would ever give to a program",
		"unix:/run/user/1000/a/very/long/path/to/a/socket.sock", "1234567 connections");
	for (unsigned columns = 30; columns < 130; columns++)
		CHECK(widest_line(print(root, true, columns)) <= columns);
	CHECK(strstr(print(root, true, 80), "…"));
	CHECK(!strstr(print(root, true, 0), "…"));
	CHECK(!strstr(print(root, false, 80), "…"));
	arena_free(arena);
}

TEST(survives_depth)
{
	arena = arena_new();
	struct tree_node *root = arena_new_of(arena, struct tree_node), *at = root;

	for (int i = 0; i < 200; i++)
		at = add(at, "sh", "pid 1", NULL);
	const char *text = print(root, true, 80);
	CHECK(widest_line(text) <= 80);
	CHECK(strstr(text, "…"));
	size_t lines = 0;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	CHECK_INT(lines, TREE_DEPTH_MAX + 1);
	arena_free(arena);
}

TEST(escapes_foreign_text)
{
	arena = arena_new();
	struct tree_node *root = arena_new_of(arena, struct tree_node);

	add(root, "evil\x1b[2J\n", "a\tb", "\xff");
	CHECK_STR(print(root, true, 0), "evil\\x1b[2J\\n  a\\tb  \\xff\n");
	CHECK_STR(print(arena_new_of(arena, struct tree_node), true, 80), "");
	arena_free(arena);
}

TESTS(draws_branches, falls_back_to_ascii, never_is_wider_than_the_terminal, survives_depth,
	escapes_foreign_text)
