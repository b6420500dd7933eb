/*
 * orphan - see orphan.h.
 *
 * The kernel does not remember who started a process: when a parent ends, its children get another
 * one, and a left-over dev server looks much like a daemon that detached itself on purpose. Telling
 * a person to stop a real daemon is worse than missing a left-over, so every rule here needs positive
 * evidence, and what may not be read (other users' descriptors) counts for innocence.
 *
 * 1. Go up from the process to the first ancestor T (perhaps itself) that lost its starter:
 *      - its parent is pid 1, a user's systemd, or another init; or
 *      - its parent is in another session, and it leads none itself. A child is born into its
 *        parent's session and only leaves it by setsid(2), which makes it a leader; so this one was
 *        handed over to a subreaper.
 *    Nothing is left over when a keeper is met on the way: a supervisor, a terminal multiplexer, a
 *    container's helper, an editor's server, a program with windows.
 *
 * 2. T is left over when one of these holds:
 *      a) Its input or output is a pseudo terminal that no longer exists: the kernel then writes
 *         "/dev/pts/3 (deleted)". A daemon turns both elsewhere, and a service never had one. This
 *         holds even inside a unit, since terminal emulators may be services.
 *      b) Its session leader has ended, and T is in a process group of its own: that is an
 *         interactive shell's job control, so it was started by hand in a terminal.
 *      c) Its session leader has ended, and T is in the leader's own group: what a script or a
 *         coding assistant leaves behind ("sh -c 'npm run dev &'"), but also the second fork of a
 *         daemon (setsid, fork, exit). A daemon sends its output to /dev/null, or works in "/", a
 *         home or a hidden folder; so T must work in a project or an ordinary folder of the user,
 *         and its output must go somewhere. A program that was told to detach is a daemon.
 *    b and c do not apply to what runs in a systemd service, system or user: systemd keeps that. The
 *    units that a desktop makes for each application it starts ("app-...@1.service") and scopes
 *    (sessions, vte-spawn, tmux-spawn, app) merely group, so their processes are judged.
 *
 * Processes of system users, in containers, kernel threads and zombies are never judged. A leader
 * with the number 0 is outside of our pid namespace and counts as alive; the leader that is T itself
 * (setsid, daemon(3)) detached on purpose. In a container without systemd the services that pid 1
 * starts are in its session, whose leader lives, so rules b and c do not touch them.
 */
#include "inventory/orphan.h"

#include "base/auto.h"
#include "base/str.h"
#include "inventory/terminal.h"
#include "sys/procfs.h"
#include <errno.h>
#include <limits.h>

enum {
	CHAIN_MAX = 64,
	COMM_LEN = 15,
};

static const char *const terminal_gone = "the terminal that started it is gone";
static const char *const starter_ended = "the process that started it ended";

/* Program names, from the file or the kernel's 15 bytes. */
static const char *const keepers[] = {
	/* supervisors */
	"supervisord",
	"runsv",
	"runsvdir",
	"s6-supervise",
	"s6-svscan",
	"supervise",
	"svscan",
	"circusd",
	"monit",
	/* helpers that a container runtime leaves on purpose */
	"conmon",
	"conmonrs",
	"containerd-shim",
	"containerd-shim-runc-v2",
	"docker-proxy",
	"rootlesskit",
	"rootlessport",
	"rootlessport-child",
	"slirp4netns",
	"pasta",
	"pasta.avx2",
	"passt",
	"passt.avx2",
	"aardvark-dns",
	"lxc-start",
	/* what belongs to a login */
	"sshd",
	"sshd-session",
	"ssh-agent",
	"gpg-agent",
	"dbus-daemon",
	"dbus-broker",
	"dtach",
	"abduco",
	"mosh-server",
};

static const char *const windows[] = {"firefox", "firefox-bin", "firefox-esr", "chrome", "chromium",
	"chromium-browser", "brave", "msedge", "opera", "vivaldi-bin", "thunderbird", "code",
	"code-insiders", "codium", "cursor", "windsurf", "zed-editor", "electron", "slack",
	"Discord", "spotify", "idea", "pycharm", "webstorm", "goland", "clion"};

/* Parts of the paths of servers that editors install for remote work. */
static const char *const editor_servers[] = {"/.vscode-server/", "/.vscode-server-insiders/",
	"/.vscode-remote/", "/.vscodium-server/", "/.cursor-server/", "/.windsurf-server/",
	"/.cache/JetBrains/RemoteDev/"};

static const char *const inits[] = {"init", "tini", "tini-static", "dumb-init", "docker-init",
	"catatonit", "s6-svscan", "runit", "upstart"};

static const char *const detach_flags[] = {"--daemon", "--daemonize", "-daemonize", "--fork",
	"--background", "--detach", "--detached"};

static bool is_program(const struct owner *o, const char *const *names, size_t count)
{
	const char *file = o->exe ? str_basename(o->exe) : "";

	for (size_t i = 0; i < count; i++) {
		if (str_eq(file, names[i]))
			return true;
		if (o->comm && strncmp(o->comm, names[i], COMM_LEN) == 0)
			return true;
	}
	return false;
}

