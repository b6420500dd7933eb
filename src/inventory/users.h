/*
 * users - the name and the home folder behind a user number, each looked up once.
 *
 * etc/passwd below the host's root is read first; on the live machine the name services (LDAP,
 * systemd-homed ...) are asked for what is not in it.
 */
#pragma once

#include "base/arena.h"
#include "sys/host.h"

struct user {
	uint32_t uid;
	const char *name; /* never NULL: the number as text when it has no name */
	const char *home; /* NULL = not known */
};

struct users;

struct users *users_new(const struct host *host, struct arena *arena); /* owned; arena borrowed */
void users_free(struct users *u);

/* In the arena; the same pointer for the same uid. */
const struct user *users_get(struct users *u, uint32_t uid);

AUTO_DEFINE(users, struct users *, users_free)
