#include "base/clock.h"
#include "base/must.h"
#include "fake_world.h"
#include "free/undo.h"
#include "tree.h"
#include "unit.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static const char *argv_bytes[] = {"/bin/sh", "-c", "echo \"\xff\" '' \xc3\xa4", "", NULL};
static const char *env_bytes[] = {"PATH=/bin:/usr/bin", "SECRET=\x01\x80", NULL};

static struct undo_process sample_process(void)
{
	return (struct undo_process){.call = "sh -c",
		.file = "/bin/sh",
		.argv = argv_bytes,
		.argc = 4,
		.env = env_bytes,
		.env_count = 2,
		.env_known = true,
		.cwd = "/tmp",
		.uid = geteuid(),
		.gid = getegid(),
		.umask = 027};
}

static struct undo sample(struct undo_process *p, struct undo_goal *g, struct undo_command *c)
{
	static const char *words[] = {"systemctl", "start", "x.service", NULL};

	*p = sample_process();
	*g = (struct undo_goal){.what = "port 3000",
		.endpoint = {.proto = PROTO_TCP, .address = ADDRESS_LOOPBACK6, .port = 3000}};
	*c = (struct undo_command){words, 3};
	return (struct undo){.stopped_ms = 1700000000123,
		.goals = g,
		.goal_count = 1,
		.processes = p,
		.process_count = 1,
		.commands = c,
		.command_count = 1};
}

TEST(bytes_survive_the_file)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	AUTO(buf) struct buf again = BUF_INIT(1 << 20);
	struct undo_process p;
	struct undo_goal g;
	struct undo_command c;
	struct undo u = sample(&p, &g, &c), *back = NULL;
	struct err err = {0};

	undo_write(&u, &text);
	CHECK_INT(undo_read(arena, text.data, text.len, &back, &err), 0);
	CHECK_STR(err.text, "");
	CHECK_INT(back->processes[0].argc, 4);
	CHECK_STR(back->processes[0].argv[2], argv_bytes[2]);
	CHECK_STR(back->processes[0].argv[3], "");
	CHECK(back->processes[0].argv[4] == NULL);
	CHECK_STR(back->processes[0].env[1], env_bytes[1]);
	CHECK_INT(back->processes[0].umask, 027);
	CHECK(address_eq(&back->goals[0].endpoint.address, &ADDRESS_LOOPBACK6));
	CHECK_STR(back->commands[0].argv[2], "x.service");
	undo_write(back, &again);
	CHECK_STR(again.data, text.data);
}

TEST(what_loopscope_does_not_write_is_refused)
{
	static const char *const bad[] = {"", "{}", "{\"schema\":\"loopscope.undo/2\"}",
		"{\"schema\":\"loopscope.undo/1\"}",
		"{\"schema\":\"loopscope.undo/1\",\"stopped_ms\":-1,\"goals\":[],\"processes\":[],"
		"\"commands\":[]}",
		"{\"schema\":\"loopscope.undo/1\",\"stopped_ms\":1,\"goals\":[],\"processes\":[{}],"
		"\"commands\":[]}",
		"{\"schema\":\"loopscope.undo/1\",\"stopped_ms\":1,\"goals\":[],\"processes\":[],"
		"\"commands\":[[{\"hex\":\"0\"}]]}",
		"{\"schema\":\"loopscope.undo/1\",\"stopped_ms\":1,\"goals\":[],\"processes\":[],"
		"\"commands\":[[{\"hex\":\"00\"}]]}",
		"{\"schema\":\"loopscope.undo/1\",\"stopped_ms\":1,\"goals\":[],\"processes\":[],"
		"\"commands\":[[]]}",
		"{\"schema\":\"loopscope.undo/1\",\"stopped_ms\":1,\"goals\":[{\"what\":\"x\","
		"\"proto\":99,\"port\":1,\"address\":\"::1\"}],\"processes\":[],\"commands\":[]}"};
	AUTO(arena) struct arena *arena = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct undo *u = NULL;
		struct err err = {0};
		CHECK(undo_read(arena, bad[i], strlen(bad[i]), &u, &err) < 0);
		CHECK(err.text[0] != '\0');
		CHECK(!u);
	}
}

