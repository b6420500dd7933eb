/* progress - see progress.h. */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/fs.h"
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
