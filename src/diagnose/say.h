/*
 * say - the words that several checks use: who listens, what it answered, what the text said.
 */
#pragma once

#include "diagnose/check.h"

/* "LISTEN 127.0.0.1:3000  node 4121 (...)", as evidence of the last claim; nothing without a listener. */
void say_listener(const struct inquiry *q, struct claims *c, const struct place *p);

/* The line of the text that says it, as evidence; nothing when there is none. */
void say_text(const struct inquiry *q, struct claims *c);

/* "HTTP 502 Bad Gateway from nginx/1.22" out of an answer of HTTP. */
const char *say_status(const struct inquiry *q, const struct talk_job *job);

/* "http://localhost:3000/" with this scheme: what was asked for, escaped. */
const char *say_url(const struct inquiry *q, const char *scheme);

/* "localhost:3000": the host as dialled, or the address of the place. */
const char *say_endpoint(const struct inquiry *q, const struct place *p);

/* What a body says to people, escaped and cut: of HTML the words without the tags. */
const char *say_body(const struct inquiry *q, const char *body, size_t max);

/* Foreign text as one word of a shell, whole, for commands. */
const char *say_word(const struct inquiry *q, const char *text);

/* "3 ms" */
const char *say_duration(const struct inquiry *q, uint64_t ns);

/* The process that listens: "node 4121"; "the server" when it cannot be seen. */
const char *say_server(const struct inquiry *q, const struct place *p);
pid_t say_pid(const struct place *p); /* 0 = not known */

/* `ls -l /proc/4121/fd/1 ...`: how to find what it writes; NULL when the process is hidden. */
const char *say_log_command(const struct inquiry *q, const struct place *p);

/* "see the log of node 4121 ...", with the command, as a fix of the last claim. */
void say_log_fix(const struct inquiry *q, struct claims *c, const struct place *p);

/* True when the text holds one of the words, in any case; the list ends with NULL. */
bool says_any(const char *text, const char *const words[]);
#define SAYS(text, ...) says_any((text), (const char *const[]){__VA_ARGS__, NULL})

/* The text that was pasted holds one of the words. */
#define TEXT_SAYS(q, ...) SAYS((q)->symptom.said, __VA_ARGS__)
bool error_is(const struct inquiry *q, const char *error);

/* The first place that was talked to and of which one of the observations is true, or NULL. */
const struct place *place_wrong(const struct inquiry *q, uint32_t bits);

/* The first place that took the connection: the one whose words count. NULL = none did. */
const struct place *place_spoken(const struct inquiry *q);

/* The server's own text at the beginning of its answer, whatever it speaks; never NULL. */
const char *place_words(const struct place *p);

/* The far end took the connection and it was found to speak this, by any of the conversations. */
const char *place_speaks(const struct place *p);
