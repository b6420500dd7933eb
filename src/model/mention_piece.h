/*
 * mention_piece - the pieces of text that may name an endpoint, and the words around them. The
 * lower half of mention.c; nobody else includes it.
 */
#pragma once

#include "model/target.h"

struct span {
	struct arena *arena;
	const char *text; /* not NUL-terminated */
	size_t len;
};

enum piece_kind {
	PIECE_NONE, /* nothing here; `end` says from where to go on */
	PIECE_HOST, /* an address or a host name, with or without a port */
	PIECE_URL,
	PIECE_PORT,	 /* a port alone: ":3000", "*:3000" */
	PIECE_PORT_WORD, /* "port 3000", which may belong to a host nearby */
	PIECE_PATH,	 /* a unix socket */
};

struct piece {
	enum piece_kind kind;
	size_t start, end;
	struct target target;
};

/* Reads what starts at `at`. out->end is always greater than `at`. */
void piece_read(const struct span *s, size_t at, struct piece *out);

/* The byte at i, 0 outside of the text. */
char span_at(const struct span *s, size_t i);

/* The byte before i, 0 at the start. */
char span_before(const struct span *s, size_t i);

/* Owned by the arena. */
char *span_copy(const struct span *s, size_t start, size_t end);

/* True when `what` stands at i, in any case of letters. */
bool span_starts(const struct span *s, size_t i, const char *what);

#define WORD_MAX 32
struct word {
	char text[WORD_MAX]; /* lower case; "" = none; cut when it is longer */
	size_t start, end;
};

/* The word before `at` on the same line, over blanks and punctuation between them. */
struct word word_before(const struct span *s, size_t at);

/* True when only blanks, quotes, ':', '=' and '(' stand between the word and `at`. */
bool word_leads_to(const struct span *s, const struct word *w, size_t at);

/* True when word is one of the NULL-terminated list. */
bool word_in(const char *word, const char *const *list);

/* True when the line around `at` (160 bytes at most each way) holds one of the listed texts. */
bool line_has(const struct span *s, size_t at, const char *const *list);

/* The number of digits at `at` when they are a port and nothing is stuck to them, else 0. */
size_t digits_of_port(const struct span *s, size_t at, uint16_t *out);

/* For the readers: one each in mention_piece.c, mention_address.c and mention_name.c. */

/* Nothing here: go on at `end`. */
void piece_nothing(struct piece *out, size_t end);

/* A host from start to end, whose address or name is in out->target; looks for a port behind it. */
void piece_host(const struct span *s, struct piece *out, size_t start, size_t end);

/* Names that only this machine or its own network can mean; in lower case. */
bool name_is_local(const char *host);

/* False when it is not for this reader; true with PIECE_NONE when something was passed over. */
bool piece_read_bracket(const struct span *s, size_t at, struct piece *out);
bool piece_read_ipv4(const struct span *s, size_t at, struct piece *out);
bool piece_read_ipv6(const struct span *s, size_t at, struct piece *out);
bool piece_read_name(const struct span *s, size_t at, struct piece *out);

static inline bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool char_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool char_is_word(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '_';
}

static inline bool char_is_hex(char c)
{
	return char_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static inline bool char_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool char_is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}
