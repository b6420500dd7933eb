/* redact - see redact.h. */
#include "cli/redact.h"

#include "base/str.h"
#include "base/vec.h"
#include "sys/procfs.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#define WORDS_MAX    8192
#define ARGUMENT_MIN 4 /* shorter ones are in every text */

struct word_list {
	VEC(struct redact_word) v;
};

static void add(struct word_list *list, struct arena *arena, int kind, const char *text,
	const char *instead, bool alone)
{
	if (str_empty(text) || strlen(text) < 2)
		return;
	struct redact_word *w = vec_push(&list->v);
	if (w)
		*w = (struct redact_word){kind, arena_strdup(arena, text), instead, alone};
}

static void add_user(struct word_list *list, struct arena *arena, const struct passwd *p)
{
	if (!p || p->pw_uid == 0)
		return;
	add(list, arena, REDACT_USER, p->pw_name, "USER", true);
	if (p->pw_dir && strlen(p->pw_dir) > 1)
		add(list, arena, REDACT_HOME, p->pw_dir, "~", true);
}

static uid_t person(void)
{
	const char *sudo = getenv("SUDO_UID");
	uint64_t uid;

	if (geteuid() == 0 && sudo && str_u64(sudo, UINT32_MAX - 1, &uid))
		return (uid_t)uid;
	return getuid();
}

static void add_arguments(struct word_list *list, struct arena *arena, const struct host *host,
	pid_t pid)
{
	struct proc_argv argv = {0};
	AUTO(buf) struct buf joined = BUF_INIT(PROCFS_ARGV_BYTES);

	if (procfs_read_argv(host, pid, arena, &argv) < 0)
		return;
	for (size_t i = 1; i < argv.argc; i++) {
		buf_printf(&joined, "%s%s", i > 1 ? " " : "", argv.argv[i]);
		if (strlen(argv.argv[i]) >= 3 * ARGUMENT_MIN)
			add(list, arena, REDACT_ARGUMENTS, argv.argv[i], "[argument]", true);
	}
	if (joined.len >= ARGUMENT_MIN)
		add(list, arena, REDACT_ARGUMENTS, joined.data, "[arguments]", true);
}

