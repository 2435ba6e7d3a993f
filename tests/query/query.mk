# Query engine against a real mongod 6.0.27.
#   make check-query SEED=N CASES=N     random finds and pipelines (tests/query/differential.py); CHANGED=PERCENT of them wrong
#   make check-replay                   the recorded corpora of $YESTER_SHARED/data/conformance, asked of `yester serve` (tests/query/replay.py)
#   make check-match SEED=N CASES=N     random match documents, schemas, places and values (tests/query/match_differential.py)
#   make check-explain SEED=N CASES=N   random filters, what explain shows of them (tests/query/explain_differential.py)
#   $(BUILD)/query_driver STORE         answers commands on standard input, without a server
#   tests/query/record.py               records anew what tests/unit/query/test_commands.c replays

CASES ?= 20000

# Expressions from standard input, for expr_differential.py.
$(BUILD)/expr_driver: $(BUILD)/tests/query/expr_driver.o $(foreach l,query oplog store index base,$(call archive,$(l)))
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(BUILD)/query_driver: $(BUILD)/tests/query/query_driver.o $(foreach l,query oplog store index base,$(call archive,$(l)))
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

# The match language alone, for match_differential.py.
$(BUILD)/match_driver: $(BUILD)/tests/query/match_driver.o $(foreach l,query oplog store index base,$(call archive,$(l)))
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

.PHONY: check-match
check-match: $(BUILD)/match_driver
	@for what in match schema geo value; do \
		$(TEST_CACHE)/venv/bin/python tests/query/match_differential.py $(BUILD)/match_driver --what $$what --plans \
			--cases $(CASES) $(if $(SEED),--seed $(SEED)) || exit 1; done

.PHONY: check-explain
check-explain: $(BUILD)/match_driver
	@$(TEST_CACHE)/venv/bin/python tests/query/explain_differential.py $(BUILD)/match_driver --cases $(CASES) $(if $(SEED),--seed $(SEED))

.PHONY: check-query
check-query:
	@tests/setup/deps.sh
	@$(MAKE) --no-print-directory all $(BUILD)/query_driver
	@BUILD=$(BUILD) $(TEST_CACHE)/venv/bin/python tests/query/differential.py --cases $(CASES) $(if $(SEED),--seed $(SEED)) $(if $(CHANGED),--changed $(CHANGED))

.PHONY: check-replay
check-replay:
	@tests/setup/deps.sh
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) $(TEST_CACHE)/venv/bin/python tests/query/replay.py
