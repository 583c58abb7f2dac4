# Needs Python 3.11 or later with venv, and a C compiler. Choose another interpreter with PYTHON=python3.13.
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
PYTEST_ARGS ?=
BENCH_ARGS ?= --peers --page docs/benchmarks.md
N ?= 1000
SEED ?= 2000
BIN := $(VENV)/bin

.PHONY: help demo test lint fuzz bench bench-cost clean

help:
	@echo "make demo    install into $(VENV) and fit Lotka-Volterra to the Hudson Bay pelt counts"
	@echo "make test    install into $(VENV), lint, check types, run the whole test suite; then the corpus on"
	@echo "             the other Pythons of this machine, each in a .venv-3.X of its own"
	@echo "make lint    ruff and mypy only"
	@echo "make fuzz    judge N=$(N) random programs from SEED=$(SEED) on, and the corpus without each of the passes"
	@echo "make bench   time gradients against C, Enzyme and JAX; writes docs/benchmarks.md"
	@echo "make bench-cost   gradients over primals, ops and tapes by trip count; writes docs/cost.md"

demo: $(VENV)/.installed-demo
	$(BIN)/python examples/lotka_volterra.py

test: lint $(VENV)/.installed-pyodide
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)
	$(BIN)/python -m tests.other_pythons --workers $(WORKERS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fuzz: $(VENV)/.installed-test
	$(BIN)/python -m tests.fuzz --seed $(SEED) --count $(N) --workers $(WORKERS)
	$(BIN)/python -m tests.without --workers $(WORKERS)

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.loops.run $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.compile_time

bench-cost: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.cost --page docs/cost.md

clean:
	rm -rf $(VENV) .venv-3.* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# CPython 3.14 in WebAssembly, for the lifter's tests, where the machine has npm; they are skipped without it.
$(VENV)/.installed-pyodide: | $(VENV)/.created
	@if command -v npm >/dev/null; then \
	  npm install --silent --no-audit --no-fund --prefix $(VENV)/node pyodide@314 \
	  || echo "pyodide cannot be had: the lifter is not tested on 3.14"; \
	fi
	@touch $@

# One stamp per extra: a second run installs nothing, a changed pyproject.toml installs again.
$(VENV)/.created:
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed-%: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
