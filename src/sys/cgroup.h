/*
 * cgroup - what the text of /proc/PID/cgroup says: systemd unit, container, Kubernetes pod.
 *
 * Pure. Takes the formats of cgroup v1, v2 and hybrid, and any bytes.
 */
#pragma once

#include "model/owner.h"

enum {
	CGROUP_TEXT_SIZE = 16 << 10, /* enough for every real file: twelve v1 lines */
	CGROUP_NAME_SIZE = 256,
};

struct cgroup {
	const char *path; /* the line that says most; borrowed from the text; never NULL */
	size_t path_len;

	/* The unit as systemctl wants it ("app-foo\x2dbar@1.service"); borrowed, NULL = none. */
	const char *unit_id;
	size_t unit_id_len;
	char unit[CGROUP_NAME_SIZE]; /* the same with \x2d and friends undone; "" = none */
	bool unit_is_user;	     /* of a user manager; "user@1000.service" itself is not */
	int64_t slice_uid;	     /* of user-1000.slice; -1 = not in one */

	/*
	 * The outermost container, since that is the one this machine's runtime knows: in Docker in
	 * Docker the outer, for a pod of a kind cluster its node. Below kubepods it is always
	 * RUNTIME_KUBERNETES, whichever runtime does the work.
	 */
	enum container_runtime runtime;	  /* RUNTIME_NONE = not in a container */
	char container[CGROUP_NAME_SIZE]; /* its id; LXC and nspawn have names instead */
	bool monitor; /* not inside, but the helper that keeps it (conmon, lxc-start) */
	char pod[40]; /* the pod's uid with dashes, "" = none */
};

/* False when no line has the shape of one; out is untouched then. */
bool cgroup_parse(const char *text, size_t len, struct cgroup *out);
