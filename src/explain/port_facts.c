/*
 * port_facts - see port_facts.h.
 *
 * The table is ports.def. /etc/services completes it with names only: it says what a number was
 * registered for, which is often not what lives there. Ranges of this kernel are read each time,
 * since an administrator may change them; those of other systems are their defaults, told because
 * people paste errors from other machines.
 */
#include "explain/port_facts.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/text.h"
#include "sys/sysctl.h"

#define LOOPSCOPE_PORT 62893
#define SERVICES_MAX   (1 << 20)

struct row {
	uint16_t port;
	uint32_t protos;
	const char *name, *title, *speaks, *squatter;
};

#define T  PROTO_BIT(PROTO_TCP)
#define U  PROTO_BIT(PROTO_UDP)
#define TU (T | U)
#define PORT(port, protos, name, title, speaks, squatter)                                          \
	{port, protos, name, title, speaks, squatter},
static const struct row rows[] = {
#include "explain/ports.def"
};
#undef PORT
#undef T
#undef U
#undef TU

/* The "bad ports" of the Fetch standard, section "port blocking": complete, in its order. */
static const uint16_t bad_ports[] = {0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43,
	53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135,
	137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548,
	554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190,
	5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080};

static const struct row *find_row(enum proto proto, uint16_t port)
{
	size_t low = 0, high = ARRAY_SIZE(rows);

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (rows[middle].port < port)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < ARRAY_SIZE(rows) && rows[low].port == port; low++)
		if (rows[low].protos & PROTO_BIT(proto))
			return &rows[low];
	return NULL;
}

const char *port_name(enum proto proto, uint16_t port)
{
	const struct row *row = find_row(proto, port);

	return row ? row->name : NULL;
}

const char *port_speaks(enum proto proto, uint16_t port)
{
	const struct row *row = find_row(proto, port);

	if (!row || !row->speaks || (proto != PROTO_TCP && !str_eq(row->speaks, "dns")))
		return NULL;
	return row->speaks;
}

const char *port_class_name(int class)
{
	static const char *const names[] = {
		[PORT_ZERO] = "zero",
		[PORT_SYSTEM] = "system",
		[PORT_REGISTERED] = "registered",
		[PORT_DYNAMIC] = "dynamic",
	};

	return names[class];
}

static int class_of(uint16_t port)
{
	if (port == 0)
		return PORT_ZERO;
	return port < 1024 ? PORT_SYSTEM : port < 49152 ? PORT_REGISTERED : PORT_DYNAMIC;
}

bool port_browser_blocked(uint16_t port)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_ports); i++)
		if (bad_ports[i] == port)
			return true;
	return false;
}

/* "name port/proto aliases # comment"; line is changed. NULL when it is not about this port. */
static const char *name_in_line(char *line, enum proto proto, uint16_t port)
{
	char *name = line, *rest, *number, *slash;
	uint64_t value;

	line[strcspn(line, "#")] = '\0';
	name += strspn(name, " \t");
	rest = name + strcspn(name, " \t");
	if (!*name || !*rest)
		return NULL;
	*rest++ = '\0';
	number = rest + strspn(rest, " \t");
	number[strcspn(number, " \t")] = '\0';
	slash = strchr(number, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	bool fits = str_u64(number, UINT16_MAX, &value) && value == port &&
		str_eq(slash + 1, proto_name(proto));
	return fits ? name : NULL;
}

static const char *name_in_services(const struct host *host, struct arena *arena, enum proto proto,
	uint16_t port)
{
	AUTO(buf) struct buf file = BUF_INIT(SERVICES_MAX);

	if (fs_read_at(host->root, "etc/services", &file) < 0)
		return NULL;
	for (char *line = file.data, *end; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		const char *name = name_in_line(line, proto, port);
		if (name)
			return arena_strdup(arena, name);
	}
	return NULL;
}

static const char *escaped(struct arena *arena, const char *s)
{
	AUTO(buf) struct buf b = BUF_INIT(256);

	text_escape(&b, s, strlen(s));
	return arena_strdup(arena, b.data);
}

static const char *what_it_is(struct arena *arena, const struct port_facts *f)
{
	if (f->class == PORT_ZERO)
		return "not a real port: a program that asks for port 0 is given a free one";
	if (f->title && f->port != LOOPSCOPE_PORT)
		return arena_printf(arena, "the usual port of %s", f->title);
	if (f->name && f->port != LOOPSCOPE_PORT)
		return arena_printf(arena, "registered for '%s' in /etc/services",
			escaped(arena, f->name));
	if (f->class == PORT_DYNAMIC)
		return "a dynamic port: programs pick such numbers by themselves, and a new one "
		       "each time";
	if (f->in_kernel_range && !f->reserved)
		return "a port that this computer hands out by itself, and a new one each time";
	if (f->class == PORT_SYSTEM)
		return "a system port that no well-known service uses";
	return "no well-known service uses it; programs are free to choose it";
}

/* With a capital letter, save names that have none. */
static const char *sentence(struct arena *arena, const char *s)
{
	static const char *const names[] = {"macOS", "sshd", "systemd"};
	char *copy = arena_strdup(arena, s);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_starts(s, names[i]))
			return copy;
	if (copy[0] >= 'a' && copy[0] <= 'z')
		copy[0] = (char)(copy[0] - 'a' + 'A');
	return copy;
}

