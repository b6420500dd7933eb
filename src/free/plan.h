/*
 * plan - what freeing would do, before anything is done: who holds the ports, how each of them is
 * stopped, what else ends or is cut off, and what stands against it.
 *
 * Made from a world and touches nothing. Everything lives in the world's arena and points into its
 * snapshot. A plan for targets that has refusals must not be carried out; one for left-overs has left
 * out what was refused.
 */
#pragma once

#include "free/world.h"
#include "model/field.h"
#include "model/target.h"

enum free_role {
	FREE_HOLDER, /* holds the socket, opened or inherited */
	FREE_RUNNER, /* started a holder and would start it again, or waits for nothing else */
	FREE_CHILD,  /* was started by one of those and would be left behind */
};

/* In this order they are asked to end, see stop.h. */
enum free_wave { WAVE_RUNNER, WAVE_HOLDER, WAVE_INHERITED, WAVE_CHILD, WAVE_COUNT };

enum free_refusal_kind {
	FREE_RIGHTS,	/* another user's; more rights would do */
	FREE_OURS,	/* loopscope itself, or what it runs in */
	FREE_INIT,	/* pid 1 */
	FREE_KERNEL,	/* no process holds it */
	FREE_UNREACHED, /* its supervisor cannot be told, or keeps it where we cannot */
};

const char *free_role_name(int role);
const char *free_refusal_name(int kind);

/* A listening socket that is to become free, or that closes with it. */
struct free_endpoint {
	const char *text; /* "127.0.0.1:3000" */
	const char *what; /* "port 3000" when all of it becomes free, else as text */
	struct endpoint endpoint;
	bool v6only, dual_stack;
	uint64_t cookie;
	const char *service;	   /* what a person calls it */
	const struct owner *owner; /* the first holder; NULL = not seen */
};

/* Who holds it, for the first line: one a port and a process that opened it. */
struct free_holder {
	const char *what; /* "port 3000", "unix:/run/x" */
	const char *kind; /* "editor", "browser" ...: what a person works with; else NULL */
	const struct owner *owner;
	const struct service *service;
};

/* A process that ends. */
struct free_victim {
	const struct owner *owner;
	const char *call; /* "npm run dev", escaped */
	int role;	  /* enum free_role */
	int wave;	  /* enum free_wave */
	int signal;	  /* asks it to end; 0: its supervisor is told instead */
	uint32_t step;	  /* index into steps */
};

/* Who loses connections. */
struct free_client {
	const struct owner *owner; /* NULL = another machine, or not seen */
	const char *text;	   /* "chromium 2811", "192.168.1.7" */
	uint64_t connections;
};

/* A process that was started by what ends, and stays. */
struct free_kept {
	const struct owner *owner;
	const char *why; /* "a browser", "in a session of its own" */
	bool holds;	 /* it holds the socket too, so the port stays taken */
};

/* One act: signals to the processes of this step, or a command of a supervisor. */
struct free_step {
	const char *by;	   /* "signal", "systemd", "docker" ... */
	const char *title; /* what the supervisor's number means to people, or NULL */
	const char *text;  /* "SIGTERM, then SIGKILL after 5 s", "systemctl stop x.service" */
	const char **stop; /* words, NULL-terminated; NULL: signals */
	size_t stop_count;
	const char **start; /* what undoes it */
	size_t start_count;
};

struct free_refusal {
	int kind;
	const char *what;     /* "port 3000" */
	const char *sentence; /* no full stop */
	const char *fix;      /* NULL: with FREE_RIGHTS the same command with more rights */
	const struct owner *owner;
};

/* A target behind which nobody listens. */
struct free_missing {
	const char *target;
	const char *what; /* "port 3000" */
	enum proto proto;
	uint16_t port;	    /* 0 = none */
	bool no_process;    /* pid: there is no such process at all */
	const char *inside; /* a namespace in which somebody listens on that port; NULL = none */
};

struct free_plan {
	uint64_t force_after_ms;
	struct free_holder *holders;
	size_t holder_count;
	struct free_endpoint *endpoints;
	size_t endpoint_count;
	struct free_victim *victims; /* by wave */
	size_t victim_count;
	struct free_endpoint *closes; /* other endpoints that close with them */
	size_t close_count;
	struct free_client *clients;
	size_t client_count;
	struct free_kept *kept;
	size_t kept_count;
	struct free_step *steps;
	size_t step_count;
	struct free_refusal *refusals;
	size_t refusal_count;
	struct free_missing *missing;
	size_t missing_count;
};

struct plan_query {
	const struct target *targets;
	size_t target_count;
	bool orphans; /* every left-over service instead of targets; what may not be stopped is skipped */
	uint64_t force_after_ms;
};

/* -EINVAL for a target that is none of this machine's or names several things, -ENOENT for a name
 * that nobody has. */
int plan_make(struct world *w, const struct plan_query *q, struct free_plan **out, struct err *err);

extern const struct record_type free_plan_type, free_endpoint_type;
