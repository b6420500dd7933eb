/*
 * ready - waits until something accepts connections, answers HTTP, or has let its port go.
 *
 * Tries again and again with a pause that grows from 10 to 250 ms; every try asks `find` where to look,
 * so a service may appear anywhere meanwhile. Only connections to this machine are made, and no more
 * than a GET is ever sent.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/endpoint.h"
#include "model/field.h"
#include <sys/types.h>

#define READY_ENDPOINTS_MAX 16
#define READY_RANGES_MAX    16

enum ready_want {
	READY_ACCEPTS, /* a connection is accepted; of UDP: somebody has bound it */
	READY_ANSWERS, /* an HTTP answer with a status that fits */
	READY_GONE,    /* nobody listens, and a server could bind it */
};

/* What was seen last, the nearest to success first. */
enum ready_saw {
	READY_NOTHING,	 /* there is nothing to ask: no such service, no such process */
	READY_REFUSED,	 /* nobody listens */
	READY_UNREACHED, /* somebody listens, but the connection may not or cannot be made */
	READY_SILENT,	 /* it does not accept: its queue is full, or it is suspended */
	READY_NO_ANSWER, /* it accepts but no HTTP answer came */
	READY_NOT_HTTP,	 /* what it said is not HTTP */
	READY_STATUS,	 /* an HTTP answer with another status */
	READY_TAKEN,	 /* READY_GONE: somebody still holds it */
	READY_OK,
};

const char *ready_saw_name(int saw); /* "refused", "no-answer" ... */

struct ready_range {
	uint16_t low, high;
};

struct ready_place {
	struct endpoint endpoint;
	bool v6only;	/* READY_GONE: as the server would bind it */
	bool listening; /* the kernel lists a listener there */
};

struct ready_result {
	int saw;		  /* enum ready_saw */
	struct endpoint endpoint; /* where it was seen; port 0 and no path: nowhere */
	uint16_t status;	  /* of HTTP */
	const char *why;	  /* READY_NOTHING, READY_UNREACHED: in words; else NULL */
	uint64_t took_ns;
	uint64_t tries;
};

struct ready_query {
	enum ready_want want;
	struct ready_range statuses[READY_RANGES_MAX];
	size_t status_count;
	const char *path, *host; /* of the HTTP request; host without or with port, as it is sent */
	uint64_t timeout_ms;
	/* > 0: when this process ends, waiting ends too, unless it is a child that ended with 0 (a
	 * daemon that detached itself). READY_GONE: then it is time to look again. */
	pid_t watch;
	/*
	 * Where to look now: at most READY_ENDPOINTS_MAX places; 0 with *why set when there are none
	 * (yet). READY_GONE: those that still listen.
	 */
	size_t (*find)(void *data, struct ready_place *out, const char **why);
	/* After each try that was in vain, for those who show progress; may be NULL. */
	void (*tried)(void *data, const struct ready_result *r);
	void *data;
};

extern const struct record_type ready_result_type;

/*
 * 0 when it is so. -ETIMEDOUT, -EINTR (Ctrl-C) or -ESRCH (the watched process ended) otherwise; the
 * result then says what was seen last.
 */
int ready_wait(const struct ready_query *q, struct ready_result *out, struct err *err);

/* "200", "2xx", "200-299", several with commas; "" means 2xx and 3xx. */
int ready_parse_statuses(const char *text, struct ready_query *q, struct err *err);

/* Appends what was seen, as words: "refused", "HTTP 503", "accepts but no HTTP answer". */
void ready_text(const struct ready_result *r, struct buf *out);
