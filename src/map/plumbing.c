/* plumbing - see plumbing.h. */
#include "map/plumbing.h"

#include "base/auto.h"
#include "base/str.h"

static const char *const places[] = {
	"@/org/freedesktop/systemd",
	"@/tmp/.ICE-unix/",
	"@/tmp/.X11-unix/",
	"@/tmp/dbus-",
	"/run/avahi-daemon/",
	"/run/dbus/",
	"/run/lvm/",
	"/run/nscd/",
	"/run/systemd/",
	"/run/udev/",
	"/tmp/.ICE-unix/",
	"/tmp/.X11-unix/",
	"/tmp/dbus-",
};

/* Below /run/user/UID/. */
static const char *const of_users[] = {
	"at-spi",
	"bus",
	"dbus",
	"dconf",
	"doc",
	"gcr",
	"gnupg",
	"gvfs",
	"ICE",
	"keyring",
	"pipewire",
	"pulse",
	"snapd-session",
	"speech-dispatcher",
	"systemd",
	"wayland",
	"xdg-",
};

static bool starts_with_any(const char *s, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_starts(s, list[i]))
			return true;
	return false;
}

bool plumbing_path(const char *path)
{
	const char *rest;

	if (str_starts(path, "/var/run/"))
		path += strlen("/var");
	rest = str_after(path, "/run/user/");
	if (rest) {
		rest += strspn(rest, "0123456789");
		return *rest == '/' && starts_with_any(rest + 1, of_users, ARRAY_SIZE(of_users));
	}
	return starts_with_any(path, places, ARRAY_SIZE(places));
}
