/*
 * console - is port 62893 free for loopscope's console, or who holds it?
 *
 * A real bind() is the only oracle for "in use"; the socket never listens and is closed at once.
 */
#include "doctor/check.h"

#include "base/str.h"
#include "inventory/inventory.h"
#include <errno.h>
#include <netinet/in.h>

#define CONSOLE_PORT 62893

/* 0, or what bind() said, as a negative errno; -EAFNOSUPPORT where the family is off. */
static int try_bind(const struct address *a)
{
	struct sockaddr_storage to;
	int one = 1;
	AUTO(close) int fd = socket(a->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)); /* TIME_WAIT is no holder */
	socklen_t len = address_to_sockaddr(a, CONSOLE_PORT, &to);
	return bind(fd, (struct sockaddr *)&to, len) < 0 ? -errno : 0;
}

static bool is_ours(const struct service *s)
{
	return s->owner_count && str_eq(owner_program(s->owners[0]), "loopscope");
}

static void name_holder(const struct exam *e, struct report *r)
{
	struct inventory_query query = {.port = CONSOLE_PORT, .own_namespace_only = true};
	AUTO(snapshot) struct snapshot *s = NULL;
	const struct service *holder = NULL;
	AUTO(buf) struct buf owner = BUF_INIT(400);

	if (inventory_take(e->host, &query, &s, NULL) == 0)
		for (size_t i = 0; i < s->service_count; i++)
			if (s->services[i]->port == CONSOLE_PORT)
				holder = s->services[i];
	if (holder)
		service_owner_text(holder, &owner);
	if (holder && is_ours(holder)) {
		report_add(r, "console", SEVERITY_OK, "loopscope's console has port %d",
			CONSOLE_PORT);
		report_evidence(r, "sock_diag", "%s", owner.data);
		return;
	}
	report_add(r, "console-port-taken", SEVERITY_LOW,
		"port %d, which the console wants, is taken by %s", CONSOLE_PORT,
		holder ? owner.data : "a connection or something hidden");
	report_evidence(r, "bind", "%s", strerror(EADDRINUSE));
	report_fix(r, "see who that is", "loopscope explain 62893");
}

static void run(const struct exam *e, struct report *r)
{
	int v4 = try_bind(&ADDRESS_LOOPBACK4), v6 = try_bind(&ADDRESS_LOOPBACK6);

	if (v4 == -EADDRINUSE || v6 == -EADDRINUSE) {
		name_holder(e, r);
		return;
	}
	if (v4 < 0) {
		report_add(r, "console-port-refused", SEVERITY_LOW,
			"port %d, which the console wants, may not be used", CONSOLE_PORT);
		report_evidence(r, "bind", "%s", strerror(-v4));
		return;
	}
	report_add(r, "console", SEVERITY_OK, "port %d is free for the console", CONSOLE_PORT);
	report_evidence(r, "bind", "127.0.0.1%s", v6 == 0 ? " and ::1" : "");
}

const struct doctor_check doctor_console = {
	.subject = "console",
	.summary = "whether port 62893 is free for the console, or who holds it",
	.run = run,
};
