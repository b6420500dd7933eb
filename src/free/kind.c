/*
 * kind - see kind.h; the names are in kinds.def.
 *
 * A process is known by several words, and the first that stands in the table decides: the script
 * that an interpreter runs says more than the interpreter, argv[0] more than the file.
 */
#include "free/kind.h"

#include "base/str.h"
#include "base/text.h"
#include <ctype.h>
#include <signal.h>

#define WORD_MAX 64
#define CALL_MAX 40

struct row {
	const char *word;
	enum kind kind;
	const char *argument;
};

static const struct row rows[] = {
#define KIND(word, kind, argument) {word, KIND_##kind, argument},
#include "free/kinds.def"
#undef KIND
};

const char *kind_name(int kind)
{
	static const char *const names[KIND_COUNT] = {
		[KIND_OTHER] = "program",
		[KIND_RUNNER] = "runner",
		[KIND_WRAPPER] = "wrapper",
		[KIND_SHELL] = "shell",
		[KIND_TERMINAL] = "terminal",
		[KIND_SESSION] = "session",
		[KIND_BROWSER] = "browser",
		[KIND_EDITOR] = "editor",
		[KIND_ASSISTANT] = "assistant",
	};

	return names[kind];
}

bool kind_is_spared(enum kind kind)
{
	return kind >= KIND_SHELL;
}

/* The base name of the first word: "/usr/bin/node" -> node, "npm run dev" -> npm, "-zsh" -> zsh. */
static void first_word(const char *s, char *out, size_t size)
{
	size_t len = strcspn(s, " ");
	const char *end = s + len;

	if (*s == '-')
		s++;
	for (const char *p = s; p < end; p++)
		if (*p == '/')
			s = p + 1;
	len = MIN((size_t)(end - s), size - 1);
	memcpy(out, s, len);
	out[len] = '\0';
}

/* "/x/yarn-4.1.0.cjs" -> yarn, "nodemon.js" -> nodemon: without extension and version. */
static void script_word(const char *path, char *out, size_t size)
{
	static const char *const extensions[] = {".js", ".cjs", ".mjs", ".ts", ".py", ".rb",
		".php"};

	str_copy(out, size, str_basename(path));
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		if (str_ends(out, extensions[i])) {
			out[strlen(out) - strlen(extensions[i])] = '\0';
			break;
		}
	}
	for (char *dash = strchr(out, '-'); dash; dash = strchr(dash + 1, '-')) {
		if (isdigit((unsigned char)dash[1])) {
			*dash = '\0';
			break;
		}
	}
}

static bool is_interpreter(const char *word)
{
	static const char *const names[] = {"node", "nodejs", "ruby", "perl", "php", "bun", "deno"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(word, names[i]))
			return true;
	return str_starts(word, "python") || str_starts(word, "pypy");
}

/* The index of the script or module that an interpreter was given; 0 when there is none. */
static size_t script_index(const struct owner *o)
{
	char word[WORD_MAX];

	if (o->argc < 2)
		return 0;
	first_word(o->argv[0], word, sizeof(word));
	if (!is_interpreter(word))
		return 0;
	for (size_t i = 1; i < o->argc; i++) {
		if (str_eq(o->argv[i], "-m"))
			return i + 1 < o->argc ? i + 1 : 0;
		if (o->argv[i][0] != '-')
			return i;
	}
	return 0;
}

/* Among the options and the first plain argument: "cargo watch", "node --watch x.js". */
static bool has_argument(const struct owner *o, const char *argument)
{
	for (size_t i = 1; i < o->argc; i++) {
		if (str_eq(o->argv[i], argument) ||
			(argument[0] == '-' && str_starts(o->argv[i], argument)))
			return true;
		if (o->argv[i][0] != '-')
			return false;
	}
	return false;
}

static const struct row *find_row(const struct owner *o, const char *word)
{
	for (size_t i = 0; *word && i < ARRAY_SIZE(rows); i++)
		if (str_eq(rows[i].word, word) &&
			(!rows[i].argument || has_argument(o, rows[i].argument)))
			return &rows[i];
	return NULL;
}

