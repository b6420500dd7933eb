/*
 * act - carries a plan out: tells the supervisors, stops the processes, and looks whether it helped.
 */
#pragma once

#include "free/plan.h"
#include "free/verify.h"

enum act_outcome {
	ACT_FREED,	 /* everything that was to become free is */
	ACT_TAKEN,	 /* something is not, see the verdicts */
	ACT_LEFT,	 /* a process or a command did not come to its end in time */
	ACT_DENIED,	 /* rights were missing after all */
	ACT_FAILED,	 /* a supervisor's command could not be run, or failed */
	ACT_INTERRUPTED, /* Ctrl-C */
};

const char *act_outcome_name(int outcome); /* "freed", "taken" ... */

struct act_query {
	uint64_t force_after_ms;
	uint64_t timeout_ms; /* for each supervisor's command, and for all processes together */
	/* Now and then while it lasts: what is waited for, escaped; may be NULL. */
	void (*tick)(void *data, const char *what);
	void *data;
	const struct verify_goal *more; /* to be looked at besides the plan's endpoints */
	size_t more_count;
};

struct act_process {
	const struct free_victim *victim;
	int32_t pid;
	const char *call; /* of the victim */
	int outcome;	  /* enum stop_outcome */
	uint64_t took_ns;
	char state; /* of those that are left */
};

struct act_command {
	const struct free_step *step;
	bool done;	     /* it ended well */
	const char *problem; /* else why, escaped: "systemctl: Access denied" */
	uint64_t took_ns;
};

struct act_result {
	int outcome; /* enum act_outcome */
	uint64_t took_ns;
	struct act_process *processes;
	size_t process_count;
	struct act_command *commands;
	size_t command_count;
	struct free_verdict *verdicts;
	size_t verdict_count;
	struct snapshot *after; /* owned; what the verdicts point into */
};

extern const struct record_type act_result_type;

/* Never fails as a whole but for -ENOMEM-like trouble of the kernel; the outcome says how it went. */
int act_run(struct world *w, const struct free_plan *plan, const struct act_query *q,
	struct act_result *out, struct err *err);

void act_result_fini(struct act_result *r);

AUTO_DEFINE_FINI(act_result, struct act_result)
