/*
 * map - a hash map from a 64-bit key to a 64-bit value (an index, an inode, a pid).
 *
 * Open addressing, linear probing, no deletion: maps here are built once and asked many times.
 * For strings, use map_hash() of the bytes as the key and compare the string behind the index.
 */
#pragma once

#include "base/auto.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
	uint64_t key;
	uint64_t value;
	bool used;
};

struct map {
	struct map_entry *entries; /* owned */
	size_t count, capacity;
};

void map_init(struct map *m); /* the same as {0} */
void map_fini(struct map *m);

/* Sets key to value, replacing what was there. */
void map_set(struct map *m, uint64_t key, uint64_t value);

/* False when the key is absent; out may be NULL. */
bool map_get(const struct map *m, uint64_t key, uint64_t *out);

uint64_t map_hash(const void *bytes, size_t len); /* FNV-1a with a finaliser */

AUTO_DEFINE_FINI(map, struct map)
