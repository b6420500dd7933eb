/*
 * service - what a person calls it ("shop web", "postgres 15"), and the listeners it consists of.
 *
 * A listener is one endpoint; a reuseport group or pre-fork family is one listener with several
 * sockets or owners. Listeners on the same port, protocol, namespace and owner (127.0.0.1 and ::1,
 * say) are one service.
 */
#pragma once

#include "model/endpoint.h"
#include "model/field.h"
#include "model/owner.h"

enum reach {
	REACH_UNKNOWN,
	REACH_COMPUTER,	 /* "this computer": loopback or unix sockets only */
	REACH_NAMESPACE, /* "its container": loopback of another namespace */
	REACH_NETWORK,	 /* "the network": a wildcard or non-loopback address, and a link is up */
	REACH_PUBLISHED, /* "the network", by a container's published port */
};

const char *reach_name(int reach); /* "computer", "network" ...: for JSON */
const char *reach_text(int reach); /* "this computer", "the network" ...: for people */

struct listener {
	struct endpoint endpoint;
	const char *text; /* "127.0.0.1:3000", "[::]:3000" */
	bool v6only;
	bool dual_stack;
	uint32_t socket;       /* index of the first socket */
	uint32_t socket_count; /* > 1: a reuseport group */
	uint32_t waiting;      /* connections not yet accepted, all sockets */
	uint32_t backlog;      /* of all sockets, or BACKLOG_UNKNOWN */
};

/* How `speaks` is known. */
enum knowledge { KNOWN_NOT, KNOWN_GUESS, KNOWN_PROBE };

const char *knowledge_name(int knowledge); /* "guess", "probe" */

enum problem_bits {
	PROBLEM_EXPOSED = 1,	/* reachable from the network, and nothing says that is meant */
	PROBLEM_ORPHANED = 2,	/* left over: whoever started it is gone */
	PROBLEM_SHADOWED = 4,	/* the same port answers differently by address or family */
	PROBLEM_QUEUE_FULL = 8, /* the accept queue is full */
	PROBLEM_STOPPED = 16,	/* the owner is stopped and cannot answer */
	PROBLEM_EXE_GONE = 32,	/* runs a program that was since replaced or removed */
};

struct service {
	uint16_t port; /* 0 for unix sockets */
	enum proto proto;
	const char *name;    /* "shop web", "postgres 15", "nginx"; never NULL */
	const char *role;    /* "web", "api", "database", "debugger" ...; NULL = not known */
	const char *speaks;  /* "http", "postgres", ...; NULL = not known */
	const char *version; /* "15.4"; NULL = not known */
	const char *banner;  /* what a probe was told, escaped by renderers; NULL = none */
	int speaks_by;	     /* enum knowledge */
	int reach;	     /* enum reach */
	const struct listener *listeners;
	size_t listener_count;
	const struct owner *const *owners; /* the one that started the others first */
	size_t owner_count;
	int ownerless;	     /* enum ownerless, when owner_count is 0 */
	const char *held_by; /* for people when there is no owner: "root, process hidden" */
	uint32_t uid;
	uint32_t netns;		 /* index into snapshot.namespaces */
	const char *netns_label; /* NULL = our own */
	const struct container *container;
	const struct project *project;
	int64_t since_ms;     /* start of the first owner; -1 = unknown */
	uint64_t connections; /* established now, when connections were asked for */
	uint32_t problems;    /* enum problem_bits */
	const char *note; /* "::1 only", "queue full", "left over": the short remark in tables */
	const char *url;  /* "http://localhost:3000" when it speaks http(s) */
};

/* 4121, or "docker: cache", or "root (hidden)": appended escaped. */
void service_owner_text(const struct service *s, struct buf *out);

/* Somebody holds it, but the rights to see who are missing. */
bool service_is_hidden(const struct service *s);

extern const struct record_type service_type, listener_type;
