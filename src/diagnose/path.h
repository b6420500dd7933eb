/*
 * path - the file of a unix socket: is it there, may it be reached, does anyone listen behind it?
 */
#pragma once

#include "diagnose/inquiry.h"

/* Fills q->file for q->aim.socket_path; the snapshot is there. Connects once, unless passive. */
void path_read(struct inquiry *q);
