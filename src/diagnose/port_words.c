/* port_words - see port_words.h. */
#include "diagnose/port_words.h"

#include "base/str.h"
#include <stdio.h>

#define WORD_MAX 400

/* True when the digits of the port stand in the word by themselves: "--port=3000", ":3000", "3000". */
static bool word_names_port(const char *word, const char *port)
{
	size_t len = strlen(port);

	for (const char *at = strstr(word, port); at; at = strstr(at + 1, port)) {
		char before = at > word ? at[-1] : ' ', after = at[len];
		if (!(before >= '0' && before <= '9') && before != '.' &&
			!(after >= '0' && after <= '9') && after != '.' && after != ':')
			return true;
	}
	return false;
}

/* "--port 3000", "-p 3000", "PORT=3000", "host:3000", or the number alone behind the program. */
bool port_words_name(const struct owner *o, uint16_t port)
{
	char digits[8];

	snprintf(digits, sizeof(digits), "%u", port);
	for (size_t i = 1; i < o->argc; i++) {
		const char *word = o->argv[i];
		if (strlen(word) > WORD_MAX || strpbrk(word, " \t\n") ||
			!word_names_port(word, digits))
			continue;
		if (str_eq(word, digits) || strchr(word, ':') || strchr(word, '='))
			return true;
	}
	return false;
}

/* A client of the port names it as often as its server does. */
bool port_words_client(const struct owner *o)
{
	static const char *const clients[] = {"curl", "wget", "psql", "mysql", "redis-cli", "nc",
		"ncat", "telnet", "ssh", "loopscope", "watch", "tail", "less", "vim", "nano",
		"grep", "chromium", "firefox", "sh", "bash", "dash", "zsh", "sudo", "timeout", "ab",
		"wrk", "hey", "setpriv", "env"};

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		if (str_eq(owner_program(o), clients[i]))
			return true;
	return false;
}
