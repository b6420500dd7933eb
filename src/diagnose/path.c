/*
 * path - see path.h.
 *
 * Every folder on the way must be passable for the one who fails, who may be another user than the
 * one who asks: so modes are judged here, and the kernel's own answer is only asked for oneself.
 */
#include "diagnose/path.h"

#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

bool path_may(const struct inquiry *q, const struct stat *st, unsigned want)
{
	if (q->uid == 0)
		return true;
	if (q->uid !=
		q->host->uid) /* of another user only the classes "owner" and "others" are known */
		return (st->st_mode >> (st->st_uid == q->uid ? 6 : 0) & want) == want;
	unsigned class = st->st_uid == q->uid ? 6 : 0;
	if (class == 0) {
		gid_t groups[256];
		int count = getgroups(256, groups);
		bool member = st->st_gid == getegid();
		for (int i = 0; i < count; i++)
			member = member || groups[i] == st->st_gid;
		class = member ? 3 : 0;
	}
	return (st->st_mode >> class & want) == want;
}

static void stop(struct inquiry *q, const char *path, size_t len, const struct stat *st, int sight)
{
	q->file.sight = sight;
	q->file.stops_at = arena_strndup(q->arena, path, len);
	if (st) {
		q->file.stop_uid = st->st_uid;
		q->file.stop_gid = st->st_gid;
		q->file.stop_mode = st->st_mode & 07777;
	}
}

/* Each folder from the root on; false when one of them ends the way. */
static bool walk(struct inquiry *q, const char *path)
{
	struct stat st;

	for (size_t end = 1; path[end]; end++) {
		if (path[end] != '/')
			continue;
		char *folder = arena_strndup(q->arena, path, end);
		if (fstatat(q->host->root, folder + 1, &st, 0) < 0) {
			stop(q, path, end, NULL, errno == EACCES ? FILE_NO_ACCESS : FILE_ABSENT);
			return false;
		}
		if (!path_may(q, &st, 1)) {
			stop(q, path, end, &st, FILE_NO_ACCESS);
			return false;
		}
	}
	return true;
}

static void find_listener(struct inquiry *q, const char *path)
{
	for (size_t i = 0; i < q->snapshot->socket_count; i++) {
		const struct socket *s = &q->snapshot->sockets[i];
		if (proto_is_unix(s->local.proto) && s->local.path && str_eq(s->local.path, path) &&
			(s->state == SOCKET_LISTEN || s->local.proto == PROTO_UNIX_DGRAM)) {
			q->file.listed = true;
			q->file.socket = s;
			return;
		}
	}
}

static int try_connect(const char *path, enum proto proto)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int type = proto == PROTO_UNIX_DGRAM	? SOCK_DGRAM
		: proto == PROTO_UNIX_SEQPACKET ? SOCK_SEQPACKET
						: SOCK_STREAM;
	AUTO(close) int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || str_copy(to.sun_path, sizeof(to.sun_path), path) >= sizeof(to.sun_path))
		return -1;
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) +
		(path[0] != '@'));
	return connect(fd, (struct sockaddr *)&to, len) < 0 ? errno : 0;
}

void path_read(struct inquiry *q)
{
	const char *path = q->aim.socket_path;
	struct stat st;

	q->file = (struct path_facts){.connect_error = -1};
	find_listener(q, path);
	if (path[0] == '/' && walk(q, path)) {
		if (fstatat(q->host->root, path + 1, &st, 0) < 0) {
			q->file.sight = errno == EACCES ? FILE_NO_ACCESS : FILE_ABSENT;
		} else {
			q->file.sight = S_ISSOCK(st.st_mode) ? FILE_SOCKET : FILE_OTHER;
			q->file.uid = st.st_uid;
			q->file.gid = st.st_gid;
			q->file.mode = st.st_mode & 07777;
			if (q->file.sight == FILE_SOCKET && !path_may(q, &st, 2))
				q->file.sight = FILE_NO_ACCESS;
		}
	}
	if (!q->query->passive && q->symptom.op != OPERATION_BIND && q->host->live &&
		q->uid == q->host->uid)
		q->file.connect_error = try_connect(path,
			q->file.socket ? q->file.socket->local.proto : PROTO_UNIX_STREAM);
}
