/*
 * inquiry - everything that is known about one thing that does not work: what was asked, what the
 * machine says, what the probes saw. Checks read it; only the gatherers write it.
 *
 * Passes: symptom (pure) → facts (passive, nothing is sent) → talks (probes) → observations → checks
 * → ranking. Facts are plain records, so a test can write them down instead of gathering them.
 */
#pragma once

#include "base/vec.h"
#include "diagnose/diagnose.h"
#include "diagnose/symptom.h"
#include "http/talk.h"
#include "inventory/forward.h"
#include "inventory/inventory.h"
#include "model/finding.h"
#include "sys/cgroup_bpf.h"
#include "sys/filter.h"
#include "sys/lookup.h"
#include "sys/resolver.h"
#include "sys/route.h"
#include "sys/sysctl.h"
#include "sys/vitals.h"

#define PLACES_MAX 8

/*
 * What is wrong, as seen from outside. A finding explains some of them; the first finding that explains all
 * of them is the answer.
 */
enum observation {
	OBSERVED_NAME = 1 << 0, /* the name leads nowhere, or not here */
	OBSERVED_UNREACHABLE =
		1 << 1, /* connect fails before a packet is answered: route, address */
	OBSERVED_REFUSED = 1 << 2,
	OBSERVED_UNANSWERED = 1 << 3, /* SYN, and nothing came back */
	OBSERVED_SILENT = 1 << 4,     /* connected, asked, and nothing came */
	OBSERVED_CLOSED = 1 << 5,     /* connected, and closed without a byte */
	OBSERVED_RESET = 1 << 6,
	OBSERVED_TLS = 1 << 7,		/* the handshake or the certificate */
	OBSERVED_PROTOCOL = 1 << 8,	/* something else than what was asked for answers */
	OBSERVED_HTTP = 1 << 9,		/* an HTTP answer that says no */
	OBSERVED_AUTH = 1 << 10,	/* the service itself says no: password, limit, not ready */
	OBSERVED_BIND = 1 << 11,	/* bind() fails now */
	OBSERVED_SOCKET_FILE = 1 << 12, /* connect() to a path fails now */
	OBSERVED_PROXY = 1 << 13,	/* the client would not go there at all, but to a proxy */
	OBSERVED_CLIENT =
		1 << 14, /* the client itself refuses: bad URL, blocked port, browser rules */
	OBSERVED_DIVIDED = 1 << 15, /* it depends on the address or the luck who answers */
	OBSERVED_SLOW = 1 << 16,
	OBSERVED_REPORTED = 1 << 17, /* only the text says so: it could not be seen here and now */
};

/* One address that a client would try, in its order, and what came of it. */
struct place {
	struct address address;
	bool ours;		   /* an address of this machine: only those are talked to */
	struct route_answer route; /* its error is positive here */
	bool has_route;
	const struct service
		*service; /* that listens there now; NULL = none. A hidden owner is still one */
	const struct listener *listener;
	const struct socket *socket;		   /* of the listener */
	struct filter_answer filter, filter_after; /* after: read again when the talk was over */
	bool has_filter;
	/* the same for a packet that comes from another machine; only of outer addresses */
	struct filter_answer arrival;
	bool has_arrival;
	const char *arrives_by; /* device */
	bool route_localnet;	/* there, or for all devices */
	const char *cgroup;	/* in which the listener's socket was made; NULL = not known */
	bool vanished;		/* the listener was gone when the talk was over */
	bool talked;
	struct talk_job talk;
	const struct talk_job *watched; /* while it runs */
	/* seen while our connection stood */
	bool accepted; /* a process took it from the queue */
	bool accepted_known;
	const struct owner *taken_by; /* who; NULL = not known */
	bool answered_by_other; /* the end that took it is no socket of the listener: NAT, a sibling */
	bool question_read;	/* our bytes were taken out of its receive buffer */
	bool question_read_known;
	struct socket far; /* the other end as the kernel listed it; state 0 = not seen */
	/* further conversations, when the first one did not end well */
	bool tls_tried, plain_tried, host_tried;
	bool other_taken; /* nobody said what it speaks: `talk` is the try with or without TLS */
	struct talk_job tls_try;   /* plain HTTP got no answer: does it speak TLS? */
	struct talk_job plain_try; /* TLS got no handshake: does it speak HTTP without? */
	struct talk_job host_try;  /* the same request with "Host: localhost" */
	bool quiet_tried, cors_tried, keep_tried, idle_tried;
	struct talk_job
		quiet_try; /* it reset our question: what does it do when nothing is asked? */
	struct talk_job cors_get; /* as a page of q->origin would ask */
	struct talk_job cors_ask; /* ... and the preflight before it */
	/* the same request with "Connection: keep-alive"; twice when the first answer came in two
	 * pieces; and once more on a connection that is then left idle */
	struct talk_job keep_try, keep_again, idle_try;
	const char *asks_names; /* the name server that the one who took our connection asked
				 * meanwhile: "192.0.2.53:53"; NULL = none was seen */
	const char *speaks; /* what a harmless look recognised when it was not what was asked for */
	const char *speaks_detail; /* in its own words */
	uint32_t wrong; /* enum observation of this place; 0 = it works or was not tried */
};