static void add_others(struct word_list *list, struct arena *arena, const struct host *host,
	uid_t own)
{
	int fd = openat(host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	uint64_t pid;
	uint32_t uid;

	while (dir && (entry = readdir(dir)))
		if (str_u64(entry->d_name, INT32_MAX, &pid) &&
			procfs_read_uid(host, (pid_t)pid, &uid) == 0 && uid != own && uid != 0)
			add_arguments(list, arena, host, (pid_t)pid);
}

static int longest_first(const void *a, const void *b)
{
	const struct redact_word *x = a, *y = b;
	size_t left = strlen(x->text), right = strlen(y->text);

	return left < right ? 1 : left > right ? -1 : strcmp(x->text, y->text);
}

void redact_init(struct redact *r, struct arena *arena, const struct host *host)
{
	struct word_list list = {VEC_INIT(WORDS_MAX)};
	char name[256] = "";
	uid_t uid = person();

	*r = (struct redact){.arena = arena};
	add_user(&list, arena, getpwuid(uid));
	if (uid != 0 && getenv("HOME") && strlen(getenv("HOME")) > 1)
		add(&list, arena, REDACT_HOME, getenv("HOME"), "~", true);
	if (gethostname(name, sizeof(name) - 1) == 0 && !str_eq(name, "localhost"))
		add(&list, arena, REDACT_HOST, name, "HOST", true);
	add_others(&list, arena, host, uid);
	if (list.v.count) {
		vec_sort(&list.v, longest_first);
		r->words = arena_memdup(arena, list.v.items, list.v.count * sizeof(*r->words));
		r->word_count = list.v.count;
	}
	vec_fini(&list.v);
}

static bool touches(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The word that stands at s; NULL when none does. */
static const struct redact_word *word_at(const struct redact *r, const char *text, const char *s)
{
	for (size_t i = 0; i < r->word_count; i++) {
		const struct redact_word *w = &r->words[i];
		const char *end = str_after(s, w->text);
		if (!end)
			continue;
		if (!w->alone ||
			((s == text || !touches(s[-1]) || !touches(*s)) &&
				(!touches(*end) || !touches(end[-1]))))
			return w;
	}
	return NULL;
}

static const char *const secret_names[] = {"password", "passwd", "passphrase", "secret", "token",
	"api-key", "api_key", "apikey", "access-key", "access_key", "private-key", "private_key",
	"auth", "credential", "cookie", "pgpassword", "mysql_pwd", "session"};

/* The bytes of a name that says a secret follows: "--token ", "API_KEY=", "Bearer "; 0 = none. */
static size_t secret_name(const char *text, const char *s)
{
	if (s > text && isalnum((unsigned char)s[-1]))
		return 0;
	if (strncasecmp(s, "bearer ", 7) == 0 || strncasecmp(s, "basic ", 6) == 0)
		return *s == 'b' || *s == 'B' ? strcspn(s, " ") + 1 : 0;
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	bool option = strncmp(s, "--", 2) == 0;
	char end = s[len];
	if (len < 4 || (end != '=' && end != ':' && !(option && end == ' ')))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(secret_names); i++) {
		size_t n = strlen(secret_names[i]);
		for (size_t k = 0; k + n <= len; k++)
			if (strncasecmp(s + k, secret_names[i], n) == 0)
				return len + 1;
	}
	return 0;
}

/* "user:password@" behind "://"; its length without the "@", 0 = none. */
static size_t login(const char *text, const char *s)
{
	if (s - text < 3 || strncmp(s - 3, "://", 3) != 0)
		return 0;
	size_t len = strcspn(s, "/ \t\n\"'?#");
	const char *at = memrchr(s, '@', len);
	return at ? (size_t)(at - s) : 0;
}

/* Long words of letters and digits mixed are keys, not prose. */
static size_t key_like(const char *text, const char *s)
{
	bool digit = false, letter = false;
	size_t len = 0;

	if (s > text && touches(s[-1]))
		return 0;
	for (; touches(s[len]) && s[len] != '-'; len++) {
		digit = digit || isdigit((unsigned char)s[len]);
		letter = letter || isalpha((unsigned char)s[len]);
	}
	return len >= 32 && digit && letter ? len : 0;
}

/* The bytes of a secret at s that are replaced; *out_keep of them are its name and stay. */
static size_t secret_at(const char *text, const char *s, size_t *out_keep)
{
	size_t len = login(text, s);

	*out_keep = 0;
	if (!len)
		len = key_like(text, s);
	if (len)
		return len;
	static const char ends[] = " \t\n&;,)'\"";
	size_t name = secret_name(text, s);
	if (!name)
		return 0;
	while (s[name] == ' ')
		name++;
	char quote[2] = {s[name] == '"' || s[name] == '\'' ? s[name] : '\0', '\0'};
	size_t value = strcspn(s + name, ends);
	if (quote[0]) {
		value = 1 + strcspn(s + name + 1, quote);
		value += s[name + value] == quote[0];
	}
	size_t scheme = str_after(s + name, "Bearer ") ? 7 : str_after(s + name, "Basic ") ? 6 : 0;
	if (scheme)
		value = scheme + strcspn(s + name + scheme, ends);
	*out_keep = name;
	return value ? name + value : 0;
}

void redact_text(struct redact *r, struct buf *out, const char *text)
{
	for (const char *s = text; s && *s;) {
		size_t keep, len = secret_at(text, s, &keep);
		if (len) {
			buf_add(out, s, keep);
			buf_str(out, "***");
			r->counts[REDACT_SECRET]++;
			s += len;
			continue;
		}
		const struct redact_word *w = word_at(r, text, s);
		if (w) {
			buf_str(out, w->instead);
			r->counts[w->kind]++;
			s += strlen(w->text);
			continue;
		}
		buf_char(out, *s++);
	}
}

const char *redact_kind_text(int kind)
{
	static const char *const texts[] = {"the user name", "the home folder",
		"the machine's name", "passwords, tokens and keys",
		"arguments of other users' processes"};

	return texts[kind];
}
