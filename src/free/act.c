/*
 * act - see act.h. Supervisors first: a unit that is stopped takes its processes with it, and one that
 * cannot be stopped must not be left half dead. When a command fails the signals are not sent.
 */
#include "free/act.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "free/spawn.h"
#include "free/stop.h"
#include <errno.h>
#include <sys/wait.h>

#define OUTPUT_MAX  (64u << 10)
#define PROBLEM_MAX 400
#define SETTLE_MS   3000 /* in which what a supervisor has stopped lets its sockets go */

struct act {
	struct world *w;
	const struct free_plan *plan;
	const struct act_query *q;
	struct act_result *r;
	const struct free_step *running; /* the command that is waited for */
	bool interrupted, late, denied, failed;
};

const char *act_outcome_name(int outcome)
{
	static const char *const names[] = {"freed", "taken", "left", "denied", "failed",
		"interrupted"};

	return names[outcome];
}

/* --- supervisors --- */

/* The last line that says something; tools put their reason there. */
static const char *last_line(struct arena *arena, const struct buf *output)
{
	AUTO(buf) struct buf text = BUF_INIT(PROBLEM_MAX);
	const char *end = output->data + output->len, *start;

	while (end > output->data && strchr("\r\n\t ", end[-1]))
		end--;
	for (start = end; start > output->data && start[-1] != '\n'; start--)
		;
	text_escape(&text, start, (size_t)(end - start));
	return arena_strdup(arena, text.data);
}

static bool sounds_like_rights(const char *problem)
{
	static const char *const words[] = {"ermission denied", "ccess denied",
		"uthentication required", "not permitted", "must be root"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(problem, words[i]))
			return true;
	return false;
}

static void tick_command(void *data)
{
	const struct act *a = data;

	a->q->tick(a->q->data, a->running->text);
}

static void run_command(struct act *a, const struct free_step *step)
{
	AUTO(buf) struct buf output = BUF_INIT(OUTPUT_MAX);
	struct act_command *c = &a->r->commands[a->r->command_count++];
	struct err err = {0};
	int status = 0;
	uint64_t start = clock_mono_ns();

	*c = (struct act_command){.step = step};
	a->running = step;
	int r = spawn_run_ticking(step->stop, a->q->timeout_ms, a->q->tick ? tick_command : NULL, a,
		&output, &status, &err);
	c->took_ns = clock_mono_ns() - start;
	c->done = r == 0 && status == 0;
	if (c->done)
		return;
	a->interrupted = a->interrupted || r == -EINTR;
	a->late = a->late || r == -ETIMEDOUT;
	a->failed = true;
	const char *said = r == 0 ? last_line(a->w->arena, &output) : "";
	if (r < 0)
		c->problem = arena_strdup(a->w->arena, err.text);
	else if (*said)
		c->problem = arena_printf(a->w->arena, "'%s' failed: %s", step->text, said);
	else if (WIFEXITED(status))
		c->problem = arena_printf(a->w->arena, "'%s' failed with exit code %d", step->text,
			WEXITSTATUS(status));
	else
		c->problem = arena_printf(a->w->arena, "'%s' was ended by signal %d", step->text,
			WTERMSIG(status));
	a->denied = a->denied || sounds_like_rights(c->problem);
}

static void run_commands(struct act *a)
{
	for (size_t i = 0; i < a->plan->step_count && !a->interrupted; i++)
		if (a->plan->steps[i].stop)
			run_command(a, &a->plan->steps[i]);
}

/* --- processes --- */

static void tick_process(void *data, const struct stop_process *p)
{
	const struct act *a = data;
	AUTO(buf) struct buf what = BUF_INIT(300);

	for (size_t i = 0; i < a->r->process_count; i++) {
		const struct owner *o = a->r->processes[i].victim->owner;
		if (o->pid != p->pid)
			continue;
		const char *program = owner_program(o);
		text_escape(&what, program, strlen(program));
		buf_printf(&what, " %d", o->pid);
		break;
	}
	a->q->tick(a->q->data, what.data);
}

static void stop_processes(struct act *a)
{
	const struct free_plan *plan = a->plan;
	struct stop_process *list =
		arena_array(a->w->arena, struct stop_process, plan->victim_count + 1);
	struct stop_query q = {a->q->force_after_ms, a->q->timeout_ms,
		a->q->tick ? tick_process : NULL, a};
	size_t count = 0;

	for (size_t i = 0; i < plan->victim_count; i++) {
		const struct free_victim *v = &plan->victims[i];
		const struct proc_stat *p = family_find(a->w->family, v->owner->pid);
		if (v->signal == 0)
			continue;
		/* the snapshot's word counts; the family was read a moment later */
		uint64_t ticks = v->owner->start_ticks ? v->owner->start_ticks
			: p			       ? p->start_ticks
						       : 0;
		a->r->processes[count] =
			(struct act_process){.victim = v, .pid = v->owner->pid, .call = v->call};
		list[count++] = (struct stop_process){.pid = v->owner->pid,
			.start_ticks = ticks,
			.wave = v->wave,
			.signal = v->signal};
	}
	a->r->process_count = count;
	if (count == 0)
		return;
	int r = stop_run(a->w->host, list, count, &q, NULL);
	a->interrupted = r == -EINTR;
	a->late = a->late || r == -ETIMEDOUT;
	a->denied = a->denied || r == -EPERM;
	for (size_t i = 0; i < count; i++) {
		a->r->processes[i].outcome = list[i].outcome;
		a->r->processes[i].took_ns = list[i].took_ns;
		a->r->processes[i].state = list[i].state;
	}
}

/* --- looking --- */

