/*
 * diagnose_report - a diagnosis as one page to send to somebody: nothing to load, no script, light and
 * dark. What tells about the person is replaced, and the page says what.
 */
#pragma once

#include "cli/diagnose_ask.h"

void diagnose_report(struct buf *page, const struct host *host, const struct ask *ask,
	const struct diagnosis *const *list, size_t count);
