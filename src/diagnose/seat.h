/*
 * seat - from where a question is asked: this terminal, inside another process's namespaces, as another
 * user, by a browser's rules.
 *
 *   here · pid:4711 · container:web · user:www-data · browser
 *
 * Another seat is taken by a child process, which enters the network and mount namespaces of the process
 * (or becomes the user), asks there and hands its answer back. It keeps the folders of this machine's
 * /proc open from before, so that the owners of sockets are still seen. This process changes nothing of
 * itself.
 */
#pragma once

#include "diagnose/diagnose.h"

enum seat_kind { SEAT_HERE, SEAT_PID, SEAT_CONTAINER, SEAT_USER, SEAT_BROWSER };

struct seat {
	int kind;
	const char *text; /* as it was named */
	const char *name; /* CONTAINER, USER */
	pid_t pid;	  /* PID */
};

/* Errors name the text and what was expected. Nothing is looked up. */
int seat_parse(struct arena *arena, const char *text, struct seat *out, struct err *err);

/*
 * As diagnose_run, from the seat. query.environment and uid are those of this process; a seat that has
 * its own puts them in their place. -ESRCH when there is no such process, container or user, -EPERM when
 * it takes rights to look from there.
 */
int seat_run(const struct host *host, struct arena *arena, const struct seat *seat,
	const struct diagnose_query *query, struct diagnosis *out, struct err *err);

/*
 * The environment in the text of /proc/PID/environ, "NAME=value", NULL-terminated, in the arena. Also reads
 * /etc/environment (lines; quotes around values are taken off) with `lines`.
 */
const char *const *seat_environment(struct arena *arena, const char *text, size_t len, bool lines);

/*
 * A command of root as it works from outside, in the namespaces of `pid`: each "sudo " in it becomes
 * "sudo nsenter -t PID -m -n ". Others, such as kill, mean the same from both sides.
 */
const char *seat_command(struct arena *arena, const char *command, pid_t pid);
