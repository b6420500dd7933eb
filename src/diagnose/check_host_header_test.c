#include <case_file.h>

extern const struct diagnose_check diagnose_host_header;

static struct case_file *site(uint16_t status, struct place **out)
{
	struct case_file *k = case_new("myapp.test", 5173);

	snap_listen(&k->world, "127.0.0.1", 5173, snap_owner(&k->world, 4121, "/usr/bin/node"));
	k->q.aim.http = true;
	*out = case_place(k, "127.0.0.1");
	case_status(*out, status);
	return k;
}

TEST(another_host_is_answered)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(403, &p);

	p->host_tried = true;
	p->host_try.response = (struct response){.status = 200};
	const struct finding *f = case_answer(k, &diagnose_host_header);
	CHECK_STR(f ? f->id : NULL, "host-header-rejected");
	CHECK(case_says(f, "Host: myapp.test gets HTTP 403"));
	CHECK(case_says(f, "Host: localhost gets HTTP 200"));
	CHECK(case_says(f, "allowedHosts"));
	CHECK(case_says(f, "4121"));
}

TEST(django_says_so)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(400, &p);

	p->talk.response.body = "DisallowedHost at /: Invalid HTTP_HOST header";
	CHECK(case_says(case_answer(k, &diagnose_host_header), "ALLOWED_HOSTS in settings.py"));
}

TEST(forbidden_by_any_name)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(403, &p);

	p->host_tried = true;
	p->host_try.response = (struct response){.status = 403};
	k->q.aim.shown_path = true;
	CHECK_STR(case_cause(k, &diagnose_host_header), NULL);
}

TEST(only_the_text_tells)
{
	struct place *p;
	AUTO(case) struct case_file *k = site(200, &p);

	k->q.symptom = (struct symptom){.op = OPERATION_HTTP,
		.error = "HTTP_HOST_DENIED",
		.said = "Blocked request. This host (\"myapp.test\") is not allowed."};
	CHECK_STR(case_cause(k, &diagnose_host_header), "host-header-rejected");
}

TESTS(another_host_is_answered, django_says_so, forbidden_by_any_name, only_the_text_tells)