static uint32_t netns_of(const struct act *a, const struct free_endpoint *e)
{
	const struct snapshot *s = a->w->snapshot;

	for (size_t i = 0; i < s->socket_count; i++)
		if (s->sockets[i].cookie == e->cookie && s->sockets[i].netns)
			return s->namespaces[s->sockets[i].netns].inode;
	return 0;
}

static int look(struct act *a, struct err *err)
{
	size_t count = a->plan->endpoint_count + a->q->more_count;
	struct verify_goal *goals = arena_array(a->w->arena, struct verify_goal, count + 1);
	struct verify_query q = {.goals = goals,
		.count = count,
		.before = a->w->snapshot,
		.plan = a->plan,
		.settle_ms = a->r->command_count && !a->failed ? SETTLE_MS : 0,
		.watch_ms = a->late || a->failed ? 0 : verify_watch_ms(a->w, a->plan)};

	for (size_t i = 0; i < a->plan->endpoint_count; i++) {
		const struct free_endpoint *e = &a->plan->endpoints[i];
		goals[i] = (struct verify_goal){.what = e->what,
			.endpoint = e->endpoint,
			.v6only = e->v6only,
			.cookie = e->cookie,
			.netns_inode = netns_of(a, e)};
	}
	for (size_t i = 0; i < a->q->more_count; i++)
		goals[a->plan->endpoint_count + i] = a->q->more[i];
	a->r->verdicts = arena_array(a->w->arena, struct free_verdict, count + 1);
	int r = verify_run(a->w->host, a->w->arena, &q, a->r->verdicts, &a->r->after, err);
	if (r == 0)
		a->r->verdict_count = count;
	return r;
}

static int judge(const struct act *a)
{
	bool all_free = a->r->verdict_count > 0;

	for (size_t i = 0; i < a->r->verdict_count; i++)
		all_free = all_free && verify_is_free(a->r->verdicts[i].state);
	if (a->interrupted)
		return ACT_INTERRUPTED;
	if (a->late)
		return ACT_LEFT;
	if (all_free)
		return ACT_FREED;
	if (a->denied)
		return ACT_DENIED;
	return a->failed ? ACT_FAILED : ACT_TAKEN;
}

int act_run(struct world *w, const struct free_plan *plan, const struct act_query *q,
	struct act_result *out, struct err *err)
{
	struct act a = {.w = w, .plan = plan, .q = q, .r = out};
	uint64_t start = clock_mono_ns();
	int r = 0;

	*out = (struct act_result){.processes = arena_array(w->arena, struct act_process,
					   plan->victim_count + 1),
		.commands = arena_array(w->arena, struct act_command, plan->step_count + 1)};
	run_commands(&a);
	if (!a.failed)
		stop_processes(&a);
	out->took_ns = clock_mono_ns() - start;
	if (!a.interrupted)
		r = look(&a, err);
	out->outcome = judge(&a);
	return r;
}

void act_result_fini(struct act_result *r)
{
	snapshot_free(r->after);
	r->after = NULL;
}

/* --- fields --- */

static void process_state(const void *record, struct buf *out)
{
	const struct act_process *p = record;

	if (p->outcome == STOP_LEFT && p->state)
		text_escape(out, &p->state, 1);
}

static const struct field process_fields[] = {
	FIELD(struct act_process, pid, FIELD_INT32, "PID", "process id"),
	FIELD(struct act_process, call, FIELD_TEXT, "CALL", "program and first arguments"),
	FIELD(struct act_process, outcome, FIELD_ENUM, "OUTCOME",
		"ended, killed, gone (it was not there any more), left or denied",
		.name_of = stop_outcome_name),
	FIELD(struct act_process, took_ns, FIELD_UINT64, "TOOK",
		"from the first signal to its end"),
	{.name = "state",
		.kind = FIELD_COMPUTED,
		.title = "STATE",
		.text = process_state,
		.help = "the kernel's letter, of those that are left"},
};

static const struct record_type process_act_type =
	RECORD_TYPE("act_process", struct act_process, process_fields);

static void command_text(const void *record, struct buf *out)
{
	buf_str(out, ((const struct act_command *)record)->step->text);
}

static const struct field command_fields[] = {
	{.name = "command",
		.kind = FIELD_COMPUTED,
		.title = "COMMAND",
		.text = command_text,
		.help = "what the supervisor was told"},
	FIELD(struct act_command, done, FIELD_BOOL, "DONE", "it ended well"),
	FIELD(struct act_command, problem, FIELD_TEXT, "PROBLEM", "why it did not"),
	FIELD(struct act_command, took_ns, FIELD_UINT64, "TOOK", "how long it took"),
};

static const struct record_type command_type =
	RECORD_TYPE("act_command", struct act_command, command_fields);

static const struct field fields[] = {
	FIELD(struct act_result, outcome, FIELD_ENUM, "OUTCOME",
		"freed, taken, left, denied, failed or interrupted", .name_of = act_outcome_name),
	FIELD(struct act_result, took_ns, FIELD_UINT64, "TOOK", "until all had ended"),
	FIELD(struct act_result, processes, FIELD_RECORDS, NULL, "what was signalled",
		.type = &process_act_type,
		.count_offset = offsetof(struct act_result, process_count)),
	FIELD(struct act_result, commands, FIELD_RECORDS, NULL, "what supervisors were told",
		.type = &command_type, .count_offset = offsetof(struct act_result, command_count)),
	FIELD(struct act_result, verdicts, FIELD_RECORDS, NULL, "what is free now",
		.type = &free_verdict_type,
		.count_offset = offsetof(struct act_result, verdict_count)),
};

const struct record_type act_result_type = RECORD_TYPE("act_result", struct act_result, fields);
