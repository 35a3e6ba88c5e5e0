# SPDX-License-Identifier: GPL-3.0-or-later
#
# make            build/kubeseed
# make deps       install the Debian packages that are missing
# make demo       a highly available cluster on this machine, from nothing
# make test       what CI runs: units, quick lints, the simulator, real machines
# make unit       programs, specs, golden files and corpora (seconds)
# make sanitized  the modules under address and undefined sanitizers
# make payload    a payload from a mirror on loopback, and its faults
# make consumers  whether those who read seeds take them
# make e2e        only the boots under QEMU
# make rack       only those of containers, which takes root
# make libvirt    whether a libvirtd takes what is exported, which takes root
# make lint       every checker, the slow ones as well
# make test-all   all of it, also under the address sanitizer
# make sim        the assembly's order and faults, simulated
# make fuzz       each parser against FUZZ_TIME seconds of hostile bytes
# make coverage   which lines of builder/ its tests run, by file
# make bench      how fast, compared with the shell
# make same       whether seeds are the same as those of revision BASE, where
#                 the history has it
# make install    into PREFIX, below DESTDIR
# make clean
#
# VARIANT=release|debug|asan chooses the flags; V=1 shows the commands.

VARIANT   ?= release
BUILD     ?= build
OBJ       := $(BUILD)/$(VARIANT)
PREFIX    ?= /usr/local
DESTDIR   ?=
FUZZ_TIME ?= 60
SUITE     ?= bookworm
BASE      ?= 08aa5d7
# The same schedules each time, then others, and a third of the mutations; test-all
# takes all.
SIM       ?= -n 1 --seconds 240 --salt ""
EXPLORE   ?= -n 1 --seconds 60
MUTATIONS ?= --third
V         ?= 0
Q         := $(if $(filter 1,$(V)),,@)

# The number is that of the next release; behind it the commit, if there is one.
VERSION := 0.2 $(shell git describe --always --dirty --exclude='*' 2>/dev/null)

# ---- Compiler and libraries ----

LIBS     := yaml-0.1 libcrypto libisofs-1 jansson
# Needed to build; loaded by the program itself, see image/bootloader.h.
HEADERS  := libguestfs
CC       := $(if $(filter default,$(origin CC)),gcc,$(CC))
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wundef -Wwrite-strings -Wcast-align -Wpointer-arith \
            -Wvla -Wconversion -Wno-sign-conversion -Wdate-time -Walloca \
            -Wimplicit-fallthrough -Wswitch-enum $(if $(CI),-Werror)
CFLAGS   ?= -O2 -g
SANITIZE := address,undefined
FLAGS_release := $(CFLAGS) -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS_debug   := -O0 -g3
# gcc sees null formats where the sanitizer put its checks.
FLAGS_asan    := -O1 -g -fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
                 -Wno-format-truncation
# Threads count too, and several processes at once.
FLAGS_cov     := -O0 -g --coverage -fprofile-update=atomic
FLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,$(SANITIZE)
LINK_asan     := -fsanitize=$(SANITIZE)
LINK_cov      := --coverage
LINK_fuzz     := -fsanitize=fuzzer,$(SANITIZE)
CPPFLAGS += -D_GNU_SOURCE -Ibuilder -I$(BUILD)/gen \
            $(shell pkg-config --cflags $(LIBS) $(HEADERS) 2>/dev/null)
COMPILE   = $(CC) $(CPPFLAGS) -std=gnu17 $(WARN) $(FLAGS_$(VARIANT)) -fPIE \
            -MMD -MP -MT $@ -MF $(basename $@).d
LDFLAGS  += -pie -Wl,-z,relro,-z,now $(LINK_$(VARIANT))
LDLIBS   += $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lpthread

# ---- The program ----

SRC := $(wildcard builder/*.c builder/*/*.c)
# All but main, so that tests can link what they need.
LIB := $(OBJ)/kubeseed.a
# What the program carries with it; a folder counts, for files that went away.
EMBED_DIRS := images user-data scripts seeds
EMBEDDED   := $(shell find $(EMBED_DIRS) -type f ! -name '*.md' | LC_ALL=C sort)

.PHONY: all
all: $(BUILD)/kubeseed

