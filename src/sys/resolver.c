/*
 * resolver - see resolver.h.
 *
 * hosts(5), nsswitch.conf(5), resolv.conf(5); glibc 2.36 nss/nss_files/files-hosts.c,
 * nss/nss_database.c and resolv/res_init.c. nss-myhostname(8) and nss-resolve(8) make up localhost
 * and every *.localhost themselves (RFC 6761 section 6.3); glibc's files and dns do not.
 */
#include "sys/resolver.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"
#include <dirent.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

/* A place in a text; words end at spaces (a CR is one too) and at the end of the line. */
struct scan {
	const char *p, *end;
	unsigned line;
};

/* The next line without its end; false at the end of the text. */
static bool next_line(struct scan *text, struct scan *out)
{
	if (text->p >= text->end)
		return false;
	const char *newline = memchr(text->p, '\n', (size_t)(text->end - text->p));
	text->line++;
	*out = (struct scan){text->p, newline ? newline : text->end, text->line};
	text->p = newline ? newline + 1 : text->end;
	return true;
}

/* As isspace() in the C locale; a NUL must not end up inside a word. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

static void cut_comment(struct scan *line)
{
	const char *hash = memchr(line->p, '#', (size_t)(line->end - line->p));

	if (hash)
		line->end = hash;
}

/* The next word into `out`, NUL-terminated and cut to its size; false when there is none. */
static bool next_word(struct scan *line, char *out, size_t size)
{
	while (line->p < line->end && is_space(*line->p))
		line->p++;
	const char *start = line->p;
	while (line->p < line->end && !is_space(*line->p))
		line->p++;
	size_t len = MIN((size_t)(line->p - start), size - 1);
	memcpy(out, start, len);
	out[len] = '\0';
	return line->p > start;
}

/* False when the line is neither empty nor an entry. */
static bool parse_host_line(struct arena *arena, struct scan *line, struct hosts_entry *out)
{
	const char *names[RESOLVER_NAMES_MAX];
	char word[256];

	if (!next_word(line, word, sizeof(word)))
		return true;
	out->line = line->line;
	if (!address_parse(word, &out->address))
		return false;
	while (out->name_count < ARRAY_SIZE(names) && next_word(line, word, sizeof(word)))
		names[out->name_count++] = arena_strdup(arena, word);
	out->names = arena_memdup(arena, names, out->name_count * sizeof(*names));
	return out->name_count > 0;
}

void resolver_parse_hosts(struct arena *arena, const char *text, size_t len, struct hosts_file *out)
{
	VEC(struct hosts_entry) entries = VEC_INIT(RESOLVER_HOSTS_MAX);
	struct scan all = {text, text + len, 0}, line;
	struct hosts_file made = {0};

	while (next_line(&all, &line)) {
		struct hosts_entry entry = {0};
		cut_comment(&line);
		if (!parse_host_line(arena, &line, &entry)) {
			if (!made.bad_line)
				made.bad_line = line.line;
			continue;
		}
		struct hosts_entry *slot = entry.name_count ? vec_push(&entries) : NULL;
		if (slot)
			*slot = entry;
	}
	made.entries = arena_memdup(arena, entries.items, entries.count * sizeof(*entries.items));
	made.entry_count = entries.count;
	vec_fini(&entries);
	*out = made;
}

static int status_named(const char *word)
{
	static const char *const names[] = {"SUCCESS", "NOTFOUND", "UNAVAIL", "TRYAGAIN"};

	for (int i = 0; i < NSS_STATUS_COUNT; i++)
		if (strcasecmp(names[i], word) == 0)
			return i;
	return -1;
}

/* One "STATUS=action" or "!STATUS=action" of a [...] group. */
static void parse_action(const char *word, struct nss_source *source)
{
	static const char *const actions[] = {"continue", "return", "merge"};
	char status[16];
	bool all_but = *word == '!';
	const char *equals = strchr(word += all_but, '=');

	if (!equals || (size_t)(equals - word) >= sizeof(status))
		return;
	memcpy(status, word, (size_t)(equals - word));
	status[equals - word] = '\0';
	int named = status_named(status);
	for (uint8_t a = 0; named >= 0 && a < ARRAY_SIZE(actions); a++)
		for (int i = 0; strcasecmp(equals + 1, actions[a]) == 0 && i < NSS_STATUS_COUNT;
			i++)
			if ((i == named) != all_but)
				source->on[i] = a;
}

static void parse_group(struct scan *line, struct nss_source *source)
{
	const char *close = memchr(line->p, ']', (size_t)(line->end - line->p));
	struct scan group = {line->p + 1, close ? close : line->end, 0};
	char word[64];

	while (next_word(&group, word, sizeof(word)))
		if (source)
			parse_action(word, source);
	line->p = close ? close + 1 : line->end;
}

