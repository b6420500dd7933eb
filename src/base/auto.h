/*
 * auto - scope-bound cleanup and ownership hand-over.
 *
 * AUTO(free) char *p = ...;      freed when p leaves scope
 * AUTO(close) int fd = -1;       closed when fd leaves scope (negative: nothing)
 * return steal(&p);              hands p over and disarms the cleanup
 *
 * A module with its own type adds AUTO_DEFINE(thing, struct thing *, thing_free) to its header.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The cleanup is a use: clang does not see that by itself. */
#define AUTO(name)   __attribute__((cleanup(auto_##name), unused))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

#define AUTO_DEFINE(name, type, func)                                                              \
	static inline void auto_##name(type *p)                                                    \
	{                                                                                          \
		func(*p);                                                                          \
	}

/* Calls a `_fini(struct thing *)` on the variable itself. */
#define AUTO_DEFINE_FINI(name, type)                                                               \
	static inline void auto_##name(type *p)                                                    \
	{                                                                                          \
		name##_fini(p);                                                                    \
	}

static inline void auto_free(void *p)
{
	free(*(void **)p);
}

static inline void auto_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void auto_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static inline void auto_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define steal(p)                                                                                   \
	({                                                                                         \
		typeof(*(p)) stolen_ = *(p);                                                       \
		*(p) = NULL;                                                                       \
		stolen_;                                                                           \
	})

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))
