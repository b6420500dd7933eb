/*
 * undo_json - an undo as JSON and back. Arguments and variables are bytes, not text: what is not valid
 * UTF-8 is written as {"hex": "..."}, so that nothing changes on the way.
 */
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "free/undo.h"
#include <errno.h>

#define SCHEMA	  "loopscope.undo/1"
#define ITEMS_MAX 100000

/* --- writing --- */

static bool is_text(const char *s)
{
	size_t len = strlen(s);
	uint32_t cp;

	for (size_t i = 0, n; i < len; i += n)
		if ((n = text_decode(s + i, len - i, &cp)) == 0)
			return false;
	return true;
}

static void write_bytes(struct json *j, const char *name, const char *s)
{
	if (!s || is_text(s)) {
		json_str(j, name, s);
		return;
	}
	AUTO(buf) struct buf hex = BUF_INIT(8 << 20);
	for (const char *p = s; *p; p++)
		buf_printf(&hex, "%02x", (unsigned char)*p);
	json_object(j, name);
	json_str(j, "hex", hex.data);
	json_end(j);
}

static void write_list(struct json *j, const char *name, const char *const *list, size_t count)
{
	json_array(j, name);
	for (size_t i = 0; i < count; i++)
		write_bytes(j, NULL, list[i]);
	json_end(j);
}

static void write_goal(struct json *j, const struct undo_goal *g)
{
	AUTO(buf) struct buf address = BUF_INIT(100);

	json_object(j, NULL);
	json_str(j, "what", g->what);
	json_u64(j, "proto", g->endpoint.proto);
	json_u64(j, "port", g->endpoint.port);
	if (g->endpoint.path) {
		write_bytes(j, "path", g->endpoint.path);
	} else {
		address_format(&address, &g->endpoint.address);
		json_str(j, "address", address.data);
	}
	json_end(j);
}

static void write_process(struct json *j, const struct undo_process *p)
{
	json_object(j, NULL);
	json_str(j, "call", p->call);
	json_str(j, "cannot", p->cannot);
	write_bytes(j, "file", p->file);
	write_bytes(j, "cwd", p->cwd);
	write_list(j, "argv", p->argv, p->argc);
	json_bool(j, "env_known", p->env_known);
	write_list(j, "env", p->env, p->env_count);
	json_u64(j, "uid", p->uid);
	json_u64(j, "gid", p->gid);
	json_u64(j, "umask", p->umask);
	json_array(j, "groups");
	for (size_t i = 0; i < p->group_count; i++)
		json_u64(j, NULL, p->groups[i]);
	json_end(j);
	json_end(j);
}

void undo_write(const struct undo *u, struct buf *out)
{
	struct json j;

	json_init(&j, out, JSON_PRETTY);
	json_object(&j, NULL);
	json_str(&j, "schema", SCHEMA);
	json_i64(&j, "stopped_ms", u->stopped_ms);
	json_array(&j, "goals");
	for (size_t i = 0; i < u->goal_count; i++)
		write_goal(&j, &u->goals[i]);
	json_end(&j);
	json_array(&j, "processes");
	for (size_t i = 0; i < u->process_count; i++)
		write_process(&j, &u->processes[i]);
	json_end(&j);
	json_array(&j, "commands");
	for (size_t i = 0; i < u->command_count; i++)
		write_list(&j, NULL, u->commands[i].argv, u->commands[i].argc);
	json_end(&j);
	json_end(&j);
}

/* --- reading: anything that is not as it was written makes the whole unreadable --- */

struct reading {
	struct arena *arena;
	bool bad;
};

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

static const char *read_bytes(struct reading *r, const struct json_value *v)
{
	if (v && v->type == JSON_STRING) {
		r->bad = r->bad || memchr(v->string, '\0', v->len);
		return v->string;
	}
	const char *hex = v && v->type == JSON_OBJECT ? json_get_str(v, "hex") : NULL;
	size_t len = hex ? strlen(hex) : 1;
	if (len % 2) {
		r->bad = true;
		return "";
	}
	char *bytes = arena_alloc(r->arena, len / 2 + 1);
	for (size_t i = 0; i < len / 2; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
		r->bad = r->bad || high < 0 || low < 0 || (high == 0 && low == 0);
		bytes[i] = (char)(high * 16 + low);
	}
	return bytes;
}

static const char *read_optional(struct reading *r, const struct json_value *object,
	const char *name)
{
	const struct json_value *v = json_get(object, name);

	return v ? read_bytes(r, v) : NULL;
}

static size_t count_items(struct reading *r, const struct json_value *array)
{
	size_t count = 0;

	if (!array || array->type != JSON_ARRAY) {
		r->bad = true;
		return 0;
	}
	for (const struct json_value *v = json_first(array); v; v = json_next(array, v))
		count++;
	r->bad = r->bad || count > ITEMS_MAX;
	return count;
}

