#include "inventory/problems.h"

#include "snap.h"
#include "unit.h"

static size_t count_of(const struct snapshot *s, const char *id, const char **out_sentence)
{
	size_t all, count = 0;
	const struct finding *list = problems_find(s, &all);

	for (size_t i = 0; i < all; i++) {
		if (!str_eq(list[i].id, id))
			continue;
		*out_sentence = list[i].sentence;
		count++;
	}
	return count;
}

TEST(names_the_two_that_do_share_a_port)
{
	AUTO(snap) struct snap w = snap_new();
	const char *sentence = "";

	snap_listen(&w, "10.0.0.1", 3000, snap_owner(&w, 11, "/usr/bin/one"));
	snap_listen(&w, "10.0.0.2", 3000, snap_owner(&w, 12, "/usr/bin/two"));
	snap_listen(&w, "10.0.0.3", 3000, snap_owner(&w, 13, "/usr/bin/three"));
	snap_listen(&w, "10.0.0.1", 3000, snap_owner(&w, 14, "/usr/bin/four"));
	CHECK_INT(count_of(snap_take(&w), "shadowed", &sentence), 1);
	CHECK(strstr(sentence, "one 11") && strstr(sentence, "four 14"));
}

TEST(a_third_one_between_shares_with_neither)
{
	AUTO(snap) struct snap w = snap_new();
	const char *sentence = "";

	snap_listen(&w, "10.0.0.1", 3000, snap_owner(&w, 11, "/usr/bin/one"));
	snap_listen(&w, "127.0.0.1", 3000, snap_owner(&w, 12, "/usr/bin/two"));
	snap_listen(&w, "::1", 3000, snap_owner(&w, 13, "/usr/bin/three"));
	snap_listen(&w, "10.0.0.1", 3000, snap_owner(&w, 14, "/usr/bin/four"));
	CHECK_INT(count_of(snap_take(&w), "shadowed", &sentence), 2);
	CHECK(!strstr(sentence, "two 12") == !strstr(sentence, "three 13"));
}

TEST(interfaces_of_their_own_are_no_conflict)
{
	AUTO(snap) struct snap w = snap_new();
	const char *sentence;

	size_t a = snap_listen(&w, "0.0.0.0", 3000, snap_owner(&w, 11, "/usr/bin/one"));
	size_t b = snap_listen(&w, "0.0.0.0", 3000, snap_owner(&w, 12, "/usr/bin/two"));
	w.sockets.items[a].local.ifindex = 1001;
	w.sockets.items[b].local.ifindex = 1002;
	CHECK_INT(count_of(snap_take(&w), "shadowed", &sentence), 0);
}

TEST(localhost_is_both_families)
{
	AUTO(snap) struct snap w = snap_new();
	const char *sentence;

	snap_listen(&w, "::ffff:127.0.0.1", 3000, snap_owner(&w, 11, "/usr/bin/java"));
	snap_listen(&w, "::1", 3000, snap_owner(&w, 12, "/usr/bin/node"));
	CHECK_INT(count_of(snap_take(&w), "shadowed", &sentence), 1);
}

TESTS(names_the_two_that_do_share_a_port, a_third_one_between_shares_with_neither,
	interfaces_of_their_own_are_no_conflict, localhost_is_both_families)
