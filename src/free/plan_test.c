#include "fake_world.h"
#include "free/plan.h"
#include "unit.h"
#include <errno.h>
#include <signal.h>

static struct owner *child_of(struct fake_world *f, const struct owner *parent, pid_t pid,
	const char *exe)
{
	struct owner *o = snap_owner(&f->snap, pid, exe);

	snap_parent(o, parent);
	o->unit = parent->unit;
	return o;
}

static struct free_plan *plan_for(struct fake_world *f, const char *text)
{
	struct world *w = f->w.snapshot ? &f->w : fake_world_ready(f);
	struct target t;
	struct err err = {0};
	struct plan_query q = {.targets = &t, .target_count = 1, .force_after_ms = 5000};
	struct free_plan *plan = NULL;

	CHECK_INT(target_parse(w->arena, text, &t, &err), 0);
	CHECK_INT(plan_make(w, &q, &plan, &err), 0);
	return plan;
}

/* "runner 4102, holder 4121, child 4130": the victims by wave */
static const char *victims(struct fake_world *f, const struct free_plan *plan)
{
	AUTO(buf) struct buf text = BUF_INIT(1000);

	for (size_t i = 0; i < plan->victim_count; i++)
		buf_printf(&text, "%s%s %d", i ? ", " : "", free_role_name(plan->victims[i].role),
			plan->victims[i].owner->pid);
	return arena_strdup(f->w.arena, text.data);
}

TEST(a_server_with_a_child_and_clients)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *node = child_of(&f, f.zsh, 4121, "/usr/bin/node");
	struct owner *chromium = child_of(&f, f.init, 2811, "/usr/bin/chromium");
	struct owner *api = child_of(&f, f.zsh, 4188, "/usr/bin/node");
	child_of(&f, node, 4130, "/s/node_modules/esbuild/bin/esbuild");
	snap_listen(&f.snap, "127.0.0.1", 3000, node);
	snap_listen(&f.snap, "127.0.0.1", 9229, node);
	snap_connect(&f.snap, chromium, 50000, node, 3000);
	snap_connect(&f.snap, chromium, 50001, node, 3000);
	snap_connect(&f.snap, api, 50002, node, 3000);
	snap_connect(&f.snap, node, 50003, api, 3001); /* it is the client here */
	struct free_plan *plan = plan_for(&f, "3000");
	CHECK_STR(victims(&f, plan), "holder 4121, child 4130");
	CHECK_INT(plan->holder_count, 1);
	CHECK_STR(plan->holders[0].what, "port 3000");
	CHECK_INT(plan->close_count, 1);
	CHECK_STR(plan->closes[0].text, "127.0.0.1:9229");
	CHECK_INT(plan->client_count, 2);
	CHECK_STR(plan->clients[0].text, "chromium 2811");
	CHECK_INT(plan->clients[0].connections, 2);
	CHECK_STR(plan->clients[1].text, "node 4188");
	CHECK_STR(plan->steps[0].text, "SIGTERM, then SIGKILL after 5 s");
	CHECK_INT(plan->refusal_count, 0);
}

TEST(a_runner_goes_first)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *npm = child_of(&f, f.zsh, 4102, "/usr/bin/node");
	struct owner *sh = child_of(&f, npm, 4103, "/usr/bin/dash");
	struct owner *nodemon = child_of(&f, sh, 4104, "/usr/bin/node");
	struct owner *server = child_of(&f, nodemon, 4105, "/usr/bin/node");
	snap_argv(&f.snap, npm, "npm run dev");
	snap_argv(&f.snap, sh, "sh", "-c", "nodemon");
	snap_argv(&f.snap, nodemon, "node", "/s/node_modules/.bin/nodemon");
	snap_listen(&f.snap, "::", 3000, server);
	struct free_plan *plan = plan_for(&f, "3000");
	CHECK_STR(victims(&f, plan), "runner 4102, runner 4103, runner 4104, holder 4105");
	CHECK_INT(plan->victims[0].wave, WAVE_RUNNER);
	CHECK_INT(plan->victims[3].wave, WAVE_HOLDER);
	CHECK_STR(plan->steps[0].text,
		"SIGTERM to npm run dev 4102, which runs it, then SIGKILL after 5 s");
}

