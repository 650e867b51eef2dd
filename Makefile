# SPDX-License-Identifier: GPL-2.0
#
# In a kernel tree this directory is tools/testing/selftests/setns and needs
# nothing but ../lib.mk. project.mk finds a lib.mk and a harness elsewhere, and
# holds the goals of the project itself.

# The harness of older trees is not free of warnings: what is included by
# -isystem does not warn.
CFLAGS += -Wall -Wextra -O2 -g
CFLAGS += -isystem $(selftests) $(KHDR_INCLUDES) $(TOOLS_INCLUDES)
LDLIBS += -lcap -lpthread -lrt
# Each of thousands of children would look up its symbols again.
LDFLAGS += -Wl,-z,now

TEST_GEN_PROGS := $(patsubst %.c,%,$(sort $(wildcard *_test.c)))

include project.mk

# What the programs share is compiled once.
helpers := $(filter-out %_test.c %_bench.c,$(sort $(wildcard *.c)))
helpers := $(patsubst %.c,$(OUTPUT)/%.o,$(helpers))
# What all was built with: another harness or compiler makes all of it stale.
built_with := $(patsubst ./%,%,$(OUTPUT)/.built_with)
EXTRA_CLEAN := $(helpers) $(OUTPUT)/setns_bench $(built_with)

ifneq ($(selftests),)
include $(selftests)/lib.mk

# lib.mk of 5.10 leaves this to the directory.
ifeq ($(KHDR_INCLUDES),)
KHDR_INCLUDES := -isystem $(selftests)/../../../usr/include
endif

# Set after lib.mk, as 5.10's discards what stood in LOCAL_HDRS before. What is
# in it is kept off the compile line.
LOCAL_HDRS += $(wildcard *.h bench/*.h) $(built_with)

# The headers are left out, which are reached by several names. Clones may share an
# OUTPUT.
export BUILT_WITH := $(realpath .) $(CC) $(realpath $(selftests)) $(CPPFLAGS) $(LDFLAGS) \
	$(filter-out -isystem $(selftests) $(KHDR_INCLUDES) $(TOOLS_INCLUDES),$(CFLAGS))
ifneq ($(strip $(BUILT_WITH)),$(strip $(shell cat $(built_with) 2>/dev/null)))
.PHONY: $(built_with)
endif
$(built_with): | probe
	@echo "$$BUILT_WITH" > $@

$(helpers): $(OUTPUT)/%.o: %.c $(LOCAL_HDRS) | probe
	$(CC) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(TEST_GEN_PROGS): $(helpers) $(LOCAL_HDRS) | probe

$(OUTPUT)/setns_bench: $(wildcard bench/*.c) $(helpers) $(LOCAL_HDRS) | probe
endif
