/*
 * project - the folder, git branch and manifest that a working directory belongs to.
 */
#pragma once

#include "base/arena.h"
#include "model/owner.h"
#include "sys/host.h"

/*
 * Walks up from `cwd` to the nearest manifest (package.json, pyproject.toml, Cargo.toml, go.mod,
 * composer.json, Gemfile, pom.xml, compose.yaml ...) or git work tree; never past the home folder or
 * "/". Returns NULL when there is none. Reads git's HEAD files itself, runs nothing.
 */
const struct project *project_find(const struct host *host, struct arena *arena, const char *cwd);
