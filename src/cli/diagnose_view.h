/*
 * diagnose_view - a diagnosis for people: the answer, the ladder, the fix.
 */
#pragma once

#include "diagnose/diagnose.h"
#include "render/out.h"

struct diagnose_view {
	struct out *out;
	bool wide;	     /* the ladder of what is healthy, the evidence of further causes */
	const char *command; /* what was diagnosed and could be asked again; NULL = nothing */
};

/* One answer. */
void diagnose_view(const struct diagnose_view *v, const struct diagnosis *d);

/* The same question from several seats: where it works, the ladders side by side, and the fixes. */
void diagnose_view_seats(const struct diagnose_view *v, const struct diagnosis *const *list,
	size_t count);

/* "proved", "probably", "perhaps": how sure it is, in the words of people; NULL = not said. */
const char *diagnose_certainty_word(const char *certainty);

/* "Firewall and proxy variables: all checked", without the label; nothing when there is none. */
void diagnose_not_it(struct buf *out, const struct diagnosis *d);

/* A finding that is a remark only. */
bool diagnose_is_note(const struct finding *f);

/* True when a rung of the ladder says it already. */
bool diagnose_in_ladder(const struct diagnosis *d, const struct evidence *e);
