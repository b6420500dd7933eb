#include "fake_world.h"
#include "free/supervisor.h"
#include "unit.h"

/* A daemon below pid 1 in a session of its own. */
static struct owner *daemon_of(struct fake_world *f, pid_t pid, const char *exe, const char *unit)
{
	struct owner *o = snap_owner(&f->snap, pid, exe);

	snap_parent(o, f->init);
	o->session = pid;
	o->unit = unit;
	return o;
}

static struct owner *child_of(struct fake_world *f, const struct owner *parent, pid_t pid,
	const char *exe)
{
	struct owner *o = snap_owner(&f->snap, pid, exe);

	snap_parent(o, parent);
	o->unit = parent->unit;
	return o;
}

static struct supervised found;

/* The stop command for the first socket, "none", or "cannot: why". */
static const char *stop_of(struct fake_world *f, size_t socket)
{
	struct world *w = f->w.snapshot ? &f->w : fake_world_ready(f);
	const struct socket *s = &w->snapshot->sockets[socket];
	size_t count;

	if (!supervisor_find(w, s->owner, w->snapshot->services[0], &s->local, &found))
		return "none";
	if (found.cannot)
		return arena_printf(w->arena, "cannot: %s", found.cannot);
	const char **words = supervisor_stop(w->arena, &found, &count);
	CHECK(words[count] == NULL);
	return supervisor_words_text(w->arena, words);
}

static const char *start_of(struct fake_world *f)
{
	size_t count;

	return supervisor_words_text(f->w.arena, supervisor_start(f->w.arena, &found, &count));
}

TEST(a_unit_by_its_main_process)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *nginx = daemon_of(&f, 100, "/usr/sbin/nginx", "nginx.service");
	snap_listen(&f.snap, "0.0.0.0", 80, child_of(&f, nginx, 101, "/usr/sbin/nginx"));
	f.main_unit = "nginx.service";
	f.main_pid = 100;
	CHECK_STR(stop_of(&f, 0), "systemctl stop nginx.service");
	CHECK_STR(start_of(&f), "systemctl start nginx.service");
	CHECK(found.needs_root);
	CHECK_STR(found.by->name, "systemd");
}

TEST(what_was_left_in_a_unit_is_not_the_unit)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *sshd = daemon_of(&f, 100, "/usr/sbin/sshd", "ssh.service");
	struct owner *left = daemon_of(&f, 300, "/usr/bin/node", "ssh.service");
	struct owner *shell = child_of(&f, sshd, 201, "/usr/bin/bash");
	snap_listen(&f.snap, "127.0.0.1", 3000, left);
	snap_listen(&f.snap, "127.0.0.1", 3001, child_of(&f, shell, 202, "/usr/bin/node"));
	snap_listen(&f.snap, "0.0.0.0", 22, sshd);
	f.main_unit = "ssh.service";
	f.main_pid = 100;
	CHECK_STR(stop_of(&f, 0), "none"); /* its shell has ended */
	CHECK_STR(stop_of(&f, 1), "none"); /* a prompt stands between */
	CHECK_STR(stop_of(&f, 2), "systemctl stop ssh.service");
}

TEST(without_an_answer_of_systemd_the_shape_decides)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *redis = daemon_of(&f, 100, "/usr/bin/redis-server", "redis.service");
	struct owner *left = daemon_of(&f, 300, "/usr/bin/node", "ssh.service");
	left->session = 290; /* of a shell that is gone */
	snap_listen(&f.snap, "127.0.0.1", 6379, redis);
	snap_listen(&f.snap, "127.0.0.1", 3000, left);
	f.no_systemd = true;
	CHECK_STR(stop_of(&f, 0), "systemctl stop redis.service");
	CHECK_STR(stop_of(&f, 1), "none");
}

TEST(units_of_users_have_their_own_manager)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *manager = daemon_of(&f, 90, "/usr/lib/systemd/systemd", "user@1000.service");
	struct owner *web = child_of(&f, manager, 100, "/usr/bin/node"),
		     *other = child_of(&f, manager, 101, "/usr/bin/node");
	web->session = 100;
	web->unit = other->unit = "web.service";
	web->unit_is_user = other->unit_is_user = true;
	other->session = 101;
	other->uid = 1001;
	other->user = "eve";
	snap_listen(&f.snap, "127.0.0.1", 3000, web);
	snap_listen(&f.snap, "127.0.0.1", 3001, other);
	CHECK_STR(stop_of(&f, 0), "systemctl --user stop web.service");
	CHECK(!found.needs_root);
	CHECK_STR(stop_of(&f, 1), "systemctl --user --machine=eve@ stop web.service");
	CHECK(found.needs_root);
}

TEST(a_unit_that_we_run_in_is_never_stopped)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	f.self->unit = "code-server.service";
	struct owner *o = daemon_of(&f, 100, "/usr/bin/node", "code-server.service");
	snap_listen(&f.snap, "127.0.0.1", 3000, o);
	f.main_unit = "code-server.service";
	f.main_pid = 100;
	CHECK_STR(stop_of(&f, 0), "none");
}

TEST(a_socket_unit_that_systemd_holds)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	f.socket_unit = "ssh.socket";
	f.activates = "ssh.service";
	f.socket_port = 22;
	snap_listen(&f.snap, "0.0.0.0", 22, f.init);
	snap_listen(&f.snap, "0.0.0.0", 23, f.init);
	CHECK_STR(stop_of(&f, 0), "systemctl stop ssh.socket ssh.service");
	CHECK_STR(stop_of(&f, 1),
		"cannot: systemd itself holds it, for a socket unit that could not be found");
}

