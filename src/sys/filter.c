/* filter - see filter.h. Reading is in nft_rules.c and iptables_legacy.c, judging in filter_walk.c. */
#include "sys/filter.h"

#include "base/fs.h"
#include "base/must.h"
#include "base/str.h"
#include "sys/caps.h"
#include "sys/filter_walk.h"
#include "sys/iptables_legacy.h"
#include "sys/nft_text.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <sys/utsname.h>

enum { FINDINGS_MAX = 256, TEXT_MAX = 4096 };

const char *filter_deed_name(int deed)
{
	static const char *const names[] = {
		[FILTER_DROP] = "drop",
		[FILTER_REJECT] = "reject",
		[FILTER_REDIRECT] = "redirect",
		[FILTER_LIMIT] = "limit",
		[FILTER_QUEUE] = "queue",
	};

	must(deed >= 0 && (size_t)deed < ARRAY_SIZE(names));
	return names[deed];
}

static const char *system_of(const struct table *t)
{
	if (t->dialect == DIALECT_NFT)
		return "nft";
	return t->family == NFPROTO_IPV6 ? "ip6tables" : "iptables";
}

/* `iptables` may be either kind where both are installed: then the full name is used. */
static const char *command_of(const struct host *host, struct arena *arena, const struct table *t)
{
	const char *kind = t->dialect == DIALECT_IPTABLES ? "legacy" : "nft";
	const char *name = system_of(t);
	const char *const folders[] = {"usr/sbin", "sbin"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		bool both = true;
		for (int k = 0; k < 2; k++) {
			const char *path = arena_printf(arena, "%s/%s-%s", folders[i], name,
				k ? "legacy" : "nft");
			both &= faccessat(host->root, path, F_OK, 0) == 0;
		}
		if (both)
			return arena_printf(arena, "%s-%s", name, kind);
	}
	return name;
}

static const char *rule_text(struct arena *arena, const struct walk_finding *f)
{
	AUTO(buf) struct buf text = BUF_INIT(TEXT_MAX);

	if (f->table->dialect == DIALECT_NFT && !f->rule)
		buf_printf(&text, "policy drop");
	else if (!f->rule)
		buf_printf(&text, "-P %s DROP", f->chain->name);
	else if (f->table->dialect == DIALECT_NFT)
		nft_rule_text(&text, arena, f->table, f->rule);
	else if (f->table->dialect == DIALECT_IPTABLES_NFT)
		iptables_nft_rule_text(&text, arena, f->table, f->rule);
	else
		iptables_rule_text(&text, arena, f->table, f->rule);
	return arena_strndup(arena, text.data, text.len);
}

static void nft_remove(struct buf *out, const struct walk_finding *f)
{
	const char *family = family_name(f->table->family);

	buf_str(out, f->rule ? "nft delete rule " : "nft chain ");
	buf_printf(out, "%s ", family);
	str_shell_quote(out, f->table->name);
	buf_char(out, ' ');
	str_shell_quote(out, f->chain->name);
	if (f->rule)
		buf_printf(out, " handle %llu", (unsigned long long)f->rule->handle);
	else
		buf_str(out, " '{ policy accept; }'");
}

static const char *remove_command(const struct host *host, struct arena *arena,
	const struct walk_finding *f)
{
	AUTO(buf) struct buf text = BUF_INIT(TEXT_MAX);

	if (f->table->dialect == DIALECT_NFT) {
		nft_remove(&text, f);
		return arena_strdup(arena, text.data);
	}
	buf_str(&text, command_of(host, arena, f->table));
	if (!str_eq(f->table->name, "filter"))
		buf_printf(&text, " -t %s", f->table->name);
	buf_str(&text, f->rule ? " -D " : " -P ");
	str_shell_quote(&text, f->chain->name);
	if (f->rule)
		buf_printf(&text, " %u", f->rule->number);
	else
		buf_str(&text, " ACCEPT");
	return arena_strdup(arena, text.data);
}

static struct filter_rule record(const struct host *host, struct arena *arena,
	const struct walk_finding *f)
{
	return (struct filter_rule){
		.system = system_of(f->table),
		.family = family_name(f->table->family),
		.table = f->table->name,
		.chain = f->chain->name,
		.hook = hook_name(f->hook),
		.answer = f->answer,
		.policy = !f->rule,
		.handle = f->rule ? f->rule->handle : 0,
		.number = f->rule ? f->rule->number : 0,
		.deed = f->deed,
		.sure = f->sure,
		.text = rule_text(arena, f),
		.with = f->with,
		.comment = f->rule ? f->rule->comment : NULL,
		.to_address = f->to,
		.to_port = f->to_port,
		.counted = f->rule ? f->rule->counted : f->chain->counted,
		.packets = f->rule ? f->rule->packets : f->chain->packets,
		.remove = remove_command(host, arena, f),
	};
}

