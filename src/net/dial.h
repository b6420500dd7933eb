/*
 * dial - one connect, without waiting, and its whole outcome.
 *
 *   struct dial d = DIAL_INIT;
 *   if (dial_start(&d, &endpoint))    wait until d.socket can be written to, then
 *       dial_finish(&d);
 *   d.error == 0: connected
 *   dial_fini(&d);
 *
 * A refusal by a packet filter looks like one by the kernel, save for its messenger: RST or ICMP.
 * The error queue (IP_RECVERR) keeps the ICMP message, and a RST never puts anything there. So
 * `icmp` proves that some rule, and not the absence of a listener, said no; this needs no rights.
 */
#pragma once

#include "model/endpoint.h"

struct dial {
	int socket; /* owned; -1 = none */
	bool connected;
	int error; /* a positive errno; 0 = none. ECONNRESET: connected, and reset at once */
	bool icmp; /* the error came by an ICMP message of this type and code */
	uint8_t icmp_type, icmp_code;
	struct endpoint local; /* our end, once it is connected */
};

/* clang-format off */
#define DIAL_INIT {.socket = -1}
/* clang-format on */

/*
 * Starts to connect to a tcp address and port or a unix stream path. False when that failed at
 * once; `error` says why. On a unix socket EAGAIN means that the queue of the listener is full.
 */
bool dial_start(struct dial *d, const struct endpoint *e);

/* After the socket became writable, or failed: sets `connected` and the rest. */
void dial_finish(struct dial *d);

void dial_fini(struct dial *d); /* closes the socket, keeps the outcome */
