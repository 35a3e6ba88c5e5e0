# SPDX-License-Identifier: GPL-3.0-or-later
#
# make            build/kubeseed
# make demo       a highly available cluster in QEMU, from nothing
# make test       all tests, the boots included
#
# VARIANT=release|debug|asan chooses the flags; V=1 shows the commands.

VARIANT ?= release
BUILD   := build
OBJ     := $(BUILD)/$(VARIANT)
PREFIX  ?= /usr/local
DESTDIR ?=
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo 0.1)

LIBS     := yaml-0.1 libcrypto libisofs-1 libguestfs jansson
CC       ?= gcc
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wundef -Wwrite-strings -Wcast-align -Wpointer-arith \
            -Wvla -Wconversion -Wno-sign-conversion -Wdate-time -Walloca \
            -Wimplicit-fallthrough -Wswitch-enum $(if $(CI),-Werror)
CFLAGS   ?= -O2 -g
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS_release := $(CFLAGS) $(HARDEN)
FLAGS_debug   := -O0 -g3
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer
LINK_asan     := -fsanitize=address,undefined
CPPFLAGS += -D_GNU_SOURCE -Ibuilder -I$(BUILD)/gen $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
ALL_CFLAGS := -std=gnu17 $(WARN) $(FLAGS_$(VARIANT)) -fPIE
LDFLAGS  += -pie -Wl,-z,relro,-z,now $(LINK_$(VARIANT))
LDLIBS   += $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lpthread

SRC  := $(wildcard builder/*.c builder/base/*.c)
OBJS := $(SRC:builder/%.c=$(OBJ)/%.o) $(OBJ)/gen/embedded.o
UNIT := $(patsubst tests/unit/%.c,$(OBJ)/tests/%,$(wildcard tests/unit/test-*.c))
EMBEDDED := $(sort $(shell find images user-data scripts seeds -type f ! -name '*.md'))

.PHONY: all
all: $(BUILD)/kubeseed

# The program the user runs is always build/kubeseed, whatever the variant.
$(BUILD)/kubeseed: $(OBJ)/kubeseed
	$(Q)ln -sf $(VARIANT)/kubeseed $@

$(OBJ)/kubeseed: $(OBJS)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OBJ)/%.o: builder/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/main.o: CPPFLAGS += -DVERSION='"$(VERSION)"'

$(OBJ)/gen/embedded.o: $(BUILD)/gen/embedded-data.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/gen/embedded-data.c: $(EMBEDDED) builder/embed.awk
	@mkdir -p $(@D)
	@echo "  EMBED $@"
	$(Q)for f in $(EMBEDDED); do \
	  if [ -x $$f ]; then echo "$$f x"; else echo "$$f"; fi; \
	done | LC_ALL=C sort | awk -f builder/embed.awk > $@.new && mv $@.new $@

# Unit tests link against everything but main.
$(OBJ)/tests/%: tests/unit/%.c $(filter-out $(OBJ)/main.o,$(OBJS))
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(ALL_CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

-include $(wildcard $(OBJ)/*.d $(OBJ)/*/*.d)
