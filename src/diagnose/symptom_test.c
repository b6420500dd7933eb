#include "diagnose/symptom.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/must.h"
#include "base/str.h"
#include "unit.h"
#include <fcntl.h>

static bool is_loopback(const char *host)
{
	return host &&
		(str_eq(host, "localhost") || str_eq(host, "127.0.0.1") || str_eq(host, "::1"));
}

static bool is_any(const char *host)
{
	return !host || !*host || str_eq(host, "*") || str_eq(host, "0.0.0.0") ||
		str_eq(host, "::");
}

/* The rule of the fault lab's score-errors. */
static bool same_place(const struct json_value *want, const struct symptom_endpoint *got)
{
	const char *host = json_get_str(want, "host");
	const struct json_value *port = json_get(want, "port");

	if (port && port->type == JSON_NUMBER && (!got->has_port || got->port != (int)port->number))
		return false;
	if (is_any(host) || is_any(got->host))
		return is_any(host) && is_any(got->host);
	return str_eq(host, got->host) || (is_loopback(host) && str_eq(got->host, "localhost"));
}

static bool same_places(const struct json_value *want, const struct symptom *got)
{
	bool any = false;

	if (!json_first(want))
		return got->endpoint_count == 0;
	for (size_t i = 0; i < got->endpoint_count; i++) {
		bool good = false;
		for (const struct json_value *v = json_first(want); v; v = json_next(want, v))
			good |= same_place(v, &got->endpoints[i]);
		if (!good)
			return false;
		any = true;
	}
	return any;
}

static bool same_text(const char *want, const char *got)
{
	return want == got || (want && got && str_eq(want, got));
}

/* What a line may say on top of the lab's format; absent = not asked. */
static bool extras_are_right(const struct json_value *expect, const struct symptom *got)
{
	const struct json_value *v;

	if ((v = json_get(expect, "client")) && !same_text(v->string, got->client))
		return false;
	if ((v = json_get(expect, "expects")) && !same_text(v->string, got->expects))
		return false;
	if ((v = json_get(expect, "browser")) && !same_text(v->string, got->browser))
		return false;
	if ((v = json_get(expect, "name")) && !same_text(v->string, got->name))
		return false;
	if ((v = json_get(expect, "http_status")) && (int)v->number != got->http_status)
		return false;
	v = json_get(expect, "intermittent");
	return !v || v->boolean == got->intermittent;
}

static void complain(const struct json_value *row, const struct symptom *got)
{
	fprintf(stderr,
		"%s:\n%s\n  got %s %s %s client %s expects %s browser %s name %s status %u;",
		json_get_str(row, "id"), json_get_str(row, "text"), operation_name(got->op),
		got->error ? got->error : "-", got->path ? got->path : "-",
		got->client ? got->client : "-", got->expects ? got->expects : "-",
		got->browser ? got->browser : "-", got->name ? got->name : "-", got->http_status);
	for (size_t i = 0; i < got->endpoint_count; i++)
		fprintf(stderr, " %s:%u", got->endpoints[i].host ? got->endpoints[i].host : "*",
			got->endpoints[i].port);
	fprintf(stderr, "\n");
}

static void check_row(const char *line, size_t len)
{
	AUTO(arena) struct arena *arena = arena_new();
	struct json_doc doc;
	struct symptom got;

	CHECK_INT(json_parse(arena, line, len, &doc, NULL), 0);
	const struct json_value *row = doc.values, *expect = json_get(row, "expect");
	const struct json_value *text = json_get(row, "text");
	if (!text || !expect) {
		CHECK(false);
		return;
	}
	symptom_parse(arena, text->string, text->len, &got);
	bool good = same_text(json_get_str(expect, "op"), got.op ? operation_name(got.op) : NULL) &&
		same_text(json_get_str(expect, "errno"), got.error) &&
		same_text(json_get_str(expect, "path"), got.path) &&
		same_places(json_get(expect, "endpoints"), &got) && extras_are_right(expect, &got);
	if (!good)
		complain(row, &got);
	CHECK(good);
}

