/*
 * supervisor - see supervisor.h.
 *
 *   docker, podman   the cgroup names the container; a published port is held by docker-proxy,
 *                    which the inventory leads back to it
 *   pm2              an ancestor whose title is "PM2 vX: God Daemon (HOME)"; pm_id in the environment
 *   supervisord      an ancestor of that name; SUPERVISOR_PROCESS_NAME in the environment
 *   systemd          the unit of the cgroup, and the process is its main process or below it
 *
 * The name alone is not enough for a unit: without pam_systemd all logins stay in ssh.service, and a
 * development server that was left over there must not take the ssh server with it.
 */
#include "free/supervisor.h"

#include "base/str.h"
#include "free/kind.h"

bool world_is_ours(const struct world *w, pid_t pid)
{
	return pid == w->self || family_descends(w->family, w->self, pid);
}

/* Is `holder` part of what was started as `top`, and not of a person's session inside it? */
static bool belongs(struct world *w, const struct owner *holder, pid_t top)
{
	const struct proc_stat *p = family_find(w->family, holder->pid);

	if (!p || p->tty || top <= 1 || world_is_ours(w, top))
		return false;
	while (p->pid != top) {
		p = family_find(w->family, p->ppid);
		const struct owner *o = p ? w->owner(w, p->pid) : NULL;
		if (!o || (kind_is_spared(kind_of(o)) && !kind_runs_command(o)))
			return false;
	}
	return true;
}

/* An option could never be a name: what starts with a dash is refused before it reaches a command. */
static bool good_name(const char *name)
{
	return !str_empty(name) && name[0] != '-';
}

/* --- containers --- */

static const char *container_name(const struct world *w, const struct container *c)
{
	if (good_name(c->name))
		return c->name;
	return good_name(c->id) ? arena_strndup(w->arena, c->id, strnlen(c->id, 12)) : NULL;
}

static bool same_container(const struct container *a, const struct container *b)
{
	return a && b && a->runtime == b->runtime && str_eq(a->id, b->id);
}

static bool find_container(struct world *w, const struct owner *holder,
	const struct service *service, enum container_runtime runtime, struct supervised *out)
{
	const struct owner *self = w->owner(w, w->self);
	const struct container *c =
		service && service->container ? service->container : holder->container;

	if (!c || c->runtime != runtime || (self && same_container(c, self->container)))
		return false;
	out->names[0] = container_name(w, c);
	if (!out->names[0])
		out->cannot = "the name of its container could not be read";
	return true;
}

static bool is_program(const struct owner *o, const char *name)
{
	return str_eq(owner_program(o), name) || (o->comm && str_eq(o->comm, name)) ||
		(o->argc && str_eq(str_basename(o->argv[0]), name));
}

static bool docker(struct world *w, const struct owner *holder, const struct service *service,
	const struct endpoint *endpoint, struct supervised *out)
{
	if (find_container(w, holder, service, RUNTIME_DOCKER, out))
		return true;
	if ((service && service->container) || !is_program(holder, "docker-proxy"))
		return false;
	out->cannot = "docker publishes it for a container that could not be found";
	out->fix = arena_printf(w->arena,
		"docker ps --filter publish=%u, then docker stop with the name it shows",
		endpoint ? endpoint->port : 0);
	return true;
}

static bool podman(struct world *w, const struct owner *holder, const struct service *service,
	const struct endpoint *endpoint, struct supervised *out)
{
	static const char *const helpers[] = {"rootlessport", "rootlessport-child", "conmon"};

	if (find_container(w, holder, service, RUNTIME_PODMAN, out)) {
		if (holder->uid != w->uid && w->uid == 0 && out->names[0]) {
			out->cannot = arena_printf(w->arena,
				"it is a container of %s, and podman "
				"keeps each user's apart",
				holder->user ? holder->user : "another user");
			out->fix = arena_printf(w->arena, "as that user: podman stop %s",
				out->names[0]);
		}
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		if ((service && service->container) || !is_program(holder, helpers[i]))
			continue;
		out->cannot = "podman publishes it for a container that could not be found";
		out->fix = "podman ps, then podman stop with the name it shows";
		return true;
	}
	return false;
}

/* --- process managers --- */

/* "PM2 v5.3.0: God Daemon (/home/d/.pm2)" */
static bool is_pm2(const struct owner *o)
{
	return o->argc && str_starts(o->argv[0], "PM2 ") && strstr(o->argv[0], "God Daemon");
}

static bool is_supervisord(const struct owner *o)
{
	return is_program(o, "supervisord") ||
		(o->argc > 1 && str_eq(str_basename(o->argv[1]), "supervisord"));
}

static const struct owner *ancestor(struct world *w, const struct owner *holder,
	bool (*is)(const struct owner *))
{
	const struct proc_stat *p = family_find(w->family, holder->pid);

	for (int depth = 0; p && p->ppid > 1 && depth < 100; depth++) {
		const struct owner *o = w->owner(w, p->ppid);
		if (o && is(o))
			return o;
		p = family_find(w->family, p->ppid);
	}
	return NULL;
}

