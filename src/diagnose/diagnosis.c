/*
 * diagnosis - the answer as a record: its names and its field tables, by which it is written as JSON and
 * read back from the process that looked from another seat.
 */
#include "diagnose/diagnose.h"

#include "base/str.h"

static const char *const verdicts[] = {"healthy", "fault", "inconclusive"};
static const char *const states[] = {"ok", "bad", "unknown", "remark"};

const char *verdict_name(int verdict)
{
	return verdicts[verdict];
}

const char *rung_state_name(int state)
{
	return states[state];
}

/* One number for programs that sort by it; people read the word. */
static double confidence(const void *record)
{
	const struct finding *f = record;

	if (f->certainty && str_eq(f->certainty, "proved"))
		return 0.97;
	return f->certainty && str_eq(f->certainty, "inferred") ? 0.8 : 0.5;
}

static double took_ms(const void *record)
{
	return (double)(((const struct diagnosis *)record)->took_ns / 1000) / 1000;
}

static const struct field cause_finding_fields[] = {
	FIELD_OF(struct finding, id, "cause", FIELD_TEXT, "CAUSE",
		"an id that `loopscope explain` knows, or the word of a remark"),
	FIELD(struct finding, severity, FIELD_ENUM, "SEVERITY", "fault, or note for a remark",
		.name_of = severity_name, .name_count = SEVERITY_FAULT + 1),
	{.name = "confidence",
		.kind = FIELD_COMPUTED,
		.help = "0.97 proved, 0.8 inferred, 0.5 guessed",
		.number = confidence},
	FIELD(struct finding, certainty, FIELD_TEXT, "CERTAINTY", "proved, inferred or guessed"),
	FIELD(struct finding, subject, FIELD_TEXT, NULL, "what it is about"),
	FIELD(struct finding, sentence, FIELD_TEXT, "FINDING", "one plain sentence"),
	FIELD(struct finding, evidence, FIELD_RECORDS, NULL, "what proves it",
		.count_offset = offsetof(struct finding, evidence_count), .type = &evidence_type),
	FIELD_OF(struct finding, fixes, "fix", FIELD_RECORDS, NULL, "what to do, best first",
		.count_offset = offsetof(struct finding, fix_count), .type = &fix_type),
};

const struct record_type cause_finding_type =
	RECORD_TYPE("cause_finding", struct finding, cause_finding_fields);

static const struct field ladder_rung_fields[] = {
	FIELD(struct ladder_rung, name, FIELD_TEXT, "RUNG", "name, route, listener, accept ..."),
	FIELD(struct ladder_rung, state, FIELD_ENUM, "STATE", "ok, bad, unknown or remark",
		.name_of = rung_state_name, .name_count = ARRAY_SIZE(states)),
	FIELD(struct ladder_rung, text, FIELD_TEXT, "SEEN", "what was seen there"),
};

const struct record_type ladder_rung_type =
	RECORD_TYPE("ladder_rung", struct ladder_rung, ladder_rung_fields);

/* clang-format off */
#define LIST(member, count, name_, type_, help_)                                                   \
	FIELD_OF(struct diagnosis, member, name_, FIELD_RECORDS, NULL, help_,                      \
		.count_offset = offsetof(struct diagnosis, count), .type = &(type_))
/* clang-format on */

static const struct field diagnosis_fields[] = {
	FIELD(struct diagnosis, verdict, FIELD_ENUM, "VERDICT", "healthy, fault or inconclusive",
		.name_of = verdict_name, .name_count = ARRAY_SIZE(verdicts)),
	FIELD(struct diagnosis, answer, FIELD_TEXT, "ANSWER", "one sentence"),
	FIELD(struct diagnosis, certainty, FIELD_TEXT, "CERTAINTY", "proved, inferred or guessed"),
	FIELD(struct diagnosis, why, FIELD_TEXT, NULL, "what is missing, when inconclusive"),
	FIELD_OF(struct diagnosis, title, "examined", FIELD_TEXT, NULL, "what was examined"),
	FIELD(struct diagnosis, seat, FIELD_TEXT, NULL, "from where; absent = from here"),
	LIST(findings, finding_count, "findings", cause_finding_type, "causes, best first"),
	LIST(ladder, ladder_count, "ladder", ladder_rung_type, "from the name to the answer"),
	FIELD(struct diagnosis, not_it, FIELD_TEXTS, NULL, "what was looked at and is fine",
		.count_offset = offsetof(struct diagnosis, not_it_count)),
	LIST(next, next_count, "next", fix_type, "what goes on from here"),
	LIST(blind, blind_count, "blind_spots", blind_spot_type, "what could not be seen"),
	{.name = "took_ms", .kind = FIELD_COMPUTED, .help = "how long it took", .number = took_ms},
	FIELD(struct diagnosis, talked, FIELD_UINT64, NULL, "connections that were made"),
};

const struct record_type diagnosis_type =
	RECORD_TYPE("diagnosis", struct diagnosis, diagnosis_fields);
