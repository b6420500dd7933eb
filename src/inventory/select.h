/*
 * select - from what a person named (a target) to the services of a snapshot it means.
 */
#pragma once

#include "model/snapshot.h"
#include "model/target.h"
#include "sys/host.h"

struct selection {
	const struct service **services; /* in the snapshot's arena; those that answer there */
	size_t count;
	const struct service **nearby; /* same port, but another address, family or protocol */
	size_t nearby_count;
	struct address addresses[4]; /* what the target's host or address stands for */
	size_t address_count;
	uint16_t port; /* 0 = the target names none */
};

/* What to ask the kernel for: a port narrows it, a name or pid needs all listeners. */
uint16_t select_port(const struct target *t);
uint32_t select_protos(const struct target *t);

/*
 * Picks the services. A name that is no address of this machine is -EINVAL with a sentence: nothing
 * is looked up beyond /etc/hosts. No service at all is no error: count is 0.
 */
int select_services(const struct host *host, const struct snapshot *s, const struct target *t,
	struct selection *out, struct err *err);

/* What a host name means here: localhost, *.localhost, this machine's name, /etc/hosts. */
size_t select_addresses(const struct host *host, const char *name, struct address *out, size_t max);

/* `localhost` and every name below it. */
bool select_is_localhost(const char *name);

/* True for an address of this machine: loopback, any, or of one of its interfaces. */
bool select_is_own(const struct snapshot *s, const struct address *a);
