/* symptom_part - the halves of symptom.c: words found in a text, and what they mean together. */
#pragma once

#include "diagnose/symptom.h"

/* A text in lower case, as long as the original. */
struct words {
	const char *text; /* NUL-terminated; NULs of the original are blanks */
	size_t len;
	bool has_path; /* it names a unix socket */
};

struct verdict {
	int op;
	const char *error;
	int weight;
	size_t at; /* where the words that decided stand */
	bool found;
};

/*
 * The first place from `from` on where the pattern stands (see symptoms.def), or -1. *out_end is
 * the byte behind it.
 */
long words_find(const struct words *w, const char *pattern, size_t from, size_t *out_end);

/* True when one of the NULL-terminated patterns stands somewhere. */
bool words_any(const struct words *w, const char *const *patterns);

struct verdict words_judge(const struct words *w);

struct client {
	const char *name, *words;
	uint16_t port;
	const char *expects, *command;
};

/* The first client the text speaks of, and the client that a program's name means; or NULL. */
const struct client *client_of_text(const struct words *w);
const struct client *client_of_command(const char *program);

/* The status of an HTTP answer that the text tells of, 0 when it tells of none. */
uint16_t words_http_status(const struct words *w, size_t *out_at);

/* Adds an endpoint once. */
void symptom_add(struct arena *arena, struct symptom *s, const struct target *t);

/* A copy where passwords in URLs are shown as ***. */
const char *symptom_without_secrets(struct arena *arena, const char *text, size_t len);
