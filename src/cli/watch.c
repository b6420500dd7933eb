/*
 * watch - see watch.h. One timer and two signals on the event loop; every turn takes a snapshot.
 */
#include "cli/watch.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/common.h"
#include "loop/loop.h"
#include "render/record.h"
#include <errno.h>
#include <signal.h>

#define INTERVAL_MIN_MS 100

struct watch {
	struct cli *cli;
	struct loop *loop;
	struct loop_timer timer;
	struct loop_signal interrupt, terminate;
	struct loop_fd reader; /* of our output: only its end is of interest */
	uint64_t interval_ns;
	int code;
	void (*turn)(struct watch *w);
	/* watch_screen */
	int (*print)(struct cli *cli, void *arg);
	void *arg;
	/* watch_changes */
	struct inventory_query query;
	uint32_t problems;
	struct snapshot *before;
};

static void stop(void *data, int signo)
{
	struct watch *w = data;

	(void)signo;
	w->code = EXIT_INTERRUPTED;
	loop_stop(w->loop);
}

/* `ls --watch | head`: nothing may be written for hours, so do not wait for a write to fail. */
static void reader_gone(void *data, uint32_t events)
{
	struct watch *w = data;

	if (events & (EPOLLERR | EPOLLHUP))
		loop_stop(w->loop);
}

static void turn(void *data)
{
	struct watch *w = data;

	w->turn(w);
	if (w->cli->out.error)
		loop_stop(w->loop); /* the reader has gone */
	else
		loop_timer_start(w->loop, &w->timer, clock_mono_ns() + w->interval_ns, turn, w);
}

static int run_watch(struct watch *w, const char *interval)
{
	AUTO(loop) struct loop *loop = NULL;
	struct err err = {0};
	uint64_t ms = 1000;

	if (*interval && (!str_duration_ms(interval, &ms) || ms < INTERVAL_MIN_MS)) {
		AUTO(buf) struct buf shown = BUF_INIT(200);
		text_escape(&shown, interval, strlen(interval));
		err_set(&err, -EINVAL, "--watch: '%s' is not a duration of at least 100ms",
			shown.data);
		return cli_fail(w->cli, EXIT_USAGE, "usage", &err);
	}
	if (loop_new(&loop, &err) < 0)
		return cli_fail_errno(w->cli, &err);
	w->loop = loop;
	w->interval_ns = ms * LOOP_MS;
	w->cli->out.page = false;
	loop_signal_add(loop, &w->interrupt, SIGINT, stop, w);
	loop_signal_add(loop, &w->terminate, SIGTERM, stop, w);
	loop_fd_add(loop, &w->reader, w->cli->out.fd, 0, reader_gone, w); /* a file has no reader */
	turn(w);
	if (!w->cli->out.error)
		loop_run(loop, LOOP_FOREVER);
	loop_fd_remove(&w->reader);
	loop_timer_stop(&w->timer);
	loop_signal_remove(&w->interrupt);
	loop_signal_remove(&w->terminate);
	return w->code;
}

static void draw(struct watch *w)
{
	struct out *out = &w->cli->out;

	out_str(out, "\x1b[H\x1b[2J");
	int code = w->print(w->cli, w->arg);
	if (code == EXIT_USAGE || code == EXIT_FAULT) {
		w->code = code; /* it would say the same every time */
		loop_stop(w->loop);
		return;
	}
	out_styled(out, STYLE_DIM, "Ctrl-C ends this.\n");
	out_flush(out);
	arena_free(w->cli->arena);
	w->cli->arena = arena_new();
}

int watch_screen(struct cli *cli, const char *interval, int (*print)(struct cli *cli, void *arg),
	void *arg)
{
	struct watch w = {.cli = cli, .turn = draw, .print = print, .arg = arg};

	return run_watch(&w, interval);
}

/* The same service with the same owner: a restart is a close and an open. */
static uint64_t key_of(const struct snapshot *s, const struct service *service)
{
	AUTO(buf) struct buf key = BUF_INIT(8192);

	buf_printf(&key, "%u %d %u ", service->port, service->proto,
		s->namespaces[service->netns].inode);
	for (size_t i = 0; i < service->listener_count; i++)
		buf_printf(&key, "%s ", service->listeners[i].text);
	if (service->owner_count)
		buf_printf(&key, "%d %llu", service->owners[0]->pid,
			(unsigned long long)service->owners[0]->start_ticks);
	return map_hash(key.data, key.len);
}

static void report(struct watch *w, const char *event, const struct service *service)
{
	struct out *out = &w->cli->out;

	if (w->cli->format == FORMAT_JSONL) {
		struct json j;
		AUTO(buf) struct buf at = BUF_INIT(64);
		clock_iso(&at, clock_real_ms());
		cli_json_begin(w->cli, &j);
		json_str(&j, "event", event);
		json_str(&j, "at", at.data);
		record_json(&j, "service", &service_type, service);
		cli_json_end(w->cli, &j);
		return;
	}
	clock_local(&out->text, clock_real_ms(), clock_real_ms());
	out_printf(out, "  %-6s  ", event);
	out_foreign(out, service->listeners[0].text);
	out_str(out, "  ");
	service_owner_text(service, &out->text);
	out_str(out, "  ");
	out_foreign(out, service->name);
	out_str(out, "\n");
}

static bool wanted(const struct watch *w, const struct service *service)
{
	return (service->problems & w->problems) == w->problems;
}

static void index_services(const struct watch *w, const struct snapshot *s, struct map *out)
{
	for (size_t i = 0; s && i < s->service_count; i++)
		if (wanted(w, s->services[i]))
			map_set(out, key_of(s, s->services[i]), i);
}

/* What `s` has and the other snapshot, known by its index, has not. */
static void report_missing(struct watch *w, const char *event, const struct snapshot *s,
	const struct map *other)
{
	for (size_t i = 0; s && i < s->service_count; i++)
		if (wanted(w, s->services[i]) && !map_get(other, key_of(s, s->services[i]), NULL))
			report(w, event, s->services[i]);
}

static void compare(struct watch *w)
{
	AUTO(map) struct map before = {0};
	AUTO(map) struct map now = {0};
	AUTO(snapshot) struct snapshot *s = NULL;
	struct host host;

	int code = common_snapshot(w->cli, &w->query, &host, &s);
	if (code >= 0) {
		w->code = code;
		loop_stop(w->loop);
		return;
	}
	host_close(&host);
	index_services(w, w->before, &before);
	index_services(w, s, &now);
	report_missing(w, "closed", w->before, &now);
	report_missing(w, w->before ? "opened" : "open", s, &before);
	snapshot_free(w->before);
	w->before = steal(&s);
	out_flush(&w->cli->out);
}

int watch_changes(struct cli *cli, const char *interval, const struct inventory_query *query,
	uint32_t problems)
{
	struct watch w = {.cli = cli, .turn = compare, .query = *query, .problems = problems};
	int code = run_watch(&w, interval);

	snapshot_free(w.before);
	return code;
}
