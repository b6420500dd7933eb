#include <case_file.h>

/* Checks that claim what a test tells them to. */
struct row {
	const char *id;
	enum certainty certainty;
	uint32_t explains;
	bool last_resort;
};

static const struct row *rows;
static size_t row_count;

static void run(const struct inquiry *q, struct claims *c)
{
	for (size_t i = 0; i < row_count; i++) {
		claim(c, rows[i].id, rows[i].certainty, rows[i].explains, "It is %s.", rows[i].id);
		claim_evidence(c, "test", "row %zu", i);
		claim_fix(c, "true", "mend %s", rows[i].id);
		if (rows[i].last_resort)
			claim_last_resort(c);
	}
}

static const struct diagnose_check all = {.run = run};
static const struct diagnose_check of_bind = {.operations = OPERATIONS_BIND, .run = run};
static const struct diagnose_check of_client = {.operations = OPERATIONS_CLIENT, .run = run};

static struct case_file *observed(uint32_t bits, const struct row *list, size_t count)
{
	struct case_file *k = case_new("localhost", 3000);
	const struct diagnose_check *const checks[] = {&all, NULL};

	rows = list;
	row_count = count;
	k->q.observed = bits;
	checks_run(&k->q, checks, &k->findings, &k->count);
	return k;
}

/* "a! b" : the findings in order, faults with a mark */
static const char *order(uint32_t bits, const struct row *list, size_t count)
{
	static char text[100];
	AUTO(case) struct case_file *k = observed(bits, list, count);
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < k->count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s", i ? " " : "",
			k->findings[i].id, k->findings[i].severity == SEVERITY_FAULT ? "!" : "");
	return text;
}

#define ORDER(bits, ...)                                                                           \
	order((bits), (const struct row[]){__VA_ARGS__},                                           \
		sizeof((const struct row[]){__VA_ARGS__}) / sizeof(struct row))

enum { A = 1, B = 2, C = 4 };

TEST(what_explains_all_goes_before_what_explains_most)
{
	CHECK_STR(ORDER(A | B | C, {"some", CERTAINTY_PROVED, A | B},
			  {"all", CERTAINTY_GUESSED, A | B | C}),
		"all! some");
	/* explaining more than was observed counts for nothing */
	CHECK_STR(ORDER(A, {"first", CERTAINTY_INFERRED, A},
			  {"wide", CERTAINTY_INFERRED, A | B | C}),
		"first!");
}

TEST(proved_goes_before_inferred)
{
	CHECK_STR(ORDER(A, {"guess", CERTAINTY_GUESSED, A}, {"proof", CERTAINTY_PROVED, A},
			  {"inferred", CERTAINTY_INFERRED, A}),
		"proof!");
}

TEST(the_first_row_goes_before_its_equals)
{
	CHECK_STR(ORDER(A, {"one", CERTAINTY_INFERRED, A}, {"two", CERTAINTY_INFERRED, A}), "one!");
}

TEST(a_last_resort_goes_behind_a_guess)
{
	CHECK_STR(ORDER(A, {"nothing", CERTAINTY_PROVED, A, true}, {"guess", CERTAINTY_GUESSED, A}),
		"guess!");
	CHECK_STR(ORDER(A, {"nothing", CERTAINTY_PROVED, A, true}), "nothing!");
	/* but it explains more */
	CHECK_STR(ORDER(A | B, {"nothing", CERTAINTY_PROVED, A | B, true},
			  {"guess", CERTAINTY_GUESSED, A}),
		"nothing!");
}

TEST(what_is_left_may_be_explained_by_the_next)
{
	CHECK_STR(ORDER(A | B, {"one", CERTAINTY_INFERRED, A}, {"two", CERTAINTY_INFERRED, B}),
		"one! two!");
}

TEST(what_was_not_observed_is_no_fault)
{
	CHECK_STR(ORDER(A, {"other", CERTAINTY_PROVED, B}), "");
	CHECK_STR(ORDER(0, {"other", CERTAINTY_PROVED, B}), "");
}

TEST(remarks_stand_behind_the_faults)
{
	CHECK_STR(ORDER(A, {"note", CERTAINTY_GUESSED, 0}, {"fault", CERTAINTY_INFERRED, A},
			  {"also", CERTAINTY_PROVED, A | B}, {"maybe", CERTAINTY_INFERRED, A}),
		"also! note");
	CHECK_STR(ORDER(A, {"proof", CERTAINTY_PROVED, A}, {"second", CERTAINTY_PROVED, A},
			  {"maybe", CERTAINTY_INFERRED, A}),
		"proof! second");
	CHECK_STR(ORDER(0, {"note", CERTAINTY_GUESSED, 0}), "note");
}

TEST(each_finding_keeps_its_own_evidence)
{
	static const struct row list[] = {{"one", CERTAINTY_PROVED, A},
		{"two", CERTAINTY_PROVED, B}};
	AUTO(case) struct case_file *k = observed(A | B, list, 2);

	CHECK_INT(k->count, 2);
	for (size_t i = 0; i < k->count; i++) {
		const struct finding *f = &k->findings[i];
		CHECK_INT(f->evidence_count, 1);
		CHECK_INT(f->fix_count, 1);
		CHECK(case_says(f, i ? "row 1" : "row 0"));
		CHECK(case_says(f, i ? "mend two" : "mend one"));
		CHECK_STR(f->sentence, i ? "It is two." : "It is one.");
		CHECK_STR(f->certainty, "proved");
	}
}

TEST(a_check_runs_for_its_operations_only)
{
	static const struct row list[] = {{"note", CERTAINTY_PROVED, 0}};
	const struct diagnose_check *const checks[] = {&of_bind, &of_client, &of_client, NULL};
	AUTO(case) struct case_file *k = case_new("localhost", 3000);

	rows = list;
	row_count = 1;
	checks_run(&k->q, checks, &k->findings, &k->count);
	CHECK_INT(k->count, 2);
	k->q.symptom.op = OPERATION_BIND;
	checks_run(&k->q, checks, &k->findings, &k->count);
	CHECK_INT(k->count, 1);
}

TEST(the_table_names_causes_that_are_listed)
{
	for (size_t i = 0; diagnose_checks[i]; i++) {
		char list[1000], *save = NULL;
		str_copy(list, sizeof(list), diagnose_checks[i]->causes);
		CHECK(diagnose_checks[i]->summary && diagnose_checks[i]->run);
		for (char *id = strtok_r(list, " ", &save); id; id = strtok_r(NULL, " ", &save))
			if (!cause_find(id))
				unit_fail(__FILE__, __LINE__, id);
	}
}

TESTS(what_explains_all_goes_before_what_explains_most, proved_goes_before_inferred,
	the_first_row_goes_before_its_equals, a_last_resort_goes_behind_a_guess,
	what_is_left_may_be_explained_by_the_next, what_was_not_observed_is_no_fault,
	remarks_stand_behind_the_faults, each_finding_keeps_its_own_evidence,
	a_check_runs_for_its_operations_only, the_table_names_causes_that_are_listed)
