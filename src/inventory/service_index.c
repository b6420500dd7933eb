/*
 * service_index - see service_index.h.
 *
 * Every listener is an entry under the hash of its address and port. A connection's local address
 * is asked for as it is, then as each of the two wildcards, so that the number of listeners on one
 * port (there may be a thousand, on 127.0.0.1, 127.0.0.2 ...) does not matter.
 */
#include "inventory/service_index.h"

#include "base/must.h"
#include "base/str.h"

static uint64_t endpoint_key(const struct endpoint *e, uint32_t netns)
{
	struct {
		uint8_t address[16];
		uint64_t path;
		uint32_t proto, port, netns, family;
	} key = {.proto = e->proto};

	if (proto_is_unix(e->proto)) {
		key.path = map_hash(e->path, strlen(e->path));
	} else {
		struct address a = address_unmap(&e->address);
		memcpy(key.address, a.bytes, a.family == AF_INET ? 4 : 16);
		key.family = a.family;
		key.port = e->port;
		key.netns = netns;
	}
	return map_hash(&key, sizeof(key));
}

static bool has_key(const struct endpoint *e)
{
	return proto_is_unix(e->proto) ? !str_empty(e->path) : e->port != 0;
}

static uint64_t member_key(const struct owner *o, uint32_t service)
{
	const struct {
		uintptr_t owner;
		uint64_t service;
	} key = {(uintptr_t)o, service};

	return map_hash(&key, sizeof(key));
}

static bool shares_port(const struct snapshot *s, size_t i)
{
	const struct service *service = s->services[i];

	/* sorted by port */
	return (i && s->services[i - 1]->port == service->port) ||
		(i + 1 < s->service_count && s->services[i + 1]->port == service->port);
}

static void note_members(struct service_index *ix)
{
	for (size_t i = 0; i < ix->s->service_count; i++) {
		const struct service *service = ix->s->services[i];
		if (proto_is_unix(service->proto) || !shares_port(ix->s, i))
			continue;
		for (size_t k = 0; k < service->owner_count; k++)
			map_set(&ix->members, member_key(service->owners[k], (uint32_t)i), 1);
	}
}

void service_index_init(struct service_index *ix, const struct snapshot *s)
{
	size_t count = 0, used = 0;

	*ix = (struct service_index){.s = s};
	map_init(&ix->heads);
	map_init(&ix->members);
	for (size_t i = 0; i < s->service_count; i++)
		count += s->services[i]->listener_count;
	ix->entries = must_calloc(count + 1, sizeof(*ix->entries));
	/* backwards, so that a chain begins with the first service of the snapshot */
	for (size_t i = s->service_count; i-- > 0;) {
		const struct service *service = s->services[i];
		for (size_t k = service->listener_count; k-- > 0;) {
			const struct endpoint *e = &service->listeners[k].endpoint;
			uint64_t before = SERVICE_NONE;
			if (!has_key(e))
				continue;
			uint64_t key = endpoint_key(e, service->netns);
			map_get(&ix->heads, key, &before);
			ix->entries[used] = (struct service_index_entry){(uint32_t)i, (uint32_t)k,
				(uint32_t)before};
			map_set(&ix->heads, key, used++);
		}
	}
	note_members(ix);
}

void service_index_fini(struct service_index *ix)
{
	map_fini(&ix->heads);
	map_fini(&ix->members);
	free(ix->entries);
	ix->entries = NULL;
}

struct search {
	const struct service_index *ix;
	const struct endpoint *wanted;
	uint32_t netns;
	service_judge judge;
	void *arg;
	uint32_t best;
	int best_score;
};

/* The hash may lie: the listener itself has the last word. */
static bool takes(const struct listener *l, const struct endpoint *wanted)
{
	if (l->endpoint.proto != wanted->proto)
		return false;
	if (proto_is_unix(wanted->proto))
		return str_eq(l->endpoint.path, wanted->path);
	return endpoint_accepts(&l->endpoint, l->v6only, &wanted->address, wanted->port);
}

static void look_under(struct search *search, const struct endpoint *e, int fit)
{
	const struct service_index *ix = search->ix;
	uint64_t head;

	if (!map_get(&ix->heads, endpoint_key(e, search->netns), &head))
		return;
	for (uint32_t i = (uint32_t)head; i != SERVICE_NONE; i = ix->entries[i].next) {
		const struct service_index_entry *entry = &ix->entries[i];
		const struct service *service = ix->s->services[entry->service];
		int liked = 1;
		if (!takes(&service->listeners[entry->listener], search->wanted))
			continue;
		if (search->judge)
			liked = search->judge(search->arg, entry->service);
		int score = liked ? liked * 8 + fit * 2 + (service->netns == search->netns) : 0;
		if (score > search->best_score) {
			search->best_score = score;
			search->best = entry->service;
		}
	}
}

uint32_t service_index_find(const struct service_index *ix, const struct endpoint *local,
	uint32_t netns, service_judge judge, void *arg)
{
	struct search search = {ix, local, netns, judge, arg, SERVICE_NONE, 0};
	struct endpoint any = *local;

	if (!has_key(local))
		return SERVICE_NONE;
	look_under(&search, local, 1);
	if (!proto_is_unix(local->proto)) {
		any.address = ADDRESS_ANY4;
		look_under(&search, &any, 0);
		any.address = ADDRESS_ANY6;
		look_under(&search, &any, 0);
	}
	return search.best;
}

struct acceptance {
	const struct service_index *ix;
	const struct owner *owner;
};

static int judge_owner(void *arg, uint32_t service)
{
	const struct acceptance *a = arg;

	return a->owner && map_get(&a->ix->members, member_key(a->owner, service), NULL) ? 2 : 1;
}

uint32_t service_index_accepted(const struct service_index *ix, const struct socket *socket)
{
	struct acceptance a = {ix, socket->owner};

	return service_index_find(ix, &socket->local, socket->netns, judge_owner, &a);
}
