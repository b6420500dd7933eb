/* common - what several subcommands share. */
#pragma once

#include "cli/cli.h"
#include "inventory/inventory.h"
