/*
 * explain - everything worth saying about one target, as a record.
 *
 * Answers what the address is, what the port is, who is behind it and why that runs, who is
 * connected, who could connect, and what to do next. Sentences are plain and already escaped where
 * they hold foreign text.
 */
#pragma once

#include "explain/port_facts.h"
#include "inventory/inventory.h"
#include "inventory/select.h"

struct explained_address {
	const char *text;
	const char *class;
	const char *meaning;
	bool own; /* an address of this machine */
};

/* What one address of interest does on the port: the "Listens" line. */
struct explained_listen {
	const char *text; /* "127.0.0.1:3000" */
	bool answered;
	const char *by;	  /* "node 4121", NULL = nobody */
	const char *note; /* "dual-stack socket", "2 sockets (reuseport)" */
};

/* Clients of the service, or users of the port, grouped by program and process. */
struct explained_client {
	const char *who;     /* "chromium 2811", "a process of root", "10.0.0.7" */
	const char *role;    /* "client", "outgoing", "time-wait", "waiting" ... */
	const char *service; /* when the client is a service itself: its name */
	int32_t pid;	     /* -1 = unknown */
	uint64_t connections;
	uint64_t received_bytes, sent_bytes; /* by the service, over connections open now */
};

struct explained_step {
	const char *command;
	const char *text;
};

struct explanation {
	const char *target;
	const char *answer; /* the one sentence */
	const char *hint;   /* a second sentence, or NULL */
	bool somebody;	    /* somebody listens at the target */
	const struct explained_address *addresses;
	size_t address_count;
	const struct port_facts *port; /* NULL: the target names no port */
	const struct service *const *services;
	size_t service_count;
	const struct owner *const *chain; /* who started it: outermost first, the owner last */
	size_t chain_count;
	const char *started; /* the chain as one line: `systemd › tmux "work" › zsh 3990 › ...` */
	const struct explained_listen *listens;
	size_t listen_count;
	const struct explained_client *clients;
	size_t client_count;
	const char *reach;	   /* who can connect, as a sentence; NULL = does not apply */
	uint32_t waiting, backlog; /* the backlog may be BACKLOG_UNKNOWN */
	bool has_queue;
	const struct explained_step *next;
	size_t next_count;
	const struct blind_spot *blind;
	size_t blind_count;
};

extern const struct record_type explanation_type;

/* The query that gathers what explain needs about a target. */
struct inventory_query explain_query(const struct target *t);

/* Fills out from a snapshot; strings live as long as the snapshot. Errors as select_services. */
int explain(const struct host *host, const struct snapshot *s, const struct target *t,
	struct explanation *out, struct err *err);