static size_t check_file(const char *name)
{
	AUTO(close) int dir = open(getenv("LOOPSCOPE_TESTS"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO(buf) struct buf file = BUF_INIT(4 << 20);
	size_t rows = 0;

	CHECK_INT(fs_read_at(dir, name, &file), 0);
	for (char *line = file.data, *end; (end = strchr(line, '\n')); line = end + 1) {
		if (end == line)
			continue;
		check_row(line, (size_t)(end - line));
		rows++;
	}
	return rows;
}

TEST(reads_the_labs_errors)
{
	CHECK(check_file("labs/fault-lab/errors.jsonl") >= 72);
}

TEST(reads_other_errors)
{
	static const char *const files[] = {"answer", "bind", "connect", "more", "read", "resolve",
		"tls"};
	size_t rows = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char name[64];
		snprintf(name, sizeof(name), "fixtures/symptoms/%s.jsonl", files[i]);
		rows += check_file(name);
	}
	CHECK(rows >= 150);
}

/* A command line, words parted by blanks, and "host:port" of each endpoint; '?' marks a guess. */
static const struct {
	const char *line, *want;
} commands[] = {
	{"curl -sS -m 3 http://127.0.0.1:3000/", "127.0.0.1:3000"},
	{"curl localhost:8080/x", "localhost:8080"},
	{"curl https://localhost/", "localhost:443"},
	{"curl -d a=1 -H Host:x http://[::1]:3000/", "::1:3000"},
	{"curl localhost", "localhost:80?"},
	{"curl --unix-socket /run/docker.sock http://localhost/info",
		"localhost:80 /run/docker.sock"},
	{"wget -q -O - http://localhost:8000/a", "localhost:8000"},
	{"psql -h localhost -p 5433 -U app", "localhost:5433"},
	{"psql -h db", "db:5432?"},
	{"psql -hlocalhost -p5433", "localhost:5433"},
	{"psql postgres://app:secret@localhost:5432/app", "localhost:5432"},
	{"psql --host=localhost --port=5434", "localhost:5434"},
	{"mysql -h 127.0.0.1 -P 3307 -u root -psecret", "127.0.0.1:3307"},
	{"mysql -S /run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock"},
	{"redis-cli -h 127.0.0.1 -p 6380 ping", "127.0.0.1:6380"},
	{"redis-cli -u redis://:pw@localhost:6381/0", "localhost:6381"},
	{"mongosh mongodb://u:p@a:27017,b:27018/db?replicaSet=r", "a:27017 b:27018"},
	{"ssh -p 2222 me@localhost", "localhost:2222"},
	{"ssh localhost", "localhost:22?"},
	{"nc -vz localhost 3000", "localhost:3000"},
	{"telnet 127.0.0.1 25", "127.0.0.1:25"},
	{"ab -n 100 -c 10 http://localhost:3000/", "localhost:3000"},
	{"grpcurl -plaintext localhost:50051 list", "localhost:50051"},
	{"kafka-topics.sh --bootstrap-server localhost:9092 --list", "localhost:9092"},
	{"kcat -b localhost:9092 -L", "localhost:9092"},
	{"python3 -m http.server 8899 --bind 127.0.0.1", "127.0.0.1:8899"},
	{"python3 -m http.server 8899", "*:8899"},
	{"flask run --port 5001", "*:5001"},
	{"uvicorn app:app --host 0.0.0.0 --port 8000", "0.0.0.0:8000"},
	{"env PORT=3001 npm start", "*:3001"},
	{"PORT=3002 node server.js", "*:3002"},
	{"node server.js 4000", "*:4000?"},
	{"./server --port=8088", "*:8088"},
	{"myapp jdbc:postgresql://localhost:5432/app", "localhost:5432"},
	{"openssl s_client -connect localhost:8443", "localhost:8443"},
	{"nginx", ""},
	{"nginx -t", ""},
	{"redis-server --port 6390", "*:6390"},
};

static void check_command(const char *line, const char *want)
{
	AUTO(arena) struct arena *arena = arena_new();
	AUTO(buf) struct buf b = BUF_INIT(4096);
	char *argv[32], *rest = arena_strdup(arena, line);
	struct symptom s;
	int argc = 0;

	while (rest && argc < 32)
		argv[argc++] = strsep(&rest, " ");
	symptom_parse_command(arena, argc, argv, &s);
	for (size_t i = 0; i < s.endpoint_count; i++) {
		const struct symptom_endpoint *e = &s.endpoints[i];
		buf_printf(&b, "%s%s", i ? " " : "", e->host ? e->host : "*");
		if (e->has_port)
			buf_printf(&b, ":%u%s", e->port, e->default_port ? "?" : "");
	}
	if (s.path)
		buf_printf(&b, "%s%s", b.len ? " " : "", s.path);
	if (!str_eq(b.data, want))
		fprintf(stderr, "%s\n", line);
	CHECK_STR(b.data, want);
}

TEST(reads_command_lines)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		check_command(commands[i].line, commands[i].want);
}

TEST(reads_one_word_with_blanks)
{
	AUTO(arena) struct arena *arena = arena_new();
	char program[] = "psql", dsn[] = "host=localhost port=5435 user=app password=secret";
	char *argv[] = {program, dsn};
	struct symptom s;

	symptom_parse_command(arena, 2, argv, &s);
	CHECK_INT(s.endpoint_count, 1);
	CHECK_STR(s.endpoints[0].host, "localhost");
	CHECK_INT(s.endpoints[0].port, 5435);
	CHECK_STR(s.client, "psql");
	CHECK_STR(s.expects, "postgres");
}

TEST(hides_passwords)
{
	static const char text[] =
		"connect to postgres://app:s3cr:et@localhost:5432/x: Connection refused";
	AUTO(arena) struct arena *arena = arena_new();
	struct symptom s;

	symptom_parse(arena, text, strlen(text), &s);
	CHECK_STR(s.said, "connect to postgres://app:***@localhost:5432/x: Connection refused");
	CHECK_STR(s.error, "ECONNREFUSED");
}

TEST(has_operation_names)
{
	for (int i = 1; i < OPERATION_COUNT; i++)
		CHECK(operation_name(i)[0] != '\0');
	CHECK_STR(operation_name(OPERATION_UNKNOWN), "");
	CHECK_STR(operation_name(OPERATION_URL), "url");
}

TESTS(reads_the_labs_errors, reads_other_errors, reads_command_lines, reads_one_word_with_blanks,
	hides_passwords, has_operation_names)
