/*
 * diagnose_view - see diagnose_view.h.
 *
 * Marks stand at the left, where they line up at any width and in a pipe; a command is never wrapped,
 * since it is there to be copied.
 */
#include "cli/diagnose_view.h"

#include "base/str.h"
#include "base/text.h"
#include "render/prose.h"

#define INDENT	   2
#define MARK_WIDTH 3 /* "ok" and a blank */
#define NAME_WIDTH 8 /* "listener"; labels of the other rows are shorter */

const char *diagnose_certainty_word(const char *certainty)
{
	static const char *const words[][2] = {{"proved", "proved"}, {"inferred", "probably"},
		{"guessed", "perhaps"}};

	for (size_t i = 0; certainty && i < ARRAY_SIZE(words); i++)
		if (str_eq(certainty, words[i][0]))
			return words[i][1];
	return NULL;
}

bool diagnose_is_note(const struct finding *f)
{
	return f->severity <= SEVERITY_NOTE;
}

bool diagnose_in_ladder(const struct diagnosis *d, const struct evidence *e)
{
	for (size_t i = 0; i < d->ladder_count; i++)
		if (strstr(d->ladder[i].text, e->text))
			return true;
	return false;
}

void diagnose_not_it(struct buf *out, const struct diagnosis *d)
{
	for (size_t i = 0; i < d->not_it_count; i++)
		buf_printf(out, "%s%s", i ? ", " : "", d->not_it[i]);
	if (d->not_it_count)
		buf_str(out, d->not_it_count > 1 ? ": all checked" : ": checked");
}

static enum mark verdict_mark(const struct diagnosis *d)
{
	static const enum mark marks[] = {[VERDICT_HEALTHY] = MARK_OK,
		[VERDICT_FAULT] = MARK_BAD,
		[VERDICT_INCONCLUSIVE] = MARK_UNKNOWN};

	return marks[d->verdict];
}

static enum style verdict_style(const struct diagnosis *d)
{
	static const enum style styles[] = {[VERDICT_HEALTHY] = STYLE_GOOD,
		[VERDICT_FAULT] = STYLE_BAD,
		[VERDICT_INCONCLUSIVE] = STYLE_WARN};

	return styles[d->verdict];
}

static enum mark rung_mark(int state)
{
	static const enum mark marks[] = {[RUNG_OK] = MARK_OK,
		[RUNG_BAD] = MARK_BAD,
		[RUNG_NOT_SEEN] = MARK_UNKNOWN,
		[RUNG_REMARK] = MARK_WARN};

	return marks[state];
}

static enum style rung_style(int state)
{
	static const enum style styles[] = {[RUNG_OK] = STYLE_GOOD,
		[RUNG_BAD] = STYLE_BAD,
		[RUNG_NOT_SEEN] = STYLE_DIM,
		[RUNG_REMARK] = STYLE_WARN};

	return styles[state];
}

/* A mark and the blanks after it, MARK_WIDTH columns in all. */
static void put_mark(struct out *out, enum mark m, enum style style)
{
	const char *mark = out_mark(out, m);
	size_t width = text_width(mark, strlen(mark));

	out_styled(out, style, mark);
	buf_pad(&out->text, ' ', MARK_WIDTH - MIN(width, (size_t)MARK_WIDTH));
}

/* The sentence in bold; the word for how sure it is at the right end, where there is room. */
static void answer_line(struct out *out, const struct diagnosis *d)
{
	const char *word = diagnose_certainty_word(d->certainty);
	const char *mark = out_mark(out, verdict_mark(d));
	size_t start = text_width(mark, strlen(mark)) + 1;
	size_t width = start + text_width(d->answer, strlen(d->answer));
	size_t room = out->columns ? prose_width(out) : 0;

	out_styled(out, verdict_style(d), mark);
	out_str(out, " ");
	out_style(out, STYLE_ANSWER);
	if (!word || (room && width + 2 + strlen(word) > room)) {
		AUTO(buf) struct buf text = BUF_INIT(8192);
		buf_str(&text, d->answer);
		if (word)
			buf_printf(&text, " (%s)", word);
		prose_paragraph(out, text.data, (unsigned)start);
		out_plain(out);
		return;
	}
	prose_plain(out, &out->text, d->answer);
	out_plain(out);
	buf_pad(&out->text, ' ', room ? room - width - strlen(word) : 2);
	out_styled(out, STYLE_DIM, word);
	out_str(out, "\n");
}

