/*
 * check - one thing the doctor looks at: a file check_NAME.c that ends in `const struct doctor_check
 * doctor_NAME`, and one row CHECK(NAME) in checks.def.
 *
 * A check reads the exam and the host, and reports at least one finding: a line that all is well is
 * an answer too. It never prints, never changes the machine and never waits.
 */
#pragma once

#include "base/vec.h"
#include "doctor/doctor.h"
#include "model/snapshot.h"
#include "sys/caps.h"
#include "sys/lookup.h"
#include "sys/resolver.h"

#define DOCTOR_SUBDOMAIN "loopscope.localhost"

/* What several checks need, gathered once. */
struct exam {
	const struct host *host;
	struct arena *arena;
	const struct doctor_query *query;
	uint64_t rights;	 /* bit by enum caps_right */
	bool own_user_namespace; /* rights count inside this container only */
	struct resolver resolver;
	struct lookup_answer localhost, subdomain;
	const struct host_address *addresses;
	size_t address_count;
};

struct report;

struct doctor_check {
	const char *subject; /* the label of its line: "localhost" */
	const char *summary; /* what it looks at, for the docs */
	void (*run)(const struct exam *exam, struct report *report);
};

/* Severity and sentence of a new finding; evidence and fixes then go to it, until the next. The
 * sentence has no full stop. Texts must be escaped when they hold foreign bytes. */
void report_add(struct report *r, const char *id, enum severity severity, const char *format, ...)
	PRINTF(4, 5);
void report_evidence(struct report *r, const char *source, const char *format, ...) PRINTF(3, 4);
/* command NULL = there is only advice. */
void report_fix(struct report *r, const char *text, const char *command);

static inline bool exam_right(const struct exam *e, enum caps_right right)
{
	return (e->rights >> right) & 1;
}

/* The value of an environment variable; NULL when it is not set or empty. */
const char *exam_env(const struct exam *e, const char *name);

/* True when an address, such as ::1, is on an interface that is up. */
bool exam_has_address(const struct exam *e, const struct address *a);

/* "127.0.0.1, ::1", in the arena. */
const char *exam_addresses(const struct exam *e, const struct address *list, size_t count);

/* Runs some checks on an exam that is complete; what doctor_run ends with, and what tests call. */
void exam_run(const struct exam *e, const struct doctor_check *const *list, size_t count,
	struct doctor_report *out);

/* The rights table, for check_rights and for the report. */
const struct right *doctor_rights_table(const struct exam *e, size_t *out_count);
