/*
 * vitals_part - parsers and parts of vitals; private to it and its tests. Texts end with NUL.
 */
#pragma once

#include "sys/vitals.h"

/* The number after a key at the start of a line ("oom_kill ", "Seccomp:"); false if absent. */
bool vitals_number(const char *text, const char *key, unsigned base, uint64_t *out);

/* /proc/PID/status: tracer, seccomp, no_new_privs, capabilities. */
void vitals_parse_status(const char *text, struct vitals *out);

/* /proc/PID/limits: the soft limit of open files; VITALS_UNKNOWN when it is not said. */
uint64_t vitals_parse_fd_limit(const char *text);

/* The path of one hierarchy ("" = v2, "freezer") in /proc/PID/cgroup, in the arena; NULL = none. */
const char *vitals_parse_cgroup(struct arena *arena, const char *text, const char *controller);

/* Everything that the process's cgroup says. */
void vitals_read_cgroup(const struct host *host, struct arena *arena, struct vitals *out);

/* A pair of lines "TcpExt: NAME ..." and "TcpExt: 1 ..."; 0 when the name is not there. */
uint64_t net_counters_parse(const char *text, const char *group, const char *name);

/* The lines of /dev/kmsg, fed one at a time. */
struct oom_log {
	struct arena *arena;
	int64_t boot_ms;      /* wall clock at the log's time 0 */
	struct oom_kill *out; /* a ring */
	size_t max, count;    /* count goes on beyond max */
	pid_t limit_pid;      /* whom the last "oom-kill:" line was about, 0 = nobody */
	const char *limit_cgroup;
};
void oom_log_line(struct oom_log *log, const char *line, size_t len);