/* Wrapping takes blanks together, so what sets parts off becomes a sign. */
static void join_parts(struct buf *to, const char *text)
{
	while (*text) {
		size_t blanks = strspn(text, " ");
		if (blanks > 2)
			buf_str(to, " · ");
		else
			buf_pad(to, ' ', blanks);
		text += blanks;
		size_t len = strcspn(text, " ");
		buf_add(to, text, len);
		text += len;
	}
}

/* One fact: as it stands where it fits, since blanks in it set parts off; else wrapped. */
static void fact(struct out *out, const char *text, unsigned column)
{
	if (out->columns && column + text_width(text, strlen(text)) > prose_width(out)) {
		AUTO(buf) struct buf parts = BUF_INIT(64 << 10);
		join_parts(&parts, text);
		prose_wrap(out, parts.data, column, column);
		return;
	}
	prose_plain(out, &out->text, text);
	out_str(out, "\n");
}

static unsigned name_width(const struct diagnosis *const *list, size_t count)
{
	size_t width = NAME_WIDTH;

	for (size_t n = 0; n < count; n++)
		for (size_t i = 0; i < list[n]->ladder_count; i++)
			width = MAX(width, strlen(list[n]->ladder[i].name));
	return (unsigned)width;
}

static void ladder(struct out *out, const struct diagnosis *d, unsigned names)
{
	for (size_t i = 0; i < d->ladder_count; i++) {
		const struct ladder_rung *rung = &d->ladder[i];
		buf_pad(&out->text, ' ', INDENT);
		put_mark(out, rung_mark(rung->state), rung_style(rung->state));
		out_printf(out, "%-*s  ", (int)names, rung->name);
		fact(out, rung->text, INDENT + MARK_WIDTH + names + 2);
	}
	if (d->ladder_count)
		out_str(out, "\n");
}

/* A label in the column of the marks and names; the cursor is at `column` afterwards. */
static void label(struct out *out, const char *text, unsigned column)
{
	buf_pad(&out->text, ' ', INDENT);
	out_styled(out, STYLE_DIM, text);
	buf_pad(&out->text, ' ', column - INDENT - MIN(strlen(text), (size_t)column - INDENT));
}

static void labelled(struct out *out, const char *name, const char *text, unsigned column)
{
	label(out, name, column);
	fact(out, text, column);
}

static void command_row(struct out *out, const char *name, const struct fix *fix, unsigned column)
{
	AUTO(buf) struct buf why = BUF_INIT(4000);

	/* the label says "or" already */
	const char *rest = str_empty(fix->text) ? NULL : str_after(fix->text, "or ");
	const char *text = rest ? rest : fix->text;
	if (!fix->command) {
		labelled(out, name, text, column);
		return;
	}
	label(out, name, column);
	out_str(out, fix->command);
	if (str_empty(fix->text)) {
		out_str(out, "\n");
		return;
	}
	buf_printf(&why, "(%s)", text);
	size_t width = column + text_width(fix->command, strlen(fix->command)) + 3 +
		text_width(why.data, why.len);
	out_style(out, STYLE_DIM);
	if (!out->columns || width <= prose_width(out)) {
		out_str(out, "   ");
		prose_plain(out, &out->text, why.data);
		out_plain(out);
		out_str(out, "\n");
		return;
	}
	out_plain(out);
	out_str(out, "\n");
	buf_pad(&out->text, ' ', column);
	out_style(out, STYLE_DIM);
	prose_paragraph(out, why.data, column);
	out_plain(out);
}

static void evidence(struct out *out, const struct diagnosis *d, const struct finding *f, bool all,
	unsigned column)
{
	size_t width = 0;
	bool first = true;

	for (size_t i = 0; i < f->evidence_count; i++)
		if (all || !diagnose_in_ladder(d, &f->evidence[i]))
			width = MAX(width,
				text_width(f->evidence[i].source, strlen(f->evidence[i].source)));
	width = MIN(width, (size_t)20);
	for (size_t i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];
		if (!all && diagnose_in_ladder(d, e))
			continue;
		label(out, first ? "Seen" : "", column);
		first = false;
		out_style(out, STYLE_DIM);
		out_str(out, e->source);
		out_plain(out);
		size_t used = text_width(e->source, strlen(e->source));
		buf_pad(&out->text, ' ', width + 2 - MIN(used, width));
		fact(out, e->text, column + (unsigned)width + 2);
	}
}

