# `make check-differential SEED=N OPS=N`: random histories on real mongods against our replay (tests/differential/run.py).
# OPS is the number of operations of all versions together; DIFFERENTIAL_VERSIONS names some of them. The short form is
# tests/integration/test_differential.py.

SEED ?=
OPS ?= 1000000
DIFFERENTIAL_VERSIONS ?= 4.2.6,4.4.2,5.0.4,6.0.27

.PHONY: check-differential
check-differential:
	@tests/setup/deps.sh
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) $(TEST_CACHE)/venv/bin/python tests/differential/run.py --ops $(OPS) $(if $(SEED),--seed $(SEED)) \
		--versions $(DIFFERENTIAL_VERSIONS)
