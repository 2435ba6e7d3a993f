# Killing and failing ingests (tests/crash). `make check-crash` kills N times in each phase for each of SEEDS, SIZE=large with
# more data; the normal run has a short form of the same. The helpers are built by the tests themselves, too.

SEEDS ?= 1 2
N ?= 20
SIZE ?= small

# The library is put into programs of any kind: none of the sanitizers, none of our own code.
$(BUILD)/crash/shim.so: tests/crash/shim.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O1 -g -fPIC -shared -o $@ $< -ldl

$(BUILD)/crash/gen_data: $(BUILD)/tests/bench/gen_data.o $(call archives_upto,base)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

.PHONY: check-crash
check-crash: all $(BUILD)/crash/shim.so $(BUILD)/crash/gen_data
	@tests/setup/deps.sh
	@BUILD=$(BUILD) YESTER_CRASH_KILLS=$(N) YESTER_CRASH_SEEDS="$(SEEDS)" YESTER_CRASH_SIZE=$(SIZE) \
		$${YESTER_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/yesterfs}/venv/bin/python -m pytest tests/crash -v -s -p no:cacheprovider
