/*
 * fuzz_symptom - any pasted text and any command line (words parted by NUL): no read outside of it,
 * every answer is well formed.
 */
#include "base/must.h"
#include "diagnose/symptom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct symptom *s)
{
	must(s->op >= 0 && s->op < OPERATION_COUNT);
	must(s->endpoint_count <= SYMPTOM_ENDPOINTS_MAX);
	must(!s->http_status || (s->http_status >= 100 && s->http_status < 600));
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct symptom_endpoint *e = &s->endpoints[i];
		must(e->host || e->has_port);
		must(!e->has_port || e->port);
		must(!e->default_port || e->has_port);
	}
}

static int split(char *text, size_t size, char **argv, int max)
{
	int argc = 0;

	for (size_t i = 0; i < size && argc < max; i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(free)
	char *text = must_malloc(size); /* of this size, so that one byte more is noticed */
	AUTO(free)
	char *line = must_malloc(size + 1);
	char *argv[64];
	struct symptom s;

	memcpy(text, data, size);
	memcpy(line, data, size);
	line[size] = '\0';
	symptom_parse(arena, text, size, &s);
	check(&s);
	symptom_parse_command(arena, split(line, size, argv, 64), argv, &s);
	check(&s);
	return 0;
}
