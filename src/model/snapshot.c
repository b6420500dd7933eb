/* snapshot - see snapshot.h. The sockets are an array of their own: 100,000 of them are not copied. */
#include "model/snapshot.h"

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	free((void *)s->sockets);
	arena_free(s->arena);
	free(s);
}

const struct service *snapshot_service_of(const struct snapshot *s, const struct socket *socket)
{
	for (size_t i = 0; i < s->service_count; i++) {
		const struct service *service = s->services[i];
		if (service->port != socket->local.port || service->proto != socket->local.proto ||
			service->netns != socket->netns)
			continue;
		for (size_t k = 0; k < service->listener_count; k++) {
			const struct listener *l = &service->listeners[k];
			bool v6only = l->v6only;
			if (endpoint_accepts(&l->endpoint, v6only, &socket->local.address,
				    socket->local.port))
				return service;
		}
	}
	return NULL;
}