static bool lives_in_editor(const struct owner *o)
{
	static const char *const folders[] = {"/.vscode-server/", "/.vscode-server-insiders/",
		"/.vscode-remote/", "/.vscodium-server/", "/.cursor-server/", "/.windsurf-server/",
		"/lib/code-server/", "/JetBrains/"};

	for (size_t i = 0; o->exe && i < ARRAY_SIZE(folders); i++)
		if (strstr(o->exe, folders[i]))
			return true;
	return false;
}

/* A browser that a test drives belongs to the test, not to a person. */
static bool is_driven(const struct owner *o)
{
	static const char *const signs[] = {"--headless", "-headless", "--remote-debugging-pipe",
		"--enable-automation"};

	for (size_t i = 1; i < o->argc; i++)
		for (size_t k = 0; k < ARRAY_SIZE(signs); k++)
			if (str_starts(o->argv[i], signs[k]))
				return true;
	return false;
}

enum kind kind_of(const struct owner *o)
{
	char words[4][WORD_MAX] = {{0}};
	const struct row *row = NULL;
	size_t script = script_index(o);

	if (o->pid == 1)
		return KIND_SESSION;
	if (lives_in_editor(o))
		return KIND_EDITOR;
	if (script)
		script_word(o->argv[script], words[0], WORD_MAX);
	if (o->argc)
		first_word(o->argv[0], words[1], WORD_MAX);
	if (o->exe)
		str_copy(words[2], WORD_MAX, str_basename(o->exe));
	if (o->comm)
		str_copy(words[3], WORD_MAX, o->comm);
	for (size_t i = 0; i < ARRAY_SIZE(words) && !row; i++)
		row = find_row(o, words[i]);
	if (!row || (row->kind == KIND_BROWSER && is_driven(o)))
		return KIND_OTHER;
	return row->kind;
}

bool kind_runs_command(const struct owner *o)
{
	if (kind_of(o) != KIND_SHELL)
		return false;
	for (size_t i = 1; i < o->argc; i++) {
		if (o->argv[i][0] != '-')
			return true; /* a script */
		if (o->argv[i][1] != '-' && strchr(o->argv[i], 'c'))
			return true;
	}
	return false;
}

/* A script that came with a package is known by its own name: vite, npm, nodemon. */
static bool is_tool(const char *script)
{
	static const char *const folders[] = {"/.bin/", "/bin/", "/node_modules/", "/.yarn/"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (strstr(script, folders[i]))
			return true;
	return false;
}

const char *kind_call(struct arena *arena, const struct owner *o)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);
	AUTO(buf) struct buf cut = BUF_INIT(1024);
	size_t script = script_index(o);

	if (o->argc && strchr(o->argv[0], ' ')) { /* a title */
		const char *words = str_after(o->argv[0], "nginx: master process ");
		text_escape(&text, words ? words : o->argv[0], strlen(words ? words : o->argv[0]));
	} else if (script && is_tool(o->argv[script])) {
		char word[WORD_MAX];
		script_word(o->argv[script], word, sizeof(word));
		const char *dash = strstr(word, "-cli");
		text_escape(&text, word, dash ? (size_t)(dash - word) : strlen(word));
		for (size_t i = script + 1; i < o->argc && i < script + 3; i++) {
			buf_char(&text, ' ');
			text_escape(&text, o->argv[i], strlen(o->argv[i]));
		}
	} else {
		const char *program = owner_program(o);
		text_escape(&text, program, strlen(program));
		for (size_t i = 1; i < o->argc && i < 4; i++) {
			buf_char(&text, ' ');
			text_escape(&text, o->argv[i], strlen(o->argv[i]));
		}
	}
	text_cut_middle(&cut, text.data, CALL_MAX, false);
	return arena_strdup(arena, cut.data);
}

int kind_end_signal(const struct owner *o)
{
	static const struct {
		const char *word;
		int signal;
	} others[] = {
		{"postgres", SIGINT}, /* "fast": SIGTERM waits until the last client has left */
		{"uwsgi", SIGINT},    /* SIGTERM reloads, unless die-on-term is set */
	};
	const char *program = owner_program(o);

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (str_eq(program, others[i].word) || (o->comm && str_eq(o->comm, others[i].word)))
			return others[i].signal;
	return SIGTERM;
}
