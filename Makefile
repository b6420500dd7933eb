# The front door; Meson does the work. `make help` lists the targets.
#
# Every target first installs what it needs and this machine lacks (tools/install-deps), so that it
# works on a bare Debian.

BUILD         ?= build
WERROR        ?= true
PREFIX        ?= /usr/local
FUZZ_SECONDS  ?= 60
SAN            = $(BUILD)-san
FUZZ           = $(BUILD)-fuzz
CLANG          = $(BUILD)-clang
MESON_FLAGS   ?=
DEPS           = @tools/install-deps --once $(1)/asked-for-$(2) $(2)
# settings of the two folders with sanitizers; undefined behaviour ends a test instead of being noted
SANITIZE       = -Dbuildtype=debug -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false

export ASAN_OPTIONS   ?= detect_leaks=1:detect_stack_use_after_return=1:exitcode=99
export UBSAN_OPTIONS  ?= halt_on_error=1:print_stacktrace=1:exitcode=99

all: configure ## build the program (the default)
	@ninja -C $(BUILD)

run: configure ## build the program, then show this machine's services
	@ninja -C $(BUILD) loopscope
	@$(BUILD)/loopscope $(ARGS)

test: configure ## run all tests; T='NAME --suite unit' runs some
	$(call DEPS,$(BUILD),test)
	@tools/run-tests $(BUILD) $(T)

san: ## the same tests with the address and undefined behaviour sanitizers
	$(call DEPS,$(SAN),build)
	$(call DEPS,$(SAN),test)
	@tools/configure $(SAN) -Dwerror=$(WERROR) $(SANITIZE) $(MESON_FLAGS)
	@tools/run-tests $(SAN) $(T)

clang: ## build everything with clang, whose warnings are others than gcc's
	$(call DEPS,$(CLANG),build)
	@CC=clang tools/configure $(CLANG) -Dwerror=$(WERROR) $(MESON_FLAGS)
	@ninja --quiet -C $(CLANG)
	@echo "1 passed, 0 failed"

lint: ## layers, sizes, words, formatting, static analysis
	$(call DEPS,$(BUILD),lint)
	@tools/lint $(T)

fmt: ## format the C files
	$(call DEPS,$(BUILD),lint)
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

fuzz: ## fuzz every target for FUZZ_SECONDS (60); T=NAME fuzzes one
	@tools/install-deps build fuzz
	@CC=clang tools/configure $(FUZZ) -Dfuzz=true $(MESON_FLAGS)
	@ninja -C $(FUZZ)
	@tools/fuzz $(FUZZ) $(FUZZ_SECONDS) $(T)

bench: all ## measure against peers and check the bars, some minutes
	$(call DEPS,$(BUILD),bench)
	@set -e; for run in bench/*/run; do echo "$$run"; $$run $(ARGS); done

install: all ## install below PREFIX (/usr/local), honours DESTDIR
	@meson install -C $(BUILD) --no-rebuild --quiet

new-command: ## NAME=word: write the files of a new subcommand
	@tools/new-command $(NAME)

clean: ## remove the build folders
	@rm -rf $(BUILD) $(SAN) $(FUZZ) $(CLANG)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.* ## / { printf "  make %-12s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

configure:
	$(call DEPS,$(BUILD),build)
	@tools/configure $(BUILD) --prefix $(PREFIX) -Dwerror=$(WERROR) $(MESON_FLAGS)

.PHONY: all configure run test san clang lint fmt fuzz bench install new-command clean help
