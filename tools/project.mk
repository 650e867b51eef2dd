# SPDX-License-Identifier: GPL-2.0
#
# What the Makefile needs outside of a kernel tree: where lib.mk and the harness
# are, rebuilding when they change, and the goals that no other selftest has.

.DEFAULT_GOAL := all

# Goals that need neither lib.mk nor a harness.
project_goals := check check-kernels clean harness help \
	mutation-test series print-tests

ifneq ($(KSRC),)
selftests := $(abspath $(KSRC))/tools/testing/selftests
ifeq ($(wildcard $(selftests)/lib.mk),)
$(error setns: KSRC=$(KSRC): no readable kernel tree (no tools/testing/selftests/lib.mk, or a blank in its path))
endif
else ifneq ($(wildcard ../lib.mk),)
selftests := ..
else ifneq ($(filter-out $(project_goals),$(or $(MAKECMDGOALS),all)),)
selftests := $(shell SETNS_CACHE='$(SETNS_CACHE)' sh tools/scripts/harness.sh 2>&1)
ifeq ($(wildcard $(selftests)/lib.mk),)
$(error $(selftests))
endif
else
selftests :=
endif

# lib.mk has a default for the first level of make only. Names with blanks and
# the like are more than make can handle.
ifeq ($(OUTPUT),)
odd := $(shell pwd | LC_ALL=C grep '[^[:alnum:]_./+,@-]')
OUTPUT := $(or $(O),$(if $(odd),.,$(CURDIR)))
endif

# This file names what everything was built with: the harness, by its content, as
# each user has it at another path, and the compiler. If they change, everything is
# rebuilt. Headers that have several names do not count.
built_with := $(patsubst ./%,%,$(OUTPUT)/.built_with)
check_tools := | check-tools
harness_files := $(addprefix $(selftests)/,lib.mk kselftest.h kselftest_harness.h)
export BUILT_WITH = $(realpath .) $(CC) $(CPPFLAGS) $(LDFLAGS) \
	$(filter-out -isystem $(selftests) $(KHDR_INCLUDES) $(TOOLS_INCLUDES),$(CFLAGS))

.PHONY: FORCE check-tools $(project_goals)
# The file can be one of root in a directory that another user has.
$(built_with): FORCE $(check_tools)
	@now="$$BUILT_WITH $$(cat $(harness_files) | cksum)"; \
	echo "$$now" | cmp -s - $@ || { rm -f $@ && echo "$$now" > $@; } 2>/dev/null || { \
		echo "setns: cannot write to $(OUTPUT): set OUTPUT=DIRECTORY" >&2; \
		exit 2; \
	}

# One line that names the missing package, in place of many from the compiler.
check-tools:
	@mkdir -p $(OUTPUT)
	@sh tools/scripts/probe.sh $(CC) $(CFLAGS) $(LDFLAGS)

ifeq ($(selftests),)
clean:
	rm -f $(OUTPUT)/*_test $(OUTPUT)/lib_*.o $(built_with)
endif

# make help: this
help:
	@sed -n 's/^# \(make .*\)/\1/p' tools/project.mk

print-tests:
	@printf '%s\n' $(notdir $(TEST_GEN_PROGS))

# make check [TESTS=tools/tests/build.t]: the project's own tests
check:
	@sh tools/scripts/check.sh $(TESTS)

# make check-kernels [KERNELS="faults bookworm"]: the suite in other kernels
check-kernels:
	@tools/vm/matrix.sh $(KERNELS)

# make mutation-test [MUTANTS=--tenth]: the suite against bugs seeded in a kernel
mutation-test:
	@tools/mutants/run.sh $(MUTANTS)

# make harness: unpacks lib.mk and the harness into the cache, without root
harness:
	@sh tools/scripts/harness.sh --download

# make series KTREE=/path/to/linux OUT=DIR: the patches that add this directory
series:
	@sh tools/scripts/series.sh '$(KTREE)' '$(OUT)'

# make cost: system calls, page faults and forks of one run
cost: all
	@sh tools/scripts/cost.sh $(addprefix $(OUTPUT)/,$(notdir $(TEST_GEN_PROGS)))

# What the benchmark shares with the tests is compiled by the rule for the tests.
bench_objects := $(patsubst lib/%.c,$(OUTPUT)/lib_%.o,$(sort $(wildcard lib/*.c)))
bench_sources := $(sort $(wildcard tools/bench/*.c))
bench_headers := $(wildcard *.h lib/*.h tools/bench/*.h) $(built_with)
$(OUTPUT)/setns_bench: $(bench_sources) $(bench_objects) $(bench_headers) $(check_tools)
	$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(LDLIBS)

.PHONY: clean-bench
clean: clean-bench
clean-bench:
	rm -f $(OUTPUT)/setns_bench

# make bench [ROUNDS=N]: measures, see tools/bench/setns_bench.c
.PHONY: bench
bench: $(OUTPUT)/setns_bench
	@sh tools/bench/run.sh $(OUTPUT)/setns_bench \
		$(if $(filter . $(CURDIR),$(OUTPUT)),tools/bench,$(OUTPUT)/bench) $(ROUNDS)