static const char *pm2_home(struct world *w, const struct owner *daemon)
{
	const char *open = strchr(daemon->argv[0], '('), *close = strrchr(daemon->argv[0], ')');

	if (!open || !close || close <= open + 1)
		return NULL;
	const char *home = arena_strndup(w->arena, open + 1, (size_t)(close - open - 1));
	const char *own = w->home ? arena_printf(w->arena, "%s/.pm2", w->home) : "";
	return str_eq(home, own) ? NULL : home;
}

static bool pm2(struct world *w, const struct owner *holder, const struct service *service,
	const struct endpoint *endpoint, struct supervised *out)
{
	char id[16], name[128];
	uint64_t number;

	if (is_pm2(holder)) {
		out->cannot = "the pm2 daemon itself holds it, for one of its cluster apps";
		out->fix = "pm2 ls, then pm2 stop with the name it shows";
		return true;
	}
	const struct owner *daemon = ancestor(w, holder, is_pm2);
	if (!daemon ||
		!belongs(w, holder, family_child_towards(w->family, daemon->pid, holder->pid)))
		return false;
	if (!w->variable(w, holder->pid, "pm_id", id, sizeof(id)) ||
		!str_u64(id, UINT32_MAX, &number)) {
		out->cannot = "pm2 keeps it, and its name there could not be read";
		out->fix = "pm2 ls, then pm2 stop with the name it shows";
		return true;
	}
	out->names[0] = arena_strdup(w->arena, id);
	if (w->variable(w, holder->pid, "name", name, sizeof(name)))
		out->title = arena_strdup(w->arena, name);
	const char *home = pm2_home(w, daemon);
	if (home) {
		out->options[0] = "env";
		out->options[1] = arena_printf(w->arena, "PM2_HOME=%s", home);
	}
	out->needs_root = daemon->uid != w->uid && w->uid != 0;
	return true;
}

static const char *supervisord_config(const struct owner *daemon)
{
	for (size_t i = 1; i < daemon->argc; i++) {
		const char *value = str_after(daemon->argv[i], "--configuration=");
		if (value)
			return value;
		if ((str_eq(daemon->argv[i], "-c") || str_eq(daemon->argv[i], "--configuration")) &&
			i + 1 < daemon->argc)
			return daemon->argv[i + 1];
	}
	return NULL;
}

static bool supervisord(struct world *w, const struct owner *holder, const struct service *service,
	const struct endpoint *endpoint, struct supervised *out)
{
	char group[128], name[128];
	const struct owner *daemon = ancestor(w, holder, is_supervisord);

	if (!daemon ||
		!belongs(w, holder, family_child_towards(w->family, daemon->pid, holder->pid)))
		return false;
	if (!w->variable(w, holder->pid, "SUPERVISOR_PROCESS_NAME", name, sizeof(name)) ||
		!good_name(name)) {
		out->cannot = "supervisord keeps it, and its name there could not be read";
		out->fix = "supervisorctl status, then supervisorctl stop with the name it shows";
		return true;
	}
	bool grouped = w->variable(w, holder->pid, "SUPERVISOR_GROUP_NAME", group, sizeof(group)) &&
		good_name(group) && !str_eq(group, name);
	out->names[0] = grouped ? arena_printf(w->arena, "%s:%s", group, name)
				: arena_strdup(w->arena, name);
	const char *config = supervisord_config(daemon);
	if (config) {
		out->options[0] = "-c";
		out->options[1] = config[0] == '/' || !daemon->cwd
			? config
			: arena_printf(w->arena, "%s/%s", daemon->cwd, config);
	}
	out->needs_root = daemon->uid != w->uid && w->uid != 0;
	return true;
}

/* --- systemd --- */

static bool is_systemd(const struct owner *o)
{
	return o->comm && str_eq(o->comm, "systemd");
}

/* What the manager started, above or at the holder. */
static pid_t started_by(struct world *w, const struct owner *holder, const struct manager *m)
{
	if (!m->user)
		return family_child_towards(w->family, 1, holder->pid);
	const struct owner *manager = ancestor(w, holder, is_systemd);
	return manager ? family_child_towards(w->family, manager->pid, holder->pid) : 0;
}

static bool is_unit_process(struct world *w, const struct owner *holder, const struct manager *m)
{
	pid_t top = w->unit_main(w, m, holder->unit);

	if (top > 0)
		return (holder->pid == top || family_descends(w->family, holder->pid, top)) &&
			belongs(w, holder, top);
	top = started_by(w, holder, m);
	const struct proc_stat *p = top ? family_find(w->family, top) : NULL;
	const struct owner *o = p ? w->owner(w, top) : NULL;
	return o && p->session == top && !kind_is_spared(kind_of(o)) && belongs(w, holder, top);
}

static bool in_our_unit(struct world *w, const struct owner *holder)
{
	const struct owner *self = w->owner(w, w->self);

	return self && self->unit && self->unit_is_user == holder->unit_is_user &&
		str_eq(self->unit, holder->unit);
}

