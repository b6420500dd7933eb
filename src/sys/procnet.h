/*
 * procnet - the TCP and UDP sockets of a namespace that may not be entered, from the text tables of
 * one process inside it: /proc/PID/net/{tcp,tcp6,udp,udp6}.
 *
 * An ordinary user may read those of their own processes, which is how rootless containers become
 * visible. The tables say less than sock_diag: no cookie, no backlog, no v6only (an IPv6 wildcard
 * is taken for dual-stack, the kernel's default). Source: net/ipv4/tcp_ipv4.c, get_tcp4_sock().
 */
#pragma once

#include "sys/host.h"
#include "sys/sock_diag.h"

/*
 * Appends the sockets that match; -EACCES or -ENOENT when the tables may not be read, or the process
 * ended between two of them: nothing is appended then.
 */
int procnet_list(const struct host *host, pid_t pid, const struct sock_query *query, uint32_t netns,
	struct socket_list *out);

/* One line of a table, without its end; false for the heading and for anything malformed. */
bool procnet_parse(const char *line, uint8_t family, enum proto proto, struct socket *out);
