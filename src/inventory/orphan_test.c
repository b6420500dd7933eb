#include "base/str.h"
#include "inventory/owners.h"
#include "proc_row.h"
#include "unit.h"

#define SYSTEM	"/system.slice/"
#define MANAGER "/user.slice/user-1000.slice/user@1000.service/"
#define VTE	MANAGER "app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope"
#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HUNG	"/dev/pts/3 (deleted)"
#define LOG	"/home/dev/shop/dev.log"

static const char terminal[] = "the terminal that started it is gone";
static const char starter[] = "the process that started it ended";

static const struct proc_row systemd[] = {
	{.pid = 1, .uid = ROW_ROOT, .comm = "systemd", .cgroup = "/init.scope", .cwd = "/"},
	{.pid = 20,
		.ppid = 1,
		.comm = "systemd",
		.argv = "/usr/lib/systemd/systemd --user",
		.cgroup = MANAGER "init.scope",
		.cwd = "/"},
	{.pid = 30,
		.ppid = 20,
		.comm = "gnome-terminal-",
		.cwd = "/home/dev",
		.cgroup = MANAGER "app.slice/gnome-terminal-server.service"},
	{.pid = 40,
		.ppid = 30,
		.tty = 34819,
		.comm = "zsh",
		.cgroup = VTE,
		.in = "/dev/pts/3",
		.out = "/dev/pts/3"},
};

/* Why the process `pid` is left over, when these rows are added to a machine with systemd. */
static const char *why_on(const struct proc_row *machine, size_t machine_count,
	const struct proc_row *rows, size_t count, int pid)
{
	AUTO(tree) struct tree t = tree_new();
	AUTO(arena) struct arena *a = arena_new();
	struct host h;

	tree_text(&t, "etc/passwd",
		"root:x:0:0::/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/sh\n");
	tree_text(&t, "home/dev/shop/package.json", "{\"name\": \"shop\"}");
	tree_text(&t, "proc/stat", "x\nbtime 1700000000\n");
	proc_rows(&t, machine, machine_count);
	proc_rows(&t, rows, count);
	must(host_open(t.path, &h, NULL) == 0);
	AUTO(owner_table) struct owner_table *table = owner_table_new(&h, a);
	owner_table_load(table, owner_table_add(table, pid), OWNER_FULL);
	const struct owner *o = owner_table_list(table, &count)[0];
	const char *why = o->orphan_why;
	CHECK(o->orphaned == (why != NULL));
	host_close(&h);
	return !why			? NULL
		: str_eq(why, terminal) ? terminal
		: str_eq(why, starter)	? starter
					: "?";
}

/* One process, alone. */
static const char *why(struct proc_row row)
{
	return why_on(systemd, ARRAY_SIZE(systemd), &row, 1, row.pid);
}

TEST(what_a_closed_terminal_leaves)
{
	static const struct proc_row tree[] = {
		{.pid = 100,
			.ppid = 20,
			.pgrp = 100,
			.session = 50,
			.comm = "npm run dev",
			.cgroup = VTE,
			.out = "/home/dev/shop/nohup.out"},
		{.pid = 101, .ppid = 100, .pgrp = 100, .session = 50, .comm = "sh", .cgroup = VTE},
		{.pid = 102,
			.ppid = 101,
			.pgrp = 100,
			.session = 50,
			.comm = "node",
			.cgroup = VTE},
	};

	for (int pid = 100; pid <= 102; pid++)
		CHECK_STR(why_on(systemd, ARRAY_SIZE(systemd), tree, 3, pid), terminal);
	/* handed to pid 1, to systemd --user, with the descriptors of the terminal, after setsid */
	CHECK_STR(why((struct proc_row){.pid = 100, .ppid = 1, .session = 50, .comm = "node"}),
		terminal);
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 1,
			  .pgrp = 50,
			  .session = 50,
			  .comm = "node",
			  .out = HUNG}),
		terminal);
	CHECK_STR(why((struct proc_row){.pid = 100, .ppid = 1, .comm = "node", .out = HUNG}),
		terminal);
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 1,
			  .comm = "node",
			  .in = HUNG,
			  .out = LOG}),
		terminal);
	/* a terminal emulator may be a service itself */
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 20,
			  .comm = "node",
			  .out = HUNG,
			  .cgroup = MANAGER "app.slice/gnome-terminal-server.service"}),
		terminal);
	/* units that a desktop makes for each application */
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 20,
			  .session = 50,
			  .comm = "node",
			  .cgroup = MANAGER "app.slice/app-kitty@ab.service"}),
		terminal);
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 1,
			  .session = 50,
			  .comm = "node",
			  .uid = ROW_ROOT}),
		terminal);
}

