/* plan_fields - the field tables of a plan: its JSON is made from them. */
#include "base/text.h"
#include "free/plan.h"
#include "model/service.h"
#include <signal.h>

static void program_of(const struct owner *o, struct buf *out)
{
	if (!o)
		return;
	const char *program = owner_program(o);
	text_escape(out, program, strlen(program));
}

static bool has_wave(const void *record)
{
	return ((const struct free_victim *)record)->signal != 0;
}

static const char *wave_name(int wave)
{
	static const char *const names[WAVE_COUNT] = {"runner", "holder", "inherited", "child"};

	return names[wave];
}

static const char *signal_name(int signal)
{
	return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

static const char *proto_name_of(int p)
{
	return proto_name((enum proto)p);
}

static void endpoint_program(const void *record, struct buf *out)
{
	program_of(((const struct free_endpoint *)record)->owner, out);
}

static const struct field endpoint_fields[] = {
	FIELD_OF(struct free_endpoint, text, "endpoint", FIELD_TEXT, "ENDPOINT",
		"address and port, or the path"),
	FIELD_OF(struct free_endpoint, endpoint.proto, "proto", FIELD_ENUM, "PROTO",
		"tcp, udp, unix ...", .name_of = proto_name_of),
	FIELD_OF(struct free_endpoint, endpoint.port, "port", FIELD_UINT16, "PORT",
		"the port alone"),
	FIELD(struct free_endpoint, service, FIELD_TEXT, "SERVICE", "what a person calls it"),
	{.name = "program",
		.kind = FIELD_COMPUTED,
		.title = "PROGRAM",
		.text = endpoint_program,
		.help = "the first process that holds it"},
};

const struct record_type free_endpoint_type =
	RECORD_TYPE("free_endpoint", struct free_endpoint, endpoint_fields);

static void holder_service(const void *record, struct buf *out)
{
	const struct free_holder *h = record;

	if (h->service)
		text_escape(out, h->service->name, strlen(h->service->name));
}

static const struct field holder_fields[] = {
	FIELD(struct free_holder, what, FIELD_TEXT, "WHAT", "the port or path that it holds"),
	{.name = "service",
		.kind = FIELD_COMPUTED,
		.title = "SERVICE",
		.text = holder_service,
		.help = "what a person calls it"},
	FIELD(struct free_holder, kind, FIELD_TEXT, "KIND",
		"an editor, a browser ...: what a person works with"),
	FIELD(struct free_holder, owner, FIELD_RECORD, NULL, "the process", .type = &owner_type),
};

static const struct record_type holder_type =
	RECORD_TYPE("free_holder", struct free_holder, holder_fields);

static void victim_program(const void *record, struct buf *out)
{
	program_of(((const struct free_victim *)record)->owner, out);
}

static void victim_pid(const void *record, struct buf *out)
{
	buf_printf(out, "%d", ((const struct free_victim *)record)->owner->pid);
}

static const struct field victim_fields[] = {
	FIELD(struct free_victim, role, FIELD_ENUM, "ROLE", "holder, runner or child",
		.name_of = free_role_name),
	{.name = "program",
		.kind = FIELD_COMPUTED,
		.title = "PROGRAM",
		.text = victim_program,
		.help = "its short name"},
	{.name = "pid",
		.kind = FIELD_COMPUTED,
		.title = "PID",
		.text = victim_pid,
		.table_only = true,
		.help = "process id"},
	FIELD(struct free_victim, call, FIELD_TEXT, "CALL", "program and first arguments"),
	FIELD(struct free_victim, signal, FIELD_ENUM, "SIGNAL", "asks it to end", .has = has_wave,
		.name_of = signal_name),
	FIELD(struct free_victim, wave, FIELD_ENUM, "ORDER",
		"when it is asked: runner, holder, inherited or child", .has = has_wave,
		.name_of = wave_name),
	FIELD(struct free_victim, step, FIELD_UINT32, "STEP", "which of the steps ends it"),
	FIELD(struct free_victim, owner, FIELD_RECORD, NULL, "the process", .type = &owner_type),
};

static const struct record_type victim_type =
	RECORD_TYPE("free_victim", struct free_victim, victim_fields);

static const struct field client_fields[] = {
	FIELD_OF(struct free_client, text, "client", FIELD_TEXT, "CLIENT",
		"program and pid, or the address of another machine"),
	FIELD(struct free_client, connections, FIELD_UINT64, "CONNS", "connections it loses",
		.align_right = true),
	FIELD(struct free_client, owner, FIELD_RECORD, NULL, "the process", .type = &owner_type),
};

static const struct record_type client_type =
	RECORD_TYPE("free_client", struct free_client, client_fields);

static const struct field kept_fields[] = {
	FIELD(struct free_kept, why, FIELD_TEXT, "WHY", "why it is not stopped"),
	FIELD(struct free_kept, holds, FIELD_BOOL, "HOLDS",
		"it holds the socket too, so the port stays taken"),
	FIELD(struct free_kept, owner, FIELD_RECORD, NULL, "the process", .type = &owner_type),
};

static const struct record_type kept_type = RECORD_TYPE("free_kept", struct free_kept, kept_fields);

static const struct field step_fields[] = {
	FIELD(struct free_step, by, FIELD_TEXT, "BY", "signal, or the supervisor"),
	FIELD(struct free_step, title, FIELD_TEXT, "NAME", "what the supervisor calls it"),
	FIELD_OF(struct free_step, text, "how", FIELD_TEXT, "HOW", "the signals, or the command"),
	FIELD_OF(struct free_step, stop, "command", FIELD_TEXTS, NULL, "the command, word by word",
		.count_offset = offsetof(struct free_step, stop_count)),
	FIELD_OF(struct free_step, start, "undo", FIELD_TEXTS, NULL,
		"the command that starts it again",
		.count_offset = offsetof(struct free_step, start_count)),
};

static const struct record_type step_type = RECORD_TYPE("free_step", struct free_step, step_fields);

static const struct field refusal_fields[] = {
	FIELD_OF(struct free_refusal, kind, "code", FIELD_ENUM, "CODE",
		"rights, ours, init, kernel or supervisor", .name_of = free_refusal_name),
	FIELD(struct free_refusal, what, FIELD_TEXT, "WHAT", "the port or path"),
	FIELD(struct free_refusal, sentence, FIELD_TEXT, "WHY", "why nothing is done"),
	FIELD(struct free_refusal, fix, FIELD_TEXT, "FIX", "what can be done instead"),
	FIELD(struct free_refusal, owner, FIELD_RECORD, NULL, "the process", .type = &owner_type),
};

static const struct record_type refusal_type =
	RECORD_TYPE("free_refusal", struct free_refusal, refusal_fields);

static bool missing_has_port(const void *record)
{
	return ((const struct free_missing *)record)->port != 0;
}

static const struct field missing_fields[] = {
	FIELD(struct free_missing, target, FIELD_TEXT, "TARGET", "as typed"),
	FIELD(struct free_missing, what, FIELD_TEXT, "WHAT", "what it means"),
	FIELD(struct free_missing, port, FIELD_UINT16, "PORT", "the port alone",
		.has = missing_has_port),
	FIELD(struct free_missing, inside, FIELD_TEXT, "INSIDE",
		"a container or namespace in which somebody listens there"),
};

static const struct record_type missing_type =
	RECORD_TYPE("free_missing", struct free_missing, missing_fields);

/* clang-format off */
#define LIST(member, count, name_, type_, help_)                                                   \
	FIELD_OF(struct free_plan, member, name_, FIELD_RECORDS, NULL, help_, .type = &(type_),    \
		.count_offset = offsetof(struct free_plan, count))
/* clang-format on */

static const struct field plan_fields[] = {
	LIST(endpoints, endpoint_count, "endpoints", free_endpoint_type, "what becomes free"),
	LIST(holders, holder_count, "holders", holder_type, "who opened it"),
	LIST(victims, victim_count, "stops", victim_type, "the processes that end"),
	LIST(closes, close_count, "closes", free_endpoint_type,
		"other endpoints that close with them"),
	LIST(clients, client_count, "disconnects", client_type,
		"who loses connections, and keeps running"),
	LIST(kept, kept_count, "keeps", kept_type, "what was started by them, and keeps running"),
	LIST(steps, step_count, "steps", step_type, "what is done"),
	FIELD(struct free_plan, force_after_ms, FIELD_UINT64, NULL,
		"SIGKILL follows after so long"),
	LIST(refusals, refusal_count, "refusals", refusal_type, "what stands against it"),
	LIST(missing, missing_count, "missing", missing_type,
		"targets behind which nobody listens"),
};

const struct record_type free_plan_type = RECORD_TYPE("free_plan", struct free_plan, plan_fields);
