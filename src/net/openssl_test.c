/* openssl_test - with the library, and on a machine that has none. */
#include "net/openssl.h"

#include "net/tls.h"
#include "unit.h"
#include <glob.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a mount namespace of its own, where an empty file lies over the library. */
static int look_without(void)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct talk_tls seen;
	glob_t found = {0};

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	glob("/usr/lib*/libssl.so.3", 0, NULL, &found);
	glob("/usr/lib*/*/libssl.so.3", found.gl_pathc ? GLOB_APPEND : 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (mount("/dev/null", found.gl_pathv[i], NULL, MS_BIND, NULL) < 0)
			return 77;
	}
	globfree(&found);
	unit_failures = 0;
	CHECK(!openssl_load());
	CHECK(!tls_new(arena, &(struct tls_ask){0}, &seen));
	CHECK(seen.tried && !seen.done);
	CHECK_STR(seen.error, "OpenSSL is not installed");
	return unit_failures != 0;
}

TEST(a_machine_without_it)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(look_without());
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		fprintf(stderr, "skipped: hiding the library needs root\n");
	else
		CHECK_INT(status, 0);
}

TEST(it_is_loaded_once)
{
	const struct openssl *o = openssl_load();

	if (!o) {
		fprintf(stderr, "skipped: OpenSSL is not installed\n");
		return;
	}
	CHECK(openssl_load() == o);
	CHECK_STR(o->X509_verify_cert_error_string(X509_V_OK), "ok");
}

TESTS(a_machine_without_it, it_is_loaded_once)