/* What is examined: where a client wants to go, or what a server wants to bind. */
struct aim {
	const char
		*host; /* as dialled: "localhost", "127.0.0.1"; NULL = a port alone, any address */
	bool literal;  /* host is an address, or NULL */
	uint16_t port;
	bool has_port;
	const char *scheme, *path; /* of a URL; NULL */
	const char *socket_path;   /* unix socket; NULL */
	enum proto proto;
	bool tls;	     /* the client would speak TLS */
	bool http;	     /* ... and HTTP */
	const char *expects; /* decoder name of what should be there: "postgres"; NULL = anything */
	bool is_text;	     /* named by an error text, not by the person as the thing to look at */
	bool shown_path;     /* path was given, it is not the default "/" */
};

enum file_sight { FILE_UNKNOWN, FILE_ABSENT, FILE_OTHER, FILE_SOCKET, FILE_NO_ACCESS };

/* A unix socket's file, and each folder on the way to it. */
struct path_facts {
	int sight;		 /* enum file_sight */
	uint32_t uid, gid, mode; /* of the file */
	const char *stops_at; /* the first component that may not be passed, or that is missing */
	uint32_t stop_uid, stop_gid, stop_mode;
	int connect_error; /* of a connect() now, positive errno; 0 = it works, -1 = not tried */
	bool listed;	   /* unix_diag lists a listener with this path */
	const struct socket *socket;
};

/* FACT bits: what a check needs to have been gathered. Gathering is done once, for the union. */
enum fact {
	FACT_SOCKETS = 1 << 0,	/* snapshot */
	FACT_NAMES = 1 << 1,	/* resolver, lookup */
	FACT_LOOPBACK = 1 << 2, /* lo, routes, rules, sysctls */
	FACT_FILTER = 1 << 3,
	FACT_VITALS = 1 << 4,	 /* of the processes behind the aim */
	FACT_TALKS = 1 << 5,	 /* the probes */
	FACT_BIND = 1 << 6,	 /* the bind oracle */
	FACT_PATH = 1 << 7,	 /* the unix socket's file */
	FACT_PROCESSES = 1 << 9, /* all processes, when nobody serves the aim, or somebody hidden */
	FACT_MORE = 1 << 8,	 /* counters, conntrack, kernel log, cgroup programs */
};

struct owner_vitals {
	const struct owner *owner;
	struct vitals first, second;	    /* second.pid 0: read once only */
	uint64_t first_ns;		    /* clock_mono_ns() of the first */
	unsigned cpu_percent, main_percent; /* between the two */
	unsigned throttled_percent;	    /* of the time between: held back by its CPU quota */
};

/* Processes that follow one another: a supervisor starts the same thing again and again. */
struct restarts {
	const struct owner *parent;	  /* who starts it; NULL = none was seen to */
	const struct owner *first, *last; /* of those seen */
	unsigned seen, ended; /* processes; how many of them ended while it was watched */
	unsigned watched_ms;
};

struct inquiry {
	const struct host *host;
	struct arena *arena;
	const struct diagnose_query *query;
	const struct inquiry
		*parent; /* it looks at what a redirect, a proxy or a forwarder leads to */
	struct symptom symptom;
	struct aim aim;
	uint32_t uid; /* of the one who fails; the asker's own when not told */
	int64_t now_ms;

