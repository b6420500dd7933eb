/*
 * resolver - how names become addresses on this machine, as the files say it: /etc/hosts,
 * /etc/nsswitch.conf and /etc/resolv.conf, read the way glibc reads them.
 *
 * Parsing is pure: bytes in, records out, all strings in the arena. Nothing here sends a packet;
 * lookup.h asks the C library. Where the two disagree, that is a finding.
 */
#pragma once

#include "base/arena.h"
#include "model/address.h"
#include "sys/host.h"

enum {
	RESOLVER_FILE_MAX = 4 << 20, /* bytes read of each file: block lists make hosts large */
	RESOLVER_HOSTS_MAX = 200000, /* lines of hosts */
	RESOLVER_NAMES_MAX = 64,     /* names on one line */
	RESOLVER_SOURCES_MAX = 16,
	RESOLVER_SERVERS_MAX = 3, /* MAXNS of <resolv.h>: glibc asks no more */
	RESOLVER_SEARCH_MAX = 32,
};

/* hosts(5): one address and its names, the first one canonical. */
struct hosts_entry {
	struct address address;
	unsigned line;
	const char *const *names;
	size_t name_count;
};

struct hosts_file {
	const struct hosts_entry *entries;
	size_t entry_count;
	unsigned
		bad_line; /* the first line that is neither empty nor an address with names; 0 = none */
};

/* nsswitch.conf(5): what happens after a source said so. */
enum nss_status { NSS_SUCCESS, NSS_NOTFOUND, NSS_UNAVAIL, NSS_TRYAGAIN, NSS_STATUS_COUNT };
enum nss_action { NSS_CONTINUE, NSS_RETURN, NSS_MERGE };

struct nss_source {
	const char *name;	      /* "files", "dns", "myhostname" ... */
	uint8_t on[NSS_STATUS_COUNT]; /* enum nss_action */
	bool installed;		      /* its module is there; set by resolver_read */
};

struct nss_chain {
	const struct nss_source *sources;
	size_t source_count;
	unsigned line; /* of the "hosts:" line; 0 = there is none, these are glibc's defaults */
};

/* resolv.conf(5) */
struct dns_config {
	struct address servers[RESOLVER_SERVERS_MAX];
	size_t server_count;
	unsigned servers_ignored; /* more than glibc asks */
	const char *const *search;
	size_t search_count;
	unsigned ndots, timeout_s, attempts;
	bool rotate, use_tcp;
};

struct resolver {
	struct hosts_file hosts;
	struct nss_chain chain;
	struct dns_config dns;
	bool has_hosts, has_nsswitch, has_resolv; /* the files exist and could be read */
};

void resolver_parse_hosts(struct arena *arena, const char *text, size_t len,
	struct hosts_file *out);
void resolver_parse_nsswitch(struct arena *arena, const char *text, size_t len,
	struct nss_chain *out);
void resolver_parse_resolv(struct arena *arena, const char *text, size_t len,
	struct dns_config *out);

/* Reads the three files; one that is missing gives glibc's defaults. */
void resolver_read(const struct host *host, struct arena *arena, struct resolver *out);

const struct nss_source *resolver_source(const struct resolver *r, const char *name);

/* True when the module libnss_NAME.so.2 is installed; the built-in files and dns always are. */
bool resolver_has_module(const struct host *host, const char *name);

struct resolver_answer {
	const char *source; /* "files", "myhostname", "resolve"; NULL = nobody on this machine */
	unsigned line;	    /* files: the first line that names it */
	struct address addresses[8];
	size_t address_count;
	bool asks_network; /* no source here answers, and dns or mdns would be asked */
};

/* The first line of hosts that names it, whether or not anyone reads the file; NULL = none. */
const struct hosts_entry *resolver_hosts_find(const struct hosts_file *hosts, const char *name);

/* What the chain answers for a name without leaving this machine. */
void resolver_predict(const struct resolver *r, const char *name, struct resolver_answer *out);
