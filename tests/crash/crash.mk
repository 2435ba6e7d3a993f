# Killing and failing programs (tests/crash). `make check-crash` kills N times in each phase for each of SEEDS, SIZE=large with
# more data; the normal run has a short form of the same. The helpers are built by the tests themselves, too.

SEEDS ?= 1 2
N ?= 20
SIZE ?= small

# The library is put into programs of any kind: none of the sanitizers, none of our own code.
$(BUILD)/crash/shim.so: tests/crash/shim.c tests/crash/power.c tests/crash/power.h
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(WARN) -O1 -g -fPIC -shared -o $@ $(filter %.c,$^) -ldl

# The chains of callers are its subject: no tail calls.
$(BUILD)/crash/alloc_shim.so: tests/crash/alloc_shim.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O1 -g -fno-optimize-sibling-calls -fPIC -shared -o $@ $< -ldl

$(BUILD)/crash/gen_data: $(BUILD)/tests/bench/gen_data.o $(call archives_upto,base)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(BUILD)/crash/every_bit: $(BUILD)/tests/crash/every_bit.o $(call archives_upto,oplog)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

# A bit of each byte of a small store, plain and encrypted: check has to find each. STRIDE: of each so many bytes only.
STRIDE ?= 1
.PHONY: check-every-bit
check-every-bit: all $(BUILD)/crash/shim.so $(BUILD)/crash/gen_data $(BUILD)/crash/every_bit
	@tests/setup/deps.sh
	@BUILD=$(BUILD) YESTER_STRIDE=$(STRIDE) \
		$${YESTER_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/yesterfs}/venv/bin/python -m pytest -q -s -p no:cacheprovider --timeout=86400 \
		tests/crash/test_every_bit.py

.PHONY: check-crash
check-crash: all $(BUILD)/crash/shim.so $(BUILD)/crash/gen_data
	@tests/setup/deps.sh
	@BUILD=$(BUILD) YESTER_CRASH_KILLS=$(N) YESTER_CRASH_SEEDS="$(SEEDS)" YESTER_CRASH_SIZE=$(SIZE) \
		$${YESTER_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/yesterfs}/venv/bin/python -m pytest tests/crash -v -s -p no:cacheprovider --ignore=tests/crash/test_alloc.py

# Failing allocations: PLACES of each command (0: all, an hour), SEEDS.
PLACES ?= 60
.PHONY: check-alloc
check-alloc: all $(BUILD)/crash/alloc_shim.so
	@tests/setup/deps.sh
	@for seed in $(SEEDS); do \
		BUILD=$(BUILD) YESTER_ALLOC_PLACES=$(PLACES) YESTER_SEED=$$seed \
		$${YESTER_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/yesterfs}/venv/bin/python -m pytest tests/crash/test_alloc.py -v -p no:cacheprovider || exit 1; \
	done

# All calls of all verbs with all deeds, and cuts of the power after each: more than 10,000 points a seed, plain and encrypted.
.PHONY: check-crash-points
check-crash-points: all $(BUILD)/crash/shim.so $(BUILD)/crash/gen_data
	@tests/setup/deps.sh
	@for seed in $(SEEDS); do BUILD=$(BUILD) YESTER_CRASH_KILLS=0 YESTER_SEED=$$seed \
		$${YESTER_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/yesterfs}/venv/bin/python -m pytest -q -p no:cacheprovider --timeout=86400 \
		tests/crash/test_crash_verbs.py tests/crash/test_crash_live.py || exit 1; done
