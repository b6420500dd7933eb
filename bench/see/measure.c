/*
 * measure - run one command with its output thrown away and print what it cost:
 *
 *   wall_us user_us system_us max_rss_kib status
 *
 * Why not from the script itself: Linux carries a process's peak memory over exec (exec_mmap), so
 * whatever a Python program starts "uses" at least as much memory as Python, and starting it takes
 * a millisecond of Python, as long as the whole answer of a fast tool. This program is small enough
 * not to show. A command that a signal killed has status 128 + signal, as in a shell.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

static void __attribute__((noreturn)) run(char **command)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a command that hangs dies with its measurer */
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	execvp(command[0], command);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct rusage used;
	int status;

	if (argc < 2) {
		fputs("usage: measure COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}

	long long start = now_us();
	pid_t pid = fork();
	if (pid == 0)
		run(argv + 1);
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
		perror("measure: cannot run the command");
		return 1;
	}
	long long wall = now_us() - start;

	printf("%lld %lld %lld %ld %d\n", wall, us(used.ru_utime), us(used.ru_stime),
		used.ru_maxrss, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}
