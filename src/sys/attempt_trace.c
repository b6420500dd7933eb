/*
 * attempt_trace - loads and reads the BPF programs of bpf/attempts.bpf.c, a light skeleton as in
 * holders_iterate.c. attempt_trace_off.c stands in where the build has no BPF.
 */
#include "sys/attempt_trace.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "sys/bpf/attempts.h"
#include "sys/bpf/attempts_skeleton.h"
#include "sys/caps.h"
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct attempt_trace {
	struct attempts_bpf *skeleton;
};

struct facts {
	struct arena *arena;
	struct attempt_fact *items;
	size_t count;
};

void attempt_trace_free(struct attempt_trace *t)
{
	if (!t)
		return;
	attempts_bpf__destroy(t->skeleton);
	free(t);
}

static int refused(struct err *err, const char *what)
{
	if (!caps_have(CAPS_BPF) || !caps_have(CAPS_PERFMON))
		return err_set(err, -EPERM, "BPF needs root, or CAP_BPF and CAP_PERFMON");
	return err_set(err, errno == EPERM ? -EPERM : -EOPNOTSUPP, "%s: %m", what);
}

int attempt_trace_new(pid_t pid, struct attempt_trace **out, struct err *err)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) < 0)
		return err_set(err, -EOPNOTSUPP, "cannot tell our pid namespace: %m");
	AUTO(attempt_trace) struct attempt_trace *t = must_calloc(1, sizeof(*t));
	t->skeleton = attempts_bpf__open();
	if (!t->skeleton)
		return err_set(err, -ENOMEM, "cannot prepare the BPF tracepoints");
	t->skeleton->rodata->first_pid = (uint32_t)pid;
	t->skeleton->rodata->pid_namespace = (uint32_t)st.st_ino;
	if (attempts_bpf__load(t->skeleton) < 0)
		return refused(err, "the kernel does not take the BPF tracepoints");
	if (attempts_bpf__attach(t->skeleton) < 0)
		return refused(err, "cannot attach the BPF tracepoints");
	*out = t;
	t = NULL;
	return 0;
}

/* --- maps --- */

static bool next_key(int map, const void *key, void *next)
{
	union bpf_attr attr = {.map_fd = (uint32_t)map,
		.key = (uint64_t)(uintptr_t)key,
		.next_key = (uint64_t)(uintptr_t)next};

	return syscall(SYS_bpf, BPF_MAP_GET_NEXT_KEY, &attr, sizeof(attr)) == 0;
}

static bool look_up(int map, const void *key, void *value)
{
	union bpf_attr attr = {.map_fd = (uint32_t)map,
		.key = (uint64_t)(uintptr_t)key,
		.value = (uint64_t)(uintptr_t)value};

	return syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) == 0;
}

/* --- records to facts --- */

static enum proto proto_of(const struct attempt_key *key)
{
	if (key->family == AF_UNIX)
		return key->type == SOCK_STREAM	  ? PROTO_UNIX_STREAM
			: key->type == SOCK_DGRAM ? PROTO_UNIX_DGRAM
						  : PROTO_UNIX_SEQPACKET;
	if (key->type == SOCK_RAW)
		return PROTO_RAW;
	switch (key->protocol) {
	case IPPROTO_SCTP:
		return PROTO_SCTP;
	case IPPROTO_UDPLITE:
		return PROTO_UDPLITE;
	default:
		return key->type == SOCK_STREAM ? PROTO_TCP : PROTO_UDP;
	}
}

/* A path ends at its first NUL; an abstract name starts with one and is as long as it says. */
static const char *path_of(struct arena *arena, const struct attempt_key *key)
{
	size_t max = key->len < sizeof(key->address) ? key->len : sizeof(key->address);
	const char *bytes = (const char *)key->address;

	if (max == 0)
		return NULL;
	if (bytes[0])
		return arena_strndup(arena, bytes, strnlen(bytes, max));
	char *name = arena_strndup(arena, bytes, max);
	for (size_t i = 0; i < max; i++)
		if (!name[i])
			name[i] = '@';
	return name;
}

static void add(struct facts *facts, const struct attempt_key *key,
	const struct attempt_value *value, int error)
{
	struct attempt_fact *f = &facts->items[facts->count];
	char program[sizeof(value->program) + 1] = {0};

	if (facts->count >= 3 * ATTEMPT_SLOTS)
		return;
	facts->count++;
	memcpy(program, value->program, sizeof(value->program));
	*f = (struct attempt_fact){.kind = key->kind,
		.endpoint = {.proto = proto_of(key), .port = key->port},
		.error = error,
		.pid = (pid_t)value->pid,
		.program = arena_strdup(facts->arena, program),
		.at_ns = value->at_ns,
		.took_ns = value->took_ns,
		.count = value->count ? value->count : 1};
	if (key->family == AF_UNIX) {
		f->endpoint.path = path_of(facts->arena, key);
		return;
	}
	f->endpoint.address.family = key->family;
	f->endpoint.address.scope = key->scope;
	memcpy(f->endpoint.address.bytes, key->address, key->family == AF_INET ? 4 : 16);
}

static void add_ended(struct facts *facts, int map)
{
	struct attempt_key key, before;
	struct attempt_value value;

	for (const void *from = NULL; next_key(map, from, &key); from = &before) {
		if (look_up(map, &key, &value))
			add(facts, &key, &value, key.error);
		before = key;
	}
}

/* What was under way when the watching ended. */
static void add_unfinished(struct facts *facts, int map, bool pending)
{
	struct attempt_flight flight;
	uint64_t key, before, now = clock_mono_ns();

	for (const void *from = NULL; next_key(map, from, &key); from = &before) {
		if (look_up(map, &key, &flight) && (flight.pending != 0) == pending) {
			flight.value.took_ns = now - flight.value.at_ns;
			add(facts, &flight.key, &flight.value, EINPROGRESS);
		}
		before = key;
	}
}

int attempt_trace_read(struct attempt_trace *t, struct arena *arena, struct attempt_fact **out,
	size_t *out_count, size_t *out_lost, struct err *err)
{
	struct attempts_bpf *skeleton = t->skeleton;
	struct facts facts = {.arena = arena};

	attempts_bpf__detach(skeleton);
	memset(&skeleton->links, 0, sizeof(skeleton->links));
	if (!skeleton->bss->found_first)
		return err_set(err, -EIO, "the BPF tracepoints did not see the command");
	facts.items = arena_array(arena, struct attempt_fact, 3 * ATTEMPT_SLOTS);
	add_ended(&facts, skeleton->maps.attempts.map_fd);
	add_unfinished(&facts, skeleton->maps.flights.map_fd, true);
	add_unfinished(&facts, skeleton->maps.calls.map_fd, false);
	*out = facts.items;
	*out_count = facts.count;
	*out_lost = skeleton->bss->lost;
	return 0;
}
