#include "model/owner.h"
#include "unit.h"

static const char *program(const char *exe, const char *comm, const char *argv0, size_t argc)
{
	const char *argv[] = {argv0, "x"};
	const struct owner o = {.exe = exe, .comm = comm, .argv = argv, .argc = argc};

	return owner_program(&o);
}

TEST(names_the_program_as_a_person_does)
{
	CHECK_STR(program("/usr/bin/node", "npm run dev", "npm", 2), "node");
	CHECK_STR(program("/usr/bin/python3.11", "flask", "python3", 2), "python");
	CHECK_STR(program(NULL, "sshd", "/usr/sbin/sshd", 2), "sshd");
	CHECK_STR(program(NULL, "bash", "-bash", 1), "bash");
	CHECK_STR(program(NULL, "kthreadd", NULL, 0), "kthreadd");
	CHECK_STR(program(NULL, NULL, NULL, 0), "?");
	CHECK_STR(program(NULL, "x", "", 1), "x");
}

TEST(takes_the_kernels_name_for_a_title)
{
	CHECK_STR(program(NULL, "nginx", "nginx: master process /usr/sbin/nginx -g", 1), "nginx");
	CHECK_STR(program(NULL, "postgres", "postgres: walwriter", 1), "postgres");
	CHECK_STR(program(NULL, "sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10", 1), "sshd");
}

TESTS(names_the_program_as_a_person_does, takes_the_kernels_name_for_a_title)
