/* xtables_text - parts of xtables.h that judge and text share. */
#pragma once

#include "sys/xtables.h"

/* limit, hashlimit, connlimit, quota, statistic: met by some packets only. */
bool xt_is_limit(const struct xt_extension *x);
/* "connlimit above 10"; true = it matches what is above the limit. */
bool xt_limit_text(struct buf *out, const struct xt_extension *x);
/* As --reject-with takes it: "icmp-port-unreachable"; family NFPROTO_*. */
const char *xt_reject_name(const struct xt_extension *x, uint8_t family);
