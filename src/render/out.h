/*
 * out - where text for people goes: knows the terminal, colours, marks, links and the pager.
 *
 * Text is collected in `text` and written by out_flush/out_end. To a pipe it streams once 64 KiB are
 * together (out_breathe); on a terminal it is held until out_end, which may start the pager.
 */
#pragma once

#include "base/buf.h"
#include <stdbool.h>

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum style { STYLE_ANSWER, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_COUNT };

enum mark { MARK_OK, MARK_WARN, MARK_BAD, MARK_DOT, MARK_UNKNOWN, MARK_ARROW, MARK_COUNT };

struct out {
	int fd;
	struct buf text;
	bool tty, color, utf8, links, page;
	unsigned columns, rows; /* of the terminal; columns 0 = not one, never cut */
	const char *style_code; /* of the style that is on; NULL = plain */
	int error;		/* first write error as negative errno; EPIPE ends quietly */
};

/* Colour: `choice`, then NO_COLOR, FORCE_COLOR / CLICOLOR_FORCE, then terminal and TERM. */
void out_init(struct out *o, int fd, enum color_choice choice);
void out_breathe(struct out *o); /* between records: lets a long output stream */
void out_flush(struct out *o);
int out_end(struct out *o); /* pages if it overflows, flushes, frees; 0 or negative errno */

void out_str(struct out *o, const char *s);
void out_printf(struct out *o, const char *format, ...) PRINTF(2, 3);
void out_foreign(struct out *o, const char *s); /* escaped; NULL prints nothing */

void out_style(struct out *o, enum style s); /* until out_plain */
void out_plain(struct out *o);
void out_styled(struct out *o, enum style s, const char *text);

/* "✓" or "ok": without UTF-8 and for screen readers (ACCESSIBLE) words or ASCII stand in. */
const char *out_mark(const struct out *o, enum mark m);

/* OSC 8 link on terminals, plain text elsewhere. Both are escaped. */
void out_link(struct out *o, const char *url, const char *text);
