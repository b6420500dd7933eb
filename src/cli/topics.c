/* topics - see topics.h. */
#include "cli/topics.h"

#include "base/auto.h"
#include "base/str.h"

/* The numbers are enum exit_code in cli.h. */
static const struct topic_row exits[] = {
	{"0", "yes, healthy, done"},
	{"1", "a negative answer, or findings"},
	{"2", "the command line or its input is wrong"},
	{"3", "nobody is there"},
	{"4", "not enough rights; what could be seen was printed"},
	{"5", "it needs --yes, and nobody was there to ask"},
	{"6", "something else is in the way"},
	{"7", "the time ran out"},
	{"8", "the daemon, a file or the network failed"},
	{"130", "you stopped it (Ctrl-C)"},
};

static const struct topic_row targets[] = {
	{"3000", "a port, on any address of this machine"},
	{":3000", "the same"},
	{"3000/udp", "a UDP port"},
	{"127.0.0.1:3000", "one address and port"},
	{"[::1]:3000", "the same for IPv6; brackets keep address and port apart"},
	{"::1", "an address alone"},
	{"localhost:3000", "a name and a port; the name is looked up as your programs would"},
	{"http://localhost:3000/x", "a URL; the port is the scheme's when none is given"},
	{"shop", "a service or project, as `loopscope ls` names it"},
	{"pid:123", "everything that process 123 listens on"},
	{"unix:/run/x", "a unix socket; a path that starts with / will do: /run/x"},
	{"container:web", "everything that the container web listens on"},
};

static const struct topic_row environment[] = {
	{"NO_COLOR", "set to anything: no colours, unless --color=always"},
	{"FORCE_COLOR, CLICOLOR_FORCE", "set and not 0: colours even in a pipe"},
	{"TERM", "dumb: no colours"},
	{"LC_ALL, LC_CTYPE, LANG", "a UTF-8 locale gives ✓ and ✗; any other gives ok and x"},
	{"ACCESSIBLE", "set to anything: words for marks, and no links"},
	{"LOOPSCOPE_PAGER, PAGER",
		"shows what is longer than the terminal; else `less -FRX`; "
		"empty or cat: none"},
	{"COLUMNS", "the width, where the terminal does not tell it"},
	{"HOME", "your home folder, shown as ~"},
	{"XDG_STATE_HOME", "loopscope keeps its state in loopscope/ below it; else ~/.local/state"},
};

static const struct topic_row files[] = {
	{"~/.local/state/loopscope/", "what loopscope must remember; only you may read it"},
	{"~/.local/state/loopscope/undo/",
		"what `free` stopped last, with environments; for `free --undo`"},
	{"~/.local/state/loopscope/log/", "the output of what `free --undo` started"},
};

#define ROWS(rows_) .rows = (rows_), .row_count = ARRAY_SIZE(rows_)

const struct topic topic_targets = {"targets", "What TARGET can be", ROWS(targets),
	.about = "The same everywhere. A plain word is a verb first; a project called ls is "
		 "`loopscope explain ls`."};
const struct topic topic_exits = {"exit-codes", "Exit codes", ROWS(exits),
	.about =
		"Scripts may rely on them. `loopscope help VERB` says what they mean for one verb."};
const struct topic topic_environment = {"environment", "Environment variables", ROWS(environment),
	.about = "An option wins over a variable."};
const struct topic topic_files = {"files", "Files", ROWS(files)};

const struct topic *const topics[] = {&topic_targets, &topic_exits, &topic_environment,
	&topic_files, NULL};

const struct topic *topic_find(const char *name)
{
	for (size_t i = 0; topics[i]; i++)
		if (str_eq(topics[i]->name, name))
			return topics[i];
	return NULL;
}
