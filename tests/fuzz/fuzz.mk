# Fuzz targets: tests/fuzz/fuzz_NAME.c, each a LLVMFuzzerTestOneInput, and its corpus in
# tests/fuzz/corpus/NAME. `make check-fuzz` replays the corpus and tries random changes of it:
# FUZZ_MUTATIONS a target, from FUZZ_SEED. SANITIZE=address,undefined makes it much sharper.

FUZZ_MUTATIONS ?= 20000
FUZZ_SEED ?= 1
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
FUZZ_ARCHIVES := $(foreach l,$(LAYERS),$(call archive,$(l)))

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/driver.o $(FUZZ_ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(FUZZ_ARCHIVES) \
		-Wl,--end-group $(LDLIBS) $(PKG_LIBS)

.SECONDARY: $(FUZZ_BIN:$(BUILD)/fuzz/%=$(BUILD)/tests/fuzz/%.o) $(BUILD)/tests/fuzz/driver.o

.PHONY: check-fuzz
check-fuzz: $(FUZZ_BIN)
	@ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=abort_on_error=1 \
		tests/fuzz/run.sh $(FUZZ_MUTATIONS) $(FUZZ_SEED) $(BUILD)/fuzz $(FUZZ_BIN)
