/* probe_services - see probe_services.h. */
#include "inventory/probe_services.h"

#include "base/str.h"
#include "inventory/probe.h"
#include "inventory/services.h"
#include "inventory/speaks.h"

/* Where a listener answers on this machine: a wildcard is asked over loopback. */
static bool reachable(const struct listener *l, struct endpoint *out)
{
	*out = l->endpoint;
	if (out->proto == PROTO_UNIX_STREAM)
		return out->path != NULL;
	if (out->proto != PROTO_TCP)
		return false;
	if (address_is_any(&out->address))
		out->address = out->address.family == AF_INET || l->dual_stack ? ADDRESS_LOOPBACK4
									       : ADDRESS_LOOPBACK6;
	return true;
}

static void learn(struct snapshot *s, struct service *service, const struct probe_job *job)
{
	if (job->speaks) {
		speaks_learn(s->arena, service, job->speaks, job->version, job->detail);
		service->url = services_url(s, service);
	} else if (!service->note) {
		service->note = job->why_not ? arena_printf(s->arena, "probe: %s", job->why_not)
					     : "probe: accepts, but says nothing known";
	}
}

void probe_services(struct snapshot *s, const struct service *const *services, size_t count,
	unsigned deadline_ms)
{
	struct probe_job *jobs = arena_array(s->arena, struct probe_job, count);
	size_t job_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct endpoint at;
		if (services[i]->netns != 0 || !reachable(&services[i]->listeners[0], &at))
			continue;
		jobs[job_count++] = (struct probe_job){.endpoint = at, .service = services[i]};
	}
	probe_run(s->arena, jobs, job_count, deadline_ms);
	for (size_t i = 0; i < job_count; i++)
		learn(s, (struct service *)jobs[i].service, &jobs[i]);
}
