# `make bench`: ours and the peers in turn, one table; `make bench-NAME`: one part of it (see bench.py).
# BENCH_FLAGS: --quick (a tenth of the data), --long (oplog: a stream of 10 million entries), --rounds N, --seed N, --work DIR.

BENCH_FLAGS ?=

$(BUILD)/gen_data: $(BUILD)/tests/bench/gen_data.o $(call archive,base)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(BUILD)/gen_oplog: $(BUILD)/tests/bench/gen_oplog.o $(BUILD)/tests/bench/gen_shop.o $(call archive,base)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(BUILD)/bench_json: $(BUILD)/tests/bench/bench_json.o $(call archive,base)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(BUILD)/bench_serve: $(BUILD)/tests/bench/bench_serve.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

# Operations a second of a replay without its oplog: replay_rate.c says how to run it.
$(BUILD)/replay_rate: $(BUILD)/tests/bench/replay_rate.o $(call archives_upto,oplog)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

.PHONY: bench
bench: $(PROGRAMS) $(BUILD)/gen_data $(BUILD)/gen_oplog $(BUILD)/bench_json $(BUILD)/bench_serve
	@BUILD=$(BUILD) $(PYTHON) tests/bench/bench.py $(BENCH_FLAGS)

bench-%: $(PROGRAMS) $(BUILD)/gen_data $(BUILD)/gen_oplog $(BUILD)/bench_json $(BUILD)/bench_serve
	@BUILD=$(BUILD) $(PYTHON) tests/bench/bench.py $(BENCH_FLAGS) --only $*

# The pictures of docs/BENCHMARKS.md, from what the last bench measured and, for what it did not, from the figures that are there.
.PHONY: plots
plots:
	@$(PYTHON) tests/bench/plot.py --out docs/plots docs/plots/figures.json $(wildcard $(BUILD)/bench.json)
