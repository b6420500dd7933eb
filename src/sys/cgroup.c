/*
 * cgroup - see cgroup.h.
 *
 * A line is "id:controllers:path" (cgroups(7)). v2 has the one line "0::path"; v1 has a line for
 * each hierarchy, and systemd's own is "name=systemd"; hybrid has both. Container runtimes on v1 do
 * not always join every hierarchy, so all lines are asked for a container and the best is kept.
 *
 * Units follow systemd's cg_path_get_unit(): skip slices, then the next component is the unit; below
 * user@UID.service the same again for units of the user manager. A leading "_" is systemd's escape
 * for names that would clash with the kernel's files. Whatever is below a unit is its own matter
 * (delegation), and a path whose first component is no unit is not systemd's.
 *
 * Containers are recognised by one path component at a time, see the table; runtimes write
 *   cgroupfs driver   /docker/ID  /kubepods/burstable/podUID/ID  /libpod_parent/libpod-ID
 *   systemd driver    .../docker-ID.scope  .../cri-containerd-ID.scope  .../crio-ID.scope
 * with ID being 64 hex digits, which nothing else on a machine is named.
 */
#include "sys/cgroup.h"

#include "base/auto.h"
#include <string.h>

enum id_kind {
	ID_HEX,	 /* exactly 64 lower-case hex digits */
	ID_NAME, /* any name; systemd's escapes are undone */
};

struct span {
	const char *p;
	size_t len;
};

static const struct pattern {
	const char *parent; /* the component before, NULL = any */
	const char *prefix, *suffix;
	enum id_kind kind;
	enum container_runtime runtime;
	bool monitor;
} patterns[] = {
	{NULL, "docker-", ".scope", ID_HEX, RUNTIME_DOCKER},
	{"docker", "", "", ID_HEX, RUNTIME_DOCKER},
	{NULL, "libpod-conmon-", ".scope", ID_HEX, RUNTIME_PODMAN, .monitor = true},
	{NULL, "libpod-conmon-", "", ID_HEX, RUNTIME_PODMAN, .monitor = true},
	{NULL, "libpod-payload-", "", ID_HEX, RUNTIME_PODMAN},
	{NULL, "libpod-", ".scope", ID_HEX, RUNTIME_PODMAN},
	{NULL, "libpod-", "", ID_HEX, RUNTIME_PODMAN},
	{NULL, "cri-containerd-", ".scope", ID_HEX, RUNTIME_CONTAINERD},
	{NULL, "nerdctl-", ".scope", ID_HEX, RUNTIME_CONTAINERD},
	{NULL, "crio-conmon-", ".scope", ID_HEX, RUNTIME_CRIO, .monitor = true},
	{NULL, "crio-", ".scope", ID_HEX, RUNTIME_CRIO},
	{NULL, "crio-", "", ID_HEX, RUNTIME_CRIO},
	{NULL, "lxc.payload.", "", ID_NAME, RUNTIME_LXC},
	{NULL, "lxc.monitor.", "", ID_NAME, RUNTIME_LXC, .monitor = true},
	{"lxc.payload", "", "", ID_NAME, RUNTIME_LXC},
	{"lxc.monitor", "", "", ID_NAME, RUNTIME_LXC, .monitor = true},
	{"lxc", "", "", ID_NAME, RUNTIME_LXC},
	{NULL, "systemd-nspawn@", ".service", ID_NAME, RUNTIME_NSPAWN},
	{NULL, "machine-", ".scope", ID_NAME, RUNTIME_NSPAWN},
	/* a bare id below some other folder: docker --cgroup-parent, ECS, CI runners */
	{NULL, "", "", ID_HEX, RUNTIME_DOCKER},
};