static void parse_chain(struct arena *arena, struct scan *line, struct nss_chain *out)
{
	VEC(struct nss_source) sources = VEC_INIT(RESOLVER_SOURCES_MAX);

	for (;;) {
		while (line->p < line->end && is_space(*line->p))
			line->p++;
		if (line->p == line->end)
			break;
		if (*line->p == '[') {
			parse_group(line, sources.count ? &sources.items[sources.count - 1] : NULL);
			continue;
		}
		const char *start = line->p;
		while (line->p < line->end && !is_space(*line->p) && *line->p != '[')
			line->p++;
		struct nss_source *slot = vec_push(&sources);
		if (slot)
			*slot = (struct nss_source){.name = arena_strndup(arena, start,
							    (size_t)(line->p - start)),
				.on = {[NSS_SUCCESS] = NSS_RETURN}};
	}
	*out = (struct nss_chain){arena_memdup(arena, sources.items,
					  sources.count * sizeof(*sources.items)),
		sources.count, line->line};
	vec_fini(&sources);
}

void resolver_parse_nsswitch(struct arena *arena, const char *text, size_t len,
	struct nss_chain *out)
{
	static const char fallback[] = "files dns";
	struct scan all = {text, text + len, 0}, line;
	struct scan defaults = {fallback, fallback + strlen(fallback), 0};
	bool found = false;

	while (next_line(&all, &line)) {
		cut_comment(&line);
		while (line.p < line.end && is_space(*line.p))
			line.p++;
		if (line.end - line.p < 6 || memcmp(line.p, "hosts:", 6) != 0)
			continue;
		line.p += 6;
		parse_chain(arena, &line, out); /* as in glibc, the last such line wins */
		found = true;
	}
	if (!found)
		parse_chain(arena, &defaults, out);
}

static void set_number(const char *word, const char *name, unsigned max, unsigned *out)
{
	const char *value = str_after(word, name);
	uint64_t number;

	if (value && str_u64(value, UINT32_MAX, &number))
		*out = (unsigned)MIN(number, (uint64_t)max);
}

static void parse_dns_options(struct scan *line, struct dns_config *dns)
{
	char word[64];

	while (next_word(line, word, sizeof(word))) {
		set_number(word, "ndots:", 15, &dns->ndots);
		set_number(word, "timeout:", 30, &dns->timeout_s);
		set_number(word, "attempts:", 5, &dns->attempts);
		dns->rotate = dns->rotate || str_eq(word, "rotate");
		dns->use_tcp = dns->use_tcp || str_eq(word, "use-vc");
	}
}

static void parse_search(struct arena *arena, struct scan *line, struct dns_config *dns)
{
	const char *names[RESOLVER_SEARCH_MAX];
	char word[256];
	size_t count = 0;

	while (count < ARRAY_SIZE(names) && next_word(line, word, sizeof(word)))
		names[count++] = arena_strdup(arena, word);
	dns->search = arena_memdup(arena, names, count * sizeof(*names));
	dns->search_count = count;
}

static void add_server(struct scan *line, struct dns_config *dns)
{
	char word[128];
	struct address a;

	if (!next_word(line, word, sizeof(word)) || !address_parse(word, &a))
		return;
	if (dns->server_count < RESOLVER_SERVERS_MAX)
		dns->servers[dns->server_count++] = a;
	else
		dns->servers_ignored++;
}

void resolver_parse_resolv(struct arena *arena, const char *text, size_t len,
	struct dns_config *out)
{
	struct scan all = {text, text + len, 0}, line;
	struct dns_config dns = {.ndots = 1, .timeout_s = 5, .attempts = 2};
	char word[32];

	while (next_line(&all, &line)) {
		if (line.p < line.end && (*line.p == '#' || *line.p == ';'))
			continue;
		if (!next_word(&line, word, sizeof(word)))
			continue;
		if (str_eq(word, "nameserver"))
			add_server(&line, &dns);
		else if (str_eq(word, "search") || str_eq(word, "domain"))
			parse_search(arena, &line, &dns);
		else if (str_eq(word, "options"))
			parse_dns_options(&line, &dns);
	}
	if (dns.server_count == 0)
		dns.servers[dns.server_count++] = ADDRESS_LOOPBACK4;
	*out = dns;
}

static bool module_in(const struct host *host, const char *folder, const char *name)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/libnss_%s.so.2", folder, name);
	return fstatat(host->root, path, &st, 0) == 0;
}

