# Line coverage of the libraries: by the unit tests and the fuzz corpora, and, with COVERAGE_TESTS="tests/integration/test_at.py …"
# (or tests/integration for all), by what the programs do there, too. WHERE=1 lists the lines that nothing reached.

.PHONY: coverage
coverage:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-coverage CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage \
		all $(BUILD)-coverage/query_driver $(BUILD)-coverage/expr_driver
	@find $(BUILD)-coverage -name '*.gcda' -delete
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-coverage CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage \
		FUZZ_MUTATIONS=200 check-unit check-fuzz
	@test -z "$(COVERAGE_TESTS)" || BUILD=$(BUILD)-coverage $(TEST_CACHE)/venv/bin/python -m pytest $(COVERAGE_TESTS) -q -p no:cacheprovider
	@$(PYTHON) tests/coverage/coverage.py $(if $(WHERE),--where) $(BUILD)-coverage base index store oplog query
