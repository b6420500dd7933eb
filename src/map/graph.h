/*
 * graph - who talks to whom: programs as nodes, their established connections as edges.
 *
 * A node is a program, not a socket: all that one process family listens on is one node, and what
 * the same processes connect to leaves from that node. Programs that only connect are grouped by
 * program, project, container and user. Ends whose process may not be seen are nodes too, so that
 * every connection is on the map. Everything is in a fixed order: nodes by kind, then port, then
 * name; edges by their nodes, then port. Strings of foreign origin are raw: renderers escape.
 */
#pragma once

#include "base/arena.h"
#include "inventory/select.h"
#include "model/snapshot.h"
#include "model/target.h"

enum graph_kind {
	GRAPH_SERVICE,	   /* listens; may connect too */
	GRAPH_CLIENT,	   /* only connects */
	GRAPH_UNSEEN,	   /* processes that may not be seen, or an end that is not here any more */
	GRAPH_NETWORK_IN,  /* another computer that is connected to this one */
	GRAPH_NETWORK_OUT, /* another computer that this one is connected to */
};

enum graph_via {
	VIA_LOOPBACK,
	VIA_ADDRESS,   /* another address of this machine, both ends in one namespace */
	VIA_NAMESPACE, /* from one network namespace into another */
	VIA_UNIX,
	VIA_NETWORK, /* leaves the machine */
};

struct graph_node {
	const char *id;	     /* stays while name, endpoint, user and place do: "client:psql/mira" */
	int kind;	     /* enum graph_kind */
	const char *name;    /* "shop api", "chromium", "203.0.113.9"; never NULL */
	const char *detail;  /* "127.0.0.1:3000", "pid 4121", "12 processes"; NULL = nothing */
	const char *context; /* "docker: cache", "in web", a client's project; NULL = none */
	uint16_t port;	     /* of the first service; 0 = none, or a unix socket */
	int32_t pid;	     /* of the oldest process; -1 = not known */
	uint32_t processes;  /* that have a part in it, as far as they are known */
	const char *user, *project, *container; /* names; NULL = not known, or none */
	const char **endpoints;			/* all that it listens on */
	size_t endpoint_count;
	const struct service *const *services; /* in order of the snapshot */
	size_t service_count;
	const struct owner *const *owners; /* oldest first */
	size_t owner_count;
	struct address address; /* NETWORK_*: the computer's; else unspec */
	uint64_t accepted;	/* connections that others opened to it */
	uint64_t opened;	/* connections that it opened */
	uint32_t in, out;	/* edges */
	bool center;		/* graph_around: the target named it */
	uint32_t alike;		/* nodes that graph_fold made into this one; 1 = only itself */
};

struct graph_edge {
	const char *from_id, *to_id;
	uint32_t from, to;	       /* index: who opened the connections, to whom */
	const struct service *service; /* what was reached; NULL = no listener known, or several */
	const char *endpoint;	       /* as it was dialled: "127.0.0.1:5432"; NULL = several */
	uint16_t port;		       /* 0 = several, or a unix socket */
	int via;		       /* enum graph_via */
	uint64_t connections;
	uint64_t waiting; /* of these, not yet accepted */
	bool guessed; /* no listener tells which end connected; the lower port is taken for it */
};

struct graph {
	const struct graph_node *nodes;
	size_t node_count;
	const struct graph_edge *edges;
	size_t edge_count;
	uint64_t connections; /* on the map */
	size_t alone;	      /* nodes without an edge, before folding */
	uint64_t left_out; /* connections to sockets that every desktop program is connected to */
	size_t left_out_services;
	uint64_t pairs;	 /* unix socket pairs: no endpoint, so nobody talks to anybody by name */
	uint64_t beyond; /* connections past the maxima below */
};

#define GRAPH_NODES_MAX 100000u
#define GRAPH_EDGES_MAX 200000u

/*
 * The graph of a snapshot of all states; lives in `arena` and borrows from `s`. Without `plumbing`
 * D-Bus, the journal, X11 and their like are left out and counted.
 */
const struct graph *graph_build(struct arena *arena, const struct snapshot *s, bool plumbing);

/* How much of a graph is to be seen; 0 = no limit. */
struct graph_limits {
	size_t computers; /* of the network, each way; the least connected others become one node */
	size_t alike;	  /* so many nodes of one name with the same neighbours stay apart */
	size_t nodes;	  /* with an edge; the least connected others become "88 more services" */
};

/* The same picture with fewer nodes; no connection is lost. */
const struct graph *graph_fold(struct arena *arena, const struct graph *g,
	const struct graph_limits *limits);

/*
 * Only what is connected to the target: whoever reaches it, and whatever it reaches, over at most
 * `hops` edges. `selected` is what select_services() found for it; clients are found here. NULL when
 * the target is not on the map.
 */
const struct graph *graph_around(struct arena *arena, const struct graph *g,
	const struct target *target, const struct selection *selected, unsigned hops);

const char *graph_kind_name(int kind); /* "service", "client", ... */
const char *graph_via_name(int via);   /* "loopback", "namespace", ... */

extern const struct record_type graph_node_type, graph_edge_type;
