/* progress - see progress.h. */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/must.h"
#include "base/text.h"

#define AFTER_MS 500

static const char erase[] = "\r\x1b[K";

void progress_init(struct progress *p, const struct cli *cli)
{
	*p = (struct progress){.out = &cli->errors, .start_ms = clock_mono_ms()};
}

bool progress_due(const struct progress *p)
{
	return p->out->tty && clock_mono_ms() - p->start_ms >= AFTER_MS;
}

void progress_show(struct progress *p, const char *text)
{
	AUTO(buf) struct buf line = BUF_INIT(4096);

	if (!progress_due(p))
		return;
	buf_str(&line, erase);
	text_cut_middle(&line, text, p->out->columns ? p->out->columns - 1 : 79, p->out->utf8);
	p->shown = fs_write_all(p->out->fd, line.data, line.len) == 0;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fs_write_all(p->out->fd, erase, sizeof(erase) - 1);
	p->shown = false;
}

static void *show_later(void *data)
{
	struct progress_line *l = data;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += AFTER_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&l->lock);
	int r = 0;
	while (!l->over && r == 0)
		r = pthread_cond_timedwait(&l->changed, &l->lock, &until);
	if (!l->over)
		progress_show(&l->progress, l->text);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void progress_line_begin(struct progress_line *l, const struct cli *cli, const char *text)
{
	pthread_condattr_t attributes;

	*l = (struct progress_line){0};
	progress_init(&l->progress, cli);
	if (!l->progress.out->tty)
		return;
	l->text = must_strdup(text);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	l->running = pthread_create(&l->thread, NULL, show_later, l) == 0;
}

void progress_line_end(struct progress_line *l)
{
	if (l->running) {
		pthread_mutex_lock(&l->lock);
		l->over = true;
		pthread_cond_signal(&l->changed);
		pthread_mutex_unlock(&l->lock);
		pthread_join(l->thread, NULL);
		pthread_cond_destroy(&l->changed);
		pthread_mutex_destroy(&l->lock);
	}
	free((char *)l->text);
	progress_end(&l->progress);
}
