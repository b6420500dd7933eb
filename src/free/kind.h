/*
 * kind - what a process is to the question "who must end so that the port stays free": a runner
 * that would start it again, a wrapper around one child, or somebody's shell, editor or browser.
 */
#pragma once

#include "base/arena.h"
#include "model/owner.h"

enum kind {
	KIND_OTHER,
	KIND_RUNNER,  /* starts its child again, so it must be stopped with it */
	KIND_WRAPPER, /* its job is the one program it runs */
	KIND_SHELL,   /* from here on: never stopped for the sake of another process */
	KIND_TERMINAL,
	KIND_SESSION, /* init, logins, timers, desktops */
	KIND_BROWSER,
	KIND_EDITOR,
	KIND_ASSISTANT,
	KIND_COUNT,
};

const char *kind_name(int kind); /* "runner", "shell" ... */

enum kind kind_of(const struct owner *o);

/* True for what a person works with: shells, terminals, sessions, browsers, editors, assistants. */
bool kind_is_spared(enum kind kind);

/* A shell that runs one command or script and is nobody's prompt: sh -c "vite". */
bool kind_runs_command(const struct owner *o);

/*
 * What a person would call it: "npm run dev", "nodemon", "python -m http.server", "vite"; escaped, at
 * most some 40 columns, in the arena.
 */
const char *kind_call(struct arena *arena, const struct owner *o);

/*
 * The signal that asks it to end, SIGTERM but for the few which understand that as "reload" or "when
 * the last client has left".
 */
int kind_end_signal(const struct owner *o);
