/*
 * completion - scripts that teach a shell the verbs, options and choices, from the command rows; and
 * the words that could be targets on this machine right now.
 *
 * Each script is a fixed frame with the rows written into it; only what a shell cannot know before is
 * asked for when the key is pressed: `loopscope completion --targets`.
 */
#pragma once

#include "cli/command.h"
#include "model/snapshot.h"

extern const char *const completion_shells[]; /* "bash", "zsh", "fish", NULL */

/* Appends the script for a shell of that list; false for any other name. */
bool completion_script(struct buf *out, const char *shell);

struct target_word {
	const char *word; /* "3000", "shop": safe to stand unquoted in any shell */
	const char *says; /* "shop web  node 4121": one line, escaped */
};

/* Ports, names and containers of a snapshot, each once; in its arena. */
const struct target_word *completion_targets(const struct snapshot *s, size_t *out_count);

/* The frames, and what they share. */
void completion_bash(struct buf *out);
void completion_zsh(struct buf *out);
void completion_fish(struct buf *out);

bool completion_takes_value(const struct option_row *row);

/* "ls free doctor": commands that are not hidden; with topics, what help explains too. */
void completion_names(struct buf *out, bool topics_too);
/* "bash zsh fish" */
void completion_words(struct buf *out, const char *const *list);

/* Calls fn for each visible option of c, or of every command when c is NULL. */
void completion_options(struct buf *out, const struct command *c,
	void (*fn)(struct buf *out, const struct command *c, const struct option_row *row));
