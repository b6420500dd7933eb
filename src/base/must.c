/* must - see must.h. Running out of memory is treated as a bug: every buffer has a maximum. */
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void must_fail(const char *condition, const char *file, int line, const char *function)
{
	fprintf(stderr, "loopscope: bug: '%s' is false in %s (%s:%d)\n", condition, function, file,
		line);
	abort();
}

void *must_malloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	must(p != NULL);
	return p;
}

void *must_calloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	must(p != NULL);
	return p;
}

void *must_realloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	must(p != NULL);
	return p;
}

char *must_strdup(const char *s)
{
	char *p = strdup(s);

	must(p != NULL);
	return p;
}
