/*
 * containers - the name of a container from its id, without running a program.
 *
 *   docker      its own state file, else its API
 *   podman      the list of its storage, else its API
 *   kubernetes  the names of the links in /var/log/containers: "pod/container"
 *   lxc, nspawn the name is the id
 *
 * APIs are asked on the live machine only, and none again that failed or was too slow.
 */
#pragma once

#include "base/arena.h"
#include "inventory/users.h"
#include "model/owner.h"
#include "sys/host.h"

struct container_names;

struct container_names *container_names_new(const struct host *host,
	struct arena *arena); /* owned */
void container_names_free(struct container_names *n);

/*
 * The name, in the arena; NULL when it could not be learnt. `user` is who runs it when it is a
 * rootless one (its cgroup is below that user's slice), else NULL. Every id is looked up once.
 */
const char *container_names_find(struct container_names *n, enum container_runtime runtime,
	const char *id, const struct user *user);

AUTO_DEFINE(container_names, struct container_names *, container_names_free)
