#include "sys/netlink.h"

#include "replay.h"
#include "unit.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>

/* One datagram that a test writes itself, and what the source says after it. */
struct made {
	char bytes[4096];
	size_t len;
	bool read;
	ssize_t then;
};

static void add(struct made *m, uint16_t type, uint16_t flags, uint32_t sequence,
	const void *payload, size_t len)
{
	struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(sizeof(h) + len),
		.nlmsg_type = type,
		.nlmsg_flags = flags,
		.nlmsg_seq = sequence,
	};

	memcpy(m->bytes + m->len, &h, sizeof(h));
	if (len)
		memcpy(m->bytes + m->len + sizeof(h), payload, len);
	m->len += NLMSG_ALIGN(sizeof(h) + len);
}

static ssize_t receive_made(void *source, void *buffer, size_t size)
{
	struct made *m = source;

	if (m->read)
		return m->then;
	m->read = true;
	must(m->len <= size);
	memcpy(buffer, m->bytes, m->len);
	return (ssize_t)m->len;
}

static int count(void *ctx, uint16_t type, struct reader payload)
{
	int *n = ctx;

	*n += type == SOCK_DIAG_BY_FAMILY && payload.left >= 4;
	return 0;
}

static int count_any(void *ctx, uint16_t type, struct reader payload)
{
	(void)type;
	(void)payload;
	++*(int *)ctx;
	return 0;
}

static int parse(struct made *m, int *out_count)
{
	*out_count = 0;
	return netlink_parse(receive_made, m, REPLAY_SEQUENCE, count, out_count);
}

static const uint32_t body = 7;

TEST(reads_a_recorded_dump)
{
	struct replay r = replay_load("tcp4-all.bin");
	int n = 0;

	CHECK_INT(netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, count, &n), 0);
	CHECK_INT(n, 9);
}

/* Wherever an answer is cut, it is never taken for a whole one. */
TEST(refuses_a_dump_cut_anywhere)
{
	static const char *const names[] = {"tcp4-listeners.bin", "unix.bin", "packet.bin"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct replay whole = replay_load(names[i]);
		uint32_t len = reader_le32(&whole.datagrams);
		AUTO(free) char *cut = must_malloc(5 + len);
		memcpy(cut + 5, reader_bytes(&whole.datagrams, len), len);
		cut[0] = (char)whole.proto;
		for (uint32_t keep = 0; keep < len; keep++) {
			memcpy(cut + 1, &keep, 4);
			struct replay r = replay_of(cut, 5 + keep);
			int n = 0;
			if (netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, count, &n) !=
				-EBADMSG)
				unit_int(__FILE__, __LINE__, names[i], keep, -1);
		}
	}
}

TEST(says_when_a_dump_was_interrupted)
{
	struct made m = {0};
	int n;

	add(&m, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 1, &body, 4);
	add(&m, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI | NLM_F_DUMP_INTR, 1, &body, 4);
	add(&m, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 1, &body, 4);
	add(&m, NLMSG_DONE, NLM_F_MULTI, 1, &(int32_t){0}, 4);
	CHECK_INT(parse(&m, &n), -EAGAIN);
	CHECK_INT(n, 3);

	struct made full = {.then = -ENOBUFS};
	add(&full, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 1, &body, 4);
	CHECK_INT(parse(&full, &n), -EAGAIN);
	struct made broken = {.then = -ENETDOWN};
	add(&broken, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 1, &body, 4);
	CHECK_INT(parse(&broken, &n), -ENETDOWN);
}

TEST(ignores_answers_to_other_requests)
{
	struct made m = {0};
	int n;

	add(&m, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 0, &body, 4);
	add(&m, NLMSG_DONE, NLM_F_MULTI, 0, &(int32_t){0}, 4);
	add(&m, NLMSG_ERROR, 0, 2, &(int32_t){-EPERM}, 4);
	add(&m, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 1, &body, 4);
	add(&m, NLMSG_NOOP, 0, 1, NULL, 0);
	add(&m, NLMSG_DONE, NLM_F_MULTI, 1, &(int32_t){0}, 4);
	CHECK_INT(parse(&m, &n), 0);
	CHECK_INT(n, 1);
}

TEST(passes_errors_on)
{
	struct made refused = {0}, ack = {0}, cut = {0};
	int n;

	add(&refused, NLMSG_ERROR, 0, 1, &(int32_t){-EPERM}, 4);
	CHECK_INT(parse(&refused, &n), -EPERM);
	add(&ack, NLMSG_ERROR, 0, 1, &(int32_t){0}, 4);
	CHECK_INT(parse(&ack, &n), 0);
	add(&cut, NLMSG_ERROR, 0, 1, &(int16_t){-1}, 2);
	CHECK_INT(parse(&cut, &n), -EBADMSG);
}

