/*
 * lookup - see lookup.h.
 *
 * getaddrinfo cannot be cancelled, so the thread and the one who asks share a counted record, and
 * whoever lets go last frees it. A process that exits takes a waiting thread with it.
 */
#include "sys/lookup.h"

#include "base/clock.h"
#include "base/must.h"
#include <netdb.h>
#include <pthread.h>
#include <time.h>

struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t done_changed;
	unsigned users; /* 2: the asker and the thread */
	bool done;
	char *name; /* owned */
	uint64_t start_ns;
	struct lookup_answer answer;
};

static void unref(struct lookup *l)
{
	pthread_mutex_lock(&l->lock);
	unsigned left = --l->users;
	pthread_mutex_unlock(&l->lock);
	if (left)
		return;
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->done_changed);
	free(l->name);
	free(l);
}

static void take_addresses(const struct addrinfo *list, struct lookup_answer *a)
{
	for (; list && a->address_count < LOOKUP_ADDRESSES_MAX; list = list->ai_next) {
		uint16_t port;
		if (address_from_sockaddr(list->ai_addr, &a->addresses[a->address_count], &port))
			a->address_count++;
	}
}

static void *ask(void *arg)
{
	struct lookup *l = arg;
	/* one socket type, else each address comes three times */
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
	struct lookup_answer a = {.failure = getaddrinfo(l->name, NULL, &hints, &list)};

	if (a.failure == 0) {
		take_addresses(list, &a);
		freeaddrinfo(list);
	} else {
		a.failure_text = gai_strerror(a.failure);
	}
	a.took_ns = clock_mono_ns() - l->start_ns;
	pthread_mutex_lock(&l->lock);
	l->answer = a;
	l->done = true;
	pthread_cond_signal(&l->done_changed);
	pthread_mutex_unlock(&l->lock);
	unref(l);
	return NULL;
}

struct lookup *lookup_start(const char *name)
{
	struct lookup *l = must_calloc(1, sizeof(*l));
	pthread_condattr_t monotonic;
	pthread_t thread;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->done_changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	l->users = 2;
	l->name = must_strdup(name);
	l->start_ns = clock_mono_ns();
	if (pthread_create(&thread, NULL, ask, l) != 0) {
		l->users = 1;
		unref(l);
		return NULL;
	}
	pthread_detach(thread);
	return l;
}

void lookup_wait(struct lookup *l, unsigned deadline_ms, struct lookup_answer *out)
{
	uint64_t end = l->start_ns + (uint64_t)deadline_ms * 1000000;
	struct timespec until = {(time_t)(end / 1000000000), (long)(end % 1000000000)};
	int r = 0;

	pthread_mutex_lock(&l->lock);
	while (!l->done && r == 0)
		r = pthread_cond_timedwait(&l->done_changed, &l->lock, &until);
	if (l->done)
		*out = l->answer;
	else
		*out = (struct lookup_answer){.timed_out = true,
			.took_ns = clock_mono_ns() - l->start_ns};
	pthread_mutex_unlock(&l->lock);
}

void lookup_free(struct lookup *l)
{
	if (l)
		unref(l);
}
