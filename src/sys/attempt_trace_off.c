/* attempt_trace_off - stands in where the build has no BPF. */
#include "sys/attempt_trace.h"

#include <errno.h>

int attempt_trace_new(pid_t pid, struct attempt_trace **out, struct err *err)
{
	return err_set(err, -EOPNOTSUPP, "this build has no BPF tracepoints");
}

void attempt_trace_free(struct attempt_trace *t)
{
}

int attempt_trace_read(struct attempt_trace *t, struct arena *arena, struct attempt_fact **out,
	size_t *out_count, size_t *out_lost, struct err *err)
{
	return err_set(err, -EOPNOTSUPP, "this build has no BPF tracepoints");
}
