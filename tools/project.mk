# SPDX-License-Identifier: GPL-2.0
#
# Where lib.mk and the harness are, and the goals that no other selftest has.

.DEFAULT_GOAL := all

# What can be made without a kernel tree.
project_goals := check check-kernels clean harness help \
	mutation-test patch place print-tests

ifneq ($(KSRC),)
selftests := $(abspath $(KSRC))/tools/testing/selftests
ifeq ($(wildcard $(selftests)/lib.mk),)
$(error setns: KSRC=$(KSRC): no readable kernel tree (no tools/testing/selftests/lib.mk, or a blank in its path))
endif
else ifneq ($(wildcard ../lib.mk),)
selftests := ..
else ifneq ($(filter-out $(project_goals),$(or $(MAKECMDGOALS),all)),)
selftests := $(shell SETNS_CACHE='$(SETNS_CACHE)' sh lib/harness.sh 2>&1)
ifeq ($(wildcard $(selftests)/lib.mk),)
$(error $(selftests))
endif
endif

# lib.mk has a default only for the first level of make, and make cannot handle
# blanks and the like in names.
ifeq ($(OUTPUT),)
odd := $(shell pwd | LC_ALL=C grep '[^[:alnum:]_./+,@-]')
OUTPUT := $(or $(O),$(if $(odd),.,$(CURDIR)))
endif

.PHONY: bench probe $(project_goals)

# One line that names the package, in place of the compiler's many.
probe:
	@mkdir -p $(OUTPUT)
	@sh lib/probe.sh $(CC) $(CFLAGS) $(LDFLAGS)

ifeq ($(selftests),)
clean:
	rm -f $(addprefix $(OUTPUT)/,$(TEST_GEN_PROGS)) $(EXTRA_CLEAN)
endif

# make help: this
help:
	@sed -n 's/^# \(make .*\)/\1/p' project.mk

print-tests:
	@printf '%s\n' $(notdir $(TEST_GEN_PROGS))

# make check [TESTS=tests/build.t]: the project's own tests
check:
	@sh lib/check.sh $(TESTS)

# make check-kernels [KERNELS="faults bookworm"]: the suite in other kernels
check-kernels:
	@vm/matrix.sh $(KERNELS)

# make mutation-test [MUTANTS=--tenth]: the suite against bugs seeded in a kernel
mutation-test:
	@mutants/run.sh $(MUTANTS)

# make harness: unpacks lib.mk and the harness into the cache, without root
harness:
	@sh lib/harness.sh --download

# make place KTREE=/path/to/linux: copies this directory into a tree
place:
	@sh lib/place.sh '$(KTREE)'

# make patch KTREE=/path/to/linux: the patch that adds this directory to a tree
patch:
	@sh lib/patch.sh '$(KTREE)'

# make bench [ROUNDS=N]: measures, see setns_bench.c
bench: $(OUTPUT)/setns_bench
	@sh bench/run.sh $(OUTPUT)/setns_bench $(OUTPUT)/bench $(ROUNDS)
