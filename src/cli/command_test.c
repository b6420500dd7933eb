#include "cli/command.h"

#include "base/str.h"
#include "unit.h"

TEST(finds_commands)
{
	CHECK(command_find("ls") != NULL);
	CHECK_STR(command_find("ls")->name, "ls");
	CHECK(command_find("lss") == NULL);
	CHECK(command_find("") == NULL);
}

TEST(guesses_what_was_meant)
{
	CHECK_STR(command_nearest("lss"), "ls");
	CHECK_STR(command_nearest("sl"), "ls");
	CHECK(command_nearest("") == NULL);
	CHECK_STR(command_nearest("compltion"), "completion");
	CHECK(command_nearest("postgres") == NULL);
	CHECK(command_nearest("shop") == NULL);
	CHECK(command_nearest(
		      "a-word-so-long-that-no-command-could-ever-be-near-it-at-all-really") ==
		NULL);
}

static void check_options(const char *command, const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct option_row *o = &rows[i];
		bool takes_value = o->kind != OPTION_FLAG;
		bool good = !str_empty(o->name) && !str_empty(o->help) &&
			takes_value == (o->argument != NULL) &&
			(o->kind == OPTION_CHOICE) == (o->choices != NULL);
		if (!good)
			printf("%s --%s\n", command, o->name);
		CHECK(good);
		for (size_t k = 0; k < i; k++)
			CHECK(!str_eq(rows[k].name, o->name) &&
				(!o->letter || rows[k].letter != o->letter));
		for (size_t k = 0; rows != global_options && k < global_option_count; k++)
			CHECK(!str_eq(global_options[k].name, o->name) &&
				(!o->letter || global_options[k].letter != o->letter));
	}
}

/* Help, man pages and completions are made from the rows: each has to be whole. */
TEST(rows_are_whole)
{
	check_options("loopscope", global_options, global_option_count);
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		CHECK(!str_empty(c->name) && c->arguments && !str_empty(c->summary) && c->run);
		CHECK(!str_ends(c->summary, "."));
		CHECK(strlen(c->summary) <= 60);
		CHECK(c->max_arguments < 0 || c->min_arguments <= c->max_arguments);
		check_options(c->name, c->options, c->option_count);
		for (size_t k = 0; k < c->example_count; k++)
			CHECK(!str_starts(c->examples[k].command, "loopscope") &&
				!str_empty(c->examples[k].says));
		for (size_t k = 0; k < i; k++)
			CHECK(!str_eq(commands[k]->name, c->name));
	}
}

TESTS(finds_commands, guesses_what_was_meant, rows_are_whole)
