#include "inventory/terminal.h"
#include "proc_row.h"
#include "unit.h"

static struct arena *arena;
static struct host host;

/* The session of a process with this environment, below a server with these arguments. */
static const char *session(const char *comm, const char *argv, const char *env)
{
	AUTO(tree) struct tree t = tree_new();
	const char *words[8];
	char copy[256];
	size_t argc = 0;

	tree_text(&t, "proc/stat", "");
	proc_row_write(&t, &(struct proc_row){.pid = 42, .comm = "node", .env = env});
	must(host_open(t.path, &host, NULL) == 0);
	snprintf(copy, sizeof(copy), "%s", argv);
	for (char *rest = copy, *word; (word = strsep(&rest, " "));)
		words[argc++] = word;
	const struct owner server = {.pid = 7, .comm = comm, .argv = words, .argc = argc};
	const struct owner shell = {.pid = 8, .comm = "zsh", .parent = &server};
	const struct owner node = {.pid = 42, .comm = "node", .parent = &shell};
	const char *name = terminal_session(&host, arena, &node);
	static char kept[64];
	snprintf(kept, sizeof(kept), "%s", name ? name : "(none)");
	host_close(&host);
	return kept;
}

TEST(names_devices)
{
	arena = arena_new();
	CHECK_STR(terminal_name(arena, 0), NULL);
	CHECK_STR(terminal_name(arena, 34816), "pts/0");
	CHECK_STR(terminal_name(arena, 34819), "pts/3");
	CHECK_STR(terminal_name(arena, 137 << 8 | 1), "pts/257");
	CHECK_STR(terminal_name(arena, 136 << 8 | 1 << 20 | 4), "pts/260");
	CHECK_STR(terminal_name(arena, 4 << 8 | 1), "tty1");
	CHECK_STR(terminal_name(arena, 4 << 8 | 64), "ttyS0");
	CHECK_STR(terminal_name(arena, 5 << 8 | 1), "console");
	CHECK_STR(terminal_name(arena, 8 << 8 | 1), NULL);
	arena_free(arena);
}

TEST(names_tmux_sessions)
{
	static const char first[] = "TMUX=/tmp/tmux-1000/default,7,0";

	arena = arena_new();
	CHECK_STR(session("tmux: server", "tmux new -s work", first), "work");
	CHECK_STR(session("tmux: server", "tmux new-session -As work -c /x", first), "work");
	CHECK_STR(session("tmux: server", "tmux -L sock new -swork", NULL), "work");
	CHECK_STR(session("tmux: server", "tmux -S /tmp/sock", first), "tmux");
	CHECK_STR(session("tmux: server", "tmux", first), "tmux");
	CHECK_STR(session("tmux: server", "tmux new -s", first), "tmux");
	CHECK_STR(session("tmux: server", "tmux new -s work", "TMUX=/tmp/t,7,2"), "tmux");
	CHECK_STR(session("zsh", "zsh -s work", first), "(none)");
	arena_free(arena);
}

TEST(names_screen_and_zellij_sessions)
{
	arena = arena_new();
	CHECK_STR(session("screen", "SCREEN -S work", NULL), "work");
	CHECK_STR(session("screen", "SCREEN -dmS work", "STY=7.play"), "play");
	CHECK_STR(session("screen", "SCREEN", "STY=7."), "screen");
	CHECK_STR(session("screen", "screen -r", NULL), "(none)"); /* the client */
	CHECK_STR(session("zellij", "zellij --server /run/user/1000/zellij/0.40/work", NULL),
		"work");
	arena_free(arena);
}

TESTS(names_devices, names_tmux_sessions, names_screen_and_zellij_sessions)