/* The one further thing that is most worth knowing, NULL when there is none. */
static const char *what_else(struct arena *arena, const struct port_facts *f)
{
	if (f->class == PORT_ZERO)
		return NULL;
	if (f->port == LOOPSCOPE_PORT)
		return "Loopscope's own console uses this number too, while it runs";
	if (f->browser_blocked)
		return "Browsers refuse to open it (ERR_UNSAFE_PORT)";
	if (f->squatter)
		return sentence(arena, f->squatter);
	if (f->name && f->in_kernel_range && !f->reserved)
		return "This computer also hands it out by itself, so another program may hold it "
		       "by chance";
	if (f->privileged)
		return "Only a program with extra rights may listen on it";
	return NULL;
}

void port_facts_get(const struct host *host, struct arena *arena, enum proto proto, uint16_t port,
	struct port_facts *out)
{
	const struct row *row = find_row(proto, port);
	struct port_facts f = {.port = port, .class = class_of(port)};
	struct port_range range;

	if (row) {
		f.name = row->name;
		f.title = row->title;
		f.speaks = port_speaks(proto, port);
		f.squatter = row->squatter;
	} else if (port) {
		f.name = name_in_services(host, arena, proto, port);
	}
	sysctl_local_range(host, &range);
	f.kernel_low = range.low;
	f.kernel_high = range.high;
	f.in_kernel_range = port >= range.low && port <= range.high && port;
	f.in_linux_default =
		port >= SYSCTL_LOCAL_RANGE_DEFAULT.low && port <= SYSCTL_LOCAL_RANGE_DEFAULT.high;
	f.in_macos_range = f.in_windows_range = f.class == PORT_DYNAMIC;
	f.browser_blocked = proto == PROTO_TCP && port_browser_blocked(port);
	f.reserved = sysctl_is_reserved(host, port);
	sysctl_unprivileged_start(host, &f.unprivileged_start);
	f.privileged = port && port < f.unprivileged_start;

	const char *first = what_it_is(arena, &f), *second = what_else(arena, &f);
	f.meaning = second ? arena_printf(arena, "%s. %s", first, second) : first;
	*out = f;
}

static const struct field fields[] = {
	FIELD(struct port_facts, port, FIELD_UINT16, "PORT", "the port", .align_right = true),
	FIELD(struct port_facts, class, FIELD_ENUM, "CLASS",
		"system (below 1024), registered or dynamic (from 49152), by RFC 6335; zero",
		.name_of = port_class_name),
	FIELD(struct port_facts, name, FIELD_TEXT, "NAME",
		"the short name of what usually lives there"),
	FIELD(struct port_facts, title, FIELD_TEXT, "TITLE", "what usually lives there"),
	FIELD(struct port_facts, meaning, FIELD_TEXT, "MEANING",
		"what the port is, in plain words"),
	FIELD(struct port_facts, speaks, FIELD_TEXT, "SPEAKS", "the protocol that is usual there"),
	FIELD(struct port_facts, squatter, FIELD_TEXT, "SQUATTER",
		"a program known to take the port without being asked"),
	FIELD(struct port_facts, in_kernel_range, FIELD_BOOL, "IN RANGE",
		"inside the range this kernel takes ports from by itself"),
	FIELD(struct port_facts, kernel_low, FIELD_UINT16, "LOW", "that range's first port",
		.align_right = true),
	FIELD(struct port_facts, kernel_high, FIELD_UINT16, "HIGH", "that range's last port",
		.align_right = true),
	FIELD(struct port_facts, reserved, FIELD_BOOL, "RESERVED",
		"left out of that range by ip_local_reserved_ports"),
	FIELD(struct port_facts, in_linux_default, FIELD_BOOL, "LINUX",
		"inside Linux's default range, 32768 to 60999"),
	FIELD(struct port_facts, in_macos_range, FIELD_BOOL, "MACOS",
		"inside macOS' default range, 49152 to 65535"),
	FIELD(struct port_facts, in_windows_range, FIELD_BOOL, "WINDOWS",
		"inside Windows' default range, 49152 to 65535"),
	FIELD(struct port_facts, browser_blocked, FIELD_BOOL, "BLOCKED",
		"on the list of ports that browsers refuse (Fetch standard, bad ports)"),
	FIELD(struct port_facts, privileged, FIELD_BOOL, "PRIVILEGED",
		"a listener needs CAP_NET_BIND_SERVICE"),
	FIELD(struct port_facts, unprivileged_start, FIELD_UINT16, "FROM",
		"the first port that anyone may listen on", .align_right = true),
};

const struct record_type port_facts_type = RECORD_TYPE("port_facts", struct port_facts, fields);
