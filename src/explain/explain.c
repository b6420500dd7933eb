/*
 * explain - see explain.h. Puts the record together; what single parts say is in parts.c.
 */
#include "explain/explain.h"

#include "base/str.h"
#include "explain/parts.h"

static const struct field address_fields[] = {
	FIELD(struct explained_address, text, FIELD_TEXT, "ADDRESS", "the address"),
	FIELD(struct explained_address, class, FIELD_TEXT, "CLASS", "loopback, private ..."),
	FIELD(struct explained_address, meaning, FIELD_TEXT, "MEANING", "in plain words"),
	FIELD(struct explained_address, own, FIELD_BOOL, "OWN", "it belongs to this machine"),
};
static const struct record_type address_type =
	RECORD_TYPE("address", struct explained_address, address_fields);

static const struct field listen_fields[] = {
	FIELD_OF(struct explained_listen, text, "endpoint", FIELD_TEXT, "ENDPOINT", "tried"),
	FIELD(struct explained_listen, answered, FIELD_BOOL, "ANSWERED", "somebody listens"),
	FIELD(struct explained_listen, by, FIELD_TEXT, "BY", "who"),
	FIELD(struct explained_listen, note, FIELD_TEXT, "NOTE", "a remark"),
};
static const struct record_type listen_type =
	RECORD_TYPE("listen", struct explained_listen, listen_fields);

static const struct field client_fields[] = {
	FIELD(struct explained_client, who, FIELD_TEXT, "WHO", "program and pid, or address"),
	FIELD(struct explained_client, role, FIELD_TEXT, "ROLE", "client, outgoing, time-wait ..."),
	FIELD(struct explained_client, service, FIELD_TEXT, "SERVICE", "when it is one itself"),
	FIELD(struct explained_client, pid, FIELD_INT32, "PID", "process id"),
	FIELD(struct explained_client, connections, FIELD_UINT64, "CONNECTIONS", "how many"),
	FIELD(struct explained_client, received_bytes, FIELD_UINT64, "RECEIVED",
		"bytes the service received over them"),
	FIELD(struct explained_client, sent_bytes, FIELD_UINT64, "SENT",
		"bytes the service sent over them"),
};
static const struct record_type client_type =
	RECORD_TYPE("client", struct explained_client, client_fields);

static const struct field step_fields[] = {
	FIELD(struct explained_step, command, FIELD_TEXT, "COMMAND", "what to run"),
	FIELD(struct explained_step, text, FIELD_TEXT, "TEXT", "what it does"),
};
static const struct record_type step_type = RECORD_TYPE("step", struct explained_step, step_fields);

static bool has_queue(const void *record)
{
	return ((const struct explanation *)record)->has_queue;
}

static bool has_backlog(const void *record)
{
	return has_queue(record) &&
		((const struct explanation *)record)->backlog != BACKLOG_UNKNOWN;
}

static const struct field fields[] = {
	FIELD(struct explanation, target, FIELD_TEXT, "TARGET", "as it was given"),
	FIELD(struct explanation, answer, FIELD_TEXT, "ANSWER", "one plain sentence"),
	FIELD(struct explanation, hint, FIELD_TEXT, "HINT", "a second one"),
	FIELD(struct explanation, somebody, FIELD_BOOL, "SOMEBODY", "somebody listens there"),
	FIELD(struct explanation, addresses, FIELD_RECORDS, NULL, "what the addresses are",
		.count_offset = offsetof(struct explanation, address_count), .type = &address_type),
	FIELD(struct explanation, port, FIELD_RECORD, NULL, "what the port is",
		.type = &port_facts_type),
	FIELD(struct explanation, services, FIELD_POINTERS, NULL, "who is behind it",
		.count_offset = offsetof(struct explanation, service_count), .type = &service_type),
	FIELD(struct explanation, chain, FIELD_POINTERS, NULL, "who started it, outermost first",
		.count_offset = offsetof(struct explanation, chain_count), .type = &owner_type),
	FIELD(struct explanation, started, FIELD_TEXT, "STARTED", "the chain in one line"),
	FIELD(struct explanation, listens, FIELD_RECORDS, NULL, "which address answers",
		.count_offset = offsetof(struct explanation, listen_count), .type = &listen_type),
	FIELD(struct explanation, clients, FIELD_RECORDS, NULL, "who is connected",
		.count_offset = offsetof(struct explanation, client_count), .type = &client_type),
	FIELD(struct explanation, reach, FIELD_TEXT, "REACH", "who can connect"),
	FIELD(struct explanation, waiting, FIELD_UINT32, "WAITING",
		"connections that wait to be accepted", .has = has_queue),
	FIELD(struct explanation, backlog, FIELD_UINT32, "BACKLOG", "how many may wait",
		.has = has_backlog),
	FIELD(struct explanation, next, FIELD_RECORDS, NULL, "what to do next, best first",
		.count_offset = offsetof(struct explanation, next_count), .type = &step_type),
	FIELD_OF(struct explanation, blind, "blind_spots", FIELD_RECORDS, NULL,
		"what could not be seen", .count_offset = offsetof(struct explanation, blind_count),
		.type = &blind_spot_type),
};

const struct record_type explanation_type = RECORD_TYPE("explanation", struct explanation, fields);

struct inventory_query explain_query(const struct target *t)
{
	bool port = t->has_port;

	return (struct inventory_query){
		.protos = select_protos(t),
		.port = select_port(t),
		.all_states = true,
		.tcp_details = port,
		.exhaustive = port,
	};
}

int explain(const struct host *host, const struct snapshot *s, const struct target *t,
	struct explanation *out, struct err *err)
{
	struct explaining x = {.host = host, .s = s, .t = t, .arena = s->arena, .out = out};
	struct explanation made = {.target = t->text};
	int r = select_services(host, s, t, &x.sel, err);

	if (r < 0)
		return r;
	x.out = &made;
	made.services = x.sel.services;
	made.service_count = x.sel.count;
	made.somebody = x.sel.count > 0;
	made.blind = s->blind;
	made.blind_count = s->blind_count;
	explain_address(&x);
	explain_port(&x);
	explain_listens(&x);
	explain_clients(&x);
	explain_chain(&x);
	explain_reach(&x);
	explain_answer(&x);
	explain_next(&x);
	*out = made;
	return 0;
}
