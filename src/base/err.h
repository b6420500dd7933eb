/*
 * err - one sentence for the person, one negative errno for the caller.
 *
 * Functions return 0 or a negative errno and explain in `struct err *`, which may be NULL when the
 * caller does not care. `%m` in a format is the text of the errno that `code` carries.
 *
 *   return err_set(err, -errno, "cannot open '%s': %m", path);
 *   return err_wrap(err, r, "config '%s'", path);         config 'x': cannot open ...
 *   err_fix(err, "loopscope doctor");                     the next step, when known
 */
#pragma once

#include "base/auto.h"
#include <stdarg.h>

#define ERR_TEXT_MAX 1024
#define ERR_FIX_MAX  512

struct err {
	int code;		 /* negative errno; 0 = nothing went wrong */
	char text[ERR_TEXT_MAX]; /* one sentence, no full stop; longer texts are cut */
	char fix[ERR_FIX_MAX];	 /* a command or advice, "" when not known */
};

/* Replaces what err holds. Returns code, so that it can end a function. */
int err_set(struct err *err, int code, const char *format, ...) PRINTF(3, 4);

/* Puts "format: " before the text that err already holds. Returns code. */
int err_wrap(struct err *err, int code, const char *format, ...) PRINTF(3, 4);

/* Sets the next step. */
void err_fix(struct err *err, const char *format, ...) PRINTF(2, 3);
