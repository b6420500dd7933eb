/*
 * check - see check.h. Collects the claims of all checks and decides between them.
 *
 * The best claim explains the most of what was observed; among those that explain the same, one that
 * stands by itself goes before a last resort, a proved one before a guess, and then the order of rows.
 * What it leaves unexplained, the next ones may explain; all others are remarks at most.
 */
#include "diagnose/check.h"

#include "base/must.h"
#include "base/str.h"

#define CLAIMS_MAX  100
#define DETAILS_MAX 64

#define CHECK(name) extern const struct diagnose_check diagnose_##name;
#include "diagnose/checks.def"
#undef CHECK

const struct diagnose_check *const diagnose_checks[] = {
#define CHECK(name) &diagnose_##name,
#include "diagnose/checks.def"
#undef CHECK
	NULL,
};

const char *const diagnose_check_names[] = {
#define CHECK(name) #name,
#include "diagnose/checks.def"
#undef CHECK
	NULL,
};

struct claim_row {
	struct finding finding;
	int certainty;
	uint32_t explains;
	bool last_resort;
	bool used; /* it explains something that was left */
	size_t order;
};

struct claims {
	const struct inquiry *q;
	VEC(struct claim_row) rows;
	/* of the last claim; moved to the arena when the next one begins */
	VEC(struct evidence) evidence;
	VEC(struct fix) fixes;
};

const char *certainty_name(int certainty)
{
	static const char *const names[] = {"guessed", "inferred", "proved"};

	return names[certainty];
}

static void complete(struct claims *c)
{
	if (c->rows.count) {
		struct finding *f = &c->rows.items[c->rows.count - 1].finding;
		f->evidence = arena_memdup(c->q->arena, c->evidence.items,
			c->evidence.count * sizeof(*c->evidence.items));
		f->evidence_count = c->evidence.count;
		f->fixes = arena_memdup(c->q->arena, c->fixes.items,
			c->fixes.count * sizeof(*c->fixes.items));
		f->fix_count = c->fixes.count;
	}
	c->evidence.count = 0;
	c->fixes.count = 0;
}

static const char *print(struct arena *arena, const char *format, va_list args)
{
	AUTO(buf) struct buf text = BUF_INIT(8000);

	buf_vprintf(&text, format, args);
	return arena_strdup(arena, text.data);
}

void claim(struct claims *c, const char *id, enum certainty certainty, uint32_t explains,
	const char *format, ...)
{
	va_list args;

	complete(c);
	struct claim_row *row = vec_push(&c->rows);
	must(row);
	va_start(args, format);
	*row = (struct claim_row){.finding = {.id = id,
					  .severity = SEVERITY_NOTE,
					  .certainty = certainty_name((int)certainty),
					  .sentence = print(c->q->arena, format, args)},
		.certainty = (int)certainty,
		.explains = explains,
		.order = c->rows.count};
	va_end(args);
}

void claim_evidence(struct claims *c, const char *source, const char *format, ...)
{
	struct evidence *e = vec_push(&c->evidence);
	va_list args;

	must(c->rows.count);
	if (!e)
		return;
	va_start(args, format);
	*e = (struct evidence){source, print(c->q->arena, format, args)};
	va_end(args);
}

void claim_fix(struct claims *c, const char *command, const char *format, ...)
{
	struct fix *f = vec_push(&c->fixes);
	va_list args;

	must(c->rows.count);
	if (!f)
		return;
	va_start(args, format);
	*f = (struct fix){print(c->q->arena, format, args), command};
	va_end(args);
}

void claim_last_resort(struct claims *c)
{
	must(c->rows.count);
	c->rows.items[c->rows.count - 1].last_resort = true;
}

void claim_would_prove(struct claims *c, const char *needs)
{
	must(c->rows.count);
	c->rows.items[c->rows.count - 1].finding.subject = needs;
}

static int bits_of(uint32_t bits)
{
	return __builtin_popcount(bits);
}

static bool is_better(const struct claim_row *a, const struct claim_row *b, uint32_t left)
{
	int explains_a = bits_of(a->explains & left), explains_b = bits_of(b->explains & left);

	if (explains_a != explains_b)
		return explains_a > explains_b;
	if (a->last_resort != b->last_resort)
		return b->last_resort;
	if (a->certainty != b->certainty)
		return a->certainty > b->certainty;
	return a->order < b->order;
}

/* The best claim that explains some of `left` and is not used yet. */
static struct claim_row *pick(struct claims *c, uint32_t left)
{
	struct claim_row *best = NULL;

	VEC_EACH (&c->rows, row)
		if (!row->used && (row->explains & left) && (!best || is_better(row, best, left)))
			best = row;
	return best;
}

static void rank(struct claims *c, struct finding **out, size_t *out_count)
{
	struct finding *findings = arena_array(c->q->arena, struct finding, c->rows.count + 1);
	uint32_t left = c->q->observed;
	struct claim_row *row;
	size_t count = 0;

	while (left && (row = pick(c, left))) {
		row->used = true;
		row->finding.severity = SEVERITY_FAULT;
		findings[count++] = row->finding;
		left &= ~row->explains;
	}
	/* what is certain is worth a remark beside it; other explanations of the same are not */
	VEC_EACH (&c->rows, it)
		if (!it->used && !it->last_resort &&
			(it->explains == 0 ||
				((it->explains & c->q->observed) &&
					it->certainty == CERTAINTY_PROVED)))
			findings[count++] = it->finding;
	*out = findings;
	*out_count = count;
}

void checks_run(const struct inquiry *q, const struct diagnose_check *const *list,
	struct finding **out, size_t *out_count)
{
	struct claims claims = {.q = q,
		.rows = VEC_INIT(CLAIMS_MAX),
		.evidence = VEC_INIT(DETAILS_MAX),
		.fixes = VEC_INIT(DETAILS_MAX)};

	for (size_t i = 0; list[i]; i++)
		if (!list[i]->operations || (list[i]->operations & OPERATION_BIT(q->symptom.op)))
			list[i]->run(q, &claims);
	complete(&claims);
	rank(&claims, out, out_count);
	vec_fini(&claims.rows);
	vec_fini(&claims.evidence);
	vec_fini(&claims.fixes);
}
