# Everything a newcomer needs: `make demo` runs the main job, `make test` proves it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(shell command -v uv 2>/dev/null)
# Workers share the cores; with threads of their own in each matrix product they wait for each other.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist worksteal
# Compiling takes most of the time of all tests; with less optimizing it takes a third, and a worker half the
# memory. `test-compiled` compiles as users do. Newer versions of XLA end at the last flag, which they do not know.
LESS := --xla_backend_optimization_level=1 --xla_llvm_disable_expensive_passes=true
LEAST := --xla_cpu_use_fusion_emitters=false
KNOWN = XLA_FLAGS=$(LEAST) $(BIN)/python -c 'import jax; jax.devices()' >/dev/null 2>&1
COMPILE_FASTER = XLA_FLAGS="$(LESS)$$($(KNOWN) && echo ' $(LEAST)')"
# A test of the quick set that takes more seconds of processor time fails.
LIMIT := --quick-limit 5

.PHONY: help setup demo operate test test-all test-quick test-again test-compiled lint docs bench lock clean

help:
	@echo "make demo      learn a plant from its records, improve on it, write a report"
	@echo "make operate   put an agent to work at a virtual plant, with the control-room page"
	@echo "make test      lint, types and the quick tests"
	@echo "make test-all  lint, types and every test"
	@echo "make docs      build the documentation into site/"
	@echo "make bench     run every benchmark (hours) and write the tables"
	@echo "make lock      pin the dependencies again; clean  remove what was made"

setup: $(STAMP)

$(STAMP): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Shiftwork needs Python 3.11 or later; call: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
ifneq ($(UV),)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/lock.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
endif
	@touch $(STAMP)

demo: setup
	$(BIN)/shiftwork demo --out demo

operate: setup
	$(BIN)/shiftwork operate demo

lint: setup
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

test: lint test-quick

test-quick: setup
	$(COMPILE_FASTER) $(PYTEST) $(SIDE_BY_SIDE) -m "not slow" $(LIMIT)

# For another interpreter after test-all.
test-again: setup
	$(MAKE) test-quick LIMIT=

# What is computed, compiled as for users: recorded traces, agents in NumPy, known values.
test-compiled: setup
	$(PYTEST) $(SIDE_BY_SIDE) -m "not slow" tests/plants tests/agents tests/learning/offline/test_probe_values.py

test-all: lint
	$(COMPILE_FASTER) $(PYTEST) $(SIDE_BY_SIDE)

docs: setup
	$(BIN)/mkdocs build --strict

bench: setup
	$(BIN)/python -m benchmarks.all

# Needs uv. Writes versions and hashes only.
lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links -o requirements/lock.txt

clean:
	rm -rf $(VENV) demo runs .mypy_cache .ruff_cache .pytest_cache
