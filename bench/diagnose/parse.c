/*
 * parse - how long symptom_parse() takes: reads texts, separated by NUL, from standard input, parses all
 * of them ROUNDS times and prints
 *
 *   texts bytes rounds ns
 */
#include "diagnose/symptom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char texts[8u << 20];

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static size_t parse_all(size_t size)
{
	size_t count = 0;

	for (size_t at = 0; at < size; count++) {
		struct arena *arena = arena_new(); /* as in life: one for each question */
		struct symptom symptom;
		size_t len = strlen(texts + at);
		symptom_parse(arena, texts + at, len, &symptom);
		arena_free(arena);
		at += len + 1;
	}
	return count;
}

int main(int argc, char **argv)
{
	long rounds = argc == 2 ? atol(argv[1]) : 0;
	size_t size = fread(texts, 1, sizeof(texts) - 1, stdin), count = 0;

	if (rounds < 1) {
		fputs("usage: parse ROUNDS <TEXTS\n", stderr);
		return 2;
	}
	parse_all(size);
	long long start = now_ns();
	for (long i = 0; i < rounds; i++)
		count = parse_all(size);
	printf("%zu %zu %ld %lld\n", count, size, rounds, now_ns() - start);
	return 0;
}
