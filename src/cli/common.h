/*
 * common - what several subcommands share: taking a snapshot, target arguments, --owners, --probe.
 */
#pragma once

#include "cli/cli.h"
#include "cli/options.h"
#include "inventory/inventory.h"
#include "model/target.h"

/* "auto", "bpf", "proc", "none": the choices of --owners, in the order of enum rung. */
extern const char *const common_rungs[];

#define COMMON_OWNERS_HELP                                                                         \
	"how owners are found: auto, bpf (iterator), proc (walk through /proc) or none"

/* Opens the machine and takes a snapshot; errors are printed, the result is an exit code or -1. */
int common_snapshot(struct cli *cli, const struct inventory_query *query, struct host *out_host,
	struct snapshot **out);

/* Parses one target argument; prints the error and returns its exit code, or -1 when all is well. */
int common_target(struct cli *cli, const char *text, struct target *out);

/* The "blind_spots" member of a JSON answer. */
void common_blind_json(struct json *j, const struct snapshot *s);
