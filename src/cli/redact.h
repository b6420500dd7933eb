/*
 * redact - takes out of a text what tells about a person: the user's name, the home folder, the machine's
 * name, passwords and tokens, and the arguments of other users' processes.
 *
 * Words are replaced where they stand alone; what replaces them says what stood there, so that the text
 * can still be read. It counts, so that the reader can be told.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "sys/host.h"

enum redact_kind {
	REDACT_USER,
	REDACT_HOME,
	REDACT_HOST,
	REDACT_SECRET,	  /* of a URL, an option or a variable */
	REDACT_ARGUMENTS, /* of other users' processes */
	REDACT_COUNT,
};

struct redact_word {
	int kind;
	const char *text, *instead;
	bool alone; /* only where no letter, digit, '_' or '-' touches it */
};

struct redact {
	struct arena *arena;
	const struct redact_word *words; /* longest first */
	size_t word_count;
	uint64_t counts[REDACT_COUNT];
};

/* Words of this machine: who runs this (behind sudo, too), its homes, its name, others' arguments. */
void redact_init(struct redact *r, struct arena *arena, const struct host *host);

/* Appends the text, redacted. NULL appends nothing. */
void redact_text(struct redact *r, struct buf *out, const char *text);

/* "the user name", "the home folder" ...: for the note that says what was replaced. */
const char *redact_kind_text(int kind);
