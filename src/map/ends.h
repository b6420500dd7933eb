/*
 * ends - whose an end of a connection is: the service that accepted it, the client, the hidden
 * process or the other computer. Makes the nodes of a graph as they are needed. Private to graph.c.
 */
#pragma once

#include "inventory/service_index.h"
#include "map/parts.h"

struct graph_ends {
	const struct snapshot *s;
	struct graph_parts *parts;
	bool plumbing;
	size_t left_out_services;
	struct service_index index;
	struct map owner_by_pointer, owner_by_pid; /* -> index */
	uint32_t *node_of_service;		   /* NODE_NONE: left out */
	uint32_t *node_of_owner;		   /* NODE_NONE: not decided yet */
	uint32_t *service_of;  /* by socket: the service that accepted it, or SERVICE_NONE */
	struct map groups;     /* hash of what makes clients, unseen ends, computers one -> node */
	uint32_t judged_owner; /* whose socket is judged in a search, NODE_NONE = nobody's */
};

/* Makes a node for each program that listens, and finds out which sockets were accepted by which. */
void graph_ends_init(struct graph_ends *e, const struct snapshot *s, struct graph_parts *parts,
	bool plumbing);
void graph_ends_fini(struct graph_ends *e);

/* True for sockets that connections are made of: TCP and unix streams with another end. */
bool graph_ends_connected(const struct socket *socket);

/* The holder that was decided to stand for a socket is one of those who serve `service`. */
bool graph_ends_sure(const struct graph_ends *e, const struct socket *socket, uint32_t service);

/* The service that listens where a connection goes to, or SERVICE_NONE. */
uint32_t graph_ends_dialled(struct graph_ends *e, const struct endpoint *to, uint32_t netns);

/* Nodes: of whoever holds the socket; of an end that is not listed (NULL) or has no owner; and of
 * another computer. NODE_NONE when there are too many. */
uint32_t graph_ends_holder(struct graph_ends *e, const struct socket *socket);
uint32_t graph_ends_unseen(struct graph_ends *e, const struct socket *socket);
uint32_t graph_ends_computer(struct graph_ends *e, int kind, const struct address *address);

/* Gives the nodes their processes, services and details; after the last edge. */
void graph_ends_describe(struct graph_ends *e);

AUTO_DEFINE_FINI(graph_ends, struct graph_ends)
