/*
 * users - see users.h.
 *
 * passwd(5) is parsed here although getpwuid_r() could: a fixture has its own file, and the C
 * library would load the name service modules (a millisecond, or a network's time-out) for names
 * that stand in the file.
 */
#include "inventory/users.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/must.h"
#include "base/str.h"
#include <pwd.h>

enum {
	PASSWD_MAX = 1 << 20,
	NSS_MAX = 16 << 10,
};

struct users {
	const struct host *host;
	struct arena *arena;
	struct map by_uid; /* to a struct user * */
	bool loaded;
};

struct users *users_new(const struct host *host, struct arena *arena)
{
	struct users *u = must_calloc(1, sizeof(*u));

	u->host = host;
	u->arena = arena;
	map_init(&u->by_uid);
	return u;
}

void users_free(struct users *u)
{
	if (!u)
		return;
	map_fini(&u->by_uid);
	free(u);
}

static const struct user *add(struct users *u, uint32_t uid, const char *name, const char *home)
{
	struct user *user = arena_new_of(u->arena, struct user);

	user->uid = uid;
	user->name = name ? arena_strdup(u->arena, name) : arena_printf(u->arena, "%u", uid);
	user->home = home && home[0] == '/' ? arena_strdup(u->arena, home) : NULL;
	map_set(&u->by_uid, uid, (uintptr_t)user);
	return user;
}

/* name:password:uid:gid:gecos:home:shell */
static void read_line(struct users *u, char *line)
{
	char *field[7], *rest = line;
	uint64_t uid;

	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strsep(&rest, ":");
		if (!field[i])
			return;
	}
	if (!str_u64(field[2], UINT32_MAX - 1, &uid) || str_empty(field[0]))
		return;
	if (!map_get(&u->by_uid, uid, NULL)) /* the first line of a uid counts, as in libc */
		add(u, (uint32_t)uid, field[0], field[5]);
}

static void load(struct users *u)
{
	AUTO(buf) struct buf text = BUF_INIT(PASSWD_MAX);

	u->loaded = true;
	if (fs_read_at(u->host->root, "etc/passwd", &text) < 0)
		return;
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));)
		read_line(u, line);
}

static const struct user *ask_name_services(struct users *u, uint32_t uid)
{
	AUTO(free) char *scratch = must_malloc(NSS_MAX);
	struct passwd pw, *found = NULL;

	if (u->host->live && getpwuid_r(uid, &pw, scratch, NSS_MAX, &found) == 0 && found)
		return add(u, uid, found->pw_name, found->pw_dir);
	return add(u, uid, NULL, NULL);
}

const struct user *users_get(struct users *u, uint32_t uid)
{
	uint64_t user;

	if (!u->loaded)
		load(u);
	if (map_get(&u->by_uid, uid, &user))
		return (const struct user *)(uintptr_t)user;
	return ask_name_services(u, uid);
}