static uint64_t read_number(struct reading *r, const struct json_value *object, const char *name,
	uint64_t max)
{
	const struct json_value *v = object ? json_get(object, name) : NULL;
	uint64_t n = 0;

	if (!v || v->type != JSON_NUMBER || !str_u64(v->string, max, &n))
		r->bad = true;
	return n;
}

/* A NULL-terminated list, as exec wants it. */
static const char **read_list(struct reading *r, const struct json_value *array, size_t *out_count)
{
	size_t count = count_items(r, array), i = 0;
	const char **list = arena_array(r->arena, const char *, count + 1);

	if (count)
		for (const struct json_value *v = json_first(array); v; v = json_next(array, v))
			list[i++] = read_bytes(r, v);
	*out_count = i;
	return list;
}

static void read_goal(struct reading *r, const struct json_value *v, struct undo_goal *g)
{
	const char *address = json_get_str(v, "address");

	g->what = json_get_str(v, "what");
	g->endpoint.proto = (enum proto)read_number(r, v, "proto", PROTO_COUNT - 1);
	g->endpoint.port = (uint16_t)read_number(r, v, "port", UINT16_MAX);
	g->endpoint.path = read_optional(r, v, "path");
	if (!g->what ||
		(!g->endpoint.path && (!address || !address_parse(address, &g->endpoint.address))))
		r->bad = true;
}

static void read_process(struct reading *r, const struct json_value *v, struct undo_process *p)
{
	const struct json_value *known = json_get(v, "env_known"), *groups = json_get(v, "groups");
	size_t i = 0;

	p->call = json_get_str(v, "call");
	p->cannot = json_get_str(v, "cannot");
	p->file = read_optional(r, v, "file");
	p->cwd = read_optional(r, v, "cwd");
	p->argv = read_list(r, json_get(v, "argv"), &p->argc);
	p->env = read_list(r, json_get(v, "env"), &p->env_count);
	p->env_known = known && known->type == JSON_BOOL && known->boolean;
	p->uid = (uint32_t)read_number(r, v, "uid", UINT32_MAX);
	p->gid = (uint32_t)read_number(r, v, "gid", UINT32_MAX);
	p->umask = (uint32_t)read_number(r, v, "umask", 0777);
	p->group_count = count_items(r, groups);
	p->groups = arena_array(r->arena, uint32_t, p->group_count + 1);
	for (const struct json_value *g = p->group_count ? json_first(groups) : NULL; g;
		g = json_next(groups, g)) {
		uint64_t n = 0;
		if (g->type != JSON_NUMBER || !str_u64(g->string, UINT32_MAX, &n))
			r->bad = true;
		p->groups[i++] = (uint32_t)n;
	}
	if (!p->call || (!p->cannot && (!p->file || !p->cwd || p->argc == 0)))
		r->bad = true;
}

int undo_read(struct arena *arena, const char *text, size_t len, struct undo **out, struct err *err)
{
	struct reading r = {.arena = arena};
	struct json_doc doc;
	size_t i = 0;

	int code = json_parse(arena, text, len, &doc, err);
	if (code < 0)
		return code;
	const struct json_value *top = doc.values;
	const char *schema = json_get_str(top, "schema");
	if (!schema || !str_eq(schema, SCHEMA))
		return err_set(err, -EPROTO, "it was written by another version of loopscope");
	const struct json_value *goals = json_get(top, "goals"),
				*processes = json_get(top, "processes"),
				*commands = json_get(top, "commands");
	struct undo *u = arena_new_of(arena, struct undo);
	u->stopped_ms = (int64_t)read_number(&r, top, "stopped_ms", INT64_MAX);
	u->goal_count = count_items(&r, goals);
	u->process_count = count_items(&r, processes);
	u->command_count = count_items(&r, commands);
	if (r.bad)
		return err_set(err, -EPROTO, "a part of it is missing");
	u->goals = arena_array(arena, struct undo_goal, u->goal_count + 1);
	u->processes = arena_array(arena, struct undo_process, u->process_count + 1);
	u->commands = arena_array(arena, struct undo_command, u->command_count + 1);
	for (const struct json_value *v = json_first(goals); v; v = json_next(goals, v))
		read_goal(&r, v, &u->goals[i++]);
	i = 0;
	for (const struct json_value *v = json_first(processes); v; v = json_next(processes, v))
		read_process(&r, v, &u->processes[i++]);
	i = 0;
	for (const struct json_value *v = json_first(commands); v;
		v = json_next(commands, v), i++) {
		u->commands[i].argv = read_list(&r, v, &u->commands[i].argc);
		r.bad = r.bad || u->commands[i].argc == 0;
	}
	if (r.bad)
		return err_set(err, -EPROTO, "a part of it is not what loopscope writes");
	*out = u;
	return 0;
}