	/* facts */
	uint32_t gathered; /* FACT bits */
	struct snapshot
		*snapshot; /* all states, tcp, udp, unix; of our namespace and those we may read */
	const char *
		*namespace_addresses; /* by snapshot's namespaces: one to dial, NULL = not known */
	size_t namespace_address_count;
	const char *container_mark; /* "/.dockerenv": we are inside one; NULL */
	struct resolver resolver;
	struct lookup_answer lookup;	  /* of aim.host, when it is a name */
	struct resolver_answer predicted; /* what the files say */
	bool looked_up;
	bool hosts_there, hosts_readable, hosts_bom,
		hosts_cr; /* /etc/hosts, for the one who fails */
	uint32_t hosts_mode, hosts_uid;
	struct link_facts lo;
	uint64_t v6_off_all, v6_off_lo, v6_only; /* sysctls; v6_module false: no IPv6 at all */
	bool v6_module;
	struct port_range local_range;
	uint16_t unprivileged_start;
	const struct policy_rule *rules4, *rules6;
	size_t rule4_count, rule6_count;
	struct path_facts file;
	struct place places[PLACES_MAX]; /* of the aim */
	size_t place_count;
	/* of our namespace, whatever they hold; only when nobody listens on the aim's port, or one who is hidden */
	struct owner *const *processes;
	const uint16_t
		*process_ports; /* what their variable PORT says; 0 = not set, not readable */
	size_t process_count;
	struct restarts restarts;
	int bind_error,
		bind_error_reuse; /* of a bind() now: positive errno, 0 = it works, -1 = not tried */
	bool holder_shares;	  /* the listener that stands in a bind's way has SO_REUSEPORT */
	struct owner_vitals *vitals; /* of the owners of the aim's listeners and holders */
	size_t vitals_count;
	uint64_t gathered_ns;	/* clock_mono_ns() of the first reading */
	struct snapshot *later; /* tcp and unix, while a place was silent; NULL = none was */
	const char *guest;	/* "WSL": the machine is one inside another; NULL */
	struct net_counters counters_before, counters_after;
	bool has_counters;
	struct filter_conntrack conntrack, conntrack_after;
	/* on the cgroups of the listeners' sockets, and on our own (self.cgroup) */
	const struct cgroup_program *cgroup_programs;
	size_t cgroup_program_count;
	struct vitals self;	      /* this process: what limits it limits a client beside it */
	const char *security_modules; /* "lockdown,capability,apparmor"; NULL = not known */
	bool selinux_enforcing;
	unsigned local_reserved; /* ports of local_range that are reserved */
	const char *pid_file; /* of the server that should be there, whose process is gone; NULL */
	pid_t pid_file_pid;
	const struct oom_kill *ooms;
	size_t oom_count;
	const char *ooms_unseen; /* why the kernel's log was not read; NULL */

	struct forward
		forward; /* the listener is a forwarder: where it leads to; to NULL = it is none */
	const struct owner *forward_owner;
	uint32_t forward_netns; /* of the container that a published port leads to; 0 = not known */
	/* where a redirect, a proxy or a forwarder leads to, and what was found there */
	const struct diagnosis *beyond; /* NULL = it leads nowhere, or was not followed */
	const char *beyond_by;		/* "redirect", "upstream", "forward", "dependency" */
	const char *beyond_to;		/* "http://127.0.0.1:9000/", escaped */
	const char *beyond_source;	/* what named it: "/etc/nginx/nginx.conf:12", "arguments" */

	const char *origin; /* of the page that was blocked, or one that could be: for CORS */

	uint32_t observed; /* enum observation */
	VEC(struct blind_spot) blind;
};

/* --- what checks ask, in words --- */

/* The value of an environment variable of the one who fails; NULL when it is not set or empty. */
const char *inquiry_env(const struct inquiry *q, const char *name);

/* The vitals of a process; NULL when they were not read. */
const struct owner_vitals *inquiry_vitals(const struct inquiry *q, const struct owner *o);

/* Sockets on the aim's port (local), any address, family and state, of our namespace; index order. */
size_t inquiry_sockets(const struct inquiry *q, enum proto proto, uint16_t port,
	const struct socket **out, size_t max);

/* The same one by one, however many there are: the one after `last`, NULL = the first, NULL = no more. */
const struct socket *inquiry_next_socket(const struct inquiry *q, enum proto proto, uint16_t port,
	const struct socket *last);

/* The end that asked for the connection: its port is one that the kernel gave it. */
bool inquiry_is_outgoing(const struct inquiry *q, const struct socket *s);

/* The aim is a port of this machine, and nobody listens on it at any of the places. */
bool inquiry_is_vacant(const struct inquiry *q);

/* The first place that was talked to and works in full, or NULL. */
const struct place *inquiry_working_place(const struct inquiry *q);

/* True when the aim is a name that is, or should be, this machine: localhost and names below it. */
bool inquiry_is_localhost(const struct inquiry *q);

/* "127.0.0.1:3000", "[::1]:3000", in the arena. */
const char *inquiry_endpoint(const struct inquiry *q, const struct address *a, uint16_t port);

/* "node 4121 (vite, ~/src/shop)", or "root, process hidden": escaped, in the arena. */
const char *inquiry_owner(const struct inquiry *q, const struct owner *o);
const char *inquiry_holder(const struct inquiry *q, const struct socket *s);

/* Foreign text escaped and cut to `max` columns, in the arena. */
const char *inquiry_foreign(const struct inquiry *q, const char *text, size_t max);