/* Causes that explain less than the answer does, then remarks. */
static void further(const struct diagnose_view *v, const struct diagnosis *d, unsigned column)
{
	struct out *out = v->out;

	for (size_t i = 0; i < d->finding_count; i++) {
		const struct finding *f = &d->findings[i];
		AUTO(buf) struct buf text = BUF_INIT(4000);
		const char *word = diagnose_certainty_word(f->certainty);
		bool note = diagnose_is_note(f);
		if (!note && i == 0)
			continue;
		buf_str(&text, f->sentence);
		if (!note && word)
			buf_printf(&text, " (%s)", word);
		labelled(out, note ? "Note" : "Also", text.data, column);
		if (v->wide)
			evidence(out, d, f, true, column);
		if (f->fix_count && (v->wide || note))
			command_row(out, "", &f->fixes[0], column);
	}
}

static void next_rows(const struct diagnose_view *v, const struct diagnosis *d, bool more,
	unsigned column)
{
	struct out *out = v->out;
	const struct finding *f = d->finding_count ? &d->findings[0] : NULL;
	AUTO(buf) struct buf command = BUF_INIT(200);

	for (size_t i = 0; i < d->next_count; i++)
		command_row(out, i ? "Or" : "Next", &d->next[i], column);
	if (!more || d->next_count || !f || diagnose_is_note(f) || !cause_find(f->id))
		return;
	buf_printf(&command, "loopscope explain %s", f->id);
	const struct fix about = {"what this fault is", command.data};
	command_row(out, "Next", &about, column);
}

static void blind_rows(struct out *out, const struct diagnosis *d, unsigned column)
{
	for (size_t i = 0; i < d->blind_count; i++) {
		const struct blind_spot *b = &d->blind[i];
		AUTO(buf) struct buf text = BUF_INIT(4000);
		buf_str(&text, b->what);
		if (b->why)
			buf_printf(&text, ": %s", b->why);
		if (b->needs)
			buf_printf(&text, " (%s)", b->needs);
		labelled(out, i ? "" : "Hidden", text.data, column);
	}
}

/* What is fine says so in one line and stops, but for remarks and what was asked for. */
static bool is_brief(const struct diagnose_view *v, const struct diagnosis *d)
{
	return d->verdict == VERDICT_HEALTHY && !v->wide;
}

static void advice(const struct diagnose_view *v, const struct diagnosis *d, unsigned column)
{
	struct out *out = v->out;
	AUTO(buf) struct buf not_it = BUF_INIT(4000);
	const struct finding *f = d->verdict == VERDICT_FAULT && d->finding_count &&
			!diagnose_is_note(&d->findings[0])
		? &d->findings[0]
		: NULL;

	if (f)
		evidence(out, d, f, v->wide, column);
	if (d->why)
		labelled(out, "Missing", d->why, column);
	for (size_t i = 0; f && i < f->fix_count; i++)
		command_row(out, i ? "Or" : "Fix", &f->fixes[i], column);
	diagnose_not_it(&not_it, d);
	if (not_it.len && d->verdict == VERDICT_FAULT)
		labelled(out, "Not it", not_it.data, column);
	further(v, d, column);
	if (!is_brief(v, d))
		next_rows(v, d, f != NULL, column);
	if (d->verdict != VERDICT_HEALTHY || v->wide)
		blind_rows(out, d, column);
}

void diagnose_view(const struct diagnose_view *v, const struct diagnosis *d)
{
	unsigned names = name_width(&d, 1);

	answer_line(v->out, d);
	if (is_brief(v, d) && d->finding_count == 0)
		return;
	out_str(v->out, "\n");
	if (!is_brief(v, d))
		ladder(v->out, d, names);
	advice(v, d, INDENT + MARK_WIDTH + names + 2);
}

/* --- several seats --- */

static const char *seat_of(const struct diagnosis *d)
{
	if (!d->seat)
		return "here";
	return str_eq(d->seat, "browser") ? "the browser" : d->seat;
}