TEST(a_wrapper_with_other_work_stays)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *make = child_of(&f, f.zsh, 4102, "/usr/bin/make");
	struct owner *server = child_of(&f, make, 4105, "/usr/bin/node");
	child_of(&f, make, 4106, "/usr/bin/node");
	snap_listen(&f.snap, "::", 3000, server);
	CHECK_STR(victims(&f, plan_for(&f, "3000")), "holder 4105");
}

TEST(everybody_who_inherited_the_socket_ends)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *master = child_of(&f, f.zsh, 100, "/usr/sbin/nginx");
	struct owner *worker = child_of(&f, master, 101, "/usr/sbin/nginx");
	struct owner *browser = child_of(&f, master, 102, "/usr/bin/chromium");
	size_t s = snap_listen(&f.snap, "0.0.0.0", 8080, master);
	snap_hold(&f.snap, s, worker, 3);
	snap_hold(&f.snap, s, browser, 3);
	struct free_plan *plan = plan_for(&f, "8080");
	CHECK_STR(victims(&f, plan), "holder 100, holder 101");
	CHECK_INT(plan->victims[1].wave, WAVE_INHERITED);
	CHECK_INT(plan->holder_count, 1);
	CHECK_INT(plan->kept_count, 1);
	CHECK(plan->kept[0].holds);
	CHECK_STR(plan->kept[0].why, "a browser, which inherited the socket");
}

TEST(what_left_the_session_was_meant_to_stay)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *node = child_of(&f, f.zsh, 100, "/usr/bin/node");
	struct owner *browser = child_of(&f, node, 101, "/usr/bin/firefox");
	struct owner *detached = child_of(&f, node, 102, "/usr/bin/java");
	child_of(&f, browser, 103, "/usr/bin/firefox");
	detached->session = 102;
	snap_listen(&f.snap, "127.0.0.1", 3000, node);
	struct free_plan *plan = plan_for(&f, "3000");
	CHECK_STR(victims(&f, plan), "holder 100");
	CHECK_INT(plan->kept_count, 2);
	CHECK_STR(plan->kept[0].why, "a browser");
	CHECK_STR(plan->kept[1].why, "in a session of its own");
}

TEST(never_what_loopscope_runs_in)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	snap_listen(&f.snap, "127.0.0.1", 7681, f.tmux);
	snap_listen(&f.snap, "127.0.0.1", 7682, f.zsh);
	struct owner *server = child_of(&f, f.zsh, 100, "/usr/bin/node");
	size_t s = snap_listen(&f.snap, "127.0.0.1", 7683, server);
	snap_hold(&f.snap, s, f.self, 9); /* a descriptor that we were started with */
	snap_hold(&f.snap, s, f.init, 9);
	f.init->exe = "/sbin/init";
	f.init->comm = "init";
	snap_argv(&f.snap, f.init, "/sbin/init");
	CHECK_INT(plan_for(&f, "7681")->refusals[0].kind, FREE_OURS);
	CHECK_STR(plan_for(&f, "7682")->refusals[0].sentence,
		"port 7682 is held by zsh 40, in which loopscope itself was started");
	struct free_plan *plan = plan_for(&f, "7683");
	CHECK_INT(plan->refusal_count, 1);
	CHECK_INT(plan->refusals[0].kind, FREE_INIT);
	CHECK_STR(victims(&f, plan), "holder 100");
}

TEST(missing_rights_are_told)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *other = child_of(&f, f.init, 100, "/usr/bin/node");
	other->uid = 1001;
	other->user = "eve";
	struct owner *nginx = child_of(&f, f.init, 200, "/usr/sbin/nginx");
	nginx->uid = 0;
	nginx->user = "root";
	nginx->session = 200;
	nginx->unit = "nginx.service";
	f.main_unit = "nginx.service";
	f.main_pid = 200;
	snap_listen(&f.snap, "127.0.0.1", 3000, other);
	snap_listen(&f.snap, "127.0.0.1", 5432, NULL);
	snap_listen(&f.snap, "0.0.0.0", 80, nginx);
	size_t kernel = snap_listen(&f.snap, "0.0.0.0", 2049, NULL);
	f.snap.sockets.items[kernel].ownerless = OWNERLESS_KERNEL;
	CHECK_STR(plan_for(&f, "3000")->refusals[0].sentence,
		"port 3000 is held by node 100, a process of eve");
	CHECK_INT(plan_for(&f, "3000")->refusals[0].kind, FREE_RIGHTS);
	CHECK_STR(plan_for(&f, "5432")->refusals[0].sentence,
		"port 5432 is held by root (process hidden), which you may not look into");
	CHECK_STR(plan_for(&f, "80")->refusals[0].sentence,
		"port 80 is held by nginx 200, which systemd keeps as nginx.service; only root may "
		"stop that");
	CHECK_INT(plan_for(&f, "2049")->refusals[0].kind, FREE_KERNEL);
}