TEST(keeps_the_last_twenty)
{
	AUTO(tree) struct tree t = tree_new();
	AUTO(arena) struct arena *arena = arena_new();
	struct undo_process p;
	struct undo_goal g;
	struct undo_command c;
	struct undo u = sample(&p, &g, &c), *back = NULL;
	struct target target = {.kind = TARGET_PORT, .port = 3007, .text = "3007"};
	struct err err = {0};
	struct stat st;

	setenv("XDG_STATE_HOME", t.path, 1);
	CHECK_INT(undo_load(arena, NULL, &back, &err), -ENOENT);
	for (unsigned i = 0; i < 25; i++) {
		u.stopped_ms = 1700000000000 + i;
		g.endpoint.port = (uint16_t)(3000 + i);
		CHECK_INT(undo_save(arena, &u, &err), 0);
	}
	CHECK(stat(u.path, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK_INT(undo_load(arena, NULL, &back, &err), 0);
	CHECK_INT(back->goals[0].endpoint.port, 3024);
	CHECK_INT(undo_load(arena, &target, &back, &err), 0);
	CHECK_INT(back->stopped_ms, 1700000000007);
	target.port = 3004; /* one of those that were too old */
	CHECK_INT(undo_load(arena, &target, &back, &err), -ENOENT);
	chmod(u.path, 0666);
	CHECK_INT(undo_load(arena, NULL, &back, &err), -EPERM);
	undo_forget(&u);
	CHECK_INT(undo_load(arena, NULL, &back, &err), 0);
	CHECK_INT(back->goals[0].endpoint.port, 3023);
}

static const char *output_of(const struct undo_process *p, pid_t *out_pid)
{
	static struct buf text;
	AUTO(buf) struct buf log = BUF_INIT(4096);
	struct undo u = {0};
	struct err err = {0};

	CHECK_INT(undo_start(&u, p, &log, out_pid, &err), 0);
	CHECK_STR(err.text, "");
	CHECK_INT(waitpid(*out_pid, NULL, 0), *out_pid);
	buf_fini(&text);
	buf_init(&text, 4096);
	CHECK_INT(fs_read_at(AT_FDCWD, log.data, &text), 0);
	return text.data;
}

TEST(starts_as_it_was)
{
	AUTO(tree) struct tree t = tree_new();
	const char *argv[] = {"other-name", "-c",
		"pwd; echo $A; umask; cat; ps -o sid= -p $$ | tr -d ' '", NULL};
	const char *env[] = {"A=1 2", "PATH=/bin:/usr/bin", NULL};
	struct undo_process p = sample_process();
	pid_t pid = 0;

	setenv("XDG_STATE_HOME", t.path, 1);
	p.argv = argv;
	p.argc = 3;
	p.env = env;
	AUTO(buf) struct buf want = BUF_INIT(200);
	const char *got = output_of(&p, &pid);
	buf_printf(&want, "/tmp\n1 2\n0027\n%d\n", pid);
	CHECK_STR(got, want.data);
}

TEST(says_why_it_did_not_start)
{
	AUTO(tree) struct tree t = tree_new();
	AUTO(buf) struct buf log = BUF_INIT(4096);
	struct undo u = {0};
	struct undo_process p = sample_process();
	struct err err = {0};
	pid_t pid;

	setenv("XDG_STATE_HOME", t.path, 1);
	p.file = "/dev/null/x";
	CHECK_INT(undo_start(&u, &p, &log, &pid, &err), -ENOTDIR);
	CHECK_STR(err.text, "cannot start 'sh -c': '/dev/null/x': Not a directory");
	p = sample_process();
	p.cwd = "/dev/null";
	CHECK_INT(undo_start(&u, &p, &log, &pid, &err), -ENOTDIR);
	CHECK_STR(err.text, "cannot start 'sh -c': its folder '/dev/null': Not a directory");
}

/* A real process, since its files are read from the real /proc. */
static pid_t sleeper(const char *const argv[], const char *const env[])
{
	int ready[2];
	char byte;

	must(pipe2(ready, O_CLOEXEC) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		must(chdir("/tmp") == 0);
		execve("/bin/sleep", (char *const *)argv, (char *const *)env);
		_exit(127);
	}
	close(ready[1]);
	must(read(ready[0], &byte, 1) == 0); /* exec closed it */
	close(ready[0]);
	return pid;
}

static const struct undo_process *record(struct fake_world *f, pid_t pid, struct owner *o)
{
	static struct free_victim victim;
	static struct free_plan plan;

	victim = (struct free_victim){.owner = o, .signal = SIGTERM, .role = FREE_HOLDER};
	plan = (struct free_plan){.victims = &victim, .victim_count = 1};
	must(host_open(NULL, &f->host, NULL) == 0);
	struct undo *u = undo_record(fake_world_ready(f), &plan);
	host_close(&f->host);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_INT(u->process_count, 1);
	return &u->processes[0];
}

TEST(reads_what_is_about_to_end)
{
	AUTO(fake_world) struct fake_world f;
	const char *const argv[] = {"sleep", "100", NULL},
			  *const env[] = {"PATH=/bin", "X=\xff", NULL};
	pid_t pid = sleeper(argv, env);

	fake_world_init(&f);
	struct owner *o = snap_owner(&f.snap, pid, "/usr/bin/sleep");
	snap_argv(&f.snap, o, "sleep", "100");
	o->cwd = "/tmp";
	const struct undo_process *p = record(&f, pid, o);
	CHECK_STR(p->cannot, NULL);
	CHECK_STR(p->file, "/bin/sleep"); /* by its own PATH */
	CHECK_STR(p->cwd, "/tmp");
	CHECK(p->env_known);
	CHECK_INT(p->env_count, 2);
	CHECK_STR(p->env[1], "X=\xff");
	CHECK_INT(p->uid, getuid());
}

TEST(a_title_cannot_be_repeated)
{
	AUTO(fake_world) struct fake_world f;
	const char *const argv[] = {"sleep", "100", NULL}, *const env[] = {"PATH=/bin", NULL};
	pid_t pid = sleeper(argv, env);

	fake_world_init(&f);
	struct owner *o = snap_owner(&f.snap, pid, "/usr/bin/node");
	snap_argv(&f.snap, o, "next-server (v14.1.0)");
	const struct undo_process *p = record(&f, pid, o);
	CHECK_STR(p->cannot, "it wrote a title over its own arguments");
}

TEST(some_titles_are_their_own_words)
{
	AUTO(fake_world) struct fake_world f;
	const char *const argv[] = {"sleep", "100", NULL}, *const env[] = {"PATH=/bin", NULL};
	pid_t pid = sleeper(argv, env);

	fake_world_init(&f);
	struct owner *o = snap_owner(&f.snap, pid, "/usr/sbin/nginx");
	snap_argv(&f.snap, o, "nginx: master process sh -c true");
	const struct undo_process *p = record(&f, pid, o);
	CHECK_STR(p->cannot, NULL);
	CHECK_STR(p->file, "/bin/sh");
	CHECK_INT(p->argc, 3);
	CHECK_STR(p->argv[2], "true");
}

TESTS(bytes_survive_the_file, what_loopscope_does_not_write_is_refused, keeps_the_last_twenty,
	starts_as_it_was, says_why_it_did_not_start, reads_what_is_about_to_end,
	a_title_cannot_be_repeated, some_titles_are_their_own_words)