static void seat_list(struct buf *text, const char *before, const struct diagnosis *const *list,
	size_t count, int verdict)
{
	size_t total = 0, seen = 0;

	for (size_t i = 0; i < count; i++)
		total += list[i]->verdict == verdict;
	if (total == 0)
		return;
	buf_printf(text, "%s%s", text->len ? "; " : "", before);
	for (size_t i = 0; i < count; i++) {
		if (list[i]->verdict != verdict)
			continue;
		const char *glue = seen == 0 ? " " : seen + 1 == total ? " and " : ", ";
		buf_printf(text, "%s%s", glue, seat_of(list[i]));
		seen++;
	}
}

static void seats_answer(struct out *out, const struct diagnosis *const *list, size_t count)
{
	AUTO(buf) struct buf text = BUF_INIT(4000);
	bool bad = false;

	for (size_t i = 0; i < count; i++)
		bad = bad || list[i]->verdict == VERDICT_FAULT;
	seat_list(&text, "It works from", list, count, VERDICT_HEALTHY);
	seat_list(&text, text.len ? "it fails from" : "It fails from", list, count, VERDICT_FAULT);
	seat_list(&text, text.len ? "it is not known from" : "It is not known from", list, count,
		VERDICT_INCONCLUSIVE);
	buf_char(&text, '.');
	const char *mark = out_mark(out, bad ? MARK_BAD : MARK_OK);
	out_styled(out, bad ? STYLE_BAD : STYLE_GOOD, mark);
	out_str(out, " ");
	out_style(out, STYLE_ANSWER);
	prose_paragraph(out, text.data, (unsigned)text_width(mark, strlen(mark)) + 1);
	out_plain(out);
	out_str(out, "\n");
}

#define RUNGS_MAX    16
#define SEATS_BESIDE 4

/* The names of all ladders' rungs, each once, in their order. */
static size_t all_rungs(const struct diagnosis *const *list, size_t count, const char **names)
{
	size_t total = 0;

	for (size_t n = 0; n < count; n++) {
		for (size_t i = 0; i < list[n]->ladder_count; i++) {
			size_t k = 0;
			while (k < total && !str_eq(names[k], list[n]->ladder[i].name))
				k++;
			if (k == total && total < RUNGS_MAX)
				names[total++] = list[n]->ladder[i].name;
		}
	}
	return total;
}

static const struct ladder_rung *rung_named(const struct diagnosis *d, const char *name)
{
	for (size_t i = 0; i < d->ladder_count; i++)
		if (str_eq(d->ladder[i].name, name))
			return &d->ladder[i];
	return NULL;
}

#define CELL_LINES 4

/* A rung's text as lines of a column; what is longer than all lines is cut in its last. */
struct cell {
	struct buf lines[CELL_LINES];
	size_t count;
};

static void cell_fill(struct cell *c, const struct out *out, const char *text, unsigned width)
{
	AUTO(buf) struct buf parts = BUF_INIT(64 << 10);
	AUTO(buf) struct buf plain = BUF_INIT(64 << 10);

	*c = (struct cell){0};
	for (size_t i = 0; i < CELL_LINES; i++)
		buf_init(&c->lines[i], 8192);
	join_parts(&parts, text);
	prose_plain(out, &plain, parts.data);
	for (const char *s = plain.data; *s; c->count++) {
		struct buf *line = &c->lines[c->count];
		size_t used, whole = strlen(s), len = text_fit(s, whole, width, &used);
		while (len < whole && len > 0 && s[len] != ' ')
			len--;
		if (len < whole && c->count + 1 == CELL_LINES) { /* no more lines */
			text_cut_middle(line, s, width, out->utf8);
			len = whole;
		} else if (len == 0) { /* a word that is longer than a line */
			AUTO(buf) struct buf word = BUF_INIT(64 << 10);
			len = strcspn(s, " ");
			buf_add(&word, s, len);
			text_cut_middle(line, word.data, width, out->utf8);
		} else {
			buf_add(line, s, len);
		}
		s += len;
		s += strspn(s, " ");
	}
}

static void cell_fini(struct cell *c)
{
	for (size_t i = 0; i < CELL_LINES; i++)
		buf_fini(&c->lines[i]);
}

/* A line of cells without the blanks at its end. */
static void end_row(struct out *out)
{
	while (out->text.len && out->text.data[out->text.len - 1] == ' ')
		out->text.data[--out->text.len] = '\0';
	out_str(out, "\n");
}

