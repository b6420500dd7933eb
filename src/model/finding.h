/*
 * finding - the one answer type of diagnose, audit, doctor and the overview.
 */
#pragma once

#include "model/field.h"

enum severity {
	SEVERITY_OK,
	SEVERITY_NOTE,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_FAULT
};

const char *severity_name(int severity); /* "ok", "note", "low", ... */

struct evidence {
	const char *source; /* "sock_diag", "/etc/hosts:1", "probe" */
	const char *text;
};

struct fix {
	const char *text;    /* what it does */
	const char *command; /* ready to run, NULL when there is none */
};

struct finding {
	const char *id; /* stable: "exposed", "postgres-trust" */
	int severity;
	const char *subject;   /* what it is about: "6379", "127.0.0.1:5000"; NULL = the machine */
	const char *sentence;  /* one plain sentence, no jargon */
	const char *certainty; /* "proved", "inferred", "guessed"; NULL where it is not asked */
	const struct evidence *evidence;
	size_t evidence_count;
	const struct fix *fixes; /* the recommended one first */
	size_t fix_count;
};

extern const struct record_type finding_type, evidence_type, fix_type;
