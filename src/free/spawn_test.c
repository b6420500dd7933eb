#include "base/clock.h"
#include "free/spawn.h"
#include "unit.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static int run_shell(const char *script, uint64_t timeout_ms, struct buf *output, int *status)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	return spawn_run(argv, timeout_ms, output, status, NULL);
}

TEST(keeps_what_was_printed_and_the_status)
{
	AUTO(buf) struct buf output = BUF_INIT(1000);
	int status = -1;

	CHECK_INT(run_shell("echo out; echo bad >&2; exit 3", 5000, &output, &status), 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 3);
	CHECK_STR(output.data, "out\nbad\n");
}

TEST(long_output_does_not_block)
{
	AUTO(buf) struct buf output = BUF_INIT(100);
	int status = -1;

	CHECK_INT(run_shell("head -c 300000 /dev/zero", 5000, &output, &status), 0);
	CHECK(output.overflow);
	CHECK_INT(status, 0);
}

TEST(a_late_program_is_killed)
{
	AUTO(buf) struct buf output = BUF_INIT(100);
	struct err err = {0};
	const char *const argv[] = {"sleep", "60", NULL};
	uint64_t start = clock_mono_ms();
	int status = -1;

	CHECK_INT(spawn_run(argv, 50, &output, &status, &err), -ETIMEDOUT);
	CHECK_STR(err.text, "'sleep' did not come to an end in time");
	CHECK(clock_mono_ms() - start < 5000);
	CHECK_INT(status, -1);
}

TEST(the_end_of_the_process_counts_not_of_its_output)
{
	AUTO(buf) struct buf output = BUF_INIT(100);
	int status = -1;
	uint64_t start = clock_mono_ms();

	CHECK_INT(run_shell("sleep 3 & echo done", 10000, &output, &status), 0);
	CHECK_STR(output.data, "done\n");
	CHECK(clock_mono_ms() - start < 2000);
}

TEST(says_when_it_cannot_be_started)
{
	AUTO(buf) struct buf output = BUF_INIT(100);
	struct err err = {0};
	const char *const argv[] = {"/dev/null/helper", NULL};
	int status;

	CHECK_INT(spawn_run(argv, 1000, &output, &status, &err), -ENOEXEC);
	CHECK_STR(err.text, "cannot run '/dev/null/helper': Not a directory");
}

TEST(gives_a_clean_signal_state)
{
	AUTO(buf) struct buf output = BUF_INIT(1000);
	sigset_t set, before;
	int status = -1;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(run_shell("kill -PIPE $$; echo alive", 5000, &output, &status), 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	CHECK_INT(run_shell("kill -TERM $$; echo alive", 5000, &output, &status), 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK_STR(output.data, "");
	signal(SIGPIPE, SIG_DFL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

TESTS(keeps_what_was_printed_and_the_status, long_output_does_not_block, a_late_program_is_killed,
	the_end_of_the_process_counts_not_of_its_output, says_when_it_cannot_be_started,
	gives_a_clean_signal_state)
