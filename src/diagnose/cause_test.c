#include "diagnose/diagnose.h"

#include "base/str.h"
#include "unit.h"

static bool is_sentence(const char *s)
{
	return s && *s && strlen(s) < 500 && strchr(".!?", s[strlen(s) - 1]) && !strchr(s, '\n');
}

TEST(says_all_about_each)
{
	CHECK(cause_count >= 121);
	for (size_t i = 0; i < cause_count; i++) {
		const struct cause *c = &causes[i];
		bool whole = is_sentence(c->shows) && is_sentence(c->why) && is_sentence(c->fix) &&
			(!c->not || is_sentence(c->not )) && !str_empty(c->title) &&
			!str_empty(c->group) && str_starts(c->more, "http");
		if (!whole)
			fprintf(stderr, "%s\n", c->id);
		CHECK(whole);
		CHECK(!c->needs || str_eq(c->needs, "part") || str_eq(c->needs, "root"));
		CHECK_STR(cause_ids[i], c->id);
	}
	CHECK(!cause_ids[cause_count]);
}

TEST(has_each_id_once)
{
	for (size_t i = 0; i < cause_count; i++) {
		CHECK(cause_find(causes[i].id) == &causes[i]);
		CHECK(strspn(causes[i].id, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
			strlen(causes[i].id));
	}
	CHECK(!cause_find("") && !cause_find("listens-ipv4-onl"));
}

TEST(finds_the_nearest)
{
	CHECK_STR(cause_nearest("listens-ipv4-onli")->id, "listens-ipv4-only");
	CHECK_STR(cause_nearest("nothing-listning")->id, "nothing-listening");
	CHECK(!cause_nearest("shop") && !cause_nearest("") && !cause_nearest("my-own-service"));
}

TESTS(says_all_about_each, has_each_id_once, finds_the_nearest)
