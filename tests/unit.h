/*
 * unit - the smallest test runner that is useful: named tests, checks that print both sides.
 *
 *   TEST(adds_numbers) { CHECK_INT(1 + 1, 2); CHECK_STR("a", "a"); CHECK(true); }
 *   TESTS(adds_numbers)
 *
 * A failed check prints file, line and values, is counted, and lets the test go on. Each program
 * ends with "N passed, N failed".
 */
#pragma once

#include "base/auto.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int unit_failures;

struct unit_test {
	const char *name;
	void (*run)(void);
};

#define TEST(name) static void test_##name(void)

static inline void unit_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	unit_failures++;
}

static inline void unit_int(const char *file, int line, const char *what, long long got,
	long long want)
{
	if (got == want)
		return;
	fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", file, line, what, got, want);
	unit_failures++;
}

static inline void unit_str(const char *file, int line, const char *what, const char *got,
	const char *want)
{
	if (got == want || (got && want && strcmp(got, want) == 0))
		return;
	fprintf(stderr, "%s:%d: %s is\n  '%s', expected\n  '%s'\n", file, line, what,
		got ? got : "(null)", want ? want : "(null)");
	unit_failures++;
}

#define CHECK(condition)                                                                           \
	((condition) ? (void)0 : unit_fail(__FILE__, __LINE__, "false: " #condition))
#define CHECK_INT(got, want) unit_int(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))
#define CHECK_STR(got, want) unit_str(__FILE__, __LINE__, #got, (got), (want))

/* clang-format off */
#define UNIT_ROW_(name) {#name, test_##name},
#define UNIT_1(m, a) m(a)
#define UNIT_2(m, a, ...) m(a) UNIT_1(m, __VA_ARGS__)
#define UNIT_3(m, a, ...) m(a) UNIT_2(m, __VA_ARGS__)
#define UNIT_4(m, a, ...) m(a) UNIT_3(m, __VA_ARGS__)
#define UNIT_5(m, a, ...) m(a) UNIT_4(m, __VA_ARGS__)
#define UNIT_6(m, a, ...) m(a) UNIT_5(m, __VA_ARGS__)
#define UNIT_7(m, a, ...) m(a) UNIT_6(m, __VA_ARGS__)
#define UNIT_8(m, a, ...) m(a) UNIT_7(m, __VA_ARGS__)
#define UNIT_9(m, a, ...) m(a) UNIT_8(m, __VA_ARGS__)
#define UNIT_10(m, a, ...) m(a) UNIT_9(m, __VA_ARGS__)
#define UNIT_11(m, a, ...) m(a) UNIT_10(m, __VA_ARGS__)
#define UNIT_12(m, a, ...) m(a) UNIT_11(m, __VA_ARGS__)
#define UNIT_13(m, a, ...) m(a) UNIT_12(m, __VA_ARGS__)
#define UNIT_14(m, a, ...) m(a) UNIT_13(m, __VA_ARGS__)
#define UNIT_15(m, a, ...) m(a) UNIT_14(m, __VA_ARGS__)
#define UNIT_16(m, a, ...) m(a) UNIT_15(m, __VA_ARGS__)
/* clang-format on */
#define UNIT_PICK_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, n, ...) n
#define UNIT_EACH_(m, ...)                                                                         \
	UNIT_PICK_(__VA_ARGS__, UNIT_16, UNIT_15, UNIT_14, UNIT_13, UNIT_12, UNIT_11, UNIT_10,     \
		UNIT_9, UNIT_8, UNIT_7, UNIT_6, UNIT_5, UNIT_4, UNIT_3, UNIT_2, UNIT_1)            \
	(m, __VA_ARGS__)

/* At most 16 tests a file; more is a sign that the module has two reasons to change. */
#define TESTS(...)                                                                                 \
	static const struct unit_test unit_tests[] = {UNIT_EACH_(UNIT_ROW_, __VA_ARGS__)};         \
	int main(void)                                                                             \
	{                                                                                          \
		int passed = 0, failed = 0;                                                        \
		for (size_t i = 0; i < ARRAY_SIZE(unit_tests); i++) {                              \
			int before = unit_failures;                                                \
			unit_tests[i].run();                                                       \
			bool ok = unit_failures == before;                                         \
			passed += ok;                                                              \
			failed += !ok;                                                             \
			if (!ok)                                                                   \
				fprintf(stderr, "FAILED %s\n", unit_tests[i].name);                \
		}                                                                                  \
		printf("%d passed, %d failed\n", passed, failed);                                  \
		return failed ? 1 : 0;                                                             \
	}
