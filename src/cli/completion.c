/*
 * completion - see completion.h.
 *
 * Target words are named by other programs, and shells expand what they complete with, so a word is
 * offered only when its alphabet has nothing that any shell would expand.
 */
#include "cli/completion.h"

#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"

#define WORDS_MAX 10000
#define WORD_MAX  100

const char *const completion_shells[] = {"bash", "zsh", "fish", NULL};

bool completion_script(struct buf *out, const char *shell)
{
	static void (*const scripts[])(
		struct buf *) = {completion_bash, completion_zsh, completion_fish};

	for (size_t i = 0; completion_shells[i]; i++) {
		if (str_eq(completion_shells[i], shell)) {
			scripts[i](out);
			return true;
		}
	}
	return false;
}

bool completion_takes_value(const struct option_row *row)
{
	return row->kind != OPTION_FLAG && row->kind != OPTION_OPTIONAL;
}

void completion_names(struct buf *out, bool topics_too)
{
	const char *space = "";

	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		buf_printf(out, "%s%s", space, commands[i]->name);
		space = " ";
	}
	for (size_t i = 0; topics_too && topics[i]; i++)
		buf_printf(out, " %s", topics[i]->name);
}

void completion_words(struct buf *out, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		buf_printf(out, "%s%s", i ? " " : "", list[i]);
}

void completion_options(struct buf *out, const struct command *c,
	void (*fn)(struct buf *out, const struct command *c, const struct option_row *row))
{
	const struct option_row *rows = c ? c->options : global_options;
	size_t count = c ? c->option_count : global_option_count;

	for (size_t i = 0; i < count; i++)
		if (!rows[i].hidden)
			fn(out, c, &rows[i]);
}

struct word_list {
	struct arena *arena;
	struct map seen;
	VEC(struct target_word) v;
};

static bool is_safe(const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_@+:./-";

	return *word && *word != '-' && strlen(word) < WORD_MAX &&
		strspn(word, safe) == strlen(word);
}

static void add(struct word_list *list, const char *word, const char *says)
{
	if (!is_safe(word) || map_get(&list->seen, map_hash(word, strlen(word)), NULL))
		return;
	map_set(&list->seen, map_hash(word, strlen(word)), 1);
	struct target_word *slot = vec_push(&list->v);
	if (slot)
		*slot = (struct target_word){arena_strdup(list->arena, word), says};
}

static const char *describe(struct word_list *list, const struct service *service)
{
	AUTO(buf) struct buf text = BUF_INIT(400);

	text_escape(&text, service->name, strlen(service->name));
	buf_str(&text, "  ");
	service_owner_text(service, &text);
	return arena_strdup(list->arena, text.data);
}

const struct target_word *completion_targets(const struct snapshot *s, size_t *out_count)
{
	struct word_list list = {.arena = s->arena, .v = VEC_INIT(WORDS_MAX)};

	map_init(&list.seen);
	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		if (service->port && service->netns == 0)
			add(&list, arena_printf(s->arena, "%u", service->port),
				describe(&list, service));
	}
	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		const char *says = describe(&list, service);
		add(&list, service->name, says);
		if (service->project && service->project->name)
			add(&list, service->project->name, says);
		if (service->container && service->container->name)
			add(&list, arena_printf(s->arena, "container:%s", service->container->name),
				says);
	}
	*out_count = list.v.count;
	const struct target_word *words =
		arena_memdup(s->arena, list.v.items, list.v.count * sizeof(*list.v.items));
	vec_fini(&list.v);
	map_fini(&list.seen);
	return words;
}
