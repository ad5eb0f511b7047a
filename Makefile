# The two commands are `make demo` and `make test`; both set up what they need first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := demo

.PHONY: help setup demo test lint types imports unit page bench format clean

help:
	@echo "make demo    scaffold a project, run it on real data, run it again, draw its graph"
	@echo "make test    everything that is checked before a change is taken"
	@echo "make bench   the benchmarks, as ratios against a floor or a peer"
	@echo "make format  lay out the code"
	@echo "make clean   remove what these commands made"

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "mlo needs Python 3.10 or newer: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: setup
	@rm -rf $(DEMO) && mkdir $(DEMO)
	@set -e; export PATH="$(CURDIR)/$(BIN):$$PATH"; cd $(DEMO); \
	echo '$$ mlo new penguins --starter penguins --no-input'; mlo new penguins --starter penguins --no-input; \
	cd penguins; \
	echo; echo '$$ mlo run'; mlo run; \
	echo; echo '$$ mlo run'; mlo run; \
	echo; echo '$$ mlo viz'; mlo viz; \
	echo; echo '$$ mlo viz -o graph.html'; mlo viz -o graph.html; \
	echo; \
	echo "project   $(DEMO)/penguins"; \
	echo "metrics   $(DEMO)/penguins/data/08_reporting/metrics.json"; \
	echo "picture   $(DEMO)/penguins/data/08_reporting/confusion_matrix.png"; \
	echo "graph     $(DEMO)/penguins/graph.html"

test: lint types imports unit page

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

unit: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The page's one script is committed, so that only who changes it needs Node.js.
page:
	@if command -v npm >/dev/null; then cd mlflow_tmpl/views/web && npm install --silent --no-package-lock --no-audit --no-fund && npm run --silent check && npm test --silent; \
	else echo "no npm: the page is not checked against its source"; fi

bench: setup
	$(BIN)/python -m tests.benchmarks

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
