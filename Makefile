# SPDX-License-Identifier: GPL-2.0
#
# In a kernel tree this directory is tools/testing/selftests/setns and needs
# nothing but ../lib.mk and libcap. tools/, which no tree has, finds a lib.mk and
# a harness elsewhere and adds the goals of the project.

selftests := ..
-include tools/project.mk

# Headers of older harnesses are not free of warnings, so they are system headers.
CFLAGS += -Wall -Wextra -O2 -g
CFLAGS += -isystem $(selftests) $(KHDR_INCLUDES) $(TOOLS_INCLUDES)
LDLIBS += -lcap -lpthread -lrt
# Resolve symbols once, not again in each of thousands of children.
LDFLAGS += -Wl,-z,now

TEST_GEN_PROGS := $(patsubst %.c,%,$(sort $(wildcard *_test.c)))

# What the programs share is compiled once.
helpers = $(patsubst lib/%.c,$(OUTPUT)/lib_%.o,$(sort $(wildcard lib/*.c)))
EXTRA_CLEAN = $(helpers)

ifneq ($(selftests),)
include $(selftests)/lib.mk

# lib.mk of 5.10 leaves this to the directory.
ifeq ($(KHDR_INCLUDES),)
KHDR_INCLUDES := -isystem $(selftests)/../../../usr/include
endif

# $(built_with) and $(check_tools) are those of tools/, and empty in a kernel tree.
# Set after lib.mk, as that of 5.10 forgets earlier values. lib.mk keeps what is
# in it off the compile line.
LOCAL_HDRS += $(wildcard *.h lib/*.h) $(built_with)

$(helpers): $(OUTPUT)/lib_%.o: lib/%.c $(LOCAL_HDRS) $(check_tools)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(TEST_GEN_PROGS): $(helpers) $(LOCAL_HDRS) $(check_tools)
endif
