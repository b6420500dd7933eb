/*
 * terminal - the terminal a process belongs to, and the tmux or screen session around it.
 */
#pragma once

#include "base/arena.h"
#include "model/owner.h"
#include "sys/host.h"

/* "pts/3", "tty1", "ttyS0" of a device number; NULL for none or an unknown kind. */
const char *terminal_name(struct arena *arena, uint32_t tty);

/* True for the server of a terminal multiplexer, which lives on without a terminal on purpose. */
bool terminal_is_multiplexer(const struct owner *o);

/*
 * The session's name when an ancestor is a multiplexer ("work"; "tmux" when it has no name), else
 * NULL. Needs o's chain of parents.
 */
const char *terminal_session(const struct host *host, struct arena *arena, const struct owner *o);
