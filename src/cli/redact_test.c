#include "cli/redact.h"

#include "unit.h"

static const struct redact_word words[] = {
	{REDACT_HOME, "/home/ada", "~", true},
	{REDACT_HOST, "devbox", "HOST", true},
	{REDACT_USER, "ada", "USER", true},
};

static struct redact r;

static const char *done(const char *text)
{
	static char shown[1000];
	AUTO(buf) struct buf out = BUF_INIT(1000);

	r = (struct redact){.words = words, .word_count = ARRAY_SIZE(words)};
	redact_text(&r, &out, text);
	snprintf(shown, sizeof(shown), "%s", out.data);
	return shown;
}

TEST(replaces_words_that_stand_alone)
{
	CHECK_STR(done("ada runs node in /home/ada/shop on devbox"),
		"USER runs node in ~/shop on HOST");
	CHECK_INT(r.counts[REDACT_USER], 1);
	CHECK_INT(r.counts[REDACT_HOME], 1);
	CHECK_STR(done("adapter, canada, devbox2, /home/adalbert"),
		"adapter, canada, devbox2, /home/adalbert");
}

TEST(hides_logins_of_urls)
{
	CHECK_STR(done("postgres://app:s3cr3t@127.0.0.1:5432/shop"),
		"postgres://***@127.0.0.1:5432/shop");
	CHECK_STR(done("http://127.0.0.1/a@b"), "http://127.0.0.1/a@b");
}

TEST(hides_values_of_secret_names)
{
	CHECK_STR(done("curl --token abc --x 1"), "curl --token *** --x 1");
	CHECK_STR(done("API_KEY=abc PORT=3000"), "API_KEY=*** PORT=3000");
	CHECK_STR(done("PGPASSWORD='a b' psql"), "PGPASSWORD=*** psql");
	CHECK_STR(done("-H 'Authorization: Bearer abc' x"), "-H 'Authorization: ***' x");
	CHECK_STR(done("/x?access_token=abc&page=2"), "/x?access_token=***&page=2");
	CHECK_STR(done("password="), "password=");
	CHECK_INT(r.counts[REDACT_SECRET], 0);
}

TEST(hides_what_looks_like_a_key)
{
	CHECK_STR(done("id ghp0123456789abcdefghijklmnopqrstuv now"), "id *** now");
	CHECK_STR(done("short0123 stays"), "short0123 stays");
	CHECK_STR(done("averyveryverylongwordwithoutanydigits"),
		"averyveryverylongwordwithoutanydigits");
}

TEST(takes_nothing)
{
	CHECK_STR(done(NULL), "");
	CHECK_STR(done(""), "");
}

TESTS(replaces_words_that_stand_alone, hides_logins_of_urls, hides_values_of_secret_names,
	hides_what_looks_like_a_key, takes_nothing)