/* A dump that fails on its way ends with NLMSG_DONE and an errno inside (netlink_dump_done). */
TEST(passes_the_error_of_a_done_on)
{
	struct replay r = replay_load("no-module.bin");
	struct made m = {0}, bare = {0};
	int n = 0;

	CHECK_INT(netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, count, &n), -ENOENT);
	add(&m, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 1, &body, 4);
	add(&m, NLMSG_DONE, NLM_F_MULTI, 1, &(int32_t){-EINVAL}, 4);
	CHECK_INT(parse(&m, &n), -EINVAL);
	add(&bare, NLMSG_DONE, NLM_F_MULTI, 1, NULL, 0);
	CHECK_INT(parse(&bare, &n), 0);
}

TEST(refuses_garbage)
{
	struct made m = {0}, lies = {0};
	int n;

	memset(m.bytes, 0xa5, m.len = 333);
	CHECK_INT(parse(&m, &n), -EBADMSG);
	struct made zeros = {.len = 64};
	CHECK_INT(parse(&zeros, &n), -EBADMSG);
	add(&lies, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 1, &body, 4);
	((struct nlmsghdr *)(void *)lies.bytes)->nlmsg_len = 21;
	CHECK_INT(parse(&lies, &n), -EBADMSG);
}

static int refuse(void *ctx, uint16_t type, struct reader payload)
{
	(void)ctx;
	(void)type;
	(void)payload;
	return -EOVERFLOW;
}

TEST(ends_when_the_receiver_has_enough)
{
	struct replay r = replay_load("unix.bin");

	CHECK_INT(netlink_parse(replay_receive, &r, REPLAY_SEQUENCE, refuse, NULL), -EOVERFLOW);
}

TEST(reads_attributes)
{
	static const uint8_t good[] = {5, 0, 1, 0x80, 9, 0, 0, 0, 4, 0, 2, 0, 6, 0, 3, 0, 1, 2};
	static const uint8_t too_short[] = {3, 0, 1, 0}, too_long[] = {9, 0, 1, 0, 1, 2, 3, 4};
	struct netlink_attribute a;
	struct reader r = reader_init(good, sizeof(good));

	CHECK(netlink_attribute(&r, &a) && a.type == 1 && a.len == 1 && a.data[0] == 9);
	CHECK(netlink_attribute(&r, &a) && a.type == 2 && a.len == 0);
	CHECK(netlink_attribute(&r, &a) && a.type == 3 && a.len == 2 && a.data[1] == 2);
	CHECK(!netlink_attribute(&r, &a));
	r = reader_init(too_short, sizeof(too_short));
	CHECK(!netlink_attribute(&r, &a));
	r = reader_init(too_long, sizeof(too_long));
	CHECK(!netlink_attribute(&r, &a));
}

static void forget(void *ctx)
{
	*(int *)ctx = 0;
}

TEST(asks_this_kernel)
{
	struct unix_diag_req q = {.sdiag_family = AF_UNIX, .udiag_states = ~0u};
	AUTO(close) int fd = netlink_open(NETLINK_SOCK_DIAG, NULL);
	int pair[2], n = 0;

	CHECK(fd >= 0);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	for (int i = 0; i < 3; i++) { /* the same descriptor serves again */
		n = 0;
		CHECK_INT(netlink_dump(fd, SOCK_DIAG_BY_FAMILY, &q, sizeof(q), count, forget, &n),
			0);
		CHECK(n >= 2);
	}
	close(pair[0]);
	close(pair[1]);
}

/* One answer, not a dump; what is not there is an errno and leaves the descriptor usable. */
TEST(asks_about_one_thing)
{
	struct ifinfomsg lo = {.ifi_index = 1}, none = {.ifi_index = 1 << 30};
	AUTO(close) int fd = netlink_open(NETLINK_ROUTE, NULL);
	int n = 0;

	CHECK(fd >= 0);
	CHECK_INT(netlink_ask(fd, RTM_GETLINK, &none, sizeof(none), count_any, &n), -ENODEV);
	CHECK_INT(netlink_ask(fd, RTM_GETLINK, &lo, sizeof(lo), count_any, &n), 0);
	CHECK_INT(n, 1);
}

TESTS(reads_a_recorded_dump, refuses_a_dump_cut_anywhere, says_when_a_dump_was_interrupted,
	ignores_answers_to_other_requests, passes_errors_on, passes_the_error_of_a_done_on,
	refuses_garbage, ends_when_the_receiver_has_enough, reads_attributes, asks_this_kernel,
	asks_about_one_thing)
