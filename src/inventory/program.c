/*
 * program - see program.h.
 *
 * A command line is a foreign list of words. Programs that set a title ("nginx: master process",
 * "next-server (v14.1.0)") leave one string with spaces as their first word; it is taken apart.
 */
#include "inventory/program.h"

#include "base/str.h"
#include <ctype.h>

#define WORDS_MAX 64
#define WORD_MAX  256 /* bytes; the rest of a longer word does not count */

static const struct program rows[] = {
#define PROGRAM(programs_, words_, port_, name_, role_, speaks_, traits_)                          \
	{.programs = programs_,                                                                    \
		.words = words_,                                                                   \
		.port = port_,                                                                     \
		.name = name_,                                                                     \
		.role = role_,                                                                     \
		.speaks = speaks_,                                                                 \
		.traits = traits_},
#define LEAVE(programs_, words_, port_, name_, role_, speaks_, why_)                               \
	{.programs = programs_,                                                                    \
		.words = words_,                                                                   \
		.port = port_,                                                                     \
		.name = name_,                                                                     \
		.role = role_,                                                                     \
		.speaks = speaks_,                                                                 \
		.why = why_},
#include "inventory/programs.def"
#undef PROGRAM
#undef LEAVE
};

/* What the patterns are held against. */
struct subject {
	const char *paths[2]; /* program file and first word, as they stand */
	const char *names[3]; /* their file names, or the kernel's name when there is neither */
	size_t path_count, name_count;
	const char *words[WORDS_MAX];
	size_t word_count;
	char title[WORD_MAX]; /* argv[0], cut into words in place */
	char first[WORD_MAX]; /* its first word, without a colon at the end */
	char port[8];
	uint16_t port_number;
};

bool program_pattern(const char *p, size_t len, const char *text, const char *port)
{
	const char *end = p + len, *star = NULL, *retry = NULL, *start = text;
	size_t digits = strlen(port);

	for (;;) {
		if (p < end && *p == '*') {
			star = ++p;
			retry = text;
			continue;
		}
		if (p == end && !*text)
			return true;
		if (end - p >= 2 && p[0] == '%' && p[1] == 'p' &&
			strncmp(text, port, digits) == 0 && !isdigit((unsigned char)text[digits]) &&
			!(text > start && isdigit((unsigned char)text[-1]))) {
			p += 2;
			text += digits;
			continue;
		}
		if (p < end && *text && *p == *text) {
			p++;
			text++;
			continue;
		}
		if (!star || !*retry)
			return false;
		p = star;
		text = ++retry;
	}
}

/* Cuts argv[0] at its spaces into words; most programs leave none in it. */
static void add_title(struct subject *s, const char *title)
{
	str_copy(s->title, sizeof(s->title), title);
	for (char *p = s->title; *p && s->word_count < WORDS_MAX;) {
		char *space = strchr(p, ' ');
		if (space)
			*space = '\0';
		if (*p)
			s->words[s->word_count++] = p;
		if (!space)
			break;
		p = space + 1;
	}
	if (s->word_count == 0)
		return;
	size_t len = str_copy(s->first, sizeof(s->first), s->words[0]);
	if (len && s->first[len - 1] == ':')
		s->first[len - 1] = '\0'; /* "nginx: master process" */
	s->paths[s->path_count++] = s->first;
	s->names[s->name_count++] = str_basename(s->first);
}

static void describe(const struct service *service, const struct owner *o, struct subject *s)
{
	*s = (struct subject){.port_number = service->port};
	snprintf(s->port, sizeof(s->port), "%u", service->port);
	if (o->exe) {
		s->paths[s->path_count++] = o->exe;
		s->names[s->name_count++] = str_basename(o->exe);
	}
	if (o->argc)
		add_title(s, o->argv[0]);
	for (size_t i = 1; i < o->argc && s->word_count < WORDS_MAX; i++) {
		if (*o->argv[i])
			s->words[s->word_count++] = o->argv[i];
	}
	if (s->name_count == 0 && !str_empty(o->comm))
		s->names[s->name_count++] = o->comm;
}

/* "/x/node_modules/.bin/vite.js" -> "vite". */
static const char *stem_of(const char *word, char *out)
{
	static const char *const suffixes[] = {".js", ".mjs", ".cjs", ".ts", ".py", ".rb", ".php",
		".phar", ".jar", ".war"};

	str_copy(out, WORD_MAX, str_basename(word));
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (str_ends(out, suffixes[i])) {
			out[strlen(out) - strlen(suffixes[i])] = '\0';
			break;
		}
	}
	return out;
}

/* "/x/node_modules/@remix-run/dev/dist/cli.js" -> "@remix-run/dev"; "" when there is none. */
static const char *package_of(const char *word, char *out)
{
	static const char folder[] = "node_modules/";
	const char *package = NULL;

	for (const char *p = word; (p = strstr(p, folder)); p += strlen(folder))
		package = p + strlen(folder);
	str_copy(out, WORD_MAX, package ? package : "");
	char *slash = strchr(out, '/');
	if (slash && *out == '@')
		slash = strchr(slash + 1, '/');
	if (slash)
		*slash = '\0';
	return out;
}

/* One of the alternatives a|b of the pattern fits some word. */
static bool any_word_fits(const struct subject *s, const char *pattern, size_t len)
{
	char stem[WORD_MAX], package[WORD_MAX];
	const char *end = pattern + len;

	for (size_t i = 0; i < s->word_count; i++) {
		stem_of(s->words[i], stem);
		package_of(s->words[i], package);
		for (const char *p = pattern; p < end;) {
			const char *bar = memchr(p, '|', (size_t)(end - p));
			size_t n = (size_t)((bar ? bar : end) - p);
			if (program_pattern(p, n, s->words[i], s->port) ||
				program_pattern(p, n, stem, s->port) ||
				program_pattern(p, n, package, s->port))
				return true;
			p += n + 1;
		}
	}
	return false;
}

/* Most patterns fail at their first letter; 400 rows for each of 1,000 services ask for this. */
static bool may_fit(const struct subject *s, char first)
{
	bool any = first == '*' || first == '%';

	for (size_t i = 0; i < s->name_count && !any; i++)
		any = s->names[i][0] == first;
	for (size_t i = 0; i < s->path_count && !any; i++)
		any = s->paths[i][0] == first;
	return any;
}

static bool program_fits(const struct subject *s, const char *pattern, size_t len)
{
	bool whole = memchr(pattern, '/', len) != NULL;
	const char *const *texts = whole ? s->paths : s->names;

	for (size_t i = 0; i < (whole ? s->path_count : s->name_count); i++) {
		if (program_pattern(pattern, len, texts[i], s->port))
			return true;
	}
	return false;
}

static bool row_fits(const struct subject *s, const struct program *row)
{
	bool known = false;

	if (row->port && row->port != s->port_number)
		return false;
	for (const char *p = row->programs; *p && !known;) {
		const char *space = strchrnul(p, ' ');
		known = may_fit(s, *p) && program_fits(s, p, (size_t)(space - p));
		p = *space ? space + 1 : space;
	}
	for (const char *p = row->words; *p && known; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		known = any_word_fits(s, p, n);
		p += n;
	}
	return known;
}

const struct program *program_find(const struct service *service)
{
	struct subject s;

	if (service->owner_count == 0)
		return NULL;
	describe(service, service->owners[0], &s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (row_fits(&s, &rows[i]))
			return &rows[i];
	}
	return NULL;
}