# The program the user runs is always build/kubeseed, whatever the variant.
$(BUILD)/kubeseed: $(OBJ)/kubeseed FORCE
	$(Q)[ "$$(readlink $@)" = $(VARIANT)/kubeseed ] || ln -sf $(VARIANT)/kubeseed $@

$(OBJ)/kubeseed: $(OBJ)/main.o $(LIB)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(patsubst builder/%.c,$(OBJ)/%.o,$(filter-out builder/main.c,$(SRC))) \
        $(OBJ)/gen/embedded-data.o
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(OBJ)/%.o: builder/%.c | libs
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) -c -o $@ $<

# Only the text that says it is compiled anew after a commit.
$(OBJ)/main.o: CPPFLAGS += -DVERSION='"$(strip $(VERSION))"'
$(OBJ)/main.o: $(BUILD)/gen/version
$(BUILD)/gen/version: FORCE
	@mkdir -p $(@D)
	@echo '$(strip $(VERSION))' | cmp -s - $@ || \
	  echo '$(strip $(VERSION))' >$@

$(OBJ)/gen/embedded-data.o: $(BUILD)/gen/embedded-data.c | libs
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) -c -o $@ $<

$(BUILD)/gen/embedded-data.c: $(EMBEDDED) builder/embed.awk \
                              $(shell find $(EMBED_DIRS) -type d)
	@mkdir -p $(@D)
	@echo "  EMBED $@"
	$(Q)for f in $(EMBEDDED); do \
	  if [ -x $$f ]; then echo "$$f x"; else echo "$$f"; fi; \
	done | awk -f builder/embed.awk > $@.new && mv $@.new $@

.PHONY: libs FORCE
libs:
	@pkg-config --exists $(LIBS) $(HEADERS) 2>/dev/null && command -v $(CC) >/dev/null || \
	  { echo "the compiler or a library is missing; run: make deps" >&2; \
	    exit 1; }

# ---- From a bare machine ----

# What needs pkg-config's answers runs in a second make, after deps.
.PHONY: deps demo
deps:
	@builder/deps build run test

demo:
	@builder/deps build run
	@$(MAKE) --no-print-directory all
	@builder/demo $(BUILD)

# ---- Tests (see tests/README.md) ----

UNIT := $(patsubst tests/%.c,$(OBJ)/tests/%,\
          $(wildcard tests/unit/test-*.c tests/golden/test-*.c))
FUZZ := $(patsubst tests/%.c,$(OBJ)/tests/%,$(wildcard tests/fuzz/fuzz-*.c))

# The emulated machine has a processor, and the other ones are left to what goes on
# beside it (see tests/timed). Consumers come after the payload: kubeadm is among them.
.PHONY: test unit sanitized image payload consumers e2e rack libvirt sim test-all lint lint-fast bench coverage same fuzz
test:
	@builder/deps build run test
	@MAKE="$(MAKE)" tests/timed unit image +e2e lint-fast same payload consumers \
	  sanitized + sim rack

# Side by side; what takes longest comes first.
unit: $(BUILD)/kubeseed $(UNIT) $(FUZZ)
	@tests/together "tests/unit/run $(UNIT)" \
	  "tests/commands/run $<" \
	  "tests/bench/growth $<" \
	  "tests/state/run $<" \
	  "tests/images/run $<" \
	  "tests/images/twice" \
	  "tests/export/run $<" \
	  "tests/specs/run $<" \
	  "tests/specs/schema $<" \
	  "tests/specs/comments $<" \
	  "tests/golden/run $<" \
	  "tests/systems/run $<" \
	  "tests/commands/completion $<" \
	  "tests/scripts/run" \
	  "tests/runners" \
	  "tests/fuzz/replay $(FUZZ)"

# The modules under the sanitizers; build/kubeseed, which others run meanwhile, stays.
# What ends a program hundreds of times is left to test-all.
SANITIZED := $(filter-out %/test-interrupted %/test-failing,$(UNIT))
sanitized:
	@$(MAKE) --no-print-directory VARIANT=asan sanitized-run

.PHONY: sanitized-run
sanitized-run: $(SANITIZED) $(FUZZ)
	@tests/unit/run $(SANITIZED)
	@tests/fuzz/replay $(FUZZ)

# Made once and kept, as for every user.
image: $(BUILD)/kubeseed
	@$(BUILD)/kubeseed image seeds/single.yaml