static bool has_argument(const struct owner *o, const char *start)
{
	for (size_t i = 1; i < o->argc; i++)
		if (str_starts(o->argv[i], start))
			return true;
	return false;
}

static bool has_window(const struct owner *o)
{
	return is_program(o, windows, ARRAY_SIZE(windows)) && !has_argument(o, "--headless") &&
		!has_argument(o, "--remote-debugging");
}

static bool is_editor_server(const struct owner *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(editor_servers); i++) {
		if (o->exe && strstr(o->exe, editor_servers[i]))
			return true;
		for (size_t a = 0; a < o->argc && a < 2; a++)
			if (strstr(o->argv[a], editor_servers[i]))
				return true;
	}
	return false;
}

/* Lives without its starter on purpose, and so does what it started. */
static bool keeps(const struct owner *o)
{
	return terminal_is_multiplexer(o) || is_program(o, keepers, ARRAY_SIZE(keepers)) ||
		(o->comm && str_starts(o->comm, "PM2 v")) || has_window(o) || is_editor_server(o);
}

static bool adopts(const struct owner *parent)
{
	if (parent->comm && str_eq(parent->comm, "systemd"))
		return true;
	return is_program(parent, inits, ARRAY_SIZE(inits));
}

/* Rule 1. Also false when the parent could not be read: then nothing is known. */
static bool lost_starter(const struct owner *o)
{
	if (o->ppid == 1)
		return true;
	if (!o->parent)
		return false;
	if (adopts(o->parent))
		return true;
	return o->session != o->pid && o->session != o->parent->session && o->session > 0 &&
		o->parent->session > 0;
}

static bool is_system_user(uint32_t uid)
{
	return (uid > 0 && uid < 1000) || uid == 65534 || (uid >= 61184 && uid <= 65519) ||
		uid == UINT32_MAX; /* packages' users, nobody, systemd's DynamicUser, unknown */
}

static bool in_service(const struct owner *o)
{
	if (!o->unit || !str_ends(o->unit, ".service"))
		return false;
	return !(o->unit_is_user && str_starts(o->unit, "app-"));
}

enum stream {
	STREAM_HIDDEN, /* may not be read */
	STREAM_NONE,   /* closed, or /dev/null */
	STREAM_HUNG,   /* a pseudo terminal that is gone */
	STREAM_OPEN,
};

static enum stream stream_of(const struct host *host, pid_t pid, const char *name)
{
	char target[PATH_MAX];
	bool deleted;
	int r = procfs_read_link(host, pid, name, target, sizeof(target), &deleted);

	if (r == -ESRCH)
		return STREAM_NONE;
	if (r < 0)
		return STREAM_HIDDEN;
	if (deleted && str_starts(target, "/dev/pts/"))
		return STREAM_HUNG;
	return str_eq(target, "/dev/null") ? STREAM_NONE : STREAM_OPEN;
}

/* A folder where a person would start a program by hand. */
static bool is_work_folder(const char *cwd, const char *home)
{
	if (!cwd)
		return false;
	const char *below = home && !str_eq(home, "/") ? str_after(cwd, home) : NULL;
	if (below)
		return below[0] == '/' && below[1] && below[1] != '.';
	return str_starts(cwd, "/tmp/") && cwd[5] != '.';
}

static bool told_to_detach(const struct owner *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(detach_flags); i++)
		if (has_argument(o, detach_flags[i]))
			return true;
	return false;
}

/* Rule 2 on T; `o` is the process that was asked for, T itself or a descendant. */
static const char *judge(const struct host *host, const struct owner *t, const struct owner *o,
	const char *home)
{
	enum stream output = stream_of(host, t->pid, "fd/1");

	if (output == STREAM_HUNG || stream_of(host, t->pid, "fd/0") == STREAM_HUNG)
		return terminal_gone;
	if (in_service(t) || t->session <= 0 || t->session == t->pid)
		return NULL;
	if (procfs_alive(host, t->session))
		return NULL;
	/* timeout(1) makes a group of its own too */
	if (t->pgrp != t->session && !(t->comm && str_eq(t->comm, "timeout")))
		return terminal_gone;

	if (output == STREAM_NONE)
		output = stream_of(host, t->pid, "fd/2");
	if (output != STREAM_OPEN && output != STREAM_HUNG)
		return NULL;
	bool works = o->project || is_work_folder(o->cwd, home) || is_work_folder(t->cwd, home);
	return works && !told_to_detach(t) ? starter_ended : NULL;
}

const char *orphan_why(const struct host *host, const struct owner *o, const char *home)
{
	int depth = 0;

	if (o->gone || o->pid == 1 || o->container || o->state == 'Z' || o->state == 'X')
		return NULL;
	for (const struct owner *t = o; t && depth < CHAIN_MAX; t = t->parent, depth++) {
		if (t->pid == 1 || t->container || is_system_user(t->uid) || keeps(t))
			return NULL;
		if (lost_starter(t))
			return judge(host, t, o, home);
	}
	return NULL;
}