/* systemd itself listens for a unit that it starts with the first connection. */
static bool find_socket_unit(struct world *w, const struct manager *m,
	const struct endpoint *endpoint, struct supervised *out)
{
	const char *listens = NULL, *activates = NULL;

	if (!endpoint || !w->socket_units(w, m, endpoint, &listens, &activates)) {
		out->cannot = "systemd itself holds it, for a socket unit that could not be found";
		out->fix = m->user ? "systemctl --user list-sockets" : "systemctl list-sockets";
		return true;
	}
	out->names[0] = listens;
	out->names[1] = good_name(activates) ? activates : NULL;
	return true;
}

static bool find_unit(struct world *w, const struct owner *holder, const struct manager *m,
	const struct endpoint *endpoint, struct supervised *out)
{
	const char *listens = NULL, *activates = NULL;

	if (!holder->unit || holder->unit_is_user != m->user ||
		!str_ends(holder->unit, ".service") || !good_name(holder->unit) ||
		in_our_unit(w, holder) || !is_unit_process(w, holder, m))
		return false;
	out->names[0] = arena_strdup(w->arena, holder->unit);
	/* a socket unit would start it again with the next connection */
	if (endpoint && w->socket_units(w, m, endpoint, &listens, &activates) && good_name(listens))
		out->names[1] = listens;
	return true;
}

static void name_manager(struct world *w, const struct owner *holder, struct manager *m,
	struct supervised *out)
{
	if (holder->uid == w->uid)
		return;
	m->name = holder->user;
	out->needs_root = w->uid != 0;
	out->options[0] =
		arena_printf(w->arena, "--machine=%s@", holder->user ? holder->user : "?");
}

static bool systemd_user(struct world *w, const struct owner *holder, const struct service *service,
	const struct endpoint *endpoint, struct supervised *out)
{
	struct manager m = {.user = true};
	bool itself = is_systemd(holder) && holder->pid != 1;

	if (!itself && !(holder->unit && holder->unit_is_user))
		return false;
	name_manager(w, holder, &m, out);
	return itself ? find_socket_unit(w, &m, endpoint, out)
		      : find_unit(w, holder, &m, endpoint, out);
}

static bool systemd_system(struct world *w, const struct owner *holder,
	const struct service *service, const struct endpoint *endpoint, struct supervised *out)
{
	static const struct manager m = {.user = false};

	out->needs_root = w->uid != 0;
	if (holder->pid == 1)
		return is_systemd(holder) && find_socket_unit(w, &m, endpoint, out);
	return find_unit(w, holder, &m, endpoint, out);
}

/* --- the table --- */

typedef bool (*find_fn)(struct world *w, const struct owner *holder, const struct service *service,
	const struct endpoint *endpoint, struct supervised *out);

static const struct {
	struct supervisor is;
	find_fn find;
} rows[] = {
#define SUPERVISOR(kind, find, name, stop, start) {{SUPERVISOR_##kind, name, stop, start}, find},
#include "free/supervisors.def"
#undef SUPERVISOR
};

bool supervisor_find(struct world *w, const struct owner *holder, const struct service *service,
	const struct endpoint *endpoint, struct supervised *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct supervised s = {.by = &rows[i].is};
		if (rows[i].find(w, holder, service, endpoint, &s)) {
			*out = s;
			return true;
		}
	}
	return false;
}

/* --- commands --- */

static void add_words(const char **words, size_t *count, const char *const *more, size_t max)
{
	for (size_t i = 0; i < max && *count < SUPERVISED_WORDS_MAX; i++)
		if (more[i])
			words[(*count)++] = more[i];
}

static const char **expand(struct arena *arena, const struct supervised *s, const char *template,
	size_t *out_count)
{
	const char **words = arena_array(arena, const char *, SUPERVISED_WORDS_MAX + 1);
	size_t count = 0;

	for (const char *p = template; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		const char *word = arena_strndup(arena, p, len);
		if (str_eq(word, "NAME"))
			add_words(words, &count, s->names, ARRAY_SIZE(s->names));
		else if (str_eq(word, "OPTIONS"))
			add_words(words, &count, s->options, ARRAY_SIZE(s->options));
		else
			add_words(words, &count, &word, 1);
		p += len;
	}
	*out_count = count;
	return words;
}

const char **supervisor_stop(struct arena *arena, const struct supervised *s, size_t *out_count)
{
	return expand(arena, s, s->by->stop, out_count);
}

const char **supervisor_start(struct arena *arena, const struct supervised *s, size_t *out_count)
{
	return expand(arena, s, s->by->start, out_count);
}

const char *supervisor_words_text(struct arena *arena, const char *const *words)
{
	AUTO(buf) struct buf text = BUF_INIT(8192);

	for (size_t i = 0; words[i]; i++) {
		if (i)
			buf_char(&text, ' ');
		str_shell_quote(&text, words[i]);
	}
	return arena_strdup(arena, text.data);
}