TEST(containers_by_name)
{
	AUTO(fake_world) struct fake_world f;
	static const struct container box = {RUNTIME_DOCKER, "0123456789abcdef0123", "cache"},
				      bare = {RUNTIME_PODMAN, "fedcba9876543210fedc", NULL};

	fake_world_init(&f);
	struct owner *redis = daemon_of(&f, 100, "/usr/bin/redis-server", NULL),
		     *web = daemon_of(&f, 101, "/usr/bin/nginx", NULL),
		     *proxy = daemon_of(&f, 102, "/usr/bin/docker-proxy", "docker.service");
	redis->container = &box;
	web->container = &bare;
	snap_listen(&f.snap, "127.0.0.1", 6379, redis);
	snap_listen(&f.snap, "127.0.0.1", 6380, proxy);
	snap_listen(&f.snap, "127.0.0.1", 8080, web);
	f.main_unit = "docker.service";
	f.main_pid = 102;
	CHECK_STR(stop_of(&f, 0), "docker stop cache");
	struct world *w = &f.w;
	CHECK(supervisor_find(w, web, NULL, NULL, &found));
	size_t count;
	CHECK_STR(supervisor_words_text(w->arena, supervisor_stop(w->arena, &found, &count)),
		"podman stop fedcba987654");
	/* never docker.service for one published port */
	CHECK(supervisor_find(w, proxy, NULL, &w->snapshot->sockets[1].local, &found));
	CHECK_STR(found.cannot, "docker publishes it for a container that could not be found");
	CHECK_STR(found.fix,
		"docker ps --filter publish=6380, then docker stop with the name it shows");
}

TEST(process_managers_by_their_environment)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *god = daemon_of(&f, 100, "/usr/bin/node", NULL),
		     *sup = daemon_of(&f, 200, "/usr/bin/python3.11", NULL);
	snap_argv(&f.snap, god, "PM2 v5.3.0: God Daemon (/srv/pm2)");
	snap_argv(&f.snap, sup, "/usr/bin/python3", "/usr/bin/supervisord", "-c", "etc/s.conf");
	sup->cwd = "/srv";
	struct owner *app = child_of(&f, god, 101, "/usr/bin/node"),
		     *api = child_of(&f, sup, 201, "/usr/bin/node"),
		     *lost = child_of(&f, sup, 202, "/usr/bin/node");
	snap_listen(&f.snap, "127.0.0.1", 3000, app);
	snap_listen(&f.snap, "127.0.0.1", 3001, api);
	snap_listen(&f.snap, "127.0.0.1", 3002, lost);
	snap_listen(&f.snap, "127.0.0.1", 3003, god);
	memcpy(f.variables,
		(struct fake_variable[]){{101, "pm_id", "3"}, {101, "name", "shop api"},
			{201, "SUPERVISOR_PROCESS_NAME", "api_00"},
			{201, "SUPERVISOR_GROUP_NAME", "api"}},
		4 * sizeof(struct fake_variable));
	CHECK_STR(stop_of(&f, 0), "env PM2_HOME=/srv/pm2 pm2 stop 3");
	CHECK_STR(found.title, "shop api");
	CHECK_STR(stop_of(&f, 1), "supervisorctl -c /srv/etc/s.conf stop api:api_00");
	CHECK_STR(stop_of(&f, 2),
		"cannot: supervisord keeps it, and its name there could not be read");
	CHECK_STR(stop_of(&f, 3),
		"cannot: the pm2 daemon itself holds it, for one of its cluster apps");
}

TEST(what_a_person_typed_belongs_to_nobody)
{
	AUTO(fake_world) struct fake_world f;

	fake_world_init(&f);
	struct owner *node = child_of(&f, f.zsh, 60, "/usr/bin/node");
	node->unit = "tmux-spawn-1.scope";
	node->tty = 34816;
	snap_listen(&f.snap, "127.0.0.1", 3000, node);
	CHECK_STR(stop_of(&f, 0), "none");
}

TEST(names_never_become_options)
{
	AUTO(fake_world) struct fake_world f;
	static const struct container evil = {RUNTIME_DOCKER, "-x", "--all"};

	fake_world_init(&f);
	struct owner *o = daemon_of(&f, 100, "/usr/bin/x", "-rf.service");
	struct owner *c = daemon_of(&f, 101, "/usr/bin/x", NULL);
	c->container = &evil;
	snap_listen(&f.snap, "127.0.0.1", 3000, o);
	snap_listen(&f.snap, "127.0.0.1", 3001, c);
	f.main_unit = "-rf.service";
	f.main_pid = 100;
	CHECK_STR(stop_of(&f, 0), "none");
	CHECK(supervisor_find(&f.w, c, NULL, NULL, &found));
	CHECK_STR(found.cannot, "the name of its container could not be read");
}

TESTS(a_unit_by_its_main_process, what_was_left_in_a_unit_is_not_the_unit,
	without_an_answer_of_systemd_the_shape_decides, units_of_users_have_their_own_manager,
	a_unit_that_we_run_in_is_never_stopped, a_socket_unit_that_systemd_holds,
	containers_by_name, process_managers_by_their_environment,
	what_a_person_typed_belongs_to_nobody, names_never_become_options)
