/*
 * containers - see containers.h.
 *
 * Files come before APIs: they answer in microseconds, need no daemon, and asking podman's socket
 * would start one. They are not public interfaces, but their shape has held for many years:
 *
 *   docker      containers/ID/config.v2.json          {"Name": "/web", ...}; root only
 *   podman      DRIVER-containers/containers.json     [{"id": "...", "names": ["web"]}, ...]
 *               volatile-containers.json in the run folder, for containers started with --rm
 *   kubelet     /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log, readable by all
 */
#include "inventory/containers.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/map.h"
#include "base/must.h"
#include "base/str.h"
#include "inventory/container_api.h"
#include <errno.h>
#include <fcntl.h>

enum {
	FILE_MAX = 8 << 20,
	LOG_NAMES_MAX = 50000,
	API_TIMEOUT_MS = 200,
	ID_LEN = 64,
};

struct name {
	const char *id;
	const char *name; /* NULL = looked for in vain */
};

struct container_names {
	const struct host *host;
	struct arena *arena;
	struct map by_id; /* hash of the id, to a struct name * */
	struct map done;  /* hashes of the files that were read and the sockets that failed */
};

struct container_names *container_names_new(const struct host *host, struct arena *arena)
{
	struct container_names *n = must_calloc(1, sizeof(*n));

	n->host = host;
	n->arena = arena;
	map_init(&n->by_id);
	map_init(&n->done);
	return n;
}

void container_names_free(struct container_names *n)
{
	if (!n)
		return;
	map_fini(&n->by_id);
	map_fini(&n->done);
	free(n);
}

static const struct name *known(const struct container_names *n, const char *id)
{
	uint64_t value;

	if (!map_get(&n->by_id, map_hash(id, strlen(id)), &value))
		return NULL;
	const struct name *name = (const struct name *)(uintptr_t)value;
	return str_eq(name->id, id) ? name : NULL;
}

static void learn(struct container_names *n, const char *id, const char *text)
{
	struct name *name = arena_new_of(n->arena, struct name);

	name->id = arena_strdup(n->arena, id);
	name->name = text ? arena_strdup(n->arena, text) : NULL;
	map_set(&n->by_id, map_hash(id, strlen(id)), (uintptr_t)name);
}

/* True the first time that it is asked for this path. */
static bool first_time(struct container_names *n, const char *path)
{
	uint64_t key = map_hash(path, strlen(path));

	if (map_get(&n->done, key, NULL))
		return false;
	map_set(&n->done, key, 1);
	return true;
}

/* Reads and parses one JSON file below the host's root; NULL when either fails. */
static const struct json_value *read_json(const struct container_names *n, const char *path,
	struct arena *scratch)
{
	AUTO(buf) struct buf text = BUF_INIT(FILE_MAX);
	struct json_doc doc;

	path += strspn(path, "/");
	if (fs_read_regular_at(n->host->root, path, &text) < 0 || text.overflow)
		return NULL;
	return json_parse(scratch, text.data, text.len, &doc, NULL) == 0 ? doc.values : NULL;
}

static void ask_api(struct container_names *n, const char *id, const char *socket_path)
{
	const char *name;

	if (known(n, id) || !n->host->live ||
		map_get(&n->done, map_hash(socket_path, strlen(socket_path)), NULL))
		return;
	int r = container_api_name(socket_path, id, API_TIMEOUT_MS, n->arena, &name);
	if (r == 0)
		learn(n, id, name);
	else if (r != -ENOENT)
		first_time(n, socket_path);
}

static void docker_file(struct container_names *n, const char *id, const char *home,
	const char *folder)
{
	AUTO(arena) struct arena *scratch = arena_new();

	if (known(n, id))
		return;
	const char *path =
		arena_printf(scratch, "%s%s/containers/%s/config.v2.json", home, folder, id);
	const char *name = json_get_str(read_json(n, path, scratch), "Name");
	if (name && *name == '/')
		name++;
	if (!str_empty(name))
		learn(n, id, name);
}

static void find_docker(struct container_names *n, const char *id, const struct user *user)
{
	char socket_path[64];

	if (user && user->home)
		docker_file(n, id, user->home, "/.local/share/docker");
	docker_file(n, id, "", "/var/lib/docker");
	docker_file(n, id, "", "/var/snap/docker/common/var-lib-docker");
	if (user) {
		snprintf(socket_path, sizeof(socket_path), "/run/user/%u/docker.sock", user->uid);
		ask_api(n, id, socket_path);
	}
	ask_api(n, id, "/var/run/docker.sock");
}

