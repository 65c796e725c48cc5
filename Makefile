# Two commands do everything on a fresh machine: `make reproduce` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Test processes. JOBS=0 runs all tests in one.
JOBS ?= auto
INSTALLED := $(VENV)/.installed
HARNESSES := .venv-harnesses

# pip would compile the libraries on one core; `compileall` uses all. A few of their files are templates and not Python.
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
# Tests start this package in many processes: Python keeps what it compiled, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE
# The tests of a file stay in one process, and files begin in the order of tests/conftest.py.
PYTEST := $(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help venv reproduce browser test everything quick harnesses docs gallery attack quality style spaces clean

help:  ## Show the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(INSTALLED)  ## Set up .venv; does nothing when it is up to date

# The stamp depends on what says which packages are needed, so a second run reinstalls nothing. torch is named here so that
# pip takes the pinned build before anything else asks for a newer one.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) torch
	$(PIP_INSTALL) --editable '.[dev]'
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib > /dev/null || true
	touch $(INSTALLED)

reproduce: $(INSTALLED)  ## The main job: corpora, training, generalization scores, report
	$(BIN)/hf-causal reproduce --out runs/reproduce

browser:  ## Chromium, in which the tests of the page run; only root can install it
	@if command -v chromium chromium-browser google-chrome > /dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null; then :; \
	else echo "The tests of the page are skipped without Chromium: as root, apt-get install chromium"; fi

test: $(INSTALLED)  ## Tests and doctests, without those that take minutes (LONG in tests/conftest.py)
	$(PYTEST) -m "not long"

everything: $(INSTALLED) browser  ## All tests and doctests
	$(PYTEST)

quick: $(INSTALLED)  ## The fast tests, for while you work
	$(PYTEST) -m "not slow and not long"

# verifiers and the newest Inspect do not fit the versions of constraints.txt. Their environment uses the packages of
# .venv for everything else: a line in a .pth file puts those behind its site-packages.
$(HARNESSES)/.installed: $(INSTALLED)
	$(BIN)/python -m venv $(HARNESSES)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > $(HARNESSES)/packages.pth
	mv $(HARNESSES)/packages.pth $$($(HARNESSES)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")
	$(HARNESSES)/bin/pip install --quiet --disable-pip-version-check verifiers==0.4.0 inspect-ai==0.3.285
	touch $@

harnesses: $(HARNESSES)/.installed  ## The tests of verifiers and Inspect, with those libraries in .venv-harnesses
	$(HARNESSES)/bin/python -m pytest tests/harnesses/test_verifiers.py tests/harnesses/test_inspect.py \
		tests/docs/test_pages.py -k "verifiers or inspect or harnesses.md"

docs: $(INSTALLED)  ## The site in docs/_build; warnings are errors
	$(BIN)/python docs/make_cli.py
	$(BIN)/sphinx-build -q -n -W --keep-going -b html docs docs/_build

gallery: $(INSTALLED)  ## GALLERY.md: a row of every config with its proof
	$(BIN)/python -m hf_causal.tasks.gallery

attack: $(INSTALLED)  ## The attacks that take minutes: published splits at full size, then each benchmarks/attack_*.py
	HF_CAUSAL_FULL_SIZE=1 $(PYTEST) tests/tasks/test_premises.py tests/tasks/test_d_separation_corpus.py \
		tests/models/test_axiom_attention.py
	for script in benchmarks/attack_*.py; do $(BIN)/python $$script || exit 1; done

quality: $(INSTALLED)  ## Lint, format, types and the import order, as CI checks them
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

spaces: $(INSTALLED)  ## Write the metric Spaces from their sources
	$(BIN)/python spaces/make_metrics.py

style: $(INSTALLED)  ## Fix lint and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove the environment and everything built or trained
	rm -rf $(VENV) $(HARNESSES) runs dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
