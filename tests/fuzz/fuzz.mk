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
		-Wl,--end-group $(FUZZ_LIBS) $(LDLIBS) $(PKG_LIBS)

# Beside the target: what makes its store, and its own changes. (Not in LDLIBS: `make coverage` sets that, and nothing is added to it then.)
$(BUILD)/fuzz/fuzz_command $(BUILD)/guided/fuzz_command: $(BUILD)/tests/fuzz/bson_mutate.o $(BUILD)/tests/fuzz/bson_edge.o $(BUILD)/tests/harness/harness.o
$(BUILD)/fuzz/fuzz_command $(BUILD)/guided/fuzz_command: FUZZ_LIBS = -lcmocka

.SECONDARY: $(FUZZ_BIN:$(BUILD)/fuzz/%=$(BUILD)/tests/fuzz/%.o) $(BUILD)/tests/fuzz/driver.o $(BUILD)/tests/fuzz/guide.o

.PHONY: check-fuzz
check-fuzz: $(FUZZ_BIN)
	@ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=abort_on_error=1 \
		tests/fuzz/run.sh $(FUZZ_MUTATIONS) $(FUZZ_SEED) $(BUILD)/fuzz $(FUZZ_BIN)

# The long form: libFuzzer of clang's compiler-rt (Debian: libclang-rt-14-dev), led by what an input reaches, under both sanitizers.
# FUZZ_TIME seconds a target, from FUZZ_SEED; FUZZ_TARGETS names some of them. Inputs that reached something new are kept in
# $(BUILD)-guided/found/NAME; `make fuzz-merge` takes those of them into tests/fuzz/corpus that reach what nothing there reaches.
FUZZ_TIME ?= 3600
FUZZ_TARGETS ?= $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
LIBFUZZER ?= $(lastword $(sort $(wildcard /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-$(shell uname -m).a)))
GUIDED_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/guided/%,$(FUZZ_SRC))
GUIDED = @test -f "$(LIBFUZZER)" || { echo "make: there is no libFuzzer (Debian: libclang-rt-14-dev); LIBFUZZER= names it"; exit 1; }; \
	$(MAKE) --no-print-directory BUILD=$(BUILD)-guided SANITIZE=address,undefined \
	CFLAGS='-O1 -g -fsanitize-coverage=trace-pc,trace-cmp' guided

# Of __sanitizer_cov_trace_pc(), which both have, the first one counts.
$(BUILD)/guided/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/guide.o $(FUZZ_ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -rdynamic -Wl,--allow-multiple-definition -o $@ $(filter %.o,$^) -Wl,--start-group $(FUZZ_ARCHIVES) \
		-Wl,--end-group $(LIBFUZZER) $(FUZZ_LIBS) $(LDLIBS) $(PKG_LIBS) -lstdc++

.PHONY: guided check-fuzz-long fuzz-merge
guided: $(GUIDED_BIN)

check-fuzz-long:
	$(GUIDED)
	@tests/fuzz/guided.sh run $(FUZZ_TIME) $(FUZZ_SEED) $(BUILD)-guided $(FUZZ_TARGETS)

fuzz-merge:
	$(GUIDED)
	@tests/fuzz/guided.sh merge $(FUZZ_TIME) $(FUZZ_SEED) $(BUILD)-guided $(FUZZ_TARGETS)