payload: $(BUILD)/kubeseed
	@tests/payload/run $(BUILD)/kubeseed

consumers: $(BUILD)/kubeseed
	@tests/consumers/run $(BUILD)/kubeseed $(SUITE)

e2e: $(BUILD)/kubeseed
	@tests/e2e/run $(E2E)

rack: $(BUILD)/kubeseed
	@tests/rack/run $(RACK)

# IMAGE=FILE: and that a node made of it comes to its first step.
libvirt: $(BUILD)/kubeseed
	@tests/export/libvirtd $< $(IMAGE)

sim: $(BUILD)/kubeseed
	@tests/sim/test-shell
	@tests/sim/run $(SIM)
	$(if $(EXPLORE),@tests/sim/run $(EXPLORE))
	@tests/sim/run --mutations $(MUTATIONS)

test-all:
	@builder/deps build run test
	@$(MAKE) --no-print-directory unit lint same payload
	@$(MAKE) --no-print-directory sim SIM= EXPLORE= MUTATIONS=
	@INTERRUPT_NODES=5 tests/unit/run $(OBJ)/tests/unit/test-interrupted
	@$(MAKE) --no-print-directory unit VARIANT=asan
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory e2e \
	  E2E="$(filter-out functions,$(basename $(notdir $(wildcard tests/e2e/*.sh))))"
	@$(MAKE) --no-print-directory rack RACK=all
	@$(MAKE) --no-print-directory libvirt \
	  IMAGE="$$($(BUILD)/kubeseed -q image seeds/single.yaml)"
	@$(MAKE) --no-print-directory consumers

lint: $(LIB) $(OBJ)/kubeseed
	@tests/lint/run --all $(OBJ) $(CPPFLAGS)

lint-fast: $(LIB) $(OBJ)/kubeseed
	@tests/lint/run $(OBJ)

same: $(BUILD)/kubeseed
	@tests/same/run $(BASE) $(BUILD)/kubeseed

# As for the sanitizers, build/kubeseed stays.
coverage:
	@$(MAKE) --no-print-directory VARIANT=cov coverage-run

.PHONY: coverage-run
coverage-run: $(OBJ)/kubeseed $(UNIT)
	@tests/coverage $(OBJ) $(UNIT)

bench: $(BUILD)/kubeseed
	@builder/deps build run test bench
	@tests/bench/run $(BUILD)/kubeseed
	@tests/bench/bake $(BUILD)/kubeseed
	@tests/bench/kernels $(BUILD)/kubeseed

$(UNIT): $(OBJ)/tests/%: tests/%.c $(LIB)
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$(Q)$(COMPILE) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS) -lcmocka

# A fuzz target with a main that gives it the corpus, or with libFuzzer's.
FUZZ_MAIN := $(if $(filter fuzz,$(VARIANT)),,tests/fuzz/main.c)
$(FUZZ): $(OBJ)/tests/%: tests/%.c $(FUZZ_MAIN) $(LIB)
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	$(Q)$(COMPILE) $(LDFLAGS) -o $@ $< $(FUZZ_MAIN) $(LIB) $(LDLIBS)

fuzz:
	@$(MAKE) --no-print-directory VARIANT=fuzz CC=clang fuzz-run

.PHONY: fuzz-run
fuzz-run: $(FUZZ)
	@tests/fuzz/run $(FUZZ_TIME) $(FUZZ)

# ---- Installation ----

.PHONY: install clean
install: $(OBJ)/kubeseed
	install -D -m 0755 $(OBJ)/kubeseed $(DESTDIR)$(PREFIX)/bin/kubeseed
	install -D -m 0644 builder/kubeseed.1 \
	  $(DESTDIR)$(PREFIX)/share/man/man1/kubeseed.1
	install -D -m 0644 builder/kubeseed.bash-completion \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/kubeseed

# Machines of the demo that still run would go on without their state.
clean:
	$(Q)if [ -e $(BUILD)/demo/demo.cluster ] && [ -x $(BUILD)/kubeseed ]; then \
	  $(BUILD)/kubeseed destroy --all --yes -C $(BUILD)/demo/demo.cluster \
	    seeds/ha.yaml; fi
	rm -rf $(BUILD)

-include $(wildcard $(OBJ)/*.d $(OBJ)/*/*.d $(OBJ)/*/*/*.d)