TEST(what_a_script_or_an_assistant_leaves)
{
	struct proc_row row = {.pid = 100,
		.ppid = 1,
		.pgrp = 50,
		.session = 50,
		.comm = "node",
		.out = "pipe:[4711]"};

	CHECK_STR(why(row), starter);
	row.out = LOG;
	CHECK_STR(why(row), starter);
	row.cwd = "/home/dev/notes/x";
	CHECK_STR(why(row), starter);
	row.cwd = "/tmp/try";
	CHECK_STR(why(row), starter);
	row.pgrp = 100; /* timeout(1) has a group of its own, which is no shell's doing */
	row.comm = "timeout";
	CHECK_STR(why(row), starter);
}

TEST(an_unknown_subreaper_does_not_hide_it)
{
	static const struct proc_row rows[] = {
		{.pid = 60, .ppid = 40, .session = 40, .comm = "agent"},
		{.pid = 100, .ppid = 60, .pgrp = 90, .session = 90, .comm = "node", .out = LOG},
	};

	CHECK_STR(why_on(systemd, ARRAY_SIZE(systemd), rows, 2, 100), starter);
}

TEST(what_lives_in_a_terminal_stays)
{
	static const struct proc_row rows[] = {
		{.pid = 100,
			.ppid = 40,
			.session = 40,
			.tty = 34819,
			.comm = "npm",
			.cgroup = VTE,
			.out = "/dev/pts/3"},
		{.pid = 101,
			.ppid = 100,
			.pgrp = 100,
			.session = 40,
			.tty = 34819,
			.comm = "node",
			.cgroup = VTE,
			.out = "/dev/pts/3"},
		/* "(node &)": its parent has ended, but the terminal is there */
		{.pid = 102,
			.ppid = 20,
			.pgrp = 99,
			.session = 40,
			.tty = 34819,
			.comm = "node",
			.cgroup = VTE,
			.out = "/dev/pts/3"},
	};

	for (int pid = 100; pid <= 102; pid++)
		CHECK_STR(why_on(systemd, ARRAY_SIZE(systemd), rows, 3, pid), NULL);
}

TEST(what_lives_in_tmux_stays)
{
	static const struct proc_row rows[] = {
		{.pid = 60,
			.ppid = 20,
			.comm = "tmux: server",
			.argv = "tmux new -s work",
			.cgroup = VTE},
		{.pid = 61, .ppid = 60, .tty = 34820, .comm = "zsh", .cgroup = VTE},
		{.pid = 100,
			.ppid = 61,
			.session = 61,
			.tty = 34820,
			.comm = "node",
			.cgroup = VTE},
	};

	CHECK_STR(why_on(systemd, ARRAY_SIZE(systemd), rows, 3, 100), NULL);
	CHECK_STR(why_on(systemd, ARRAY_SIZE(systemd), rows, 3, 60), NULL);
}

TEST(services_stay)
{
	static const struct proc_row rows[] = {
		{.pid = 100,
			.ppid = 1,
			.uid = ROW_ROOT,
			.comm = "nginx",
			.cwd = "/",
			.cgroup = SYSTEM "nginx.service",
			.out = "socket:[1]"},
		{.pid = 101,
			.ppid = 100,
			.session = 100,
			.uid = 33,
			.comm = "nginx",
			.cwd = "/",
			.cgroup = SYSTEM "nginx.service"},
		/* Type=forking: the session's leader was the second of three */
		{.pid = 102,
			.ppid = 1,
			.pgrp = 99,
			.session = 99,
			.uid = ROW_ROOT,
			.comm = "app",
			.cwd = "/home/dev/shop",
			.cgroup = SYSTEM "app.service",
			.out = LOG},
		{.pid = 103,
			.ppid = 20,
			.session = 99,
			.comm = "syncd",
			.cgroup = MANAGER "app.slice/syncd.service",
			.out = LOG},
		{.pid = 104,
			.ppid = 1,
			.session = 99,
			.uid = 110,
			.comm = "redis-server",
			.cgroup = "/",
			.out = LOG},
		{.pid = 105, .ppid = 1, .session = 99, .uid = 65534, .comm = "x", .out = LOG},
	};

	for (int pid = 100; pid <= 105; pid++)
		CHECK_STR(why_on(systemd, ARRAY_SIZE(systemd), rows, ARRAY_SIZE(rows), pid), NULL);
}

TEST(daemons_of_a_user_stay)
{
	/* setsid, fork, exit; started in a project */
	struct proc_row row = {.pid = 100,
		.ppid = 1,
		.pgrp = 50,
		.session = 50,
		.comm = "gunicorn"};

	CHECK_STR(why(row), NULL); /* its output goes to /dev/null */
	row.out = LOG;
	row.argv = "gunicorn --daemon app:app";
	CHECK_STR(why(row), NULL);
	row.argv = "gunicorn app:app";
	CHECK_STR(why(row), starter);
	row.cwd = "/";
	CHECK_STR(why(row), NULL);
	row.cwd = "/home/dev"; /* what a window manager starts */
	CHECK_STR(why(row), NULL);
	row.cwd = "/home/dev/.local/share/tool";
	CHECK_STR(why(row), NULL);
	row.cwd = "/home/developer/x"; /* another one's home */
	CHECK_STR(why(row), NULL);
	/* daemon(3): it leads its own session */
	CHECK_STR(why((struct proc_row){.pid = 100, .ppid = 1, .comm = "redis-server", .out = LOG}),
		NULL);
	/* ssh -f keeps nothing but its error output */
	CHECK_STR(why((struct proc_row){.pid = 100, .ppid = 1, .comm = "ssh"}), NULL);
}

