/* iptables_legacy - see iptables_legacy.h. */
#include "sys/iptables_legacy.h"

int iptables_read(const struct host *host, struct ruleset *out, struct err *err)
{
	return 0;
}
void iptables_judge(struct arena *arena, const struct table *t, const struct rule *rule,
	struct packet *p, struct outcome *out)
{
	*out = (struct outcome){0};
}
void iptables_rule_text(struct buf *out, struct arena *arena, const struct table *t,
	const struct rule *rule)
{
}