static bool span_eq(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

static bool span_starts(struct span s, const char *prefix)
{
	return s.len >= strlen(prefix) && memcmp(s.p, prefix, strlen(prefix)) == 0;
}

static bool span_ends(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.len >= n && memcmp(s.p + s.len - n, suffix, n) == 0;
}

static struct span span_skip(struct span s, size_t n)
{
	return (struct span){s.p + n, s.len - n};
}

/* The next component of a path; false at its end. */
static bool next_component(struct span *path, struct span *out)
{
	while (path->len && *path->p == '/')
		*path = span_skip(*path, 1);
	if (!path->len)
		return false;
	const char *slash = memchr(path->p, '/', path->len);
	*out = (struct span){path->p, slash ? (size_t)(slash - path->p) : path->len};
	*path = span_skip(*path, out->len);
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_id(struct span s)
{
	if (s.len != 64)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (hex_digit(s.p[i]) < 0)
			return false;
	return true;
}

/*
 * Copies a name with \xNN undone where that gives a printable ASCII character (never '/'); other
 * sequences stay as they are. False when it does not fit or is empty.
 */
static bool unescape(struct span s, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (c == '\\' && s.len - i >= 4 && s.p[i + 1] == 'x') {
			int high = hex_digit(s.p[i + 2]), low = hex_digit(s.p[i + 3]);
			int value = high * 16 + low;
			if (high >= 0 && low >= 0 && value >= 0x20 && value < 0x7f &&
				value != '/') {
				c = (char)value;
				i += 3;
			}
		}
		if (n + 1 >= size || c == '\0')
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

/* "user-1000.slice" -> 1000 */
static void note_slice_uid(struct span slice, struct cgroup *c)
{
	int64_t uid = 0;

	if (!span_starts(slice, "user-"))
		return;
	slice = span_skip(slice, strlen("user-"));
	slice.len -= strlen(".slice");
	if (slice.len == 0 || slice.len > 10)
		return;
	for (size_t i = 0; i < slice.len; i++) {
		if (slice.p[i] < '0' || slice.p[i] > '9')
			return;
		uid = uid * 10 + (slice.p[i] - '0');
	}
	if (uid < UINT32_MAX)
		c->slice_uid = uid;
}

static bool is_unit(struct span s)
{
	static const char *const types[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (span_ends(s, types[i]) && s.len > strlen(types[i]))
			return true;
	return false;
}

static void find_unit(struct span path, struct cgroup *c)
{
	struct span part, slice = {0}, manager = {0}, unit = {0};

	while (!unit.p && next_component(&path, &part)) {
		if (span_eq(part, "..")) /* outside of our own cgroup namespace */
			continue;
		if (*part.p == '_')
			part = span_skip(part, 1);
		if (span_ends(part, ".slice") && part.len > strlen(".slice")) {
			slice = part;
			note_slice_uid(part, c);
		} else if (!manager.p && span_starts(part, "user@") && is_unit(part)) {
			manager = part;
		} else if (is_unit(part)) {
			unit = part;
		} else {
			break;
		}
	}
	c->unit_is_user = manager.p && unit.p && !span_eq(unit, "init.scope");
	if (!unit.p || (manager.p && !c->unit_is_user))
		unit = manager.p ? manager : slice;
	if (unit.p && unescape(unit, c->unit, sizeof(c->unit))) {
		c->unit_id = unit.p;
		c->unit_id_len = unit.len;
	} else {
		c->unit[0] = '\0';
		c->unit_is_user = false;
	}
}

static bool match(const struct pattern *p, struct span before, struct span part, struct cgroup *c)
{
	size_t prefix = strlen(p->prefix), suffix = strlen(p->suffix);

	if (p->parent && !span_eq(before, p->parent))
		return false;
	if (part.len <= prefix + suffix || !span_starts(part, p->prefix) ||
		!span_ends(part, p->suffix))
		return false;
	struct span id = {part.p + prefix, part.len - prefix - suffix};
	if (p->kind == ID_HEX && !is_id(id))
		return false;
	if (!unescape(id, c->container, sizeof(c->container)))
		return false;
	/* libvirt registers its virtual machines as machine-qemu\x2d1\x2dNAME.scope */
	if (p->runtime == RUNTIME_NSPAWN && strncmp(c->container, "qemu-", 5) == 0)
		return false;
	c->runtime = p->runtime;
	c->monitor = p->monitor;
	return true;
}

/* "kubepods-burstable-podUID.slice" or "podUID", UID with '_' or '-' or neither */
static void note_pod(struct span part, struct cgroup *c)
{
	if (span_ends(part, ".slice"))
		part.len -= strlen(".slice");
	for (size_t i = 0; i + 3 < part.len; i++) {
		struct span uid = span_skip(part, i + 3);
		if (memcmp(part.p + i, "pod", 3) != 0 || (i && part.p[i - 1] != '-'))
			continue;
		if (uid.len < 32 || uid.len > 36)
			continue;
		size_t n = 0;
		for (; n < uid.len; n++) {
			char ch = uid.p[n] == '_' ? '-' : uid.p[n];
			if (hex_digit(ch) < 0 && ch != '-')
				break;
			c->pod[n] = ch;
		}
		c->pod[n] = '\0';
		if (n == uid.len)
			return;
		c->pod[0] = '\0';
	}
}

static bool is_kubepods(struct span part)
{
	return span_eq(part, "kubepods") || span_starts(part, "kubepods-") ||
		span_starts(part, "kubepods.") || span_starts(part, "kubelet-kubepods");
}

static bool find_container(struct span path, struct cgroup *c)
{
	struct span part, before = {"", 0};
	bool kube = false;

	for (; next_component(&path, &part); before = part) {
		if (is_kubepods(part))
			kube = true;
		/* containerd's CRI on v1: "kubepods-podUID.slice:cri-containerd:ID" */
		const char *colon = memrchr(part.p, ':', part.len);
		if (kube) {
			const char *first = memchr(part.p, ':', part.len);
			note_pod((struct span){part.p, first ? (size_t)(first - part.p) : part.len},
				c);
		}
		if (colon && kube)
			part = span_skip(part, (size_t)(colon - part.p) + 1);
		for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
			if (!match(&patterns[i], before, part, c))
				continue;
			if (kube)
				c->runtime = RUNTIME_KUBERNETES;
			return true;
		}
	}
	c->pod[0] = c->container[0] = '\0';
	return false;
}

/* How much a line can say; the highest is kept. */
enum rank { RANK_ROOT = 1, RANK_OTHER, RANK_V2, RANK_SYSTEMD, RANK_CONTAINER };

static bool split_line(struct span line, struct span *controllers, struct span *path)
{
	const char *first = memchr(line.p, ':', line.len);

	if (!first || first == line.p)
		return false;
	*controllers = span_skip(line, (size_t)(first - line.p) + 1);
	const char *second = memchr(controllers->p, ':', controllers->len);
	if (!second)
		return false;
	*path = span_skip(*controllers, (size_t)(second - controllers->p) + 1);
	controllers->len = (size_t)(second - controllers->p);
	if (span_ends(*path, " (deleted)")) /* the cgroup was removed, the process lives on */
		path->len -= strlen(" (deleted)");
	return path->len > 0 && *path->p == '/';
}

static int rank_of(struct span controllers, struct span path, bool container)
{
	if (container)
		return RANK_CONTAINER;
	if (path.len == 1)
		return RANK_ROOT;
	if (span_eq(controllers, "name=systemd"))
		return RANK_SYSTEMD;
	return controllers.len == 0 ? RANK_V2 : RANK_OTHER;
}

bool cgroup_parse(const char *text, size_t len, struct cgroup *out)
{
	struct cgroup best = {0};
	int best_rank = 0;

	for (struct span rest = {text, len}; rest.len;) {
		const char *newline = memchr(rest.p, '\n', rest.len);
		struct span line = {rest.p, newline ? (size_t)(newline - rest.p) : rest.len};
		rest = span_skip(rest, line.len + (newline != NULL));

		struct cgroup c = {.slice_uid = -1};
		struct span controllers, path;
		if (!split_line(line, &controllers, &path))
			continue;
		int rank = rank_of(controllers, path, find_container(path, &c));
		if (rank <= best_rank)
			continue;
		find_unit(path, &c);
		c.path = path.p;
		c.path_len = path.len;
		best = c;
		best_rank = rank;
	}
	if (best_rank)
		*out = best;
	return best_rank > 0;
}
