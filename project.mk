# SPDX-License-Identifier: GPL-2.0
#
# Where lib.mk and the harness are, and the goals that no other selftest has.

.DEFAULT_GOAL := all

# What can be made without a kernel tree.
project_goals := check check-kernels clean harness help patch place print-tests

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
# blanks in names.
ifeq ($(OUTPUT),)
OUTPUT := $(or $(O),$(if $(word 2,$(CURDIR)),.,$(CURDIR)))
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

print-tests:
	@printf '%s\n' $(notdir $(TEST_GEN_PROGS))

# The project's own tests: make check TESTS=tests/build.t
check:
	@sh lib/check.sh $(TESTS)

# The suite in other kernels: make check-kernels KERNELS="faults bookworm"
check-kernels:
	@vm/matrix.sh $(KERNELS)

# Unpack lib.mk and the harness into the cache, without root and apt-get install.
harness:
	@sh lib/harness.sh --download

# make place KTREE=/path/to/linux
place:
	@sh lib/place.sh '$(KTREE)'

# The patch that adds this directory to a tree: make patch KTREE=/path/to/linux
patch:
	@sh lib/patch.sh '$(KTREE)'

# Measure, see setns_bench.c: make bench [ROUNDS=N]
bench: $(OUTPUT)/setns_bench
	@sh bench/run.sh $(OUTPUT)/setns_bench $(OUTPUT)/bench $(ROUNDS)