static void cell_line(struct out *out, const struct ladder_rung *rung, const struct cell *c,
	size_t line, unsigned width)
{
	const struct buf *text = line < c->count ? &c->lines[line] : NULL;

	if (rung && line == 0)
		put_mark(out, rung_mark(rung->state), rung_style(rung->state));
	else
		buf_pad(&out->text, ' ', MARK_WIDTH);
	if (text)
		out_str(out, text->data);
	buf_pad(&out->text, ' ',
		width + 2 - MARK_WIDTH - (text ? text_width(text->data, text->len) : 0));
}

static void rung_row(struct out *out, const struct diagnosis *const *list, size_t count,
	const char *name, unsigned names, unsigned width)
{
	struct cell cells[SEATS_BESIDE];
	size_t lines = 1;

	for (size_t n = 0; n < count; n++) {
		const struct ladder_rung *rung = rung_named(list[n], name);
		cell_fill(&cells[n], out, rung ? rung->text : "", width - MARK_WIDTH);
		lines = MAX(lines, cells[n].count);
	}
	for (size_t i = 0; i < lines; i++) {
		buf_pad(&out->text, ' ', INDENT);
		out_printf(out, "%-*s  ", (int)names, i == 0 ? name : "");
		for (size_t n = 0; n < count; n++)
			cell_line(out, rung_named(list[n], name), &cells[n], i, width);
		end_row(out);
	}
	for (size_t n = 0; n < count; n++)
		cell_fini(&cells[n]);
}

static void side_by_side(struct out *out, const struct diagnosis *const *list, size_t count,
	unsigned names, unsigned width)
{
	const char *rungs[RUNGS_MAX];
	size_t rung_count = all_rungs(list, count, rungs);

	buf_pad(&out->text, ' ', INDENT + names + 2);
	for (size_t n = 0; n < count; n++) {
		AUTO(buf) struct buf shown = BUF_INIT(1000);
		text_cut_middle(&shown, seat_of(list[n]), width, out->utf8);
		out_styled(out, STYLE_DIM, shown.data);
		if (n + 1 < count)
			buf_pad(&out->text, ' ', width + 2 - text_width(shown.data, shown.len));
	}
	out_str(out, "\n");
	for (size_t i = 0; i < rung_count; i++)
		rung_row(out, list, count, rungs[i], names, width);
	out_str(out, "\n");
}

#define COLUMN_MIN 26

static bool fits_side_by_side(const struct out *out, size_t count, unsigned names,
	unsigned *out_width)
{
	unsigned room = out->columns, taken = INDENT + names + 2;

	if (!room || count > SEATS_BESIDE || room < taken + count * (COLUMN_MIN + 2))
		return false;
	*out_width = (room - taken) / (unsigned)count - 2;
	return true;
}

static bool same_ladder(const struct diagnosis *a, const struct diagnosis *b)
{
	if (a->verdict != b->verdict || a->ladder_count != b->ladder_count ||
		!str_eq(a->answer, b->answer))
		return false;
	for (size_t i = 0; i < a->ladder_count; i++)
		if (!str_eq(a->ladder[i].text, b->ladder[i].text))
			return false;
	return true;
}

/* The seat before that has the same answer already; NULL = none. */
static const struct diagnosis *told_before(const struct diagnosis *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (same_ladder(list[i], list[n]))
			return list[i];
	return NULL;
}

void diagnose_view_seats(const struct diagnose_view *v, const struct diagnosis *const *list,
	size_t count)
{
	struct out *out = v->out;
	unsigned names = name_width(list, count), width;

	seats_answer(out, list, count);
	bool beside = fits_side_by_side(out, count, names, &width);
	if (beside)
		side_by_side(out, list, count, names, width);
	for (size_t n = 0; n < count; n++) {
		const struct diagnosis *d = list[n];
		if (n)
			out_str(out, "\n");
		out_style(out, STYLE_DIM);
		out_printf(out, "From %s:", seat_of(d));
		out_plain(out);
		const struct diagnosis *before = told_before(list, n);
		if (before) {
			out_printf(out, " the same as from %s.\n", seat_of(before));
			continue;
		}
		out_str(out, "\n");
		answer_line(out, d);
		if (!is_brief(v, d))
			out_str(out, "\n");
		if (!beside && !is_brief(v, d))
			ladder(out, d, names);
		advice(v, d, INDENT + MARK_WIDTH + names + 2);
	}
}
