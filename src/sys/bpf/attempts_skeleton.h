/* attempts_skeleton - as skeleton.h, for the programs of attempts.bpf.c. */
#pragma once
#pragma GCC system_header

#include <errno.h>

#undef strncpy
#include "sys/bpf/attempts.lskel.h"
#define strncpy(a, b, c) BANNED(strncpy)