/*
 * A request to nf_tables would load its module. Where the kernel has modules, and this one is a file
 * that is not loaded, there are no rules.
 */
static bool nftables_is_there(const struct host *host)
{
	static const char *const endings[] = {"", ".xz", ".zst", ".gz"};
	AUTO(buf) struct buf modules = BUF_INIT(1 << 20);
	struct utsname u;
	char path[512];

	if (fs_read_at(host->proc, "modules", &modules) < 0 || strstr(modules.data, "nf_tables ") ||
		uname(&u) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		snprintf(path, sizeof(path), "lib/modules/%s/kernel/net/netfilter/nf_tables.ko%s",
			u.release, endings[i]);
		if (faccessat(host->root, path, F_OK, 0) == 0)
			return false;
	}
	return true;
}

static void unseen(struct arena *arena, struct filter_answer *out, const char *what, int code,
	const struct err *err)
{
	bool right = code == -EPERM || code == -EACCES;

	out->unseen = out->unseen ? arena_printf(arena, "%s and %s", out->unseen, what) : what;
	out->why = right ? "the kernel shows packet filters to administrators of the network only"
			 : arena_strdup(arena, err->text);
	if (right)
		out->needs = "CAP_NET_ADMIN (run it with sudo)";
}

static void read_rules(const struct host *host, struct arena *arena, struct ruleset *rules,
	struct filter_answer *out)
{
	struct err why = {0};
	int r = nftables_is_there(host) ? nft_rules_read(rules, &why) : 0;

	if (r < 0)
		unseen(arena, out, "nftables", r, &why);
	r = iptables_read(host, rules, &why);
	if (r < 0)
		unseen(arena, out, "legacy iptables", r, &why);
}

int filter_judge(const struct host *host, struct arena *arena, const struct filter_flow *flow,
	struct filter_answer *out, struct err *err)
{
	AUTO(ruleset) struct ruleset rules;
	struct filter_answer answer = {0};
	struct walk w = {.arena = arena, .rules = &rules, .flow = flow};

	ruleset_init(&rules, arena);
	int r = packet_init(&w.packet, host, flow, err);
	if (r < 0)
		return r;
	read_rules(host, arena, &rules, &answer);
	w.findings.max = FINDINGS_MAX;
	walk_run(&w);
	struct filter_rule *found = arena_array(arena, struct filter_rule, w.findings.count + 1);
	for (size_t i = 0; i < w.findings.count; i++)
		found[i] = record(host, arena, &w.findings.items[i]);
	answer.rules = found;
	answer.count = w.findings.count;
	answer.rules_read = rules.rules_read;
	vec_fini(&w.findings);
	*out = answer;
	return 0;
}

/* The columns have names in the first line; each line after it is one processor, in hexadecimal. */
static uint64_t sum_column(char *text, const char *wanted)
{
	int column = -1, at = 0;
	uint64_t sum = 0;
	char *save, *line = strtok_r(text, "\n", &save), *word_save;

	if (!line)
		return 0;
	for (char *w = strtok_r(line, " \t", &word_save); w;
		w = strtok_r(NULL, " \t", &word_save)) {
		if (str_eq(w, wanted))
			column = at;
		at++;
	}
	while (column >= 0 && (line = strtok_r(NULL, "\n", &save))) {
		at = 0;
		for (char *w = strtok_r(line, " \t", &word_save); w;
			w = strtok_r(NULL, " \t", &word_save))
			if (at++ == column)
				sum += strtoull(w, NULL, 16);
	}
	return sum;
}

bool filter_conntrack_read(const struct host *host, struct filter_conntrack *out)
{
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	struct filter_conntrack c = {0};

	if (!host_read_u64(host, "proc/sys/net/netfilter/nf_conntrack_count", &c.count) ||
		!host_read_u64(host, "proc/sys/net/netfilter/nf_conntrack_max", &c.max))
		return false;
	if (fs_read_at(host->proc, "thread-self/net/stat/nf_conntrack", &text) == 0 ||
		fs_read_at(host->proc, "net/stat/nf_conntrack", &text) == 0)
		c.dropped = sum_column(text.data, "drop");
	*out = c;
	return true;
}
