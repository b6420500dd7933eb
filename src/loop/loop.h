/*
 * loop - the event loop: descriptors, one-shot timers, signals and processes, a callback for each.
 *
 *   AUTO(loop) struct loop *loop = NULL;
 *   int r = loop_new(&loop, err);
 *   loop_fd_add(loop, &c->fd, fd, EPOLLIN, on_ready, c);
 *   loop_timer_start(loop, &c->timer, clock_mono_ns() + 150 * LOOP_MS, on_timer, c);
 *   enum loop_end end = loop_run(loop, LOOP_FOREVER);
 *
 * Sources (struct loop_fd, loop_timer, loop_signal, loop_process) are the caller's memory, zeroed
 * before the first use and usually part of the struct that `data` points to. Each must be removed
 * before its memory goes away, and a descriptor before it is closed. Removing what is not there
 * does nothing.
 *
 * A callback may add, change and remove any source, its own included, and may free the memory of
 * what it removed: a removed source is never called again, not even for an event that the kernel
 * had reported before. Callbacks do not block. One thread per loop; loops do not nest.
 */
#pragma once

#include "base/err.h"
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

#define LOOP_MS	     1000000ull /* nanoseconds */
#define LOOP_FOREVER UINT64_MAX

/* Why loop_run returned. */
enum loop_end {
	LOOP_STOPPED,  /* loop_stop was called */
	LOOP_DEADLINE, /* the deadline is over */
	LOOP_IDLE,     /* no descriptor, timer or process is left to wait for */
};

struct loop;

int loop_new(struct loop **out, struct err *err); /* owned */

/* All sources must be removed before. */
void loop_free(struct loop *loop);

/* Runs callbacks until one of the ends above; `deadline_ns` is a time of clock_mono_ns(). */
enum loop_end loop_run(struct loop *loop, uint64_t deadline_ns);

/* Makes loop_run return after the running callback. Without a running loop, the next run ends at
 * once. */
void loop_stop(struct loop *loop);

/* --- descriptors: level-triggered unless events has EPOLLET; the loop never closes them --- */
struct loop_fd {
	struct loop *loop; /* NULL = not added */
	int fd;
	/* EPOLLERR and EPOLLHUP may come without being asked for. */
	void (*ready)(void *data, uint32_t events);
	void *data;
};

/* 0 or -errno: -EPERM for a regular file, -EEXIST for a descriptor that is already watched. */
int loop_fd_add(struct loop *loop, struct loop_fd *f, int fd, uint32_t events,
	void (*ready)(void *data, uint32_t events), void *data);
int loop_fd_change(struct loop_fd *f, uint32_t events);
void loop_fd_remove(struct loop_fd *f);

/* --- timers: one shot; a millisecond late at most, never early --- */
struct loop_timer {
	struct loop *loop; /* NULL = not running */
	uint64_t at_ns;
	size_t place; /* in the heap */
	void (*due)(void *data);
	void *data;
};

/* Starts the timer, or moves it when it runs. When `due` is called it has stopped already. */
void loop_timer_start(struct loop *loop, struct loop_timer *t, uint64_t at_ns,
	void (*due)(void *data), void *data);
void loop_timer_stop(struct loop_timer *t);

/* --- signals: blocked for the thread while a source wants them; they do not keep a loop running.
 * A forked child inherits the block and must lift it before it runs another program. --- */
struct loop_signal {
	struct loop *loop; /* NULL = not added */
	struct loop_signal *next;
	int signo;
	void (*caught)(void *data, int signo);
	void *data;
};

int loop_signal_add(struct loop *loop, struct loop_signal *s, int signo,
	void (*caught)(void *data, int signo), void *data);
void loop_signal_remove(struct loop_signal *s);

/* --- processes: any of this machine, watched by pidfd, so that a reused pid cannot fool it --- */
struct loop_process {
	struct loop_fd pidfd;
	pid_t pid;
	/* Once. A child is reaped and `status` is its wait status; else it is -1. */
	void (*ended)(void *data, int status);
	void *data;
};

/* 0 or -errno: -ESRCH when there is no such process. */
int loop_process_add(struct loop *loop, struct loop_process *p, pid_t pid,
	void (*ended)(void *data, int status), void *data);
void loop_process_remove(struct loop_process *p);

AUTO_DEFINE(loop, struct loop *, loop_free)
