/*
 * live - see live.h.
 *
 * systemd is only asked when a process stands in a service's cgroup or systemd itself holds the
 * socket, within a deadline, and only with `show` and `list-sockets`, which change nothing. That
 * systemctl is missing or does not answer is no error: the plan then goes by the shape of things.
 */
#include "free/live.h"

#include "base/must.h"
#include "base/str.h"
#include "free/spawn.h"
#include "inventory/inventory.h"
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#define ASK_MS	      3000
#define ANSWER_MAX    (256u << 10)
#define LINE_WORDS    16
#define SHOW_WORDS    8
#define SOCKETS_WORDS 10

static const struct owner *live_owner(struct world *w, pid_t pid)
{
	struct live *l = w->data;
	size_t count;

	for (size_t i = 0; i < l->snapshot->owner_count; i++)
		if (l->snapshot->owners[i]->pid == pid)
			return l->snapshot->owners[i];
	if (!family_find(&l->family, pid))
		return NULL;
	uint32_t index = owner_table_add(l->owners, pid);
	owner_table_load(l->owners, index, OWNER_FULL);
	const struct owner *o = owner_table_list(l->owners, &count)[index];
	return o->gone ? NULL : o;
}

static bool live_may_signal(struct world *w, pid_t pid)
{
	AUTO(close) int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 || syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno != EPERM;
}

static bool live_variable(struct world *w, pid_t pid, const char *name, char *out, size_t size)
{
	return procfs_read_env(w->host, pid, name, out, size) == 0;
}

/* Words for systemctl of this manager, up to where the verb stands. */
static size_t systemctl(struct world *w, const struct manager *m, const char **words)
{
	size_t n = 0;

	words[n++] = "systemctl";
	if (m->user)
		words[n++] = "--user";
	if (m->user && m->name)
		words[n++] = arena_printf(w->arena, "--machine=%s@", m->name);
	return n;
}

/* False when it could not be asked or said no. */
static bool ask(const char **words, struct buf *answer)
{
	int status;

	return spawn_run(words, ASK_MS, answer, &status, NULL) == 0 && status == 0;
}

static pid_t live_unit_main(struct world *w, const struct manager *m, const char *unit)
{
	AUTO(buf) struct buf answer = BUF_INIT(ANSWER_MAX);
	const char *words[SHOW_WORDS] = {NULL};
	uint64_t pid;
	size_t n = systemctl(w, m, words);

	words[n++] = "show";
	words[n++] = "--property=MainPID";
	words[n++] = "--value";
	words[n++] = unit;
	if (!ask(words, &answer))
		return -1;
	answer.data[strcspn(answer.data, "\n")] = '\0';
	return str_u64(answer.data, INT32_MAX, &pid) ? (pid_t)pid : -1;
}

bool live_parse_sockets(struct arena *arena, const char *text, const struct endpoint *e,
	const char **out_socket, const char **out_activates)
{
	AUTO(buf) struct buf wanted = BUF_INIT(4096);
	char *copy = arena_strdup(arena, text), *save_line, *save_word;

	if (proto_is_unix(e->proto))
		buf_str(&wanted, e->path ? e->path : "");
	else
		endpoint_format(&wanted, e);
	for (char *line = strtok_r(copy, "\n", &save_line); line;
		line = strtok_r(NULL, "\n", &save_line)) {
		const char *words[LINE_WORDS] = {NULL};
		size_t count = 0, unit = 1;
		for (char *word = strtok_r(line, " \t", &save_word); word && count < LINE_WORDS;
			word = strtok_r(NULL, " \t", &save_word))
			words[count++] = word;
		while (unit < count && !str_ends(words[unit], ".socket"))
			unit++;
		if (unit >= count || !str_eq(words[0], wanted.data))
			continue;
		*out_socket = words[unit];
		bool activates = unit + 1 < count && !str_eq(words[unit + 1], "-") &&
			!strchr(words[unit + 1], ',');
		*out_activates = activates ? words[unit + 1] : NULL;
		return true;
	}
	return false;
}

static bool live_socket_units(struct world *w, const struct manager *m, const struct endpoint *e,
	const char **out_socket, const char **out_activates)
{
	AUTO(buf) struct buf answer = BUF_INIT(ANSWER_MAX);
	const char *words[SOCKETS_WORDS] = {NULL};
	struct live *l = w->data;
	char **kept = &l->socket_units[m->user];
	size_t n = systemctl(w, m, words);

	words[n++] = "list-sockets";
	words[n++] = "--all";
	words[n++] = "--full";
	words[n++] = "--plain";
	words[n++] = "--no-legend";
	words[n++] = "--no-pager";
	if (!*kept)
		*kept = ask(words, &answer) ? must_strdup(answer.data) : must_strdup("");
	return live_parse_sockets(w->arena, *kept, e, out_socket, out_activates);
}

int live_open(struct live *l, struct arena *arena, uint32_t protos, struct err *err)
{
	struct inventory_query query = {.protos = protos, .all_states = true, .exhaustive = true};

	*l = (struct live){.open = true};
	family_init(&l->family);
	int r = host_open(NULL, &l->host, err);
	if (r < 0) {
		l->open = false;
		return r;
	}
	r = inventory_take(&l->host, &query, &l->snapshot, err);
	if (r == 0)
		r = family_read(&l->host, &l->family, err);
	if (r < 0)
		return r;
	l->owners = owner_table_new(&l->host, arena);
	l->world = (struct world){.arena = arena,
		.host = &l->host,
		.snapshot = l->snapshot,
		.family = &l->family,
		.self = l->host.self,
		.uid = l->host.uid,
		.home = getenv("HOME"),
		.owner = live_owner,
		.may_signal = live_may_signal,
		.variable = live_variable,
		.unit_main = live_unit_main,
		.socket_units = live_socket_units,
		.data = l};
	return 0;
}

void live_fini(struct live *l)
{
	if (!l->open)
		return;
	owner_table_free(l->owners);
	family_fini(&l->family);
	snapshot_free(l->snapshot);
	host_close(&l->host);
	free(l->socket_units[0]);
	free(l->socket_units[1]);
	l->open = false;
}
