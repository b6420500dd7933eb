#include "base/clock.h"
#include "base/must.h"
#include "free/plan.h"
#include "free/stop.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static struct host host;
static int told[2]; /* children write a letter here when they are asked to end */
static char letter;

static void on_term(int signo)
{
	must(write(told[1], &letter, 1) == 1);
	_exit(0);
}

enum behaviour { ENDS, IGNORES, ENDS_WITH_PARENT };

/*
 * A child that behaves so; it is ready when this returns. `gate` is a pipe: the child keeps its own
 * end open, and one that ends with its parent watches for the other ends to close.
 */
static pid_t child(enum behaviour how, char name, int gate[2])
{
	int ready[2];
	char byte = 0;

	must(pipe(ready) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		letter = name;
		if (how == IGNORES)
			signal(SIGTERM, SIG_IGN);
		else
			signal(SIGTERM, on_term);
		if (how == ENDS_WITH_PARENT)
			close(gate[1]);
		must(write(ready[1], &byte, 1) == 1);
		if (how == ENDS_WITH_PARENT && read(gate[0], &byte, 1) == 0)
			_exit(0);
		for (;;)
			pause();
	}
	must(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static struct stop_process meant(pid_t pid, int wave)
{
	struct proc_stat stat;

	must(procfs_read_stat(&host, pid, &stat) == 0);
	return (struct stop_process){.pid = pid,
		.start_ticks = stat.start_ticks,
		.wave = wave,
		.signal = SIGTERM};
}

/* The letters in the order they were written. */
static const char *order(void)
{
	static char text[32];

	fcntl(told[0], F_SETFL, O_NONBLOCK);
	ssize_t n = read(told[0], text, sizeof(text) - 1);
	text[MAX(n, 0)] = '\0';
	return text;
}

static void begin(void)
{
	must(host_open(NULL, &host, NULL) == 0);
	must(pipe(told) == 0);
}

static void end(void)
{
	host_close(&host);
	close(told[0]);
	close(told[1]);
}

static const struct stop_query patient = {.force_after_ms = 20000, .timeout_ms = 30000};

TEST(ends_when_asked)
{
	begin();
	struct stop_process p = meant(child(ENDS, 'a', NULL), WAVE_HOLDER);
	CHECK_INT(stop_run(&host, &p, 1, &patient, NULL), 0);
	CHECK_STR(stop_outcome_name(p.outcome), "ended");
	CHECK_STR(order(), "a");
	CHECK_INT(kill(p.pid, 0), -1);
	CHECK(p.took_ns > 0);
	end();
}

TEST(is_killed_when_it_does_not)
{
	static const struct stop_query soon = {.force_after_ms = 50, .timeout_ms = 30000};

	begin();
	struct stop_process p = meant(child(IGNORES, 'a', NULL), WAVE_HOLDER);
	CHECK_INT(stop_run(&host, &p, 1, &soon, NULL), 0);
	CHECK_STR(stop_outcome_name(p.outcome), "killed");
	CHECK(p.took_ns >= 50 * 1000000ull);
	end();
}

TEST(another_process_with_this_pid_is_left_alone)
{
	begin();
	struct stop_process p = meant(child(ENDS, 'a', NULL), WAVE_HOLDER);
	p.start_ticks++;
	CHECK_INT(stop_run(&host, &p, 1, &patient, NULL), 0);
	CHECK_STR(stop_outcome_name(p.outcome), "gone");
	CHECK_STR(order(), "");
	CHECK_INT(waitpid(p.pid, NULL, WNOHANG), 0);
	kill(p.pid, SIGKILL);
	waitpid(p.pid, NULL, 0);
	CHECK_INT(stop_run(&host, &p, 1, &patient, NULL), 0); /* now there is none at all */
	CHECK_STR(stop_outcome_name(p.outcome), "gone");
	end();
}

TEST(a_suspended_process_is_woken_to_end)
{
	int status;

	begin();
	struct stop_process p = meant(child(ENDS, 'a', NULL), WAVE_HOLDER);
	kill(p.pid, SIGSTOP);
	must(waitpid(p.pid, &status, WUNTRACED) == p.pid && WIFSTOPPED(status));
	CHECK_INT(stop_run(&host, &p, 1, &patient, NULL), 0);
	CHECK_STR(stop_outcome_name(p.outcome), "ended");
	CHECK_STR(order(), "a");
	end();
}

TEST(waves_go_in_order)
{
	begin();
	pid_t holder = child(ENDS, 'h', NULL), runner = child(ENDS, 'r', NULL),
	      heir = child(ENDS, 'i', NULL);
	struct stop_process list[] = {meant(heir, WAVE_INHERITED), meant(holder, WAVE_HOLDER),
		meant(runner, WAVE_RUNNER)};
	CHECK_INT(stop_run(&host, list, 3, &patient, NULL), 0);
	CHECK_STR(order(), "rhi");
	end();
}

TEST(a_slow_runner_does_not_hold_up_the_holder)
{
	static const struct stop_query q = {.force_after_ms = 800, .timeout_ms = 30000};

	begin();
	struct stop_process list[] = {meant(child(ENDS, 'h', NULL), WAVE_HOLDER),
		meant(child(IGNORES, 'r', NULL), WAVE_RUNNER)};
	CHECK_INT(stop_run(&host, list, 2, &q, NULL), 0);
	CHECK_STR(stop_outcome_name(list[0].outcome), "ended");
	CHECK_STR(stop_outcome_name(list[1].outcome), "killed");
	CHECK(list[0].took_ns < list[1].took_ns);
	end();
}

TEST(children_may_end_with_their_parents)
{
	int gate[2];

	begin();
	pid_t stays = child(ENDS, 's', NULL);
	must(pipe(gate) == 0);
	pid_t parent = child(ENDS, 'p', gate), follower = child(ENDS_WITH_PARENT, 'f', gate);
	close(gate[0]);
	close(gate[1]);
	struct stop_process list[] = {meant(follower, WAVE_CHILD), meant(stays, WAVE_CHILD),
		meant(parent, WAVE_HOLDER)};
	CHECK_INT(stop_run(&host, list, 3, &patient, NULL), 0);
	CHECK_STR(stop_outcome_name(list[0].outcome), "ended");
	CHECK_STR(order(), "ps"); /* the follower was never asked */
	end();
}

TEST(says_who_is_left)
{
	static const struct stop_query q = {.force_after_ms = 20, .timeout_ms = 100};
	struct err err = {0};

	begin();
	struct stop_process p = meant(child(ENDS, 'a', NULL), WAVE_HOLDER);
	p.signal = 0; /* only waited for */
	CHECK_INT(stop_run(&host, &p, 1, &q, &err), -ETIMEDOUT);
	CHECK_STR(stop_outcome_name(p.outcome), "left");
	CHECK_INT(p.state, 'S');
	kill(p.pid, SIGKILL);
	waitpid(p.pid, NULL, 0);
	end();
}

TEST(can_be_interrupted)
{
	static const struct stop_query q = {.force_after_ms = 20000, .timeout_ms = 30000};

	begin();
	struct stop_process p = meant(child(IGNORES, 'a', NULL), WAVE_HOLDER);
	pid_t helper = fork();
	if (helper == 0) {
		struct timespec wait = {.tv_nsec = 50 * 1000000};
		nanosleep(&wait, NULL);
		kill(getppid(), SIGINT);
		_exit(0);
	}
	CHECK_INT(stop_run(&host, &p, 1, &q, NULL), -EINTR);
	CHECK_STR(stop_outcome_name(p.outcome), "left");
	waitpid(helper, NULL, 0);
	kill(p.pid, SIGKILL);
	waitpid(p.pid, NULL, 0);
	end();
}

TESTS(ends_when_asked, is_killed_when_it_does_not, another_process_with_this_pid_is_left_alone,
	a_suspended_process_is_woken_to_end, waves_go_in_order,
	a_slow_runner_does_not_hold_up_the_holder, children_may_end_with_their_parents,
	says_who_is_left, can_be_interrupted)
