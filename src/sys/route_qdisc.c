/*
 * route_qdisc - the settings of a queueing discipline in words: what slows loopback down on purpose.
 *
 * netem hands out a struct and then attributes, tbf and most others attributes alone
 * (netem_dump() in net/sched/sch_netem.c, tbf_dump()). Times of the old structs are in "ticks" of
 * 64 ns (PSCHED_SHIFT), which /proc/net/psched has said on every kernel since 2.6.31.
 */
#include "sys/route_part.h"

#include "base/str.h"
#include "base/text.h"
#include "sys/netlink.h"
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#define TICK_NS	   64ull
#define TEXT_MAX   512
#define QDISC_NAME 32

static void add_word(struct buf *out, const char *word)
{
	if (out->len)
		buf_str(out, ", ");
	buf_str(out, word);
	buf_char(out, ' ');
}

static void add_ms(struct buf *out, const char *word, uint64_t ns)
{
	add_word(out, word);
	buf_printf(out, "%.6g ms", (double)ns / 1e6);
}

/* Of UINT32_MAX, as netem counts chances. */
static void add_share(struct buf *out, const char *word, uint32_t share)
{
	if (!share)
		return;
	add_word(out, word);
	buf_printf(out, "%.3g %%", (double)share * 100 / UINT32_MAX);
}

static void add_bytes(struct buf *out, const char *word, uint64_t bytes)
{
	add_word(out, word);
	buf_printf(out, "%llu bytes", (unsigned long long)bytes);
}

static void add_rate(struct buf *out, const char *word, uint64_t bytes_a_second)
{
	static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
	double rate = (double)bytes_a_second * 8;
	size_t unit = 0;

	while (rate >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
		rate /= 1000;
		unit++;
	}
	add_word(out, word);
	buf_printf(out, "%.4g %s", rate, units[unit]);
}

struct netem {
	struct tc_netem_qopt base;
	uint64_t latency_ns, jitter_ns, rate;
	uint32_t corrupt, reorder;
	bool loss_model;
};

static void netem_attribute(struct netem *n, const struct netlink_attribute *a)
{
	uint32_t rate;
	bool has_rate64 = n->rate > UINT32_MAX;

	switch (a->type) {
	case TCA_NETEM_LATENCY64:
		netlink_u64(a, &n->latency_ns);
		break;
	case TCA_NETEM_JITTER64:
		netlink_u64(a, &n->jitter_ns);
		break;
	case TCA_NETEM_RATE64:
		netlink_u64(a, &n->rate);
		break;
	case TCA_NETEM_RATE: /* begins with the rate; UINT32_MAX when RATE64 says it */
		if (!has_rate64 && netlink_u32(a, &rate))
			n->rate = rate;
		break;
	case TCA_NETEM_CORRUPT:
		netlink_u32(a, &n->corrupt);
		break;
	case TCA_NETEM_REORDER:
		netlink_u32(a, &n->reorder);
		break;
	case TCA_NETEM_LOSS:
		n->loss_model = true;
		break;
	default:
		break;
	}
}

static void netem_text(struct reader options, struct buf *out)
{
	struct netlink_attribute a;
	struct netem n = {0};

	if (!reader_copy(&options, &n.base, sizeof(n.base)))
		return;
	n.latency_ns = n.base.latency * TICK_NS;
	n.jitter_ns = n.base.jitter * TICK_NS;
	while (netlink_attribute(&options, &a))
		netem_attribute(&n, &a);
	if (n.latency_ns)
		add_ms(out, "delay", n.latency_ns);
	if (n.jitter_ns)
		add_ms(out, "jitter", n.jitter_ns);
	if (n.loss_model)
		buf_str(out, out->len ? ", loss by a model" : "loss by a model");
	add_share(out, "loss", n.base.loss);
	add_share(out, "duplicate", n.base.duplicate);
	add_share(out, "corrupt", n.corrupt);
	add_share(out, "reorder", n.reorder);
	if (n.rate)
		add_rate(out, "rate", n.rate);
}

static void tbf_text(struct reader options, struct buf *out)
{
	struct tc_tbf_qopt q = {0};
	struct netlink_attribute a;
	uint64_t rate = 0, rate64 = 0;
	uint32_t burst = 0;

	while (netlink_attribute(&options, &a)) {
		struct reader body = reader_init(a.data, a.len);
		if (a.type == TCA_TBF_PARMS && reader_copy(&body, &q, sizeof(q)))
			rate = q.rate.rate;
		else if (a.type == TCA_TBF_RATE64)
			netlink_u64(&a, &rate64);
		else if (a.type == TCA_TBF_BURST)
			netlink_u32(&a, &burst);
	}
	rate = rate64 ? rate64 : rate;
	if (!rate)
		return;
	add_rate(out, "rate", rate);
	/* the kernel keeps a burst as the time that it takes to send it */
	double seconds = (double)(q.buffer * TICK_NS) / 1e9;
	add_bytes(out, "burst", burst ? burst : (uint64_t)(seconds * (double)rate + 0.5));
	add_bytes(out, "limit", q.limit);
}

static void pfifo_text(struct reader options, struct buf *out)
{
	struct tc_fifo_qopt q;

	if (reader_copy(&options, &q, sizeof(q)))
		buf_printf(out, "limit %u packets", q.limit);
}

static void bfifo_text(struct reader options, struct buf *out)
{
	struct tc_fifo_qopt q;

	if (reader_copy(&options, &q, sizeof(q)))
		add_bytes(out, "limit", q.limit);
}

static const struct {
	const char *kind;
	void (*text)(struct reader options, struct buf *out);
} kinds[] = {
	{"netem", netem_text},
	{"tbf", tbf_text},
	{"pfifo", pfifo_text},
	{"bfifo", bfifo_text},
};

bool route_parse_qdisc(struct arena *arena, struct reader payload, struct link_facts *out)
{
	AUTO(buf) struct buf text = BUF_INIT(TEXT_MAX);
	AUTO(buf) struct buf name = BUF_INIT(TEXT_MAX);
	struct reader options = reader_init(NULL, 0);
	struct netlink_attribute a;
	char kind[QDISC_NAME] = "";
	struct tcmsg m;

	if (!reader_copy(&payload, &m, sizeof(m)) || m.tcm_ifindex <= 0 ||
		(uint32_t)m.tcm_ifindex != out->index || m.tcm_parent != TC_H_ROOT)
		return false;
	while (netlink_attribute(&payload, &a)) {
		if (a.type == TCA_KIND && a.len < sizeof(kind))
			memcpy(kind, a.data, a.len);
		else if (a.type == TCA_OPTIONS)
			options = reader_init(a.data, a.len);
	}
	if (!*kind)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(kinds[i].kind, kind))
			kinds[i].text(options, &text);
	text_escape(&name, kind, strlen(kind));
	out->qdisc = arena_strdup(arena, name.data);
	out->qdisc_text = text.len ? arena_strdup(arena, text.data) : NULL;
	return true;
}
