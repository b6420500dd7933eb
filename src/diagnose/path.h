/*
 * path - the file of a unix socket: is it there, may it be reached, does anyone listen behind it?
 */
#pragma once

#include "diagnose/inquiry.h"

/* Fills q->file for q->aim.socket_path; the snapshot is there. Connects once, unless passive. */
void path_read(struct inquiry *q);

struct stat;

/* Whether the one who fails is granted `want` (4 read, 2 write, 1 search) of a file, by its mode. */
bool path_may(const struct inquiry *q, const struct stat *st, unsigned want);