TEST(a_supervisor_is_told_instead)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *nginx = child_of(&f, f.init, 200, "/usr/sbin/nginx");
	nginx->session = 200;
	nginx->unit = "nginx.service";
	child_of(&f, nginx, 201, "/usr/sbin/nginx");
	snap_listen(&f.snap, "0.0.0.0", 80, nginx);
	f.main_unit = "nginx.service";
	f.main_pid = 200;
	fake_world_ready(&f);
	f.w.uid = 0;
	struct free_plan *plan = plan_for(&f, "80");
	CHECK_INT(plan->step_count, 1);
	CHECK_STR(plan->steps[0].text, "systemctl stop nginx.service");
	CHECK_STR(plan->steps[0].start[1], "start");
	CHECK_STR(victims(&f, plan), "holder 200, child 201");
	CHECK_INT(plan->victims[0].signal, 0);
}

TEST(only_left_overs)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *old = child_of(&f, f.init, 100, "/usr/bin/node");
	struct owner *now = child_of(&f, f.zsh, 101, "/usr/bin/node");
	struct owner *other = child_of(&f, f.init, 99, "/usr/bin/node");
	other->uid = 1001;
	old->orphaned = other->orphaned = true;
	snap_listen(&f.snap, "127.0.0.1", 8079, other);
	snap_listen(&f.snap, "127.0.0.1", 8080, old);
	snap_listen(&f.snap, "127.0.0.1", 3000, now);
	struct world *w = fake_world_ready(&f);
	struct plan_query q = {.orphans = true, .force_after_ms = 5000};
	struct free_plan *plan;
	CHECK_INT(plan_make(w, &q, &plan, NULL), 0);
	CHECK_STR(victims(&f, plan), "holder 100");
}

TEST(one_address_of_a_port_is_named_as_such)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *a = child_of(&f, f.zsh, 100, "/usr/bin/node"),
		     *b = child_of(&f, f.zsh, 101, "/usr/bin/node");
	snap_listen(&f.snap, "127.0.0.1", 3000, a);
	snap_listen(&f.snap, "::1", 3000, b);
	snap_listen(&f.snap, "127.0.0.1", 3001, a);
	snap_listen(&f.snap, "::1", 3001, a);
	struct free_plan *plan = plan_for(&f, "127.0.0.1:3000");
	CHECK_STR(plan->endpoints[0].what, "127.0.0.1:3000");
	CHECK_STR(plan->holders[0].what, "127.0.0.1:3000");
	CHECK_STR(plan_for(&f, "127.0.0.1:3001")->endpoints[0].what, "port 3001");
	CHECK_STR(plan_for(&f, "3000")->endpoints[1].what, "port 3000");
	CHECK_INT(plan_for(&f, "3000")->holder_count, 2);
}

TEST(nobody_there)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct free_plan *plan = plan_for(&f, "3000");
	CHECK_INT(plan->missing_count, 1);
	CHECK_STR(plan->missing[0].what, "port 3000");
	CHECK_STR(plan_for(&f, "53/udp")->missing[0].what, "port 53/udp");
	CHECK_STR(plan_for(&f, "127.0.0.1:99")->missing[0].what, "127.0.0.1:99");
	CHECK_STR(plan_for(&f, "pid:77")->missing[0].what, "process 77");
}

TESTS(a_server_with_a_child_and_clients, a_runner_goes_first, a_wrapper_with_other_work_stays,
	everybody_who_inherited_the_socket_ends, what_left_the_session_was_meant_to_stay,
	never_what_loopscope_runs_in, missing_rights_are_told, a_supervisor_is_told_instead,
	only_left_overs, one_address_of_a_port_is_named_as_such, nobody_there)
