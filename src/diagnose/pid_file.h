/*
 * pid_file - the pid file of the server that should be on a port, when the process that it names is gone.
 */
#pragma once

#include "diagnose/inquiry.h"

/* Sets q->pid_file and q->pid_file_pid when a stale one is found. */
void pid_file_find(struct inquiry *q);
