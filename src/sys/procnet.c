/*
 * procnet - see procnet.h.
 *
 *	sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt  uid timeout inode
 *	 0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1000       0 16433
 *
 * An address is written as words in the machine's byte order, four or one.
 */
#include "sys/procnet.h"

#include "base/fs.h"
#include "base/str.h"
#include <errno.h>

#define TABLE_MAX (64u << 20)

static bool parse_hex(const char **p, unsigned digits, uint32_t *out)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < digits; i++, (*p)++) {
		char c = **p;
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if (c >= 'A' && c <= 'F')
			value = value << 4 | (uint32_t)(c - 'A' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

static bool parse_end(const char **p, uint8_t family, struct address *out_address,
	uint16_t *out_port)
{
	struct address a = {.family = family};
	uint32_t port;

	for (unsigned i = 0; i < (family == AF_INET ? 1 : 4); i++) {
		uint32_t word;
		if (!parse_hex(p, 8, &word))
			return false;
		memcpy(a.bytes + 4 * i, &word, 4);
	}
	if (*(*p)++ != ':' || !parse_hex(p, 4, &port) || *(*p)++ != ' ')
		return false;
	*out_address = a;
	*out_port = (uint16_t)port;
	return true;
}

/* The next word of the line as a decimal number. */
static bool parse_number(const char **p, uint64_t max, uint64_t *out)
{
	char word[24];
	size_t len;

	*p += strspn(*p, " ");
	len = strcspn(*p, " ");
	if (len >= sizeof(word))
		return false;
	memcpy(word, *p, len);
	word[len] = '\0';
	*p += len;
	return str_u64(word, max, out);
}

static void skip_words(const char **p, unsigned count)
{
	while (count--) {
		*p += strspn(*p, " ");
		*p += strcspn(*p, " ");
	}
}

bool procnet_parse(const char *line, uint8_t family, enum proto proto, struct socket *out)
{
	struct socket s = {.local.proto = proto};
	uint32_t state, sent, received;
	uint64_t uid, inode;
	const char *p = strstr(line, ": ");

	if (!p)
		return false;
	p += 2;
	if (!parse_end(&p, family, &s.local.address, &s.local.port) ||
		!parse_end(&p, family, &s.remote, &s.remote_port))
		return false;
	if (!parse_hex(&p, 2, &state) || *p++ != ' ')
		return false;
	if (!parse_hex(&p, 8, &sent) || *p++ != ':' || !parse_hex(&p, 8, &received))
		return false;
	skip_words(&p, 2); /* timer, retransmits */
	if (!parse_number(&p, UINT32_MAX, &uid))
		return false;
	skip_words(&p, 1);
	if (!parse_number(&p, UINT32_MAX, &inode))
		return false;
	s.state = (uint8_t)MIN(state, SOCKET_STATE_COUNT - 1u);
	s.uid = (uint32_t)uid;
	s.inode = (uint32_t)inode;
	s.rqueue = received;
	s.wqueue = s.state == SOCKET_LISTEN ? BACKLOG_UNKNOWN : sent;
	if (s.remote_port == 0)
		s.remote.family = AF_UNSPEC;
	s.dual_stack = family == AF_INET6 && !s.remote_port && address_is_any(&s.local.address);
	*out = s;
	return true;
}

static bool wanted(const struct sock_query *q, const struct socket *s)
{
	if (!(q->states & SOCKET_BIT(s->state)))
		return false;
	return !q->port || q->port == s->local.port || q->port == s->remote_port;
}

static int read_table(const struct host *host, const char *path, uint8_t family, enum proto proto,
	const struct sock_query *query, uint32_t netns, struct socket_list *out)
{
	AUTO(buf) struct buf text = BUF_INIT(TABLE_MAX);
	char *save = NULL;
	int r = fs_read_at(host->proc, path, &text);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		struct socket s;
		if (!procnet_parse(line, family, proto, &s) || !wanted(query, &s))
			continue;
		struct socket *slot = vec_push(&out->v);
		if (!slot)
			return -EOVERFLOW;
		*slot = s;
		slot->netns = netns;
	}
	return 0;
}

int procnet_list(const struct host *host, pid_t pid, const struct sock_query *query, uint32_t netns,
	struct socket_list *out)
{
	static const struct {
		const char *name;
		uint8_t family;
		enum proto proto;
	} tables[] = {{"tcp", AF_INET, PROTO_TCP}, {"tcp6", AF_INET6, PROTO_TCP},
		{"udp", AF_INET, PROTO_UDP}, {"udp6", AF_INET6, PROTO_UDP}};

	size_t before = out->v.count;

	out->v.max = MAX(out->v.max, (size_t)1 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		char path[64];
		if (!(query->protos & PROTO_BIT(tables[i].proto)))
			continue;
		snprintf(path, sizeof(path), "%d/net/%s", pid, tables[i].name);
		int r = read_table(host, path, tables[i].family, tables[i].proto, query, netns,
			out);
		/* a kernel without IPv6 has no such table */
		if (r < 0 && !(r == -ENOENT && tables[i].family == AF_INET6)) {
			out->v.count = before;
			return r;
		}
	}
	return 0;
}
