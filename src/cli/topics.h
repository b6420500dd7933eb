/*
 * topics - what holds for every command: targets, exit codes, environment, files. Rows again, so
 * that `loopscope help TOPIC`, the man page, `help --json` and the checks of docs/ say one thing.
 */
#pragma once

#include <stddef.h>

struct topic_row {
	const char *term; /* "pid:123" */
	const char *says;
};

struct topic {
	const char *name;  /* "targets" */
	const char *title; /* "What TARGET can be" */
	const char *about; /* a paragraph above the rows; NULL = none */
	const struct topic_row *rows;
	size_t row_count;
};

extern const struct topic topic_targets, topic_exits, topic_environment, topic_files;

/* All of them, NULL-terminated. */
extern const struct topic *const topics[];

const struct topic *topic_find(const char *name);
