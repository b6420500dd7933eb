/* holders_iterate_off - stands in where the build has no BPF. */
#include "sys/holders.h"

#include <errno.h>

bool holders_can_iterate(void)
{
	return false;
}

int holders_iterate(const struct holder_query *query, struct holder_list *out, struct err *err)
{
	(void)query;
	(void)out;
	return err_set(err, -EOPNOTSUPP, "this build has no BPF iterator");
}
