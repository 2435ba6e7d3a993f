# Line coverage of the libraries: by the unit tests and the fuzz corpora, and, with COVERAGE=all, by what the programs do in the
# integration tests, too (half an hour; COVERAGE_TESTS="tests/integration/test_at.py …" chooses them). WHERE=1 lists the lines that
# nothing reached. COVERAGE_KEEP=1 adds to what an earlier run has reached.

COVERAGE ?= unit
ifeq ($(COVERAGE),all)
COVERAGE_TESTS ?= tests/integration
endif
COVERED = --no-print-directory BUILD=$(BUILD)-coverage CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage LDLIBS=$(BUILD)-coverage/exit.o

$(BUILD)-coverage/exit.o: tests/coverage/exit.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -c -o $@ $<

.PHONY: coverage
coverage: $(BUILD)-coverage/exit.o
	@$(MAKE) $(COVERED) all $(BUILD)-coverage/query_driver $(BUILD)-coverage/expr_driver
	@test -n "$(COVERAGE_KEEP)" || find $(BUILD)-coverage -name '*.gcda' -delete
	@YESTER_CHAINS=all $(MAKE) $(COVERED) FUZZ_MUTATIONS=200 check-unit check-fuzz
	@test -z "$(COVERAGE_TESTS)" || BUILD=$(BUILD)-coverage $(TEST_CACHE)/venv/bin/python -m pytest $(COVERAGE_TESTS) -q -p no:cacheprovider -m 'not long'
	@$(PYTHON) tests/coverage/coverage.py $(if $(WHERE),--where) $(BUILD)-coverage base index store oplog query
