# make demo, make test: everything they need they put into .venv; a second run reuses it.

PYTHON ?= python3
VENV ?= .venv
SAMPLE ?= sample_data/pet_ct_nsclc
OUTPUT ?= demo-output
PYTEST_ARGS ?=
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint lock clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## analyze a sample plan and leave its output in demo-output/
	@mkdir -p $(OUTPUT)
	@$(BIN)/rtcomplexity analyze $(SAMPLE) --out $(OUTPUT) --quiet > $(OUTPUT)/analyze.part
	@mv $(OUTPUT)/analyze.part $(OUTPUT)/analyze.txt
	@cat $(OUTPUT)/analyze.txt
	@echo "Left in $(OUTPUT)/ to look at:"
	@ls -1 $(OUTPUT) | sed 's|^|  $(OUTPUT)/|'

test: $(VENV)/.installed-test ## run every test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-test ## check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(VENV)/.installed-test ## write what is installed for tests to requirements-dev.lock
	{ sed -n '/^#/p' requirements-dev.lock; $(BIN)/pip freeze --exclude-editable; } > requirements-dev.lock.new
	mv requirements-dev.lock.new requirements-dev.lock

clean: ## remove what make made
	rm -rf $(VENV) $(OUTPUT) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name a newer one: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml requirements-dev.lock
	$(BIN)/python -m pip install --quiet --constraint requirements-dev.lock --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made pyproject.toml requirements-dev.lock
	$(BIN)/python -m pip install --quiet --constraint requirements-dev.lock --editable '.[test]'
	@touch $@ $(VENV)/.installed
