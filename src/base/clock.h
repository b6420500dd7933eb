/*
 * clock - time as numbers, and numbers as text. Milliseconds unless a name says otherwise.
 */
#pragma once

#include "base/buf.h"
#include <stdint.h>

uint64_t clock_mono_ns(void);
uint64_t clock_mono_ms(void);
int64_t clock_real_ms(void); /* since 1970-01-01 UTC */

/* 2026-11-19T14:32:08.123Z */
void clock_iso(struct buf *out, int64_t real_ms);

/* Local wall time for people: "09:12", or "19 Nov 09:12" when not today. */
void clock_local(struct buf *out, int64_t real_ms, int64_t now_ms);

/* An age for people: "3 s", "40 min", "2 h", "3 d". */
void clock_age(struct buf *out, int64_t age_ms);

/* A short duration for people: "0.04 ms", "3 ms", "0.4 s", "12 s". */
void clock_duration(struct buf *out, uint64_t ns);
