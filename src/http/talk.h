/*
 * talk - one conversation with one endpoint of this machine, and everything that was seen of it:
 * connect, TLS handshake, question, answer, end.
 *
 * Harmless: one connection a job, at most TALK_BYTES_MAX read, nothing sent but what the job says. Only
 * to addresses of this machine: a job for another address ends with TALK_NOT_OURS. Certificates are
 * read and judged, never trusted. All jobs run side by side on one loop.
 */
#pragma once

#include "base/arena.h"
#include "decode/decoder.h"
#include "http/response.h"
#include "model/endpoint.h"
#include "net/tls.h"

#define TALK_BYTES_MAX (64 << 10)

/* Where the conversation got to. */
enum talk_end {
	TALK_NOT_DONE,	 /* no time was left, or it was not asked for */
	TALK_NOT_OURS,	 /* the address is not of this machine: nothing was sent */
	TALK_FAILED,	 /* the connection was not made: error and icmp say why */
	TALK_UNANSWERED, /* SYN without an answer until the deadline: error is ETIMEDOUT */
	TALK_SILENT,	 /* connected and asked; not a byte came until the deadline */
	TALK_CLOSED,	 /* the peer closed in an orderly way, without a byte */
	TALK_RESET,    /* the peer reset the connection; `received` says whether after some bytes */
	TALK_TLS,      /* the handshake failed: tls_seen.error and plain; `found` for plain too */
	TALK_ANSWERED, /* bytes came: see found, response, bytes */
	TALK_CONNECTED, /* connected, and no more was wanted */
};

const char *talk_end_name(int end); /* "refused" for TALK_FAILED needs error; else "silent" ... */

/* struct talk_tls and talk_certificate, what was seen of TLS, are in net/tls.h. */

struct talk_job {
	struct endpoint endpoint; /* tcp, or a unix stream path. A wildcard is asked at loopback */
	bool connect_only;
	unsigned listen_ms; /* wait so long for a greeting before asking; one that greets is not
			     * asked. With tls: inside of it */
	bool tls;
	const char *host;  /* server name, and Host of HTTP; NULL = the address as text */
	const char *alpn;  /* "h2,http/1.1"; NULL = none is offered */
	const void *hello; /* what to ask, bytes; NULL = only listen, for listen_ms or (0) till the
			    * deadline */
	size_t hello_len;
	bool http;	    /* hello is a request of HTTP/1: the answer is read to its end */
	bool head;	    /* ... whose method is HEAD */
	unsigned linger_ms; /* after the answer: how long to hold the connection open to see whether
				   * the peer closes it; 0 = close at once */
	/*
	 * Called once for each connection that was made: watch_ms after it stood, or when the
	 * conversation ends, whichever is first, while our end is still open. `local` is set by then,
	 * so the kernel's tables can be asked for it. A conversation that stays silent calls it again at
	 * its end (`end` says so). NULL = nobody wants to know.
	 */
	void (*watch)(struct talk_job *job, void *data);
	unsigned watch_ms;
	unsigned limit_ms; /* of this conversation alone; 0 = the deadline of all */
	unsigned
		patience_ms; /* watch may set it: so long is waited for the first byte from then on;
				 * 0 = till the deadline */
	void *data;

	/* result, for the caller to read after talk_run; end, connected and local in watch too */
	int end;   /* enum talk_end */
	int error; /* of connect, as a positive errno; 0 = none */
	bool icmp; /* the error came by an ICMP message, not by a reset (IP_RECVERR) */
	uint8_t icmp_type, icmp_code;
	bool connected;
	bool greeted;	       /* it spoke before it was asked */
	bool echo;	       /* it sends back what it hears: nobody is found */
	struct endpoint local; /* our end */
	/* from the start of the job; 0 = never. tls_ns: the handshake was complete; answered_ns: so
	 * was the answer; total_ns: with lingering */
	uint64_t connect_ns, tls_ns, first_byte_ns, answered_ns, total_ns;
	uint64_t linger_ns; /* the peer closed so long after its answer; 0 = it did not */
	bool peer_closed;
	size_t received;   /* bytes of the answer, with tls those inside; TALK_BYTES_MAX: there are
			    * more */
	const char *bytes; /* all of them, NUL-terminated, foreign */
	size_t byte_count;
	const struct decoder *found; /* who recognised the bytes; NULL = nobody */
	struct decoded decoded;
	struct response response; /* http; status 0 when it was none */
	struct talk_tls tls_seen;
};

/* Returns when all jobs are done or `deadline_ms` is over. */
void talk_run(struct arena *arena, struct talk_job *jobs, size_t count, unsigned deadline_ms);
