/* line - see line.h. */
#include "decode/line.h"

#include "base/str.h"
#include <ctype.h>
#include <strings.h>

enum decode_result line_begins(struct reader r, const char *prefix)
{
	size_t want = strlen(prefix), n = MIN(want, r.left);
	const uint8_t *p = reader_bytes(&r, n);

	if (n && memcmp(p, prefix, n) != 0)
		return DECODE_NO;
	return n == want ? DECODE_YES : DECODE_NEED_MORE;
}

bool line_next(struct reader *r, struct line *out)
{
	size_t len;
	const uint8_t *p = reader_until(r, '\n', &len);

	if (!p)
		return false;
	if (len && p[len - 1] == '\r')
		len--;
	*out = (struct line){(const char *)p, len};
	return true;
}

bool line_starts(const struct line *l, const char *prefix)
{
	size_t n = strlen(prefix);

	return l->len >= n && memcmp(l->text, prefix, n) == 0;
}

bool line_drop(struct line *l, const char *prefix)
{
	if (!line_starts(l, prefix))
		return false;
	l->text += strlen(prefix);
	l->len -= strlen(prefix);
	return true;
}

const char *line_find(const struct line *l, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= l->len; i++) {
		if (strncasecmp(l->text + i, word, n) == 0)
			return l->text + i;
	}
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

const char *line_copy(struct arena *a, const char *text, size_t len, size_t max)
{
	while (len && is_space(text[0])) {
		text++;
		len--;
	}
	if (len > max) {
		len = max;
		while (len && ((unsigned char)text[len] & 0xc0) == 0x80) /* inside a character */
			len--;
	}
	while (len && is_space(text[len - 1]))
		len--;
	return len ? arena_strndup(a, text, len) : NULL;
}

const char *line_version(struct arena *a, const char *text, size_t len)
{
	size_t start = len > 1 && text[0] == 'v' ? 1 : 0, n = start;

	if (len <= start || !isdigit((unsigned char)text[start]))
		return NULL;
	while (n < len && n < DECODED_VERSION_MAX &&
		(isalnum((unsigned char)text[n]) || (text[n] && strchr(".-+~_", text[n]))))
		n++;
	return arena_strndup(a, text + start, n - start);
}
