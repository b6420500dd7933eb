/*
 * attempt_sample - the rung without BPF: which sockets the command's processes hold, every few
 * milliseconds. What comes and goes in between (a refused connect on loopback) is not seen.
 *
 * Descendants come from /proc/PID/task/TID/children and stay known when their parent ends. Connected
 * UDP sockets are left out: the resolver's look the same.
 */
#include "run/attempt_part.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "sys/procfs.h"
#include "sys/sock_diag.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>

#define FAMILY_MAX  4096
#define SOCKETS_MAX 100000

/* --- processes --- */

static DIR *open_folder(const struct host *host, const char *path)
{
	int fd = openat(host->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static void add_member(struct attempt_sample *s, pid_t pid)
{
	VEC_EACH (&s->family, known)
		if (*known == pid)
			return;
	pid_t *member = vec_push(&s->family);
	if (member)
		*member = pid;
}

static void add_children(struct attempt_sample *s, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/task", pid);
	AUTO(closedir) DIR *dir = open_folder(s->host, path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		AUTO(buf) struct buf text = BUF_INIT(64 << 10);
		char name[300];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%d/task/%s/children", pid, entry->d_name);
		if (fs_read_at(s->host->proc, name, &text) < 0)
			continue;
		for (char *at = text.data, *end; *at; at = end) {
			long child = strtol(at, &end, 10);
			if (end == at)
				break;
			if (child > 0)
				add_member(s, (pid_t)child);
		}
	}
}

/* New members are appended while the list is walked, so that their children are found too. */
static void find_family(struct attempt_sample *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->family.count; i++)
		add_children(s, s->family.items[i]);
	for (size_t i = 0; i < s->family.count; i++)
		if (procfs_alive(s->host, s->family.items[i]))
			s->family.items[kept++] = s->family.items[i];
	s->family.count = kept;
}

static void find_inodes(struct attempt_sample *s, pid_t pid, struct map *holders)
{
	char path[64], target[64];

	snprintf(path, sizeof(path), "%d/fd", pid);
	AUTO(closedir) DIR *dir = open_folder(s->host, path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (fs_readlink_at(dirfd(dir), entry->d_name, target, sizeof(target)) < 0)
			continue;
		const char *number = str_after(target, "socket:[");
		if (number)
			map_set(holders, strtoul(number, NULL, 10), (uint64_t)pid);
	}
}

void attempt_sample_init(struct attempt_sample *s, const struct host *host, struct arena *arena,
	struct attempt_haul *haul, pid_t child)
{
	*s = (struct attempt_sample){.host = host,
		.arena = arena,
		.haul = haul,
		.netlink = netlink_open(NETLINK_SOCK_DIAG, NULL),
		.family.max = FAMILY_MAX,
		.seen.max = ATTEMPT_RAW_MAX};
	pid_t *first = vec_push(&s->family);
	if (first)
		*first = child;
	find_inodes(s, host->self, &s->inherited);
}

void attempt_sample_fini(struct attempt_sample *s)
{
	if (s->netlink >= 0)
		close(steal_fd(&s->netlink));
	vec_fini(&s->family);
	vec_fini(&s->seen);
	map_fini(&s->inherited);
}

/* --- what their sockets tell --- */

static struct attempt_seen *find_seen(struct attempt_sample *s, uint32_t inode, int kind)
{
	VEC_EACH (&s->seen, seen)
		if (seen->inode == inode && seen->kind == kind)
			return seen;
	return NULL;
}

static void note(struct attempt_sample *s, uint32_t inode, pid_t pid, int kind,
	const struct endpoint *endpoint, int error)
{
	struct attempt_seen *seen = find_seen(s, inode, kind);
	uint64_t now = clock_mono_ns();
	size_t len;
	char comm[16] = "";

	if (seen) {
		struct attempt *known = &s->haul->v.items[seen->index];
		if (known->error == EINPROGRESS) {
			known->error = error;
			known->took_ns = now - known->at_ns;
		}
		return;
	}
	struct attempt *attempt = vec_push(&s->haul->v);
	seen = attempt ? vec_push(&s->seen) : NULL;
	if (!seen) {
		s->haul->repeated++;
		return;
	}
	*seen = (struct attempt_seen){inode, s->haul->v.count - 1, kind};
	if (procfs_read_text(s->host, pid, "comm", comm, sizeof(comm), &len) == 0)
		comm[strcspn(comm, "\n")] = '\0';
	*attempt = (struct attempt){.kind = kind,
		.endpoint = *endpoint,
		.error = error,
		.pid = pid,
		.program = arena_strdup(s->arena, comm),
		.at_ns = now};
	if (endpoint->path)
		attempt->endpoint.path = arena_strdup(s->arena, endpoint->path);
}

/* An accepted connection has the port of a listener. */
static bool was_accepted(const struct socket_list *list, const struct socket *socket)
{
	VEC_EACH (&list->v, other)
		if (other->state == SOCKET_LISTEN && other->local.proto == socket->local.proto &&
			other->local.port == socket->local.port)
			return true;
	return false;
}

static void note_unix(struct attempt_sample *s, const struct socket_list *list,
	const struct socket *socket, pid_t pid)
{
	if (socket->state == SOCKET_LISTEN && socket->local.path)
		note(s, socket->inode, pid, ATTEMPT_LISTEN, &socket->local, 0);
	if (socket->state != SOCKET_ESTABLISHED || socket->local.path || !socket->unix_peer_inode)
		return;
	VEC_EACH (&list->v, peer)
		if (peer->inode == socket->unix_peer_inode && proto_is_unix(peer->local.proto) &&
			peer->local.path)
			note(s, socket->inode, pid, ATTEMPT_CONNECT, &peer->local, 0);
}

static void note_socket(struct attempt_sample *s, const struct socket_list *list,
	const struct socket *socket, pid_t pid)
{
	struct endpoint remote = {.proto = socket->local.proto,
		.address = socket->remote,
		.port = socket->remote_port,
		.ifindex = socket->local.ifindex};

	if (proto_is_unix(socket->local.proto)) {
		note_unix(s, list, socket, pid);
		return;
	}
	switch (socket->state) {
	case SOCKET_LISTEN:
		note(s, socket->inode, pid, ATTEMPT_LISTEN, &socket->local, 0);
		break;
	case SOCKET_BOUND:
		note(s, socket->inode, pid, ATTEMPT_BIND, &socket->local, 0);
		break;
	case SOCKET_SYN_SENT:
		note(s, socket->inode, pid, ATTEMPT_CONNECT, &remote, EINPROGRESS);
		break;
	case SOCKET_ESTABLISHED:
		if (socket->local.proto == PROTO_TCP && !was_accepted(list, socket))
			note(s, socket->inode, pid, ATTEMPT_CONNECT, &remote, 0);
		break;
	default:
		break;
	}
}

void attempt_sample_take(struct attempt_sample *s)
{
	struct sock_query query = {.protos = PROTO_BIT(PROTO_TCP) | PROTO_BITS_UNIX,
		.states = SOCKET_BIT(SOCKET_ESTABLISHED) | SOCKET_BIT(SOCKET_SYN_SENT) |
			SOCKET_BIT(SOCKET_LISTEN) | SOCKET_BIT(SOCKET_BOUND)};
	AUTO(map) struct map holders = {0};

	find_family(s);
	VEC_EACH (&s->family, pid)
		find_inodes(s, *pid, &holders);
	if (holders.count == 0 || s->netlink < 0)
		return;
	AUTO(arena) struct arena *arena = arena_new();
	struct socket_list list = {.v.max = SOCKETS_MAX};
	int r = sock_diag_list(s->netlink, &query, 0, arena, &list, NULL);
	for (size_t i = 0; (r == 0 || r == -EAGAIN) && i < list.v.count; i++) {
		uint64_t pid;
		const struct socket *socket = &list.v.items[i];
		if (socket->inode && map_get(&holders, socket->inode, &pid) &&
			!map_get(&s->inherited, socket->inode, NULL))
			note_socket(s, &list, socket, (pid_t)pid);
	}
	vec_fini(&list.v);
}