bool resolver_has_module(const struct host *host, const char *name)
{
	static const char *const folders[] = {"usr/lib64", "usr/lib", "lib64", "lib"};

	if (str_eq(name, "files") || str_eq(name, "dns"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		if (module_in(host, folders[i], name))
			return true;
		/* Debian: one folder an architecture, usr/lib/x86_64-linux-gnu */
		int fd = openat(host->root, folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		for (struct dirent *e; dir && (e = readdir(dir));) {
			char folder[300];
			snprintf(folder, sizeof(folder), "%s/%s", folders[i], e->d_name);
			if (strstr(e->d_name, "-linux-") && module_in(host, folder, name))
				return true;
		}
	}
	return false;
}

static bool read_file(const struct host *host, const char *path, struct buf *b)
{
	buf_clear(b);
	return fs_read_at(host->root, path, b) == 0;
}

void resolver_read(const struct host *host, struct arena *arena, struct resolver *out)
{
	AUTO(buf) struct buf b = BUF_INIT(RESOLVER_FILE_MAX);
	struct resolver r = {0};

	r.has_hosts = read_file(host, "etc/hosts", &b);
	resolver_parse_hosts(arena, b.data, b.len, &r.hosts);
	r.has_nsswitch = read_file(host, "etc/nsswitch.conf", &b);
	resolver_parse_nsswitch(arena, b.data, b.len, &r.chain);
	r.has_resolv = read_file(host, "etc/resolv.conf", &b);
	resolver_parse_resolv(arena, b.data, b.len, &r.dns);

	struct nss_source *sources =
		arena_memdup(arena, r.chain.sources, r.chain.source_count * sizeof(*sources));
	for (size_t i = 0; i < r.chain.source_count; i++)
		sources[i].installed = resolver_has_module(host, sources[i].name);
	r.chain.sources = sources;
	*out = r;
}

const struct nss_source *resolver_source(const struct resolver *r, const char *name)
{
	for (size_t i = 0; i < r->chain.source_count; i++)
		if (str_eq(r->chain.sources[i].name, name))
			return &r->chain.sources[i];
	return NULL;
}

static bool names_it(const struct hosts_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->name_count; i++)
		if (strcasecmp(entry->names[i], name) == 0)
			return true;
	return false;
}

const struct hosts_entry *resolver_hosts_find(const struct hosts_file *hosts, const char *name)
{
	for (size_t i = 0; i < hosts->entry_count; i++)
		if (names_it(&hosts->entries[i], name))
			return &hosts->entries[i];
	return NULL;
}

static void from_files(const struct hosts_file *hosts, const char *name, struct resolver_answer *a)
{
	for (size_t i = 0; i < hosts->entry_count; i++) {
		const struct hosts_entry *entry = &hosts->entries[i];
		if (!names_it(entry, name) || a->address_count == ARRAY_SIZE(a->addresses))
			continue;
		if (!a->address_count)
			a->line = entry->line;
		a->addresses[a->address_count++] = entry->address;
	}
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && strcasecmp(name + n - m, suffix) == 0;
}

/* RFC 6761 section 6.3; a final dot may stand. */
static bool is_localhost(const char *name)
{
	return strcasecmp(name, "localhost") == 0 || strcasecmp(name, "localhost.") == 0 ||
		strcasecmp(name, "localhost.localdomain") == 0 || ends_with(name, ".localhost") ||
		ends_with(name, ".localhost.");
}

static enum nss_status ask(const struct resolver *r, const struct nss_source *source,
	const char *name, struct resolver_answer *a)
{
	if (!source->installed)
		return NSS_UNAVAIL;
	if (str_eq(source->name, "files")) {
		from_files(&r->hosts, name, a);
		return a->address_count ? NSS_SUCCESS : NSS_NOTFOUND;
	}
	if ((str_eq(source->name, "myhostname") || str_eq(source->name, "resolve")) &&
		is_localhost(name)) {
		a->addresses[a->address_count++] = ADDRESS_LOOPBACK4;
		if (a->address_count < ARRAY_SIZE(a->addresses))
			a->addresses[a->address_count++] = ADDRESS_LOOPBACK6;
		return NSS_SUCCESS;
	}
	if (str_eq(source->name, "dns") || str_eq(source->name, "resolve") ||
		(str_starts(source->name, "mdns") && ends_with(name, ".local")))
		a->asks_network = true;
	return NSS_NOTFOUND;
}

void resolver_predict(const struct resolver *r, const char *name, struct resolver_answer *out)
{
	struct resolver_answer a = {0};

	for (size_t i = 0; i < r->chain.source_count; i++) {
		const struct nss_source *source = &r->chain.sources[i];
		enum nss_status status = ask(r, source, name, &a);
		if (status == NSS_SUCCESS) {
			a.source = source->name;
			a.asks_network = false;
			break;
		}
		if (source->on[status] == NSS_RETURN)
			break;
	}
	*out = a;
}
