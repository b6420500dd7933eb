/* container_api - see container_api.h. Docker Engine API "ContainerInspect"; Podman answers alike. */
#include "inventory/container_api.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/must.h"
#include "base/str.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static int connect_to(const char *path, int *out_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (str_copy(address.sun_path, sizeof(address.sun_path), path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	AUTO(close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno; /* -EAGAIN: its queue is full; it would not answer in time either */
	*out_fd = steal_fd(&fd);
	return 0;
}

static int send_request(int fd, const char *id)
{
	AUTO(buf) struct buf request = BUF_INIT(1024);

	buf_printf(&request,
		"GET /containers/%s/json HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		id);
	if (request.overflow)
		return -EINVAL;
	ssize_t n = send(fd, request.data, request.len, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return (size_t)n == request.len ? 0 : -EIO;
}

/* Reads until the other side closes; -ETIMEDOUT at the deadline. */
static int read_answer(int fd, uint64_t deadline_ms, struct buf *answer)
{
	for (;;) {
		uint64_t now = clock_mono_ms();
		if (now >= deadline_ms)
			return -ETIMEDOUT;
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, (int)(deadline_ms - now)) < 0 && errno != EINTR)
			return -errno;
		if (!buf_reserve(answer, MIN((size_t)16 << 10, answer->max - answer->len)) ||
			answer->len == answer->max)
			return -EFBIG;
		ssize_t n = recv(fd, answer->data + answer->len,
			MIN((size_t)16 << 10, answer->max - answer->len), MSG_DONTWAIT);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0) {
			answer->len += (size_t)n;
			answer->data[answer->len] = '\0';
		}
	}
}

/* "HTTP/1.1 200 OK" -> 200; 0 when it is no such line */
static unsigned status_of(const char *bytes, size_t len)
{
	unsigned status = 0;

	if (len < 12 || memcmp(bytes, "HTTP/1.", 7) != 0 || bytes[8] != ' ')
		return 0;
	for (size_t i = 9; i < 12; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return 0;
		status = status * 10 + (unsigned)(bytes[i] - '0');
	}
	return status;
}

int container_api_parse(const char *bytes, size_t len, struct arena *arena, const char **out_name)
{
	AUTO(arena) struct arena *scratch = arena_new();
	unsigned status = status_of(bytes, len);
	struct json_doc doc;

	if (status == 404)
		return -ENOENT;
	const char *body = status == 200 ? memmem(bytes, len, "\r\n\r\n", 4) : NULL;
	if (!body)
		return -EPROTO;
	body += 4;
	if (json_parse(scratch, body, len - (size_t)(body - bytes), &doc, NULL) < 0)
		return -EPROTO;
	const char *name = json_get_str(doc.values, "Name");
	if (!name)
		return -EPROTO;
	name += *name == '/';
	if (!*name)
		return -ENOENT;
	*out_name = arena_strdup(arena, name);
	return 0;
}

int container_api_name(const char *socket_path, const char *id, unsigned timeout_ms,
	struct arena *arena, const char **out_name)
{
	uint64_t deadline_ms = clock_mono_ms() + timeout_ms;
	AUTO(buf) struct buf answer = BUF_INIT(CONTAINER_API_MAX);
	AUTO(close) int fd = -1;

	must(id[strspn(id, "0123456789abcdef")] == '\0');
	int r = connect_to(socket_path, &fd);
	if (r == 0)
		r = send_request(fd, id);
	if (r == 0)
		r = read_answer(fd, deadline_ms, &answer);
	if (r < 0)
		return r == -ENOENT ? -ECONNREFUSED : r; /* no socket there: not "no container" */
	return container_api_parse(answer.data, answer.len, arena, out_name);
}
