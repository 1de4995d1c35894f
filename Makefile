# `make up` runs After Action here; `make test` passes the tests. Both make the environment first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --universal

.PHONY: up test lint types contract unit chaos lock fuzz docs mod clean

up: $(VENV)/.installed
	@exec $(BIN)/afteraction up

test: lint types contract unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tests.lint_sql

types: $(VENV)/.installed-dev
	$(BIN)/mypy

contract: $(VENV)/.installed-dev
	$(BIN)/lint-imports

unit: $(VENV)/.installed-dev
	$(BIN)/pytest

# Faults at random moments, many rounds: CHAOS_ROUNDS, CHAOS_SEED, CHAOS_FAULTS (a part of a fault's name).
chaos: $(VENV)/.installed-dev
	$(BIN)/python -m tests.chaos

# An environment that was left half made is made anew.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "After Action needs Python 3.11 or newer, and $(PYTHON) is not." \
	    "Install it, or name it: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	    echo "After Action needs Python's venv (Debian: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(UV): $(BIN)/python requirements-tools.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.txt
	@touch $@

$(VENV)/.installed: $(UV) requirements.txt pyproject.toml
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

# Renew the locks from pyproject.toml. They record hashes, and no address of any index.
lock: $(UV)
	$(COMPILE) --extra build pyproject.toml -o requirements.txt
	$(COMPILE) --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	echo uv | $(COMPILE) - -o requirements-tools.txt

# Huge and mutated bodies into the decoder, for FUZZ_SECONDS (120), then the tests of bad input at length. What
# crashes the decoder is left in .fuzz/.
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.bad_input.fuzz
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-50} FUZZ_ROUNDS=$${FUZZ_ROUNDS:-20} $(BIN)/pytest tests/bad_input

docs: $(VENV)/.installed
	$(BIN)/python -m api.events docs/events.md
	$(BIN)/python -m api.stats docs/stats.md
	$(BIN)/python -m api.achievements docs/achievements.md
	$(BIN)/python -m api.settings docs/settings.md

# The mod for an SMF forum, as its package manager takes it, in dist/.
mod: $(VENV)/.installed
	@$(BIN)/python -m smf_bridge.package dist

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
