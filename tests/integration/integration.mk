# Tests against real mongods and the real tools. YESTER_MARKS='not slow' is pytest's -m; YESTER_TESTS a file or test.

YESTER_TESTS ?= tests/integration
TEST_CACHE = $${YESTER_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/yesterfs}

.PHONY: check-integration
check-integration:
	@tests/setup/deps.sh
	@$(MAKE) --no-print-directory all
	@$(PYTHON) tests/setup/truth.py all
	@BUILD=$(BUILD) $(TEST_CACHE)/venv/bin/python -m pytest $(YESTER_TESTS) -q -p no:cacheprovider $(if $(YESTER_MARKS),-m '$(YESTER_MARKS)')

# The long forms: 10 million documents in a listing, a million random reads, 10,000 collections, documents of 16 MiB.
.PHONY: check-scale
check-scale:
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) YESTER_SCALE=full $(TEST_CACHE)/venv/bin/python -m pytest -q -s -p no:cacheprovider \
		tests/integration/test_scale.py tests/integration/test_many_documents.py tests/integration/test_json_mount.py \
		tests/integration/test_verify.py::test_one_changed_document_is_named

# Replica sets of three under load, the long forms: 20 seeds a version, 8 writers, 100 kills.
.PHONY: check-live
check-live:
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) YESTER_WRITERS=8 YESTER_KILLS=100 $(TEST_CACHE)/venv/bin/python -m pytest -q -s -p no:cacheprovider \
		--timeout=1800 tests/integration/test_tail.py tests/integration/test_live.py tests/integration/test_live_set.py tests/integration/test_live_secure.py

# Copies of a store that are cut off at random moments: CUTS of them, YESTER_SEED.
CUTS ?= 500
.PHONY: check-copies
check-copies:
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) YESTER_CUTS=$(CUTS) $(TEST_CACHE)/venv/bin/python -m pytest -q -s -p no:cacheprovider --timeout=3600 \
		tests/integration/test_cut_copies.py

# All programs at once on one store, under both sanitizers: SECONDS of each.
SECONDS ?= 600
.PHONY: check-together
check-together:
	@for sanitizer in address,undefined thread; do \
		$(MAKE) --no-print-directory BUILD=$(BUILD)-$$sanitizer SANITIZE=$$sanitizer CFLAGS='-O1 -g' all && \
		BUILD=$(BUILD)-$$sanitizer YESTER_TOGETHER=$(SECONDS) $(TEST_CACHE)/venv/bin/python -m pytest -q -s -p no:cacheprovider \
			tests/integration/test_together.py || exit 1; done