/* Learns every container of one storage list. */
static void podman_list(struct container_names *n, const char *folder, const char *file)
{
	AUTO(arena) struct arena *scratch = arena_new();
	const char *path = arena_printf(scratch, "%s/%s", folder, file);

	if (!first_time(n, path))
		return;
	const struct json_value *list = read_json(n, path, scratch);
	if (!list || list->type != JSON_ARRAY)
		return;
	for (const struct json_value *v = json_first(list); v; v = json_next(list, v)) {
		const char *id = json_get_str(v, "id");
		const struct json_value *first = json_first(json_get(v, "names"));
		if (id && first && first->type == JSON_STRING && first->len && !known(n, id))
			learn(n, id, first->string);
	}
}

static void podman_lists(struct container_names *n, const char *storage, const char *run)
{
	podman_list(n, storage, "overlay-containers/containers.json");
	podman_list(n, storage, "vfs-containers/containers.json");
	podman_list(n, storage, "btrfs-containers/containers.json");
	podman_list(n, run, "overlay-containers/volatile-containers.json");
	podman_list(n, run, "vfs-containers/volatile-containers.json");
}

static void find_podman(struct container_names *n, const char *id, const struct user *user)
{
	AUTO(arena) struct arena *scratch = arena_new();

	podman_lists(n, "/var/lib/containers/storage", "/run/containers/storage");
	if (user && user->home)
		podman_lists(n,
			arena_printf(scratch, "%s/.local/share/containers/storage", user->home),
			arena_printf(scratch, "/run/user/%u/containers", user->uid));
	if (user)
		ask_api(n, id, arena_printf(scratch, "/run/user/%u/podman/podman.sock", user->uid));
	ask_api(n, id, "/run/podman/podman.sock");
}

/* POD_NAMESPACE_CONTAINER-ID.log */
static void learn_log_name(struct container_names *n, const char *file)
{
	size_t len = strlen(file), tail = 1 + ID_LEN + strlen(".log");
	char text[512], id[ID_LEN + 1];

	if (len <= tail || len >= sizeof(text) || !str_ends(file, ".log") ||
		file[len - tail] != '-')
		return;
	memcpy(id, file + len - tail + 1, ID_LEN);
	id[ID_LEN] = '\0';
	memcpy(text, file, len - tail);
	text[len - tail] = '\0';
	char *rest = text;
	const char *pod = strsep(&rest, "_");
	const char *space = strsep(&rest, "_");
	if (!space || !rest || !*pod || !*rest)
		return;
	AUTO(buf) struct buf name = BUF_INIT(sizeof(text) * 2);
	buf_printf(&name, "%s/%s", pod, rest);
	learn(n, id, name.data);
}

static void find_pod(struct container_names *n)
{
	if (!first_time(n, "/var/log/containers"))
		return;
	AUTO(close)
	int fd = openat(n->host->root, "var/log/containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	AUTO(closedir) DIR *folder = fdopendir(fd);
	if (!folder)
		return;
	steal_fd(&fd); /* the folder closes it */
	int count = 0;
	for (struct dirent *e; count < LOG_NAMES_MAX && (e = readdir(folder)); count++)
		learn_log_name(n, e->d_name);
}

const char *container_names_find(struct container_names *n, enum container_runtime runtime,
	const char *id, const struct user *user)
{
	const struct name *name = known(n, id);
	bool is_hex =
		id[strspn(id, "0123456789abcdef")] == '\0'; /* else unfit for paths and URLs */

	if (name)
		return name->name;
	switch (runtime) {
	case RUNTIME_DOCKER:
		if (is_hex)
			find_docker(n, id, user);
		break;
	case RUNTIME_PODMAN:
		if (is_hex)
			find_podman(n, id, user);
		break;
	case RUNTIME_KUBERNETES:
	case RUNTIME_CONTAINERD:
	case RUNTIME_CRIO:
		find_pod(n);
		break;
	case RUNTIME_LXC:
	case RUNTIME_NSPAWN:
		learn(n, id, id);
		break;
	case RUNTIME_NONE:
	case RUNTIME_COUNT:
		break;
	}
	name = known(n, id);
	if (!name)
		learn(n, id, NULL);
	return name ? name->name : NULL;
}
