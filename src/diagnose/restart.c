/* restart - see restart.h. */
#include "diagnose/restart.h"

#include "base/str.h"
#include <stdio.h>

#define COMMAND_MAX 400

/* The place of the address in a word: all of it, behind '=', or before ":PORT"; NULL when it is not there. */
static const char *find(const char *word, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strstr(word, name); at; at = strstr(at + 1, name)) {
		char before = at > word ? at[-1] : '=', after = at[len];
		if ((before == '=' || before == '[' || before == '/') &&
			(after == '\0' || after == ':' || after == ']' || after == '/'))
			return at;
	}
	return NULL;
}

/* One word of the command; at: where the address of `len` bytes stands in it, or NULL. */
static void add_word(struct buf *out, const char *word, const char *at, size_t len, const char *to)
{
	AUTO(buf) struct buf changed = BUF_INIT(COMMAND_MAX);

	if (at) {
		const char *end = at + len;
		bool bracketed = at > word && at[-1] == '[' && *end == ']';
		bool v6 = strchr(to, ':') && (bracketed || *end == ':');
		buf_add(&changed, word, (size_t)(at - word) - bracketed);
		buf_printf(&changed, v6 ? "[%s]" : "%s", to);
		buf_str(&changed, end + bracketed);
	} else {
		buf_str(&changed, word);
	}
	if (out->len)
		buf_char(out, ' ');
	str_shell_quote(out, changed.data);
}

/* A URL is the server's own only when it names the port; else it is that of its database, say. */
static bool is_of_another(const struct inquiry *q, const char *word)
{
	char port[8];

	snprintf(port, sizeof(port), ":%u", q->aim.port);
	return strstr(word, "://") && !strstr(word, port);
}

/* The word that names the address, and where in it; 0 = none does. */
static size_t find_word(const struct inquiry *q, const struct owner *o, const char *name,
	const char **out_at)
{
	for (size_t i = 1; i < o->argc; i++)
		if (!is_of_another(q, o->argv[i]) && (*out_at = find(o->argv[i], name)))
			return i;
	return 0;
}

const char *restart_command(const struct inquiry *q, const struct owner *o,
	const struct address *bound, const char *to, const char **out_was)
{
	AUTO(buf) struct buf text = BUF_INIT(COMMAND_MAX);
	AUTO(buf) struct buf address = BUF_INIT(100);
	const char *at = NULL, *name;
	size_t word;

	if (!o || o->argc < 2 || o->argv_cut)
		return NULL;
	address_format(&address, bound);
	name = address.data;
	word = find_word(q, o, name, &at);
	if (!word) {
		name = "localhost";
		word = find_word(q, o, name, &at);
	}
	if (!word)
		return NULL;
	for (size_t i = 0; i < o->argc; i++)
		add_word(&text, i ? o->argv[i] : str_basename(o->argv[i]), i == word ? at : NULL,
			strlen(name), to);
	if (text.overflow)
		return NULL;
	bool option = at == o->argv[word] && word > 1 && o->argv[word - 1][0] == '-';
	*out_was = inquiry_foreign(q,
		option ? arena_printf(q->arena, "%s %s", o->argv[word - 1], o->argv[word])
		       : o->argv[word],
		60);
	return inquiry_foreign(q, text.data, SIZE_MAX);
}
