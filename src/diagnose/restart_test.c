#include "diagnose/restart.h"

#include <case_file.h>

static const char *was;

#define RESTART(bound, to, ...) restart((bound), (to), (const char *[]){__VA_ARGS__, NULL})

/* Freed with the next one. */
static const char *restart(const char *bound, const char *to, const char **words)
{
	static char text[400], word[100];
	AUTO(case) struct case_file *k = case_new("127.0.0.1", 5000);
	struct owner *o = snap_owner(&k->world, 4121, words[0]);
	struct address a;

	must(address_parse(bound, &a));
	snap_set_argv(o, words);
	was = NULL;
	const char *command = restart_command(&k->q, o, &a, to, &was);
	str_copy(text, sizeof(text), command ? command : "");
	str_copy(word, sizeof(word), was ? was : "");
	was = word;
	return command ? text : NULL;
}

TEST(an_option_and_its_value)
{
	CHECK_STR(RESTART("::1", "127.0.0.1", "/usr/bin/python3", "-m", "http.server", "5000",
			  "--bind", "::1"),
		"python3 -m http.server 5000 --bind 127.0.0.1");
	CHECK_STR(was, "--bind ::1");
	CHECK_STR(RESTART("::1", "127.0.0.1", "vite", "--host=::1"), "vite --host=127.0.0.1");
	CHECK_STR(RESTART("::1", "127.0.0.1", "vite", "--host", "localhost"),
		"vite --host 127.0.0.1");
}

TEST(an_address_with_its_port)
{
	CHECK_STR(RESTART("127.0.0.1", "0.0.0.0", "php", "-S", "127.0.0.1:5000"),
		"php -S 0.0.0.0:5000");
	CHECK_STR(RESTART("::1", "127.0.0.1", "gunicorn", "-b", "[::1]:5000", "app:app"),
		"gunicorn -b 127.0.0.1:5000 app:app");
	CHECK_STR(RESTART("127.0.0.1", "::1", "php", "-S", "127.0.0.1:5000"),
		"php -S '[::1]:5000'");
}

TEST(words_that_only_look_like_it)
{
	CHECK_STR(RESTART("::1", "127.0.0.1", "server", "::11", "127::1"), NULL);
	CHECK_STR(RESTART("127.0.0.1", "0.0.0.0", "server", "127.0.0.12"), NULL);
	CHECK_STR(RESTART("::1", "127.0.0.1", "server"), NULL);
}

/* The database's address stays. */
TEST(the_address_of_another_service)
{
	CHECK_STR(RESTART("::1", "127.0.0.1", "server", "postgres://localhost:5432/shop", "--host",
			  "::1"),
		"server postgres://localhost:5432/shop --host 127.0.0.1");
	CHECK_STR(RESTART("::1", "127.0.0.1", "server", "postgres://localhost:5432/shop"), NULL);
}

TEST(words_are_quoted)
{
	CHECK_STR(RESTART("::1", "127.0.0.1", "server", "my app", "::1"),
		"server 'my app' 127.0.0.1");
}

TESTS(an_option_and_its_value, an_address_with_its_port, words_that_only_look_like_it,
	the_address_of_another_service, words_are_quoted)
