/* restart - see restart.h. */
#include "diagnose/restart.h"

#include "base/str.h"

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

static void add_word(struct buf *out, const char *word, const char *at, size_t len, const char *to)
{
	AUTO(buf) struct buf changed = BUF_INIT(COMMAND_MAX);

	if (at) {
		buf_add(&changed, word, (size_t)(at - word));
		buf_str(&changed, to);
		buf_str(&changed, at + len);
	} else {
		buf_str(&changed, word);
	}
	if (out->len)
		buf_char(out, ' ');
	str_shell_quote(out, changed.data);
}

const char *restart_command(const struct inquiry *q, const struct owner *o,
	const struct address *bound, const char *to, const char **out_was)
{
	AUTO(buf) struct buf text = BUF_INIT(COMMAND_MAX);
	AUTO(buf) struct buf address = BUF_INIT(100);
	const char *was = NULL;

	if (!o || o->argc < 2 || o->argv_cut)
		return NULL;
	address_format(&address, bound);
	const char *const names[] = {address.data, "localhost"};
	for (size_t i = 0; i < o->argc; i++) {
		const char *at = NULL;
		size_t len = 0;
		for (size_t k = 0; i && !was && !at && k < ARRAY_SIZE(names); k++) {
			at = find(o->argv[i], names[k]);
			len = strlen(names[k]);
		}
		if (at)
			was = at == o->argv[i] && i > 1 && o->argv[i - 1][0] == '-'
				? arena_printf(q->arena, "%s %s", o->argv[i - 1], o->argv[i])
				: o->argv[i];
		add_word(&text, i ? o->argv[i] : str_basename(o->argv[i]), at, len, to);
	}
	if (!was || text.overflow)
		return NULL;
	*out_was = inquiry_foreign(q, was, 60);
	return inquiry_foreign(q, text.data, COMMAND_MAX);
}