TEST(keepers_and_what_they_keep_stay)
{
	static const struct {
		const char *comm, *argv, *exe;
	} keepers[] = {
		{"PM2 v5.3.0: God", NULL, "/usr/bin/node"},
		{"supervisord", NULL, "/usr/bin/python3"},
		{"conmon", NULL, NULL},
		{"containerd-shim", NULL, "/usr/bin/containerd-shim-runc-v2"},
		{"rootlessport", NULL, NULL},
		{"exe", NULL, "/usr/bin/rootlesskit"},
		{"screen", "SCREEN -S work", NULL},
		{"zellij", "zellij --server /run/user/1000/zellij/work", NULL},
		{"firefox", NULL, "/usr/lib/firefox/firefox"},
		{"node", "node /home/dev/.vscode-server/bin/1/out/server-main.js", NULL},
		{"chrome", NULL, "/opt/google/chrome/chrome"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keepers); i++) {
		const struct proc_row rows[] = {
			{.pid = 60,
				.ppid = 1,
				.pgrp = 61,
				.session = 50,
				.comm = keepers[i].comm,
				.argv = keepers[i].argv,
				.exe = keepers[i].exe,
				.out = HUNG},
			{.pid = 100,
				.ppid = 60,
				.pgrp = 61,
				.session = 50,
				.comm = "node",
				.out = HUNG},
		};
		CHECK_STR(why_on(systemd, ARRAY_SIZE(systemd), rows, 2, 60), NULL);
		CHECK_STR(why_on(systemd, ARRAY_SIZE(systemd), rows, 2, 100), NULL);
	}
	/* a browser without a window is a tool that somebody forgot */
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 1,
			  .session = 50,
			  .comm = "chrome",
			  .argv = "chrome --headless=new --remote-debugging-port=9222"}),
		terminal);
}

TEST(containers_are_not_judged)
{
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 1,
			  .session = 50,
			  .comm = "node",
			  .cgroup = SYSTEM "docker-" ID ".scope",
			  .out = HUNG}),
		NULL);
}

/* Seen from inside a container: pid 1 is the application's own start script. */
TEST(a_machine_without_systemd)
{
	static const struct proc_row machine[] = {
		{.pid = 1, .uid = ROW_ROOT, .comm = "sh", .cgroup = "/", .cwd = "/app"},
	};
	static const struct proc_row rows[] = {
		{.pid = 10,
			.ppid = 1,
			.pgrp = 1,
			.session = 1,
			.uid = ROW_ROOT,
			.comm = "node",
			.cgroup = "/",
			.cwd = "/app",
			.out = "pipe:[1]"},
		{.pid = 11,
			.ppid = 1,
			.uid = ROW_ROOT,
			.comm = "redis-server",
			.cgroup = "/",
			.cwd = "/app"},
		/* docker exec: its parent and its session are outside */
		{.pid = 12,
			.ppid = 0,
			.session = 12,
			.uid = ROW_ROOT,
			.comm = "bash",
			.cgroup = "/"},
		{.pid = 13,
			.ppid = 1,
			.session = 9,
			.uid = ROW_ROOT,
			.comm = "node",
			.cgroup = "/",
			.cwd = "/root/shop",
			.out = "pipe:[1]"},
	};

	CHECK_STR(why_on(machine, 1, rows, 4, 10), NULL);
	CHECK_STR(why_on(machine, 1, rows, 4, 11), NULL);
	CHECK_STR(why_on(machine, 1, rows, 4, 12), NULL);
	CHECK_STR(why_on(machine, 1, rows, 4, 13), terminal);
}

TEST(nothing_is_said_of_what_is_not_known)
{
	/* zombie; parent not readable; parent with a reused number */
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 1,
			  .session = 50,
			  .comm = "x",
			  .state = 'Z'}),
		NULL);
	CHECK_STR(why((struct proc_row){.pid = 100, .ppid = 77, .session = 50, .comm = "x"}), NULL);
	CHECK_STR(why((struct proc_row){.pid = 100,
			  .ppid = 20,
			  .session = 50,
			  .comm = "x",
			  .start = 9}),
		NULL);
}

TESTS(what_a_closed_terminal_leaves, what_a_script_or_an_assistant_leaves,
	an_unknown_subreaper_does_not_hide_it, what_lives_in_a_terminal_stays,
	what_lives_in_tmux_stays, services_stay, daemons_of_a_user_stay,
	keepers_and_what_they_keep_stay, containers_are_not_judged, a_machine_without_systemd,
	nothing_is_said_of_what_is_not_known)
