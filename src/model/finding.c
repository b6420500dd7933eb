/* finding - see finding.h. */
#include "model/finding.h"

const char *severity_name(int severity)
{
	static const char *const names[] = {"ok", "note", "low", "medium", "high", "fault"};

	return names[severity];
}

static const struct field evidence_fields[] = {
	FIELD(struct evidence, source, FIELD_TEXT, "SOURCE", "where it was seen"),
	FIELD(struct evidence, text, FIELD_TEXT, "TEXT", "what was seen"),
};

const struct record_type evidence_type = RECORD_TYPE("evidence", struct evidence, evidence_fields);

static const struct field fix_fields[] = {
	FIELD(struct fix, text, FIELD_TEXT, "TEXT", "what it does"),
	FIELD(struct fix, command, FIELD_TEXT, "COMMAND", "ready to run"),
};

const struct record_type fix_type = RECORD_TYPE("fix", struct fix, fix_fields);

static const struct field finding_fields[] = {
	FIELD(struct finding, id, FIELD_TEXT, "ID", "stable name of the finding"),
	FIELD(struct finding, severity, FIELD_ENUM, "SEVERITY",
		"ok, note, low, medium, high, fault", .name_of = severity_name,
		.name_count = SEVERITY_FAULT + 1),
	FIELD(struct finding, subject, FIELD_TEXT, "SUBJECT", "what it is about"),
	FIELD(struct finding, sentence, FIELD_TEXT, "FINDING", "one plain sentence"),
	FIELD(struct finding, evidence, FIELD_RECORDS, NULL, "what proves it",
		.count_offset = offsetof(struct finding, evidence_count), .type = &evidence_type),
	FIELD_OF(struct finding, fixes, "fix", FIELD_RECORDS, NULL, "what to do, best first",
		.count_offset = offsetof(struct finding, fix_count), .type = &fix_type),
};

const struct record_type finding_type = RECORD_TYPE("finding", struct finding, finding_fields);
