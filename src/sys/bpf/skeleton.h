/*
 * skeleton - the generated loader, kept apart: its code is not ours, so our warnings and bans are
 * lifted for it, and only for it.
 */
#pragma once
#pragma GCC system_header

#include <errno.h>

#undef strncpy
#include "sys/bpf/holders.lskel.h"
#define strncpy(a, b, c) BANNED(strncpy)
