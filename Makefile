# What people do here. `make demo` and `make test` set up what they need on a bare machine.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: help demo up test lint format crash faults simulation bench lock clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run ## set up and play a recorded community through the doors (embedded, one machine)
	@$(BIN)/symposia demo

up: $(VENV)/.run ## set up and run everything in one process, and keep it running
	@$(BIN)/symposia up

test: $(VENV)/.dev ## set up and pass the tests, on real Kafka, PostgreSQL and Prometheus
	deploy/setup.sh --check-test-tools
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.dev ## style, import contracts, types, and what is deployed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/yamllint --strict docker-compose.yml deploy .pre-commit-config.yaml

format: $(VENV)/.dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

crash: $(VENV)/.dev ## kill every consumer at the first, a middle and the last passage of every step, and print the tables
	SYMPOSIA_CRASH_PASSAGES=all $(BIN)/python -m pytest tests/faults/crash

faults: $(VENV)/.dev ## take PostgreSQL, Kafka and one broker of three away under load, for as long as is promised, and print the tables
	deploy/setup.sh --check-test-tools
	SYMPOSIA_OUTAGES=full $(BIN)/python -m pytest tests/faults/outages

simulation: $(VENV)/.dev ## play five times as many seeded histories as the tests do, from SYMPOSIA_SIMULATION_SEED on
	SYMPOSIA_SIMULATION_LOOPS=10000 SYMPOSIA_SIMULATION_HOUSES=600 SYMPOSIA_SIMULATION_TELLINGS=400 $(BIN)/python -m pytest tests/faults/simulation/test_simulation.py

bench: $(VENV)/.dev ## print the tables that the numbers in the docs come from
	deploy/setup.sh --check-test-tools
	set -e; for table in validation copies freshness backlog single_post lrs webhooks fuzz_ingest start; do $(BIN)/python -m benchmarks.$$table; done

COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock: $(VENV)/.dev ## pin every dependency by version and hash
	$(COMPILE) --extra embedded -o requirements.lock pyproject.toml
	$(COMPILE) --extra embedded --extra dev --extra deploy -o requirements-dev.lock pyproject.toml
	grep -A 100 '^uv==' requirements-dev.lock | sed '1!{/^[a-z]/,$$d}' > deploy/uv.lock

clean: ## remove the environment and what the tests left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.run: requirements.lock pyproject.toml
	deploy/setup.sh --environment $(VENV) $(PYTHON) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	deploy/setup.sh --environment $(VENV) $(PYTHON) requirements-dev.lock
	@touch $@ $(VENV)/.run
