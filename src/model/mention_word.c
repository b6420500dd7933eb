/*
 * mention_word - the words around a piece of mention_piece.h: what tells a server from a client, a
 * host name from a file name.
 */
#include "base/str.h"
#include "model/mention_piece.h"

#define LINE_WINDOW 160

char span_at(const struct span *s, size_t i)
{
	return i < s->len ? s->text[i] : '\0';
}

bool span_starts(const struct span *s, size_t i, const char *what)
{
	size_t n = strlen(what);

	return i <= s->len && n <= s->len - i && strncasecmp(s->text + i, what, n) == 0;
}

char *span_copy(const struct span *s, size_t start, size_t end)
{
	return arena_strndup(s->arena, s->text + start, end - start);
}

char span_before(const struct span *s, size_t at)
{
	return at ? s->text[at - 1] : '\0';
}

struct word word_before(const struct span *s, size_t at)
{
	struct word w = {.start = at};
	size_t end = at, n = 0;

	while (end > 0 && !char_is_word(s->text[end - 1]) && s->text[end - 1] != '\n')
		end--;
	w.start = w.end = end;
	while (w.start > 0 && char_is_word(s->text[w.start - 1]))
		w.start--;
	for (size_t i = w.start; i < end && n < WORD_MAX - 1; i++) {
		char c = s->text[i];
		w.text[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return w;
}

bool word_leads_to(const struct span *s, const struct word *w, size_t at)
{
	if (at - w->end > 4)
		return false;
	for (size_t i = w->end; i < at; i++)
		if (!strchr(" \t\"'`:=(", s->text[i]))
			return false;
	/* "the host's" */
	return !(at - w->end == 1 && s->text[w->end] == '\'');
}

bool word_in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(word, *list))
			return true;
	return false;
}

static bool window_has(const char *window, size_t len, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(window + i, what, n) == 0)
			return true;
	return false;
}

bool line_has(const struct span *s, size_t at, const char *const *list)
{
	size_t start = at, end = at;

	while (start > 0 && at - start < LINE_WINDOW && s->text[start - 1] != '\n')
		start--;
	while (end < s->len && end - at < LINE_WINDOW && s->text[end] != '\n')
		end++;
	for (; *list; list++)
		if (window_has(s->text + start, end - start, *list))
			return true;
	return false;
}

size_t digits_of_port(const struct span *s, size_t at, uint16_t *out)
{
	uint32_t value = 0;
	size_t n = 0;

	while (n < 6 && span_at(s, at + n) >= '0' && span_at(s, at + n) <= '9')
		value = value * 10 + (uint32_t)(span_at(s, at + n++) - '0');
	char next = span_at(s, at + n), after = span_at(s, at + n + 1);
	if (n == 0 || n > 5 || value > UINT16_MAX || char_is_word(next))
		return 0;
	if (next == '.' && after >= '0' && after <= '9')
		return 0;
	*out = (uint16_t)value;
	return n;
}
