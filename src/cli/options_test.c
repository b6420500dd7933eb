#include "cli/options.h"

#include "base/auto.h"
#include "unit.h"
#include <errno.h>

struct own {
	bool all, brief;
	const char *columns, *watch;
	uint64_t timeout, count;
	int rung;
	struct option_list from;
};

struct shared {
	bool json;
};

static const char *const rungs[] = {"auto", "bpf", "proc", NULL};

static const struct option_row own_rows[] = {
	OPTION(struct own, all, "all", OPTION_FLAG, NULL, "", .letter = 'a'),
	OPTION(struct own, brief, "brief", OPTION_FLAG, NULL, "", .letter = 'b'),
	OPTION(struct own, columns, "columns", OPTION_TEXT, "NAMES", "", .letter = 'c'),
	OPTION(struct own, watch, "watch", OPTION_OPTIONAL, "EVERY", ""),
	OPTION(struct own, timeout, "timeout", OPTION_DURATION, "TIME", ""),
	OPTION(struct own, count, "count", OPTION_COUNT, "N", "", .preset = 20),
	OPTION(struct own, rung, "owners", OPTION_CHOICE, "RUNG", "", .choices = rungs),
	OPTION(struct own, from, "from", OPTION_LIST, "SEAT", ""),
};

static const struct option_row shared_rows[] = {
	OPTION(struct shared, json, "json", OPTION_FLAG, NULL, ""),
};

static struct own own;
static struct shared shared;
static struct err err;
static char *arguments[16];
static int argument_count;

static int parse(const char *line)
{
	static char words[512];
	struct option_set sets[] = {{own_rows, ARRAY_SIZE(own_rows), &own},
		{shared_rows, ARRAY_SIZE(shared_rows), &shared}};
	int argc = 0;

	snprintf(words, sizeof(words), "%s", line);
	own = (struct own){0};
	shared = (struct shared){0};
	err = (struct err){0};
	for (char *save = NULL, *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		arguments[argc++] = w;
	arguments[argc] = NULL;
	argument_count = -1;
	return options_parse(sets, ARRAY_SIZE(sets), argc, arguments, &argument_count, &err);
}

TEST(collects_lists)
{
	CHECK_INT(parse("--from a,b --from=c"), 0);
	CHECK_INT(own.from.count, 3);
	CHECK_STR(own.from.items[1], "b");
	CHECK_STR(own.from.items[2], "c");
	CHECK_INT(parse("--from="), -EINVAL);
	CHECK_INT(parse("--from a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"), -EINVAL);
}

TEST(leaves_a_command_line_alone)
{
	static char words[5][8] = {"x", "--all", "--", "ls", "--all"};
	char *argv[6] = {words[0], words[1], words[2], words[3], words[4], NULL};
	const struct option_set set = {own_rows, ARRAY_SIZE(own_rows), &own};
	int count, rest;

	own = (struct own){0};
	CHECK_INT(options_parse_before(&set, 1, 5, argv, &count, &rest, &err), 0);
	CHECK(own.all && count == 1 && rest == 3);
	CHECK_STR(argv[rest], "ls");
	CHECK_STR(argv[rest + 1], "--all");
	CHECK_INT(options_parse_before(&set, 1, 2, argv, &count, &rest, &err), 0);
	CHECK(rest == 2);
}

TEST(reads_every_way_to_write_one)
{
	CHECK_INT(parse("--all -b --columns=port,name --timeout 500ms --count 7 --json"), 0);
	CHECK(own.all && own.brief && shared.json);
	CHECK_STR(own.columns, "port,name");
	CHECK_INT(own.timeout, 500);
	CHECK_INT(own.count, 7);
	CHECK_INT(argument_count, 0);
	CHECK_INT(parse("-cport"), 0);
	CHECK_STR(own.columns, "port");
	CHECK_INT(parse("-c name"), 0);
	CHECK_STR(own.columns, "name");
	CHECK_INT(parse("-abcport"), 0);
	CHECK(own.all && own.brief);
	CHECK_STR(own.columns, "port");
	CHECK_INT(parse("--owners=proc"), 0);
	CHECK_INT(own.rung, 2);
	CHECK_INT(parse("--columns="), 0);
	CHECK_STR(own.columns, "");
	CHECK_INT(parse("--columns --all"), 0); /* a value may look like an option */
	CHECK_STR(own.columns, "--all");
}

TEST(takes_a_value_only_when_it_is_there)
{
	CHECK_INT(parse("--watch 3000"), 0);
	CHECK_STR(own.watch, "");
	CHECK_INT(argument_count, 1);
	CHECK_INT(parse("--watch=2s"), 0);
	CHECK_STR(own.watch, "2s");
	CHECK_INT(parse(""), 0);
	CHECK(own.watch == NULL);
}

TEST(zero_is_a_value_too)
{
	CHECK_INT(parse("x"), 0);
	CHECK_INT(own.count, 20);
	CHECK_INT(parse("--count 0"), 0);
	CHECK_INT(own.count, 0);
}

TEST(keeps_arguments_in_order)
{
	CHECK_INT(parse("one --all two - -b three"), 0);
	CHECK_INT(argument_count, 4);
	CHECK_STR(arguments[0], "one");
	CHECK_STR(arguments[1], "two");
	CHECK_STR(arguments[2], "-");
	CHECK_STR(arguments[3], "three");
	CHECK_INT(parse("one -- --all -b"), 0);
	CHECK_INT(argument_count, 3);
	CHECK_STR(arguments[1], "--all");
	CHECK(!own.all);
}

static void refuses(const char *line, const char *text)
{
	CHECK_INT(parse(line), -EINVAL);
	CHECK_STR(err.text, text);
}

TEST(explains_what_is_wrong)
{
	refuses("--al", "unknown option '--al'; did you mean '--all'?");
	refuses("--jsno", "unknown option '--jsno'; did you mean '--json'?");
	refuses("--ownres=bpf", "unknown option '--ownres'; did you mean '--owners'?");
	refuses("--=x", "unknown option '--'");
	refuses("--frobnicate", "unknown option '--frobnicate'");
	refuses("-x", "unknown option '-x'");
	refuses("-ax", "unknown option '-x'");
	refuses("--all=yes", "--all takes no value");
	refuses("--columns", "--columns needs a value: NAMES");
	refuses("-c", "--columns needs a value: NAMES");
	refuses("--count=-1", "--count: '-1' is not a whole number");
	refuses("--count=99999999999", "--count: '99999999999' is not a whole number");
	refuses("--timeout=soon", "--timeout: 'soon' is not a duration such as 500ms, 3s or 2m");
	refuses("--owners=root", "--owners: 'root' is not one of auto, bpf, proc");
	refuses("--\x1b[31m", "unknown option '--\\x1b[31m'");
	refuses("-\x1b", "unknown option '-\\x1b'");
}

TESTS(collects_lists, leaves_a_command_line_alone, reads_every_way_to_write_one,
	zero_is_a_value_too, takes_a_value_only_when_it_is_there, keeps_arguments_in_order,
	explains_what_is_wrong)
