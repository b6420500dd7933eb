#include "free/kind.h"
#include "unit.h"
#include <signal.h>

struct sample {
	const char *exe, *argv[5];
	enum kind kind;
	const char *call;
};

static struct owner make(const struct sample *s, const char **argv)
{
	struct owner o = {.pid = 100, .exe = s->exe, .comm = "", .argv = argv};

	for (; o.argc < ARRAY_SIZE(s->argv) && s->argv[o.argc]; o.argc++)
		argv[o.argc] = s->argv[o.argc];
	return o;
}

static const struct sample samples[] = {
	{"/usr/bin/node", {"npm run dev"}, KIND_WRAPPER, "npm run dev"},
	{"/usr/bin/node", {"node", "/usr/lib/node_modules/npm/bin/npm-cli.js", "run", "dev"},
		KIND_WRAPPER, "npm run dev"},
	{"/usr/bin/node", {"node", "/s/node_modules/.bin/nodemon", "server.js"}, KIND_RUNNER,
		"nodemon server.js"},
	{"/usr/bin/node", {"node", "/s/.yarn/releases/yarn-4.1.0.cjs", "dev"}, KIND_WRAPPER,
		"yarn dev"},
	{"/usr/bin/node", {"node", "--watch", "server.js"}, KIND_RUNNER, "node --watch server.js"},
	{"/usr/bin/node", {"node", "server.js", "--watch"}, KIND_OTHER, "node server.js --watch"},
	{"/usr/bin/node", {"node", "/s/node_modules/.bin/vite"}, KIND_OTHER, "vite"},
	{"/usr/bin/python3.11", {"python3", "-m", "http.server", "80"}, KIND_OTHER,
		"python -m http.server 80"},
	{"/usr/bin/python3.11", {"/usr/bin/python3", "/usr/bin/honcho", "start"}, KIND_RUNNER,
		"honcho start"},
	{"/home/d/.cargo/bin/cargo", {"cargo", "watch", "-x", "run"}, KIND_RUNNER,
		"cargo watch -x run"},
	{"/home/d/.cargo/bin/cargo", {"cargo", "build"}, KIND_OTHER, "cargo build"},
	{"/usr/bin/bash", {"-bash"}, KIND_SHELL, "bash"},
	{"/usr/bin/dash", {"sh", "-c", "vite"}, KIND_SHELL, "dash -c vite"},
	{"/usr/bin/tmux", {"tmux", "new", "-s", "work"}, KIND_TERMINAL, "tmux new -s work"},
	{"/home/d/.vscode-server/bin/x/node", {"node", "server-main.js"}, KIND_EDITOR,
		"node server-main.js"},
	{"/usr/lib/chromium/chromium", {"chromium", "--type=renderer"}, KIND_BROWSER,
		"chromium --type=renderer"},
	{"/usr/lib/chromium/chromium", {"chromium", "--remote-debugging-port=9222"}, KIND_BROWSER,
		"chromium --remote-debugging-port=9222"},
	{"/usr/lib/chromium/chromium", {"chromium", "--headless=new"}, KIND_OTHER,
		"chromium --headless=new"},
	{"/usr/bin/node", {"claude"}, KIND_ASSISTANT, "node"},
	{NULL, {NULL}, KIND_OTHER, "?"},
};

TEST(knows_programs_by_their_words)
{
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const char *argv[5];
		struct owner o = make(&samples[i], argv);
		CHECK_STR(kind_name(kind_of(&o)), kind_name(samples[i].kind));
		CHECK_STR(kind_call(arena, &o), samples[i].call);
	}
}

TEST(a_shell_with_a_command_is_no_prompt)
{
	static const struct sample shells[] = {
		{"/usr/bin/dash", {"sh", "-c", "vite"}},
		{"/usr/bin/zsh", {"zsh", "-l", "-ic", "vite"}},
		{"/usr/bin/bash", {"bash", "./dev.sh"}},
		{"/usr/bin/bash", {"-bash"}},
		{"/usr/bin/bash", {"bash", "--login", "-i"}},
		{"/usr/bin/node", {"node", "-c", "x"}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		const char *argv[5];
		struct owner o = make(&shells[i], argv);
		CHECK_INT(kind_runs_command(&o), i < 3);
	}
}

TEST(foreign_text_is_escaped_and_cut)
{
	AUTO(arena) struct arena *arena = arena_new();
	static const struct sample evil = {"/usr/bin/x",
		{"x", "\x1b[2J",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}};
	const char *argv[5];
	struct owner o = make(&evil, argv);
	const char *call = kind_call(arena, &o);

	CHECK(!strchr(call, '\x1b'));
	CHECK(strlen(call) <= 42);
}

TEST(few_programs_end_by_another_signal)
{
	struct owner node = {.pid = 9, .exe = "/usr/bin/node", .comm = "node"};
	struct owner postgres = {.pid = 9,
		.exe = "/usr/lib/postgresql/15/bin/postgres",
		.comm = "postgres"};

	CHECK_INT(kind_end_signal(&node), SIGTERM);
	CHECK_INT(kind_end_signal(&postgres), SIGINT);
	CHECK(kind_is_spared(KIND_EDITOR) && !kind_is_spared(KIND_WRAPPER));
}

TESTS(knows_programs_by_their_words, a_shell_with_a_command_is_no_prompt,
	foreign_text_is_escaped_and_cut, few_programs_end_by_another_signal)
