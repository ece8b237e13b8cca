# Every task of the project. `make` alone lists them.

PYTHON ?= python3
NPM ?= npm
VENV := .venv
BIN := $(VENV)/bin
TABLE_VENV := .venv-table

# Least share of lines and branches that `make test` accepts, in percent.
COVERAGE_MIN := 90

# Tests mostly wait for servers; two at a time halve the wait. 0 runs them in one process.
TEST_JOBS ?= 2

# Cheap and pure first, the whole world last; folders not named here run in between. Several
# processes begin with the longest files (tests/fixtures/order.py), lest one be left alone with it.
FIRST_TESTS := $(addprefix tests/,stream filecoin media staging ledger ingest query contracts devnet \
	activities api starter)
LAST_TESTS := $(addprefix tests/,workflows worker replay conformance e2e chaos docs)
ALL_TESTS := $(filter-out tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
TESTS ?= $(wildcard $(FIRST_TESTS)) \
	$(filter-out $(FIRST_TESTS) $(LAST_TESTS),$(ALL_TESTS)) \
	$(wildcard $(LAST_TESTS))

COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes \
	--allow-unsafe --strip-extras --no-annotate

.DEFAULT_GOAL := help
.PHONY: help long install demo dev test fuzz conformance chaos check format lock artifacts clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed $(TABLE_VENV)/.installed node_modules/.installed ## Set up everything; a second call takes a second

demo: install ## Record a melody, store it on a local Filecoin, fetch it back and compare
	@$(BIN)/vibesflow demo

dev: install ## Run the whole world until Ctrl-C: Temporal, table, chain, providers, worker, API
	@$(BIN)/vibesflow dev

test: check ## Everything that CI runs: the checks, then every test with coverage
	$(BIN)/pytest --numprocesses $(TEST_JOBS) --dist loadfile --no-loadscope-reorder \
		--cov --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE_MIN) $(TESTS)

fuzz: install ## The API with CASES=n generated requests: none may break it, or do what it must not
	$(BIN)/pytest tests/api/fuzz -s --fuzz-cases $(or $(CASES),10000)

long: install ## One stream of CHUNKS=20000 chunks: what the last thousand costs against the first
	$(BIN)/python -m bench.long_stream --chunks $(or $(CHUNKS),20000)

conformance: install ## The client against a devnet: ours, or the one that DEVNET_INFO=file.json describes
	$(BIN)/pytest tests/conformance -rs $(if $(DEVNET_INFO),--devnet-info "$(DEVNET_INFO)")

chaos: install ## Kill everything for MINUTES=10 by SEED=1, then look for every acknowledged chunk
	@$(BIN)/python -m tests.chaos --seed $(or $(SEED),1) --minutes $(or $(MINUTES),10)

check: install ## Format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## Rewrite the files in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.installed ## Pin the newest allowed releases again, with hashes
	$(COMPILE) --upgrade --extra devnet --extra dev --output-file requirements/dev.txt pyproject.toml
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/runtime.txt pyproject.toml
	$(COMPILE) --all-build-deps --only-build-deps --output-file requirements/build.txt pyproject.toml
	$(COMPILE) --upgrade --output-file requirements/table.txt requirements/table.in
	$(NPM) install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

artifacts: install ## Compile the contracts again and write their committed artifacts
	$(NPM) run --silent contracts:build

clean: ## Remove what install, tests and dev made, the development data included
	rm -rf $(VENV) $(TABLE_VENV) node_modules .vibesflow .coverage* build dist *.egg-info \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed, this is `$(PYTHON) --version`" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -qq --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(TABLE_VENV)/.installed: requirements/table.txt
	$(PYTHON) -m venv $(TABLE_VENV)
	$(TABLE_VENV)/bin/pip install -qq --no-deps --require-hashes -r requirements/table.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' \
		|| { echo "Node 20 or newer is needed, this is `node --version`" >&2; exit 1; }
	$(NPM) install --silent --no-save --ignore-scripts --no-audit --no-fund
	@ls node_modules/@foundry-rs/anvil-*/bin/anvil* > /dev/null 2>&1 \
		|| { echo "npm brought no anvil for this machine, or not the locked one" >&2; exit 1; }
	@touch $@
