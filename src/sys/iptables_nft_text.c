/* stub */
#include "sys/nft_text.h"
void iptables_nft_rule_text(struct buf *out, struct arena *arena, const struct table *t,
	const struct rule *rule)
{
	nft_rule_text(out, arena, t, rule);
}
